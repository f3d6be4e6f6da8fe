"""The rules of `artifact` gates."""

from __future__ import annotations

from mlgate.core.gate import Rule
from mlgate.core.words import Level

_ANEW = "do not load it; have it written anew by somebody you trust, best as safetensors or skops"


rules = {
    "unknown-name": Rule(
        "Loading the file imports something that is not known to be harmless.",
        "look at what it is, and if it belongs there, allow it in the policy",
        Level.ERROR,
    ),
    "runs-code": Rule("Loading the file reaches what can run code.", _ANEW, Level.ERROR),
    "call": Rule("Loading the file calls something as no library does.", _ANEW, Level.ERROR),
    "code-inside": Rule("The file holds code beside its weights.", _ANEW, Level.ERROR),
    "malformed": Rule("The file can be read in more than one way, or in none.", _ANEW, Level.ERROR),
    "trailing": Rule("Data follows the file's end.", _ANEW, Level.ERROR),
    "limit": Rule("Reading the file costs more than it may.", _ANEW, Level.ERROR),
    "unknown-format": Rule(
        "The format is not known, so that nothing can be said of it.",
        "exclude it if it is no part of the model (`exclude`)",
        Level.ERROR,
    ),
    "unreadable": Rule("The file is packed in a way that cannot be read here.", level=Level.ERROR),
    "external-data": Rule("Weights lie in other files.", "save the model as one file", Level.ERROR),
    "custom-operator": Rule(
        "The model needs operators that are code of others.",
        "allow their domain in the policy if it is yours",
        Level.ERROR,
    ),
    "size": Rule("The model is no larger than its target holds.", level=Level.ERROR),
    "load": Rule("The model is loaded in the time that its target allows.", level=Level.ERROR),
    "memory": Rule("The model takes no more memory than its target has.", level=Level.ERROR),
    "latency": Rule("The model answers in time, and the evidence shows it.", level=Level.ERROR),
    "requirement": Rule("What the model needs is what its target has.", level=Level.ERROR),
    "other-version": Rule(
        "A scikit-learn model was saved by the scikit-learn that the repository pins.",
        "save it anew with the pinned one, or pin the one that saved it",
        Level.WARNING,
    ),
    "contract": Rule(
        "The model takes what the baseline takes, and gives what the baseline gives.",
        level=Level.ERROR,
    ),
    "second-opinion": Rule("What another scanner says of the file.", _ANEW, Level.ERROR),
    "not-in-commit": Rule("The file is not in the commit.", level=Level.NOTE),
    "digest": Rule("The SHA-256 of the bytes that were read.", level=Level.NOTE),
    "read": Rule("What was read.", level=Level.NOTE),
}
