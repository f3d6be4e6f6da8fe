"""The `dependencies` gate over real requirement and lock files, with small OSV databases."""

from __future__ import annotations

import json
import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.finding import Finding
from mlgate.core.words import Level, Result
from mlgate.gates import _dependency_files as files
from mlgate.gates import dependencies as gate
from mlgate.testing import FolderSnapshot, check, context

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def record(
    name: str, *, id: str = "GHSA-1", fixed: str | None = "2.0", **more: Any
) -> dict[str, Any]:
    events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
    affected = {
        "package": {"name": name, "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    fields = {"id": id, "modified": "2026-05-30T12:00:00Z", "summary": "it breaks"}
    return fields | {"affected": [affected]} | more


CANARY = record("PyYAML", id="GHSA-canary", fixed="5.3.1")


def database(folder: Path, *records: dict[str, Any], canary: bool = True) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for number, entry in enumerate([*([CANARY] if canary else []), *records]):
        (folder / f"{number}.json").write_text(json.dumps(entry))
    return str(folder)


def audited(
    tmp_path: Path, contents: dict[str, str], *records: dict[str, Any], **options: Any
) -> list[Finding]:
    base = database(tmp_path / "db", *records)
    chosen = {"tool": "osv", "database": base} | options
    found = check(gate, tmp_path / "tree", dict(contents), options=chosen, now=NOW)
    return [f for f in found if isinstance(f, Finding)]


def by_rule(found: list[Finding]) -> dict[str, list[Finding]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in found:
        grouped.setdefault(finding.rule, []).append(finding)
    return grouped


def test_a_vulnerable_pin_is_named_with_line_and_upgrade(tmp_path: Path) -> None:
    text = "# ours\n\nDjango_Thing[extra]==1.5 ; python_version > '3' \\\n  --hash=sha256:00\n"
    vulnerable = record("django-thing", aliases=["CVE-2026-1"])
    found = by_rule(audited(tmp_path, {"requirements.txt": text}, vulnerable))
    (finding,) = found["dependencies/GHSA-1"]
    assert (finding.result, finding.level) == (Result.FAIL, Level.ERROR)
    assert finding.message == "django-thing==1.5: it breaks (CVE-2026-1); fixed in 2.0"
    assert finding.help == "django-thing>=2.0"
    assert finding.location is not None
    assert (finding.location.path, finding.location.line) == ("requirements.txt", 3)
    (passed,) = found["dependencies/audited"]
    assert passed.result is Result.PASS
    assert passed.message.startswith("1 version audited against 2 OSV records of 2026-05-30 (sha")


def test_clean_pins_pass(tmp_path: Path) -> None:
    found = audited(tmp_path, {"requirements.txt": "thing==2.0\n"}, record("thing"))
    assert [f.rule for f in found] == ["dependencies/audited"]


def test_the_canary_itself_is_reported_where_it_is_used(tmp_path: Path) -> None:
    found = audited(tmp_path, {"requirements.txt": "pyyaml==5.3\n"})
    assert [f.rule for f in found] == ["dependencies/GHSA-canary", "dependencies/audited"]


def test_severity_gives_the_level(tmp_path: Path) -> None:
    kinds = {"LOW": Level.WARNING, "MODERATE": Level.WARNING, "HIGH": Level.ERROR}
    records = [
        record("thing", id=f"GHSA-{kind}", database_specific={"severity": kind}) for kind in kinds
    ]
    found = by_rule(audited(tmp_path, {"requirements.txt": "thing==1\n"}, *records))
    assert {k: found[f"dependencies/GHSA-{k}"][0].level for k in kinds} == kinds


def test_an_advisory_without_versions_leaves_the_verdict_open(tmp_path: Path) -> None:
    vague = record("thing")
    vague["affected"][0]["ranges"] = [{"type": "GIT", "events": [{"introduced": "0"}]}]
    found = by_rule(audited(tmp_path, {"requirements.txt": "thing==1\n"}, vague))
    assert found["dependencies/GHSA-1"][0].result is Result.OPEN


# Requirement files


def test_includes_and_constraints_are_followed(tmp_path: Path) -> None:
    contents = {
        "requirements.txt": "-r deps/more.txt\n--constraint=pins.txt\nloose\n-i https://x.y/simple\n",
        "deps/more.txt": "-r ../requirements.txt\nthing==1.0\n",
        "pins.txt": "loose==1.1\nunused==1.0\n",
    }
    records = [record(n, id=f"GHSA-{n}") for n in ("thing", "loose", "unused")]
    found = by_rule(audited(tmp_path, contents, *records))
    assert found.keys() == {"dependencies/GHSA-thing", "dependencies/GHSA-loose"} | {
        "dependencies/audited"
    }
    location = found["dependencies/GHSA-thing"][0].location
    assert location is not None
    assert (location.path, location.line) == ("deps/more.txt", 2)


def test_included_files_decide_too(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "requirements.txt").write_text("-r base.in\n")
    (tree / "base.in").write_text("a==1\n")
    options = {"tool": "osv", "database": database(tmp_path / "db")}
    inputs = gate.inputs(context(gate, tree, options=options))
    assert inputs is not None
    assert inputs.paths == ("base.in", "requirements.txt")
    assert inputs.judged == "1 dependency in 2 files"


@pytest.mark.parametrize(
    "line",
    [
        "git+https://example.org/x.git#egg=x",
        "x @ https://example.org/x.whl",
        "-e git+https://example.org/x.git#egg=x",
        "-e ../outside",
        "./wheels/x.whl",
        "-r https://example.org/r.txt",
        "-r ../../etc/passwd",
        "-c nowhere.txt",
        "x==not_a_version",
        "===",
        "surely-not-installed-anywhere>=1",
        "surely-not-installed-anywhere==1.*",
        "\x00\x1b[31m",
    ],
)
def test_what_cannot_be_audited_fails(tmp_path: Path, line: str) -> None:
    found = by_rule(audited(tmp_path, {"requirements.txt": f"a==1\n{line}\n"}))
    (finding,) = found["dependencies/unauditable"]
    assert (finding.result, finding.level) == (Result.FAIL, Level.WARNING)
    assert finding.location is not None
    assert finding.location.line == 2
    assert "\x1b" not in finding.message


def test_an_include_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tmp_path / "outside.txt").write_text("a==1\n")
    (tree / "link.txt").symlink_to(tmp_path / "outside.txt")
    found = by_rule(audited(tmp_path, {"requirements.txt": "-r link.txt\n"}))
    assert "dependencies/unauditable" in found


def test_the_projects_own_folders_are_no_dependencies(tmp_path: Path) -> None:
    contents = {
        "requirements.txt": "-e .\n./libs/a[x]\na==1\n",
        "setup.py": "",
        "libs/a/pyproject.toml": "[project]\nname='a'\n",
    }
    assert [f.rule for f in audited(tmp_path, contents)] == ["dependencies/audited"]


def test_what_is_for_other_platforms_only_is_counted(tmp_path: Path) -> None:
    contents = {"requirements.txt": "no-such-thing-here>1; sys_platform == 'os9'\n"}
    (found,) = audited(tmp_path, contents)
    assert found.message.endswith("1 for other platforms only")


def test_unpinned_requirements_are_judged_as_installed_and_it_says_so(tmp_path: Path) -> None:
    bad = record("pytest", fixed="999")
    found = by_rule(audited(tmp_path, {"requirements.txt": "pytest>=8\n"}, bad))
    assert "dependencies/GHSA-1" in found
    (note,) = found["dependencies/unpinned"]
    assert note.level is Level.NOTE
    assert f"pytest {pytest.__version__}" in note.message


# Lock files and pyproject.toml

POETRY = """
[[package]]
name = "Thing"
version = "1.0"

[[package]]
name = "forked"
version = "1.0"
[package.source]
type = "git"
url = "https://example.org/x.git"
"""
UV = """
version = 1
[[package]]
name = "ours"
version = "0"
source = { editable = "." }

[[package]]
name = "thing"
version = "1.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "forked"
version = "1.0"
source = { git = "https://example.org/x.git" }
"""
PDM = """
[[package]]
name = "thing"
version = "1.0"

[[package]]
name = "forked"
version = "1.0"
git = "https://example.org/x.git"
"""
PIPFILE = json.dumps(
    {
        "default": {"thing": {"version": "==1.0"}},
        "develop": {"forked": {"git": "https://example.org/x.git"}},
    },
    indent=1,
)


@pytest.mark.parametrize(
    ("name", "text", "line", "upgrade"),
    [
        ("poetry.lock", POETRY, 3, "poetry update thing"),
        ("uv.lock", UV, 9, "uv lock --upgrade-package thing"),
        ("pdm.lock", PDM, 3, "pdm update thing"),
        ("Pipfile.lock", PIPFILE, 3, "pipenv upgrade thing"),
    ],
)
def test_lock_files_are_read(tmp_path: Path, name: str, text: str, line: int, upgrade: str) -> None:
    contents = {f"sub/{name}": text, "sub/pyproject.toml": "[project]\ndependencies=['loose']\n"}
    found = by_rule(audited(tmp_path, contents, record("thing")))
    assert found.keys() == {
        "dependencies/GHSA-1",
        "dependencies/unauditable",
        "dependencies/audited",
    }
    finding = found["dependencies/GHSA-1"][0]
    assert finding.location is not None
    assert (finding.location.path, finding.location.line) == (f"sub/{name}", line)
    assert finding.help == upgrade
    assert "forked" in found["dependencies/unauditable"][0].message


def test_pyproject_is_read_where_no_lock_speaks_for_it(tmp_path: Path) -> None:
    text = """
[project]
name = "Ours"
dependencies = ["one==1.0"]
optional-dependencies.x = ["two==1.0", "ours[x]"]
[dependency-groups]
dev = ["three==1.0", {include-group = "x"}]
[tool.poetry.dependencies]
python = "^3.11"
four = "1.0"
five = { git = "https://example.org/x.git" }
no-such-six = "^1.0"
"""
    names = ("one", "two", "three", "four")
    records = [record(n, id=f"GHSA-{n}") for n in names]
    found = by_rule(audited(tmp_path, {"pyproject.toml": text}, *records))
    assert {f"dependencies/GHSA-{n}" for n in names} < found.keys()
    refused = [f.message.partition(" ")[0] for f in found["dependencies/unauditable"]]
    assert refused == ["five", "no-such-six"]
    location = found["dependencies/GHSA-two"][0].location
    assert location is not None
    assert location.line == 5


@pytest.mark.parametrize(
    "text",
    [
        "[[package",
        "package = 3",
        "package = [3]",
        "[[package]]\nversion = '1'",
        "[[package]]\nname = 3",
        "[[package]]\nname = 'a'\nversion = '1'\nsource = 3",
        "a = " + "[" * 5000,
    ],
)
def test_a_broken_lock_file_fails(tmp_path: Path, text: str) -> None:
    found = by_rule(audited(tmp_path, {"uv.lock": text}))
    assert "cannot be read" in found["dependencies/unauditable"][0].message


def test_which_files_speak(tmp_path: Path) -> None:
    names = [
        "requirements.txt",
        "requirements-dev.txt",
        "dev-requirements.txt",
        "requirements/base.txt",
        "a/requirements_gpu.txt",
        "notes.txt",
        "requirements.md",
        "my-requirements-doc/readme.md",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    subject = FolderSnapshot(tmp_path)
    chosen = files.select(tuple(subject.files), subject)
    assert sorted(chosen) == sorted(names[:5])


def test_nothing_to_do_without_such_files(tmp_path: Path) -> None:
    assert audited(tmp_path, {"a.py": "", "pyproject.toml": "[tool.black]\n"}) == []


# Failing closed


def test_an_unknowing_database_has_errored(tmp_path: Path) -> None:
    other = record("other")
    base = database(tmp_path / "db", other, canary=False)
    with pytest.raises(GateError, match="which is known to be vulnerable"):
        check(
            gate,
            tmp_path / "tree",
            {"requirements.txt": "a==1\n"},
            options={"tool": "osv", "database": base},
            now=NOW,
        )
    found = audited(tmp_path, {"requirements.txt": "a==1\n"}, other, canary="other==1.0")
    assert found[-1].result is Result.PASS


def test_offline_withdraws_the_network(tmp_path: Path) -> None:
    for tool in ("pip-audit", "safety"):
        with pytest.raises(GateError, match="offline") as caught:
            check(gate, tmp_path, {"requirements.txt": "a==1\n"}, options={"tool": tool})
        assert not isinstance(caught.value, ToolMissing)


def test_without_a_policy_nothing_asks_the_network(tmp_path: Path) -> None:
    files = {"requirements.txt": "a==1\n"}
    with pytest.raises(ToolMissing, match="without a policy"):
        check(gate, tmp_path, files, options={"tool": "pip-audit"}, named=False)


def test_another_version_of_the_tool_has_errored(tmp_path: Path) -> None:
    options = {"tool": "pip-audit", "version": "0.1"}
    with pytest.raises(GateError, match="names pip-audit"):
        check(gate, tmp_path, {"requirements.txt": "a==1\n"}, options=options, network=True)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tool": "osv"},
        {"tool": "nmap"},
        {"tool": "pip-audit", "url": "https://x.y"},
        {"tool": "pip-audit", "service": "osv", "url": "file:///x"},
        {"tool": "pip-audit", "canary": "--x"},
        {"tool": "pip-audit", "max_age": "soon"},
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(options, gate.Options)


# What is stored


def also(tmp_path: Path, base: str, now: datetime = NOW) -> bytes | None:
    options = {"tool": "osv", "database": base}
    inputs = gate.inputs(context(gate, tmp_path / "tree", options=options, now=now))
    assert inputs is not None
    assert inputs.beyond
    return inputs.also


def test_the_key_changes_with_the_database_and_the_day(tmp_path: Path) -> None:
    audited(tmp_path, {"requirements.txt": "a==1\n"})
    base = str(tmp_path / "db")
    first = also(tmp_path, base)
    assert first == also(tmp_path, base)
    assert first != also(tmp_path, base, NOW + timedelta(days=1))
    path = tmp_path / "db" / "0.json"
    stamp = path.stat()
    path.write_text(path.read_text().replace("breaks", "BREAKS"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert first != also(tmp_path, base)


def test_answers_of_the_network_are_never_stored(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a==1\n")
    inputs = gate.inputs(context(gate, tmp_path, options={"tool": "pip-audit"}, network=True))
    assert inputs is not None
    assert inputs.also is None


def test_a_relative_database_lies_in_the_repository_and_may_be_a_zip(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    with zipfile.ZipFile(tree / "all.zip", "w") as archive:
        archive.writestr("a.json", json.dumps(CANARY))
    found = audited(tmp_path, {"requirements.txt": "pyyaml==5.3\n"}, database="all.zip")
    assert found[0].rule == "dependencies/GHSA-canary"


# Adoption


def test_detect_suggests_without_blocking(tmp_path: Path) -> None:
    assert gate.detect(context(gate, tmp_path, options={"tool": "safety"})) is None
    (tmp_path / "requirements.txt").write_text("a==1\n")
    found = gate.detect(context(gate, tmp_path, options={"tool": "safety"}))
    assert found is not None
    assert (found.options, found.blocking) == ({"tool": "pip-audit"}, False)


def test_detect_adopts_what_is_used(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a==1\n")
    (tmp_path / "Makefile").write_text("audit:\n\tsafety check -r requirements.txt\n")
    found = gate.detect(context(gate, tmp_path, options={"tool": "safety"}))
    assert found is not None
    assert (found.options, found.blocking) == ({"tool": "safety"}, True)
    assert found.evidence == "Makefile:2: safety"
    assert found.covers == ()
    (tmp_path / ".pre-commit-config.yaml").write_text(
        "repos:\n- repo: https://github.com/pypa/pip-audit\n  rev: v2.7.3\n"
        "  hooks:\n  - id: pip-audit\n"
    )
    found = gate.detect(context(gate, tmp_path, options={"tool": "safety"}))
    assert found is not None
    assert (found.options, found.covers) == ({"tool": "pip-audit"}, ("pip-audit",))
