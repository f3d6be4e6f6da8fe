"""What the rules of a `model` gate mean."""

from __future__ import annotations

from mlgate.core.gate import Rule
from mlgate.core.words import Level

rules = {
    "min": Rule("The metric is at least so high, and the evidence shows it.", level=Level.ERROR),
    "max": Rule("The metric is at most so high, and the evidence shows it.", level=Level.ERROR),
    "between": Rule("The metric lies in a range, and the evidence shows it.", level=Level.ERROR),
    "max-drop": Rule(
        "The model loses at most so much against the baseline on the same rows.",
        level=Level.ERROR,
    ),
    "min-gain": Rule("The model gains at least so much over the baseline.", level=Level.ERROR),
    "max-drop-relative": Rule(
        "The model loses at most such a share of the baseline's value.", level=Level.ERROR
    ),
    "slice-loss": Rule(
        "A loss on a slice is proven, corrected for the number of slices and rules.",
        "improve the model for these rows; mlgate model compare shows all slices",
        Level.ERROR,
    ),
    "max-total-drop": Rule(
        "The model loses at most so much against a pinned reference.",
        "improve the model, or pin a new reference in a reviewed change of the policy",
        Level.ERROR,
    ),
    "reuse": Rule("How often the test set was used.", level=Level.NOTE),
    "verdict": Rule("All rules together, where figures are hidden.", level=Level.ERROR),
    "test-set-spent": Rule(
        "The test set has judged as many models as it can with the error rates promised.",
        "label a fresh test set",
    ),
    "invalid": Rule(
        "Rows without a judgement are few.",
        "correct the evaluation that left them out",
        Level.ERROR,
    ),
    "fairness": Rule(
        "Groups are treated alike within a bound, every pair of them.",
        "improve the model for the group that is worse off",
        Level.ERROR,
    ),
    "slices": Rule("What the slices come to.", level=Level.NOTE),
    "no-baseline": Rule(
        "There is nothing to compare with yet.", "merge a first version", Level.NOTE
    ),
    "not-judged": Rule("A slice has too few rows.", "label more of them", Level.NOTE),
    "not-in-commit": Rule(
        "A file that was judged is in no commit.",
        "track it with git or DVC, so that others judge the same",
        Level.NOTE,
    ),
    "unbound": Rule(
        "The predictions are bound to model, data and code; where not, no promotion rests on them.",
        "let the DVC stage that reads or writes the model write them, or let `evaluate` make them",
        Level.NOTE,
    ),
    "stale-baseline": Rule(
        "The baseline's predictions are of the model beside them; where not, no promotion rests on "
        "them.",
        "let `evaluate` run the baseline's model on the candidate's rows",
        Level.NOTE,
    ),
    "evaluated": Rule("The digest of predictions that `evaluate` made."),
    "passed": Rule("What was judged."),
}
