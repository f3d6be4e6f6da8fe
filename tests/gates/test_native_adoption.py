from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from mlgate.gates import files, notebook, secrets
from mlgate.testing import check, context


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """As `mlgate.repo.uses` gives it."""

    tool: str = "pre-commit-hooks"
    where: str = ".pre-commit-config.yaml"
    args: tuple[str, ...] = ()
    version: str | None = None
    excludes: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    files: str | None = None
    hook_id: str | None = None
    stage: str | None = None


def detected(gate: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, *uses: Use) -> Any:
    fake = ModuleType("mlgate.repo.uses")
    fake.uses = lambda snapshot: uses  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlgate.repo.uses", fake)
    answer = gate.detect(context(gate, folder))
    if answer is not None:
        msgspec.convert(answer.options, gate.Options)  # what init writes must be accepted
    return answer


def test_only_the_rules_of_the_hooks_in_use_are_on(tmp_path: Path, monkeypatch: Any) -> None:
    answer = detected(
        files,
        tmp_path,
        monkeypatch,
        Use(hook_id="trailing-whitespace", version="4.5.0", excludes=("^docs/",)),
        Use(hook_id="check-added-large-files", args=("--maxkb=2000", "--enforce-all")),
        Use(hook_id="mixed-line-ending", args=("--fix", "lf")),
        Use(hook_id="check-yaml", files=r"^conf/"),
        Use(tool="black", hook_id="black"),
    )
    assert answer.blocking
    assert answer.options == {
        "only": [
            *("trailing-whitespace", "mixed-line-ending", "yaml-syntax"),
            *("duplicate-key", "large-file"),
        ],
        "max_size": "2000 kB",
        "added_only": False,
        "line_ending": "lf",
        "ignore": {"trailing-whitespace": ["^docs/"], "yaml-syntax": ["^(?!.*(?:^conf/))"]},
    }
    assert answer.covers == (
        *("trailing-whitespace", "check-added-large-files", "mixed-line-ending", "check-yaml"),
    )
    assert answer.evidence.startswith(".pre-commit-config.yaml: pre-commit-hooks 4.5.0")
    tree = {"docs/a.txt": "x \n", "b.txt": "x \n", "conf/c.yml": "a: [\n", "d.yml": "a: [\n"}
    found = [f.location.path for f in check(files, tmp_path, tree, options=answer.options)]
    assert found == ["b.txt", "conf/c.yml"]


def test_every_known_hook_names_rules_that_exist() -> None:
    from mlgate.gates._files_adopt import HOOKS, QUIET

    assert {rule for rules in HOOKS.values() for rule in rules} <= set(files.rules)
    assert set(QUIET) <= set(files.rules)


def test_without_hooks_a_quiet_set_is_suggested(tmp_path: Path, monkeypatch: Any) -> None:
    answer = detected(files, tmp_path, monkeypatch)
    assert not answer.blocking
    tree = {"a.py": "x = 1 ", "b.yaml": "a: [\n"}
    found = [f.rule for f in check(files, tmp_path, tree, options=answer.options)]
    assert found == ["files/yaml-syntax"]


@pytest.mark.parametrize(
    ("use", "options"),
    [
        (Use(tool="nbstripout", hook_id="nbstripout"), {}),
        (
            Use(tool="nbstripout", hook_id="nbstripout", args=("--keep-count", "--max-size=10k")),
            {"execution_counts": "keep", "max_output_size": 10_000},
        ),
        (
            Use(tool="nbstripout", args=("--extra-keys", "metadata.kernelspec cell.metadata.x")),
            {"metadata_keys": ["metadata.kernelspec", "cell.metadata.x"]},
        ),
        (Use(hook_id="nb-clean", args=("--preserve-cell-outputs",)), {"outputs": "keep"}),
    ],
)
def test_hooks_that_strip_notebooks_are_adopted(
    tmp_path: Path, monkeypatch: Any, use: Use, options: dict[str, Any]
) -> None:
    answer = detected(notebook, tmp_path, monkeypatch, use)
    assert (answer.blocking, answer.options) == (True, options)


def test_stripping_is_suggested_where_there_are_notebooks(tmp_path: Path, monkeypatch: Any) -> None:
    assert detected(notebook, tmp_path, monkeypatch) is None
    (tmp_path / "n.ipynb").write_text("{}")
    assert detected(notebook, tmp_path, monkeypatch).blocking is False


def test_detect_secrets_is_adopted_with_its_arguments(tmp_path: Path, monkeypatch: Any) -> None:
    args = ("--baseline", "my.baseline", "--exclude-files=^tests/", "-p", "own.py")
    hook = {"version": "1.5.0", "args": args, "excludes": ("^$", "lock")}
    use = Use(tool="detect-secrets", hook_id="detect-secrets", **hook)
    command = Use(tool="detect-secrets", where="Makefile:3", args=("scan", "--all-files"))
    answer = detected(secrets, tmp_path, monkeypatch, command, use)
    assert answer.options == {
        "baseline": "my.baseline",
        "args": ["--exclude-files", "^tests/", "--exclude-files", "lock"],
    }
    assert (answer.blocking, answer.covers) == (True, ("detect-secrets",))


def test_secrets_are_suggested_with_the_sure_detectors_only(
    tmp_path: Path, monkeypatch: Any
) -> None:
    answer = detected(secrets, tmp_path, monkeypatch)
    assert not answer.blocking
    tree = {"a.py": "password = '" + "hunter2-correct'\nkey = '" + "AKIA" + "Q3EGRZ7XWJ5PLVKT'\n"}
    found = [f.rule for f in check(secrets, tmp_path, tree, options=answer.options)]
    assert found == ["secrets/aws-access-key"]
    (tmp_path / ".secrets.baseline").write_text("{}")
    assert detected(secrets, tmp_path, monkeypatch).evidence == ".secrets.baseline"
