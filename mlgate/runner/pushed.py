"""Several commits pushed at once: each is judged by itself, one report tells of all."""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec.structs import replace

from mlgate.core.report import Report, Subject
from mlgate.core.text import shown


def by_tip(push_refs: bytes) -> dict[str, bytes]:
    """The lines of a pre-push hook by the commit that they push, under the first one's ref."""
    tips: dict[bytes, list[bytes]] = {}
    for line in push_refs.splitlines():
        fields = line.rsplit(maxsplit=3)
        if len(fields) == 4 and fields[1].strip(b"0"):
            tips.setdefault(fields[1], []).append(line)
    names = {tip: lines[0].rsplit(maxsplit=3)[2] for tip, lines in tips.items()}
    return {
        shown(os.fsdecode(names[tip].removeprefix(b"refs/heads/"))): b"\n".join(lines) + b"\n"
        for tip, lines in tips.items()
    }


def joined(reports: Mapping[str, Report]) -> Report:
    """One report on several pushed commits; their gates are told apart by the ref."""
    first = next(iter(reports.values()))
    problems = [report for report in reports.values() if report.base_problem]
    return replace(
        problems[0] if problems else first,
        verdicts=tuple(
            replace(verdict, gate=f"{verdict.gate} ({ref})")
            for ref, report in reports.items()
            for verdict in report.verdicts
        ),
        subject=Subject(
            label=", ".join(report.subject.label for report in reports.values()),
            commit=first.subject.commit,
        ),
        tools={k: v for report in reports.values() for k, v in report.tools.items()},
        notes=tuple(dict.fromkeys(note for r in reports.values() for note in r.notes)),
        duration=sum(report.duration for report in reports.values()),
    )
