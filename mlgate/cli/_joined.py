"""Reports of parallel jobs, read from the JSON that `--format json` writes, as one report."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mlgate.core.errors import UsageError
from mlgate.core.finding import Figure, Finding
from mlgate.core.report import Report, Subject, Verdict
from mlgate.core.text import shown
from mlgate.core.words import Outcome, Stage
from mlgate.reporters.json import SCHEMA

_LARGEST = 256 << 20


class _Verdict(Struct, kw_only=True):
    gate: str
    kind: str
    outcome: Outcome
    blocks: bool
    findings: list[Finding]
    cached: bool = False
    duration: float = 0.0
    started: float = 0.0
    reason: str | None = None
    help: str | None = None
    judged: str | None = None
    hidden: int = 0
    waived: int = 0
    notes: list[str] = []
    figures: list[Figure] = []


class _Form(Struct, kw_only=True):
    schema: str
    stage: Stage
    exit_code: int
    commit: str | None
    base: str | None
    verdicts: list[_Verdict]
    subject: str | None = None
    base_subject: str | None = None
    base_problem: str | None = None
    base_help: str | None = None
    policy: str | None = None
    policy_digest: str = ""
    tools: dict[str, str] = {}
    notes: list[str] = []
    duration: float = 0.0
    version: str = ""


def read(path: str) -> Report:
    """One report. Raises `UsageError` where the file is none, or contradicts itself."""
    form = _form(path)
    report = Report(
        stage=form.stage,
        verdicts=tuple(_verdict(one) for one in form.verdicts),
        subject=Subject(label=form.subject or "", commit=form.commit),
        base=Subject(label=form.base_subject or "base", commit=form.base) if form.base else None,
        base_problem=form.base_problem,
        base_help=form.base_help,
        policy_digest=form.policy_digest,
        policy_source=form.policy,
        tools=form.tools,
        notes=tuple(form.notes),
        duration=form.duration,
        version=form.version,
    )
    if report.exit_code != form.exit_code:
        raise UsageError(
            f"{shown(path)} says exit code {form.exit_code}, its verdicts come to "
            f"{report.exit_code}",
            "take the file as mlgate check wrote it",
        )
    return report


def _form(path: str) -> _Form:
    try:
        if os.path.getsize(path) > _LARGEST:
            raise UsageError(f"{shown(path)} is larger than {_LARGEST >> 20} MiB")
        with open(path, "rb") as file:
            form = msgspec.json.decode(file.read(), type=_Form)
    except OSError as error:
        raise UsageError(
            f"{shown(path)} cannot be read: {error.strerror}",
            "did its job write one? mlgate check --format json:FILE",
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{shown(path)} is no report: {error}", "mlgate check --format json:FILE writes one"
        ) from None
    if form.schema != SCHEMA:
        raise UsageError(f"{shown(path)} is no {SCHEMA} but {form.schema!r}", "upgrade mlgate")
    return form


def _verdict(one: _Verdict) -> Verdict:
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Verdict(**(fields | lists))


def joined(reports: dict[str, Report]) -> Report:
    """All verdicts as those of one run; gates of one name are told apart by their files' names.

    Raises `UsageError` where the reports are not about the same stage and commit.
    """
    first = next(iter(reports.values()))
    for path, report in reports.items():
        here = (report.stage, report.subject.commit)
        if here != (first.stage, first.subject.commit):
            raise UsageError(
                f"{shown(path)} is about stage {here[0]} of {here[1]}, "
                f"the first report about {first.stage} of {first.subject.commit}",
                "merge the reports of one run of the pipeline",
            )
    problem = next((report for report in reports.values() if report.base_problem), first)
    return replace(
        problem,
        verdicts=_verdicts(reports),
        base=next((report.base for report in reports.values() if report.base), None),
        tools={name: v for report in reports.values() for name, v in report.tools.items()},
        notes=tuple(dict.fromkeys(note for report in reports.values() for note in report.notes)),
        duration=max(report.duration for report in reports.values()),
    )


def _verdicts(reports: dict[str, Report]) -> tuple[Verdict, ...]:
    counts = Counter(v.gate for report in reports.values() for v in report.verdicts)
    names = _names(list(reports))
    return tuple(
        verdict if counts[verdict.gate] == 1 else _named(verdict, names[path])
        for path, report in reports.items()
        for verdict in report.verdicts
    )


def _named(verdict: Verdict, name: str) -> Verdict:
    return replace(verdict, gate=f"{verdict.gate} ({name})")


def _names(paths: Sequence[str]) -> dict[str, str]:
    """Each file's name without its ending, or its path where names are equal."""
    stems = [shown(os.path.splitext(os.path.basename(path))[0]) for path in paths]
    plain = len(set(stems)) == len(stems)
    return {path: stem if plain else shown(path) for path, stem in zip(paths, stems, strict=True)}
