"""Repositories judged by gates of an installed distribution."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from probes import ENTRY_POINTS, Watching
from projects import Project

from mlgate.core.report import Report
from mlgate.runner.request import Request
from mlgate.runner.run import check


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The distribution `probes` is there, in this process and in those that it starts."""
    packages = tmp_path / "packages"
    about = packages / "probes-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: probes\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    (packages / "probes.py").symlink_to(Path(__file__).with_name("probes.py"))
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.setenv("PYTHONPATH", str(packages))


class Judged:
    """A project, the log of what its gates were asked, and its runs."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.log = project.folder.parent / "log"

    def policy(self, **gates: str) -> None:
        """Gates by name (`__` for `-`) and what their tables hold; a `kind` unless it is theirs."""
        tables = []
        for name, keys in gates.items():
            kind = "" if name in ("probe", "other-probe") or "kind" in keys else 'kind = "probe"\n'
            tables.append(f"[gates.{name}]\n{kind}log = {str(self.log)!r}\n{keys}\n")
        self.project.put({"mlgate.toml": "".join(tables)})

    def run(self, observer: Watching | None = None, **request: Any) -> Report:
        """One run, without the verdict on the policy itself, which these tests are not about."""
        start = str(self.project.folder)
        report = check(Request(start=start, **request), os.environ, observer or Watching())
        return replace(report, verdicts=tuple(v for v in report.verdicts if v.kind != "policy"))

    def asked(self) -> list[str]:
        """`gate path` for each question since the last call, sorted."""
        lines = self.log.read_text(errors="surrogateescape") if self.log.exists() else ""
        self.log.write_text("")
        return sorted(lines.splitlines())


@pytest.fixture
def judged(project: Project, installed: None) -> Judged:
    files: dict[str, str | bytes] = {f"d{n % 3}/{n:02}.txt": f"line {n}\n" for n in range(40)}
    files["d0/00.txt"] = "fine\nbad\n"
    files["d1/07.txt"] = "bad\n" * 3
    project.put(files)
    return Judged(project)


@pytest.fixture
def brief() -> Callable[[Report], list[tuple[Any, ...]]]:
    """What a report says, but for what the clock and the store bring in."""

    def told(report: Report) -> list[tuple[Any, ...]]:
        return [
            (v.gate, v.outcome, v.blocks, v.findings, v.reason, v.help, v.judged, v.notes)
            for v in report.verdicts
        ]

    return told
