"""What the documents show works: their commands end as they say, their policies are policies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import jsonschema
import pytest
import yaml

from mlgate.core import parts
from mlgate.policy.schema import schema

if TYPE_CHECKING:
    from conftest import Project

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])
_BLOCK = re.compile(
    r"(?:^<!-- (?P<does>run|file)(?:: (?P<with>\S+))? -->\n)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
_ANCHOR = re.compile(r"\]\(([^)#:]*)#([^)]+)\)")


class Block(NamedTuple):
    """A fenced block: what is to be done with it, and how."""

    does: str
    how: str
    language: str
    text: str


def blocks(path: Path) -> list[Block]:
    found = _BLOCK.finditer(path.read_text(encoding="utf-8"))
    return [Block(m["does"] or "", m["with"] or "", m["language"], m["text"]) for m in found]


def perform(block: Block, folder: Path) -> None:
    """Write the file, or run the commands and compare the exit code."""
    if block.does == "file":
        path = folder / block.how
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
    elif block.does == "run":
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", block.text],
            cwd=folder,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )
        assert done.returncode == int(block.how or 0), f"{block.text}\n{done.stdout}"


def test_the_first_five_minutes(project: Project) -> None:
    shown = [block for block in blocks(ROOT / "docs" / "start.md") if block.does]
    assert len(shown) >= 6
    for block in shown:
        perform(block, project.folder)


def test_the_reports_that_are_shown(project: Project) -> None:
    project.put({"a.py": "x = 1\n"})
    for block in blocks(ROOT / "docs" / "reports.md"):
        perform(block, project.folder)
    written = {path.name for path in (project.folder / "out").iterdir()}
    assert written == {"report.sarif", "junit.xml", "report.json"}


def test_every_format_is_described() -> None:
    text = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE)) == set(
        parts.names("reporters")
    )


def test_the_recipe_for_a_gate(tmp_path: Path, project: Project) -> None:
    """In a copy of the package, with no other edit: its own test, and `mlgate check`."""
    shutil.copytree(
        ROOT / "mlgate", tmp_path / "mlgate", ignore=shutil.ignore_patterns("__pycache__")
    )
    shown = [block for block in blocks(ROOT / "CONTRIBUTING.md") if block.does == "file"]
    assert [block.how for block in shown] == [
        "mlgate/gates/raw_data.py",
        "tests/gates/test_raw_data.py",
    ]
    for block in shown:
        perform(block, tmp_path)
    tested = _python(tmp_path, tmp_path, "pytest", "-p", "no:cacheprovider", "tests")
    assert tested.returncode == 0, tested.stdout
    assert "2 passed" in tested.stdout
    project.put({"mlgate.toml": "[gates.raw-data]\n", "train.csv": "a,b\n"}).commit()
    checked = _python(tmp_path, project.folder, "mlgate", "check")
    assert checked.returncode == 1, checked.stdout
    assert "train.csv" in checked.stdout
    explained = _python(tmp_path, project.folder, "mlgate", "explain", "raw-data")
    assert "Git tracks a table" in explained.stdout


def _python(package: Path, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(package)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )


@pytest.fixture(scope="module")
def policies() -> jsonschema.protocols.Validator:
    """Judges policies by their schema, which takes long to make and to check."""
    made = schema()
    kind = jsonschema.validators.validator_for(made)
    kind.check_schema(made)
    return kind(made)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_configuration_that_is_shown_is_valid(
    path: Path, policies: jsonschema.protocols.Validator
) -> None:
    for block in blocks(path):
        if block.language == "toml":
            policies.validate(tomllib.loads(block.text))
        elif block.language == "yaml":
            yaml.safe_load(block.text)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in _LINK.findall(path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_every_picture_is_shown_somewhere() -> None:
    shown = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    kept = {path.name for path in (ROOT / "docs" / "images").iterdir()}
    assert kept == set(re.findall(r"images/([\w-]+\.\w+)\)", shown))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_a_heading(path: Path) -> None:
    for target, anchor in _ANCHOR.findall(path.read_text(encoding="utf-8")):
        page = path.parent / target if target else path
        assert anchor in headings(page), f"{target}#{anchor}"


def headings(page: Path) -> set[str]:
    """The anchors that a forge makes of a page's headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


def test_the_documents_name_the_hooks_and_commands_there_are() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    offered = {h["id"] for h in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    named = set(re.findall(r"- id: (mlgate[\w-]*)", text))
    assert named <= offered
    commands = {p.stem for p in (ROOT / "mlgate" / "cli").glob("[a-z]*.py")}
    shells = "".join(b.text for path in DOCUMENTS for b in blocks(path) if b.language == "sh")
    assert set(re.findall(r"^mlgate ([a-z]+)", shells, re.MULTILINE)) <= commands


def test_generated_pages_are_as_the_program_is() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import generate
    finally:
        sys.path.pop(0)
    for name, text in generate.pages().items():
        there = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert there == text, f"docs/{name} is out of date: make docs"
