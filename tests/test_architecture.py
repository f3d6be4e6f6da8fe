"""The house as the design draws it: one direction, one place for each thing."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mlgate"
MODULES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for path in PACKAGE.rglob("*.py")
    if "demo/project" not in path.as_posix()  # what is judged, not who judges
)
PARTS = ["gates", "tools", "reporters", "sources", "registries", "tables", "cli"]
TALKING_SCRIPTS = {
    "core/answering.py",
    "runner/host.py",
    "gates/_artifact_fit_worker.py",
    "gates/_artifact_worker.py",
    "gates/_importable_worker.py",
    "gates/_ml_rules.py",
    "gates/_model_worker.py",
    "gates/_service_worker.py",
    "sources/_dvc/remote_script.py",
    "sources/_dvc/resolve_script.py",
    "tables/_duckdb_script.py",
    "tables/_spark_script.py",
    "tools/_black_script.py",
    "tools/_detect_secrets_scan.py",
    "tools/_launch/pytest_recorded.py",
}
"""Worker scripts: what they print is their protocol, and they run in interpreters of their own."""


@functools.cache
def tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"), module)


@functools.cache
def imports(module: str, *, typing_too: bool = True) -> tuple[str, ...]:
    """Full names of what `module` imports, anywhere in it."""
    return tuple(_imported(_nodes(tree(module), typing_too)))


def _imported(nodes: Iterator[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _nodes(top: ast.AST, typing_too: bool) -> Iterator[ast.AST]:
    waiting = [top]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            if (
                not typing_too
                and isinstance(node, ast.If)
                and "TYPE_CHECKING" in ast.unparse(node.test)
            ):
                continue
            yield node
            waiting.append(node)


def in_room(module: str, room: str) -> bool:
    return module.startswith(room + "/")


def test_rooms_import_downwards_only() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("library", "place"),
    [("subprocess", "process.py"), ("click", "cli/"), ("multiprocessing", "-")],
)
def test_some_libraries_have_one_place(library: str, place: str) -> None:
    strangers = {
        module
        for module in set(MODULES) - TALKING_SCRIPTS
        if not module.startswith(place)
        and any(name.split(".")[0] == library for name in imports(module, typing_too=False))
    }
    assert not strangers


@functools.cache
def calls(module: str) -> set[str]:
    """The names of what `module` calls, as far as they are names."""
    return {ast.unparse(node.func) for node in ast.walk(tree(module)) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("module", MODULES)
def test_nobody_prints_or_exits_outside_the_command_line(module: str) -> None:
    if in_room(module, "cli") or module in TALKING_SCRIPTS or module == "__main__.py":
        return
    forbidden = {"print", "sys.exit", "exit", "quit", "os._exit", "os.abort", "sys.stdout.write"}
    assert not calls(module) & (forbidden | {"sys.stderr.write", "os.system", "os.popen", "input"})


@pytest.mark.parametrize("module", MODULES)
def test_no_shell_no_process_from_elsewhere(module: str) -> None:
    started = {c for c in calls(module) if c.startswith(("os.exec", "os.spawn", "os.posix_spawn"))}
    assert not started and "os.fork" not in calls(module)
    text = (PACKAGE / module).read_text(encoding="utf-8")
    assert "shell=True" not in text or in_room(module, "gates") or in_room(module, "tools")


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_in_a_sentence_what_it_is_for(module: str) -> None:
    said = ast.get_docstring(tree(module))
    assert said, module
    first = said.split("\n\n")[0]
    assert first.rstrip().endswith((".", "?", ":")), first


def test_gates_do_not_import_gates() -> None:
    gates = {m for m in MODULES if in_room(m, "gates") and not Path(m).name.startswith("_")}
    names = {f"mlgate.gates.{Path(m).stem}" for m in gates}
    for module in gates:
        assert not {n for n in imports(module) if n in names}, module


def test_reporters_see_core_only() -> None:
    for module in (m for m in MODULES if in_room(m, "reporters")):
        ours = {name for name in imports(module) if name.startswith("mlgate.")}
        assert all(n.startswith(("mlgate.core", "mlgate.reporters")) for n in ours), module


@pytest.mark.parametrize("room", PARTS)
def test_every_part_is_named_by_a_test(room: str) -> None:
    """`mlgate/gates/lint.py` has `tests/gates/test_lint.py`, or is asked for by name in another."""
    texts = {p.name: p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("*.py")}
    everything = "\n".join(text for name, text in texts.items() if name != Path(__file__).name)
    for path in (PACKAGE / room).glob("*.py"):
        if path.name.startswith("_"):
            continue
        kind = path.stem.replace("_", "-")
        named = f"test_{path.stem}.py" in texts or any(
            mark in everything
            for mark in (
                f'"{kind}"',
                f"'{kind}'",
                f"{room}.{path.stem}",
                f"{room} import {path.stem}",
            )
        )
        assert named, f"no test speaks of {room}/{path.name}"
