"""Any program, judged by its exit code or by the findings that it writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding
from mlgate.core.gate import Inputs, Rule
from mlgate.core.text import plain
from mlgate.core.words import Level, Result, Stage
from mlgate.gates import _command_output as output
from mlgate.gates import _project_code as project_code
from mlgate.tools import _find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Completed, Context

stages = frozenset({Stage.MERGE})

rules = {
    "exit": Rule(
        "The command's exit code: 0 passes, any other fails unless `codes` says otherwise.",
        "run the command by hand, and mend what it says",
        Level.ERROR,
    ),
    "wrote": Rule("The command wrote into the tree.", "let it write to `{out}`", Level.NOTE),
    "suppressed": Rule("The command's own report suppresses results.", level=Level.NOTE),
    "passed": Rule("The command's report holds nothing that fails."),
}

Text = Annotated[str, Meta(min_length=1)]
Code = Annotated[str, Meta(pattern=r"^\d{1,3}$")]


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a `command` gate."""

    run: Annotated[tuple[str, ...], Meta(min_length=1)]
    """The program and its arguments; no shell. `{out}` stands for a private file's path."""
    findings: Annotated[str, Meta(pattern=r"^(sarif|json):.+$")] | None = None
    """`sarif:PATH` or `json:PATH`: the findings that it writes; `-` is its standard output."""
    codes: dict[Code, Literal["pass", "fail", "error"]] = {}
    """What exit codes mean, where they mean something else than 0 passes and all else fails."""
    env: dict[str, str] = {}
    """Environment variables for the program."""
    inputs: tuple[Text, ...] = ()
    """All files that decide its result, in gitignore syntax: it then runs only when they, the
    command or the environment change."""

    def __post_init__(self) -> None:
        if not self.run[0].strip():
            raise ValueError("the first word of `run` must name a program")


def inputs(ctx: Context) -> Inputs | None:
    """The files that `inputs` names; without it the command is run every time."""
    name = os.path.basename(ctx.options.run[0])
    what = "what it reports" if ctx.options.findings else "its exit code"
    judged = f"{plain(name)}, by {what}"
    if not ctx.options.inputs:
        return Inputs(paths=tuple(ctx.subject.files), judged=judged)
    import pathspec

    spec = pathspec.GitIgnoreSpec.from_lines(ctx.options.inputs)
    paths = tuple(path for path in ctx.subject.files if spec.match_file(path))
    if not paths:
        raise GateError("`inputs` matches no file", "correct the patterns, or leave `inputs` out")
    return Inputs(paths=paths, also=_also(ctx), beyond=True, judged=judged)


def _also(ctx: Context) -> bytes:
    import hashlib

    import msgspec

    digest = hashlib.sha256(msgspec.json.encode(ctx.options, order="deterministic"))
    digest.update(_find.listing_digest(ctx.environment()))
    digest.update(ctx.project.encode())
    return digest.digest()


def check(ctx: Context, _paths: tuple[str, ...]) -> Iterator[Finding | Figure]:
    """Run the command once, over the whole snapshot, and state what it came to."""
    import tempfile

    environment = ctx.environment()
    root = str(ctx.subject.root(ctx.subject.files))
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "out")
        report = output.Place(ctx.options.findings, root, ctx.project, out)
        before = project_code.listing(root, environment)
        ended = _run(ctx, root, out, scratch)
        after = project_code.listing(root, environment)
        meaning = ctx.options.codes.get(str(ended.returncode), _usual(ended.returncode))
        if meaning == "error":
            raise GateError(f"{_said(ctx, ended)}", "run the command by hand to see more")
        if report.form is None:
            yield _by_code(ctx, ended, meaning)
        else:
            yield from _by_findings(ctx, ended, meaning, report)
    yield from project_code.written("command", before, after)


def _usual(code: int) -> str:
    return "pass" if code == 0 else "fail"


def _run(ctx: Context, root: str, out: str, scratch: str) -> Completed:
    environment = ctx.environment()
    program, *arguments = (word.replace("{out}", out) for word in ctx.options.run)
    return ctx.run(
        (*environment.run, program),
        *arguments,
        cwd=os.path.join(root, ctx.project),
        env={
            **project_code.activated(environment, os.environ.get("PATH", os.defpath)),
            "PYTEST_ADDOPTS": "-p no:cacheprovider",
            "RUFF_NO_CACHE": "true",
            "MYPY_CACHE_DIR": os.devnull,
            "COVERAGE_FILE": os.path.join(scratch, "coverage"),
            **ctx.options.env,
        },
        project=True,
    )


def _said(ctx: Context, ended: Completed) -> str:
    command = plain(" ".join(ctx.options.run))[:200]
    said = project_code.tail(ended.stdout, ended.stderr)
    return f"{command} ended with exit code {ended.returncode}\n{said}".strip()


def _by_code(ctx: Context, ended: Completed, meaning: str) -> Finding:
    if meaning == "pass":
        command = plain(" ".join(ctx.options.run))[:200]
        message = f"{command} ended with exit code {ended.returncode}"
        return Finding(rule="command/exit", result=Result.PASS, level=Level.NOTE, message=message)
    return Finding(rule="command/exit", level=Level.ERROR, message=_said(ctx, ended))


def _by_findings(
    ctx: Context, ended: Completed, meaning: str, report: output.Place
) -> Iterator[Finding]:
    """The findings of its report; a failing exit code that none of them explains fails too."""
    found = output.read(report, ended.stdout)
    yield from found.findings
    if found.suppressed:
        message = f"{found.suppressed:,} results are suppressed in the report itself"
        yield Finding(
            rule="command/suppressed", result=Result.PASS, level=Level.NOTE, message=message
        )
    told = [finding for finding in found.findings if finding.result is not Result.PASS]
    if meaning == "fail" and not told:
        said = f"{_said(ctx, ended)}\nits report holds no finding that says why"
        yield Finding(rule="command/exit", level=Level.ERROR, message=said)
    elif not told:
        message = f"{found.program} reports nothing that fails"
        yield Finding(rule="command/passed", result=Result.PASS, level=Level.NOTE, message=message)
