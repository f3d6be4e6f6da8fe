"""Reuse of a test set: alpha in parts, uses counted on a ref, a pinned reference, and aliases."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlgate import testing
from mlgate.cli import _model_ledger as ledger
from mlgate.core.errors import GateError, UsageError
from mlgate.core.finding import Finding
from mlgate.core.words import Level, Result, Stage
from mlgate.gates import _model_reuse as reuse
from mlgate.gates import _model_total as total
from mlgate.gates import model
from mlgate.gates._model_place import NoBaseline
from tests.projects import Project

ROWS = 3000
ACCURACY = {"metric": "accuracy", "max_drop": 0.01}


def predictions(wrong: int) -> str:
    lines = (f"{i},{i % 2},{i % 2 ^ (i < wrong)}" for i in range(ROWS))
    return "id,label,prediction\n" + "\n".join(lines) + "\n"


def worker(script: str, request: object, **_: Any) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-X", "utf8", script],
        input=msgspec.json.encode(request) + b"\n",
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()][:-1]


class Place:
    """A repository with a candidate, and a folder that stands for the base."""

    def __init__(self, folder: Path) -> None:
        self.project = Project(folder / "head")
        self.base = folder / "base"
        self.base.mkdir()

    def __call__(self, new: int, old: int | None = None, **more: Any) -> list[Finding]:
        self.project.put({"p.csv": predictions(new)})
        base = None
        if old is not None:
            (self.base / "p.csv").write_text(predictions(old))
            base = testing.FolderSnapshot(self.base)
        stage, alias = more.pop("stage", Stage.MERGE), more.pop("alias", None)
        options = {"predictions": "p.csv", "id": "id", "prediction": "prediction", **more}
        ctx = testing.context(
            model, self.project.folder, kind="model", options=options, base=base, worker=worker,
            stage=stage, alias=alias,
        )  # fmt: skip
        found = model.inputs(ctx)
        assert found is not None and found.also
        return [one for one in model.check(ctx, ()) if isinstance(one, Finding)]

    def report(self, findings: list[Finding]) -> bytes:
        told = [{"rule": one.rule, "message": one.message} for one in findings]
        return json.dumps({"schema": "mlgate/report/1", "verdicts": [{"findings": told}]}).encode()

    def record(self, findings: list[Finding]) -> list[str]:
        import os

        return list(ledger.record(self.report(findings), str(self.project.folder), os.environ))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def of(found: list[Finding], rule: str) -> list[Finding]:
    return [one for one in found if one.rule == f"model/{rule}"]


def test_each_use_is_judged_at_its_part_of_alpha(place: Place) -> None:
    """102 lost of 3,000 is proven at 5 %, not at 5 % / 2^20."""
    once = of(place(62, 40, require=[ACCURACY]), "max-drop")[0]
    assert once.result is Result.FAIL
    reuse_ = {"test_set": "t", "uses": 20, "adaptivity": "full"}
    many = of(place(62, 40, require=[ACCURACY], reuse=reuse_), "max-drop")[0]
    assert many.result is Result.OPEN
    assert many.measurement is not None
    assert many.measurement.confidence == pytest.approx(1 - 2 * 0.05 / 2**20)


def test_without_reuse_the_report_says_so(place: Place) -> None:
    said = of(place(40, 40, require=[ACCURACY]), "passed")[-1].message
    assert "reuse of the test set not controlled" in said


def labelled(wrong: int) -> str:
    return predictions(wrong).replace("id,label,", "id,gone,")


@pytest.mark.parametrize(
    ("wrong", "result"), [(40, Result.PASS), (46, Result.OPEN), (300, Result.FAIL)]
)
def test_feedback_of_a_verdict_hides_every_figure(place: Place, wrong: int, result: Result) -> None:
    labels = "id,label\n" + "".join(f"{i},{i % 2}\n" for i in range(ROWS))
    place.project.put({"labels.csv": labels, "p.csv": labelled(wrong)})
    (place.base / "p.csv").write_text(labelled(40))
    reuse_ = {"test_set": "t", "uses": 4, "adaptivity": "full", "feedback": "verdict"}
    rules = [{**ACCURACY, "max_drop": 0.003}, {"metric": "f1", "min": 0.5}]
    options = {"predictions": "p.csv", "id": "id", "prediction": "prediction", "require": rules,
               "labels": "labels.csv", "slices": ["prediction"], "reuse": reuse_}  # fmt: skip
    ctx = testing.context(
        model, place.project.folder, kind="model", options=options,
        base=testing.FolderSnapshot(place.base), worker=worker,
    )  # fmt: skip
    with pytest.raises(GateError, match="which holds the labels, is in the commit"):
        list(model.check(ctx, ()))
    entries = {k: v for k, v in ctx.subject.files.items() if k != "labels.csv"}
    ctx.subject.files = entries  # type: ignore[misc]
    found = list(model.check(ctx, ()))
    rules_told = [one.rule for one in found if isinstance(one, Finding)]
    assert len(rules_told) == len(found), "no curve is shown"
    assert set(rules_told) == {"model/unbound", "model/reuse", "model/verdict"}
    one = found[-1]
    assert isinstance(one, Finding)
    assert (one.result, one.measurement) == (result, None)
    assert not any(sign.isdigit() for sign in one.message)


HIDDEN = {"test_set": "t", "uses": 4, "feedback": "verdict"}


def asked_blind(place: Place, head: dict[str, str], base: dict[str, str], **more: Any) -> Any:
    """A gate that hides figures, whose `head` files git does not hold, as it is asked."""
    place.project.put(head)
    for name, text in base.items():
        (place.base / name).write_text(text)
    options = {"require": [ACCURACY], "reuse": HIDDEN, **more}
    ctx = testing.context(
        model, place.project.folder, kind="model", options=options,
        base=testing.FolderSnapshot(place.base), worker=worker,
    )  # fmt: skip
    kept = {k: v for k, v in ctx.subject.files.items() if k not in head}
    ctx.subject.files = kept  # type: ignore[misc]
    return lambda: list(model.check(ctx, ()))


LABELS = "id,label\n" + "".join(f"{i},{i % 3 == 0:d}\n" for i in range(ROWS))
COLUMNS = {"predictions": "p.csv", "labels": "labels.csv", "prediction": "prediction"}
GUESSED = "id,label,prediction\n" + "".join(f"{i},1,1\n" for i in range(ROWS))


@pytest.mark.parametrize(
    ("head", "more"),
    [
        # How many guesses are right, and of which row one is not.
        ({"labels.csv": LABELS, "p.csv": GUESSED}, {**COLUMNS, "id": ["id", "label"]}),
        # How many rows are of a class.
        ({"labels.csv": LABELS, "p.csv": GUESSED}, {**COLUMNS, "id": "id", "classes": [1, 2]}),
        (
            {"m.json": '{"overall": {"f1": 0.9125}}'},
            {"metrics": "m.json", "require": [{"value": "f1", "min": 0.5}]},
        ),
        (
            {"m.json": '{"overall": {"f1": 0.9125}, "f1": null}'},
            {"metrics": "m.json", "require": [{"value": "f1", "min": 0.5}]},
        ),
    ],
)
def test_feedback_of_a_verdict_hides_figures_in_errors_too(
    place: Place, head: dict[str, str], more: dict[str, Any]
) -> None:
    with pytest.raises(GateError, match="is hidden by feedback") as error:
        asked_blind(place, head, {"p.csv": GUESSED}, **more)()
    assert not any(sign.isdigit() for sign in error.value.message)


def test_feedback_of_a_verdict_names_a_column_that_is_missing(place: Place) -> None:
    head = {"labels.csv": LABELS, "p.csv": GUESSED}
    told = {**COLUMNS, "id": "id", "prediction": "predicted"}
    with pytest.raises(GateError, match="has no column 'predicted'"):
        asked_blind(place, head, {"p.csv": GUESSED}, **told)()


@pytest.mark.parametrize("labels", ["truth", "truth/*.csv"])
def test_labels_in_parts_in_the_commit_hide_nothing(place: Place, labels: str) -> None:
    place.project.put({"truth/a.csv": LABELS})
    told = {**COLUMNS, "id": "id", "labels": labels}
    with pytest.raises(GateError, match="which holds the labels, is in the commit"):
        asked_blind(place, {"p.csv": GUESSED}, {"p.csv": GUESSED}, **told)()


def test_labels_among_what_evaluate_reads_from_the_commit_hide_nothing(place: Place) -> None:
    place.project.put({"evaluate.py": "", "test.csv": LABELS, "model": ""})
    evaluate = {"run": ["x", "{model}", "{predictions}"], "inputs": ["evaluate.py", "test.csv"]}
    told = {**COLUMNS, "id": "id", "labels": None, "model": "model", "evaluate": evaluate}
    told.pop("labels")
    with pytest.raises(GateError, match="so the labels are there"):
        asked_blind(place, {"p.csv": GUESSED}, {"p.csv": GUESSED}, **told)()


def test_full_adaptivity_says_that_figures_tell_more(place: Place) -> None:
    asked = {"require": [ACCURACY], "reuse": {"test_set": "t", "adaptivity": "full"}}
    said = [one.message for one in of(place(40, 40, **asked), "reuse")]
    assert any('feedback = "verdict" hides them' in one for one in said)


def test_a_spent_test_set_judges_nothing_more(place: Place) -> None:
    asked = {"require": [ACCURACY], "reuse": {"test_set": "q3 é.x", "uses": 2}}
    for wrong in (41, 42):
        found = place(wrong, 40, **asked)
        assert of(found, "max-drop"), "judged while uses are left"
        assert "recorded" in place.record(found)[0]
    assert "on record" in place.record(found)[0], "the same pair counts once"
    again = place(42, 40, **asked)
    assert of(again, "max-drop"), "what was counted is judged the same again"
    spent = place(43, 40, **asked)
    one = of(spent, "test-set-spent")[0]
    assert one.result is Result.OPEN and "2 pairs of models" in one.message
    assert not of(spent, "max-drop")
    other = place(43, 40, require=[ACCURACY], reuse={"test_set": "q3", "uses": 2})
    assert of(other, "max-drop"), "another test set has its own uses"
    import os

    assert list(ledger.listed(str(place.project.folder), os.environ)) == ["q3 é.x: 2 uses"]


def test_a_model_beside_itself_is_no_use(place: Place) -> None:
    """As in each change that leaves it alone: neither counted, nor held up by a spent set."""
    asked = {"require": [ACCURACY], "reuse": {"test_set": "t", "uses": 1}}
    same = place(40, 40, **asked)
    assert "which is no use of it" in of(same, "reuse")[-1].message
    assert place.record(same)[0].startswith("nothing to record")
    place.record(place(41, 40, **asked))
    assert of(place(42, 40, **asked), "test-set-spent")
    again = place(42, 42, **asked)
    assert not of(again, "test-set-spent") and of(again, "max-drop")


def test_what_a_model_is_by_itself_counts_once(place: Place) -> None:
    """A floor tells of a model beside itself, unless it was judged as the candidate before."""
    rules = [{**ACCURACY, "min": 0.5}]
    asked = {"require": rules, "reuse": {"test_set": "t", "uses": 2}}
    first = place(40, 40, **asked)
    assert "recorded" in place.record(first)[0], "older than the gate, so never a candidate"
    assert "recorded" in place.record(place(41, 40, **asked))[0]
    merged = place(41, 41, **asked)
    assert not of(merged, "test-set-spent") and of(merged, "min")
    assert "what this model is by itself is on record" in place.record(merged)[0]
    assert of(place(42, 42, **asked), "test-set-spent"), "this one was never a candidate"


def test_who_pushes_second_fetches_with_the_line_that_is_told_and_records_again(
    place: Place, tmp_path: Path
) -> None:
    import os

    hub, other = tmp_path / "hub.git", Project(tmp_path / "other")
    place.project.git("init", "-q", "--bare", str(hub))
    asked = {"require": [ACCURACY], "reuse": {"test_set": "t"}}
    for project, wrong in ((place.project, 41), (other, 42)):
        project.git("remote", "add", "origin", str(hub))
        report = place.report(place(wrong, 40, **asked))
        told = list(ledger.record(report, str(project.folder), os.environ))
        push = told[1].partition(": ")[2].split()
    place.project.git(*push[1:])
    with pytest.raises(subprocess.CalledProcessError):
        other.git(*push[1:])
    again = told[2].partition("sooner: ")[2].partition(",")[0].split()
    other.git(*again[1:])
    assert "recorded" in next(ledger.record(report, str(other.folder), os.environ))
    other.git(*push[1:])
    assert list(ledger.listed(str(other.folder), os.environ)) == ["t: 2 uses"]


def test_a_ref_that_is_not_here(place: Place) -> None:
    asked = {"require": [ACCURACY], "reuse": {"test_set": "t"}}
    assert reuse.FETCH in of(place(41, 40, **asked), "reuse")[0].message
    with pytest.raises(GateError, match="are not here") as error:
        place(41, 40, stage=Stage.PROMOTE, **asked)
    assert (error.value.hint or "").startswith(f"{reuse.FETCH}; where none was ever")


def test_uses_recorded_at_once_are_all_counted(place: Place) -> None:
    import os

    def one(at: int) -> list[str]:
        message = f"test set t: candidate {at:032x}, baseline none; 0 of 32 uses counted"
        finding = Finding(rule="model/reuse", message=message)
        return place.record([finding])

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, range(3)))
    assert list(ledger.listed(str(place.project.folder), os.environ)) == ["t: 3 uses"]


def test_a_report_that_is_none(place: Place) -> None:
    import os

    for raw in (b"{", b"[]", b'{"schema": "other", "verdicts": []}'):
        with pytest.raises(UsageError, match="no JSON report"):
            list(ledger.record(raw, str(place.project.folder), os.environ))


def pinned(source: str) -> dict[str, Any]:
    return {"metric": "accuracy", "reference": source, "max_total_drop": 0.02}


def test_small_losses_do_not_add_up_unseen(place: Place) -> None:
    """Within the margin of the champion, but far from what was pinned."""
    place.project.put({"p.csv": predictions(30)}).commit()
    place.project.git("tag", "v1")
    rule = {**ACCURACY, "max_drop": 0.02, "reference": "git:v1", "max_total_drop": 0.02}
    found = place(200, 190, require=[rule])
    assert of(found, "max-drop")[0].result is Result.PASS
    total = of(found, "max-total-drop")[0]
    assert total.result is Result.FAIL
    assert total.message.startswith("since git:v1: accuracy lost 0.0567")


def test_a_message_about_the_reference_does_not_blame_the_base(place: Place) -> None:
    place.project.put({"p.csv": predictions(30) + "9000,1,1\n"}).commit()
    place.project.git("tag", "v1")
    with pytest.raises(GateError, match=r"1 id only in p\.csv at git:v1, such as 9000"):
        place(30, 30, require=[pinned("git:v1")])


def test_a_rule_of_a_reference_alone(place: Place) -> None:
    place.project.put({"p.csv": predictions(30)}).commit()
    place.project.git("tag", "v1")
    found = place(200, require=[pinned("git:v1")])
    (total,) = of(found, "max-total-drop")
    assert total.result is Result.FAIL
    assert "0 requirements" not in of(found, "passed")[0].message


def test_a_pinned_reference_that_is_gone_is_an_error(place: Place) -> None:
    place.project.put({"other": "x"}).commit()
    rule = {"metric": "accuracy", "reference": "git:HEAD", "max_total_drop": 0.02}
    with pytest.raises(GateError, match="the reference git:HEAD is not there"):
        place(30, 30, require=[rule])


@pytest.mark.parametrize("source", ["registry:churn@live", "mlflow:churn@live", "git:v1"])
def test_a_reference_that_nobody_holds_yet_is_skipped_by_name(source: str) -> None:
    told = {"predictions": "p.csv", "prediction": "p", "require": [pinned(source)]}
    options = msgspec.convert(told, model.Options)
    found = total.since(options, source, NoBaseline("nobody yet"), lambda *_: iter(()))
    if source == "git:v1":
        with pytest.raises(GateError, match="git:v1 is not there"):
            list(found)
        return
    (note,) = found
    assert (note.rule, note.level) == ("model/no-baseline", Level.NOTE)
    assert note.message == "no reference yet: nobody yet; not compared: accuracy"


def test_an_alias_that_holds_a_version_without_predictions_is_an_error() -> None:
    """Else who moves the alias switches the rule off unseen."""
    told = {"predictions": "p.csv", "prediction": "p", "require": [pinned("mlflow:churn@live")]}
    options = msgspec.convert(told, model.Options)
    nothing = NoBaseline("run 1 has no artifact p.csv", held=True)
    with pytest.raises(GateError, match="mlflow:churn@live is not there: run 1 has no artifact"):
        list(total.since(options, "mlflow:churn@live", nothing, lambda *_: iter(())))


def test_a_reference_out_of_reach_is_named(place: Place) -> None:
    with pytest.raises(GateError, match="git:nowhere cannot be reached"):
        place(30, 30, require=[pinned("git:nowhere")])


def test_rules_of_an_alias(place: Place) -> None:
    rules = [{"metric": "accuracy", "min": 0.99, "to": ["production"]}]
    rules.append({"metric": "accuracy", "min": 0.5})
    merged = place(60, require=rules)
    assert [one.result for one in of(merged, "min")] == [Result.PASS]
    assert "asked of a promotion only: accuracy (production)" in of(merged, "passed")[0].message
    staged = place(60, require=rules, stage=Stage.PROMOTE, alias="staging")
    assert len(of(staged, "min")) == 1
    for alias in ("production", None):
        found = place(60, require=rules, stage=Stage.PROMOTE, alias=alias)
        assert sorted(one.result for one in of(found, "min")) == [Result.FAIL, Result.PASS], alias


@pytest.mark.parametrize(
    "options",
    [
        {"reuse": {"test_set": "t", "uses": 64, "adaptivity": "full"}, "require": [ACCURACY]},
        {"require": [{"metric": "accuracy", "max_total_drop": 0.1}]},
        {"require": [{"metric": "accuracy", "max_total_drop": 0.1, "reference": "x"}]},
        {"require": [{"metric": "accuracy", "max_total_drop": 0.1, "reference": "base"}]},
        {"require": [pinned("dvc:")]},
        {"require": [ACCURACY], "baseline": "git: "},
        {"predictions": "mlflow:m@new:p.csv", "require": [pinned("git:v1"), pinned("mlflow:m@a")]},
    ],
)
def test_what_means_nothing_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"predictions": "p.csv", "prediction": "p", **options}, model.Options)


def test_a_model_by_itself_was_told_of_as_a_candidate(place: Place) -> None:
    """Its first promotion, to an alias that holds nothing, asks what the merge has asked."""
    more = {"reuse": {"test_set": "holdout", "uses": 1}, "require": [{**ACCURACY, "min": 0.5}]}
    assert "recorded" in place.record(place(20, 20 + 3, **more))[0]
    alone = place(20, stage=Stage.PROMOTE, **more)
    assert not [one for one in alone if one.rule == "model/test-set-spent"]
    assert "what this model is by itself is on record" in place.record(alone)[0]
    other = place(21, stage=Stage.PROMOTE, **more)
    assert [one for one in other if one.rule == "model/test-set-spent"]
