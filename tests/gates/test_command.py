"""The `command` gate drives real programs; a report that cannot be trusted has errored."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Level, Result
from mlgate.gates import command as gate
from mlgate.testing import check, context

WRITER = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"


def python(code: str, *arguments: str, **options: Any) -> dict[str, Any]:
    return {"run": [sys.executable, "-c", code, *arguments], **options}


def findings(folder: Path, files: dict[str, str], options: dict[str, Any]) -> list[Finding]:
    return [f for f in check(gate, folder, files, options=options) if isinstance(f, Finding)]


def reported(folder: Path, document: object, form: str = "sarif", **more: Any) -> list[Finding]:
    text = document if isinstance(document, str) else json.dumps(document)
    options = python(WRITER, "report.txt", "{out}", findings=f"{form}:{{out}}", **more)
    return findings(folder, {"report.txt": text}, options)


def sarif(*results: dict[str, Any], **run: Any) -> dict[str, Any]:
    tool = {"driver": {"name": "Probe", "rules": run.pop("rules", [])}}
    return {"version": "2.1.0", "runs": [{"tool": tool, "results": list(results), **run}]}


def place(uri: str, **more: Any) -> list[dict[str, Any]]:
    region = {"startLine": 3, "startColumn": 5}
    return [{"physicalLocation": {"artifactLocation": {"uri": uri, **more}, "region": region}}]


def test_exit_code_0_passes(tmp_path: Path) -> None:
    found = findings(tmp_path, {"a": ""}, python("print('x')"))
    assert [(f.rule, f.result) for f in found] == [("command/exit", Result.PASS)]


def test_any_other_exit_code_fails_and_shows_the_end_of_the_output(tmp_path: Path) -> None:
    code = "print('first\\n' * 50 + 'la\\x1b[31mst\\n::error::x'); raise SystemExit(3)"
    (found,) = findings(tmp_path, {"a": ""}, python(code))
    assert (found.rule, found.result, found.level) == ("command/exit", Result.FAIL, Level.ERROR)
    assert "exit code 3" in found.message
    assert "last\n: :error::x" in found.message
    assert found.message.count("first") < 20


def test_codes_say_otherwise(tmp_path: Path) -> None:
    codes = {"3": "pass", "2": "error"}
    (found,) = findings(tmp_path, {}, python("raise SystemExit(3)", codes=codes))
    assert found.result is Result.PASS
    with pytest.raises(GateError, match="exit code 2"):
        findings(tmp_path, {}, python("raise SystemExit(2)", codes=codes))


def test_there_is_no_shell(tmp_path: Path) -> None:
    code = "import sys; raise SystemExit(sys.argv[1] != '$(touch x); *')"
    (found,) = findings(tmp_path, {"a": ""}, python(code, "$(touch x); *"))
    assert found.result is Result.PASS


def test_a_program_that_is_missing_has_errored(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="cannot start"):
        findings(tmp_path, {}, {"run": ["no-such-program-here"]})


def test_an_empty_or_textual_command_is_refused() -> None:
    for run in ([], "make lint", [""]):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"run": run}, gate.Options)


def test_what_it_writes_into_the_tree_is_named(tmp_path: Path) -> None:
    found = findings(tmp_path, {"a": ""}, python("open('left', 'w')"))
    assert found[-1].rule == "command/wrote"
    assert "left" in found[-1].message


def test_programs_of_the_environment_come_first(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, {}, {"run": ["python", "-c", "import mlgate"]})
    assert found.result is Result.PASS


# SARIF


def test_sarif_results_become_findings(tmp_path: Path) -> None:
    rules = [
        {
            "id": "R1",
            "defaultConfiguration": {"level": "error"},
            "messageStrings": {"m": {"text": "bad {0}"}},
            "help": {"text": "mend it"},
        }
    ]
    document = sarif(
        {
            "ruleId": "R1",
            "ruleIndex": 0,
            "message": {"id": "m", "arguments": ["thing"]},
            "locations": place("src/a%20b.py"),
        },
        {"ruleId": "R2", "level": "note", "message": {"text": "n"}},
        {"ruleId": "R3", "kind": "pass", "message": {"text": "fine"}},
        {"ruleId": "R4", "kind": "open", "message": {"text": "unsure"}},
        {"ruleId": "R5", "kind": "informational", "message": {"text": "by the way"}},
        {"ruleId": "R6", "baselineState": "absent", "message": {"text": "gone"}},
        rules=rules,
    )
    found = reported(tmp_path, document)
    assert [(f.rule, f.result, f.level) for f in found] == [
        ("command/R1", Result.FAIL, Level.ERROR),
        ("command/R2", Result.FAIL, Level.NOTE),
        ("command/R3", Result.PASS, Level.NOTE),
        ("command/R4", Result.OPEN, Level.WARNING),
    ]
    assert (found[0].message, found[0].help) == ("bad thing", "mend it")
    assert found[0].location is not None
    assert (found[0].location.path, found[0].location.line, found[0].location.column) == (
        "src/a b.py",
        3,
        5,
    )


def test_sarif_locations_follow_bases_and_stay_inside(tmp_path: Path) -> None:
    uris = [
        place("a.py", uriBaseId="SRC"),
        place((tmp_path / "b.py").as_uri()),
        place("../../etc/passwd"),
        place("file:///etc/passwd"),
        place("https://example.org/x.py"),
        place("c.py", uriBaseId="LOOP"),
    ]
    bases = {
        "ROOT": {"uri": tmp_path.as_uri() + "/"},
        "SRC": {"uri": "src/", "uriBaseId": "ROOT"},
        "LOOP": {"uriBaseId": "LOOP"},
    }
    results = [{"ruleId": "R", "message": {"text": "m"}, "locations": uri} for uri in uris]
    found = reported(tmp_path, sarif(*results, originalUriBaseIds=bases))
    paths = [f.location.path if f.location else None for f in found]
    assert paths == ["src/a.py", "b.py", None, None, None, "c.py"]


def test_sarif_suppressions_are_honoured_and_counted(tmp_path: Path) -> None:
    document = sarif(
        {"message": {"text": "a"}, "suppressions": [{"kind": "inSource"}]},
        {"message": {"text": "b"}, "suppressions": [{"kind": "external", "status": "rejected"}]},
    )
    found = reported(tmp_path, document)
    assert [f.message for f in found if f.rule == "command/result"] == ["b"]
    assert any(f.rule == "command/suppressed" and f.message.startswith("1 ") for f in found)


def test_a_clean_sarif_report_passes_and_names_its_program(tmp_path: Path) -> None:
    (found,) = reported(tmp_path, sarif())
    assert (found.result, found.message) == (Result.PASS, "Probe reports nothing that fails")


def test_sarif_from_standard_output(tmp_path: Path) -> None:
    code = f"print({json.dumps(json.dumps(sarif({'message': {'text': 'm'}})))})"
    (found,) = findings(tmp_path, {}, python(code, findings="sarif:-"))
    assert found.message == "m"


def test_ruffs_own_sarif_is_read(tmp_path: Path) -> None:
    run = ["ruff", "check", "--isolated", "--no-cache", "--output-format=sarif", "-o", "{out}", "."]
    found = findings(tmp_path, {"pkg/a.py": "import os\n"}, {"run": run, "findings": "sarif:{out}"})
    assert [f.rule for f in found] == ["command/F401"]
    assert found[0].location is not None
    assert (found[0].location.path, found[0].location.line) == ("pkg/a.py", 1)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "  \n",
        "{",
        "[]",
        "nonsense",
        '{"version": "2.1.0"}',
        '{"version": "2.1.0", "runs": []}',
        '{"version": "1.0.0", "runs": []}',
        '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}}]}',
        json.dumps(sarif(invocations=[{"executionSuccessful": False}])),
        json.dumps(sarif({"message": {"text": "m"}, "kind": "unheard of"})),
        json.dumps(sarif({"message": {"text": "m"}}))[:-9],
        "[" * 100_000 + "]" * 100_000,
    ],
)
def test_broken_sarif_has_errored(tmp_path: Path, document: str) -> None:
    with pytest.raises(GateError):
        reported(tmp_path, document)


def test_findings_without_end_have_errored(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="more than"):
        reported(tmp_path, sarif(*[{"message": {"text": "m"}}] * 20_001))


# JSON


def test_json_findings_are_adopted_but_not_their_state(tmp_path: Path) -> None:
    told = {
        "rule": "house/R1",
        "message": "m",
        "level": "error",
        "state": "waived",
        "policy": "base",
        "location": {"path": "a.py", "line": 2},
    }
    for document in ([told], {"findings": [told]}, {"verdicts": [{"findings": [told]}]}):
        (found,) = reported(tmp_path, document, "json")
        assert (found.rule, found.state, found.policy) == ("command/house/R1", "new", "head")
        assert found.location is not None
        assert found.location.path == "a.py"


def test_json_of_another_shape_has_errored(tmp_path: Path) -> None:
    for document in ({}, [{"rule": 1}], {"findings": [{"rule": "x"}]}, 3):
        with pytest.raises(GateError):
            reported(tmp_path, document, "json")


# Reports that cannot be trusted


def test_a_report_that_is_not_written_has_errored(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="was not written"):
        findings(tmp_path, {}, python("", findings="sarif:{out}"))


def test_a_stale_report_in_the_tree_has_errored(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="written anew"):
        findings(
            tmp_path, {"out.sarif": json.dumps(sarif())}, python("", findings="sarif:out.sarif")
        )


def test_a_fresh_report_in_the_tree_is_read(tmp_path: Path) -> None:
    options = python(WRITER, "in.sarif", "out.sarif", findings="sarif:out.sarif")
    found = findings(tmp_path, {"in.sarif": json.dumps(sarif())}, options)
    assert [f.rule for f in found] == ["command/passed", "command/wrote"]


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.symlink('/etc/hostname', 'out')",
        "import os; os.mkfifo('out')",
        "import os; os.mkdir('out')",
    ],
)
def test_a_report_that_is_no_file_has_errored(tmp_path: Path, code: str) -> None:
    with pytest.raises(GateError):
        findings(tmp_path / "tree", {"a": ""}, python(code, findings="json:out"))


def test_a_report_outside_the_tree_has_errored(tmp_path: Path) -> None:
    code = "open('../out', 'w').write('[]')"
    with pytest.raises(GateError, match="outside"):
        findings(tmp_path / "tree", {"a": ""}, python(code, findings="json:../out"))


def test_an_oversized_report_has_errored(tmp_path: Path) -> None:
    code = "import sys; open(sys.argv[1], 'wb').truncate((64 << 20) + 1)"
    with pytest.raises(GateError, match="larger than 64 MiB"):
        findings(tmp_path, {}, python(code, "{out}", findings="json:{out}"))


def test_a_failing_code_that_the_report_does_not_explain_fails(tmp_path: Path) -> None:
    code = "print('[]'); raise SystemExit(1)"
    (found,) = findings(tmp_path, {}, python(code, findings="json:-"))
    assert (found.rule, found.result) == ("command/exit", Result.FAIL)


# Inputs


def test_only_declared_inputs_are_stored(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    (tmp_path / "b.txt").write_text("")

    def inputs(**options: Any) -> Any:
        return gate.inputs(context(gate, tmp_path, options=python("", **options)))

    assert inputs().also is None
    declared = inputs(inputs=["*.py"])
    assert (declared.paths, declared.beyond) == (("a.py",), True)
    assert declared.also == inputs(inputs=["*.py"]).also
    assert declared.also != inputs(inputs=["*.py"], env={"A": "1"}).also
    with pytest.raises(GateError, match="matches no file"):
        inputs(inputs=["*.nothing"])
