"""The manifest offers what the gates can do, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from identify import identify

from mlgate.core import parts
from mlgate.core.words import Stage

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
}
CODE = ("format", "lint", "security", "secrets", "files", "notebook")
OWN = [name for name in HOOKS if not name.endswith("-system")]
WANTED = {
    "mlgate": ("train.py", "types.pyi", "n.ipynb", "params.yaml", "README.md", "model.bin"),
    "mlgate-format": ("train.py", "types.pyi", "n.ipynb"),
    "mlgate-lint": ("train.py", "types.pyi", "n.ipynb"),
    "mlgate-security": ("train.py", "n.ipynb"),
    "mlgate-secrets": ("train.py", "n.ipynb", "params.yaml", ".env", "README.md"),
    "mlgate-files": ("train.py", "params.yaml", "model.bin", "README.md"),
    "mlgate-notebook": ("n.ipynb",),
}


@pytest.mark.parametrize("runner", ["pre-commit", "prek"])
def test_both_runners_take_the_manifest(runner: str) -> None:
    program = Path(sys.executable).parent / runner
    done = subprocess.run(
        [program, "validate-manifest", MANIFEST], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warn" not in (done.stdout + done.stderr).lower()


def test_there_is_a_hook_for_every_code_gate_of_a_commit() -> None:
    assert set(OWN) == {"mlgate", "mlgate-push", *(f"mlgate-{gate}" for gate in CODE)}
    for gate in CODE:
        assert Stage.COMMIT in parts.load("gates", gate).stages
        assert HOOKS[f"mlgate-{gate}"]["entry"] == f"mlgate check --stage commit --gate {gate}"


@pytest.mark.parametrize("name", OWN)
def test_a_twin_differs_in_its_environment_alone(name: str) -> None:
    own, twin = dict(HOOKS[name]), dict(HOOKS[f"{name}-system"])
    assert (own.pop("language"), twin.pop("language")) == ("python", "system")
    assert own.pop("additional_dependencies") == [".[code]"]
    for hook in (own, twin):
        del hook["id"], hook["description"]
    assert own == twin


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_a_hook_is_safe_to_run(name: str) -> None:
    hook = HOOKS[name]
    assert hook["require_serial"] is True
    if name.startswith("mlgate-push"):
        assert hook["stages"] == ["pre-push"]
        assert hook["pass_filenames"] is False
        assert hook["always_run"] is True
    else:
        assert hook["stages"] == ["pre-commit"]
        assert hook["args"][-1] == "--", "a file may be called --help"


@pytest.mark.parametrize("name", sorted(WANTED))
def test_a_hook_gets_the_files_that_its_gate_judges(name: str, tmp_path: Path) -> None:
    for file in WANTED[name]:
        path = tmp_path / file
        path.write_bytes(b"\0\1" if file.endswith(".bin") else b"text\n")
        assert _passed(HOOKS[name], identify.tags_from_path(str(path))), file


def test_links_reach_the_gate_that_judges_them(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    tags = identify.tags_from_path(str(link))
    assert _passed(HOOKS["mlgate"], tags)
    assert _passed(HOOKS["mlgate-files"], tags)
    assert not _passed(HOOKS["mlgate-lint"], tags)


def _passed(hook: dict[str, Any], tags: set[str]) -> bool:
    """Whether a runner hands on a file with these tags, as pre-commit's own filter decides."""
    return set(hook.get("types", ["file"])) <= tags and bool(
        not hook.get("types_or") or set(hook["types_or"]) & tags
    )
