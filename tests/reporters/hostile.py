"""Reports that want to do harm: forged commands, markup, mentions, odd bytes, and sheer size."""

from __future__ import annotations

import functools

import sample
from msgspec.structs import replace

from mlgate.core.finding import Measurement
from mlgate.core.report import Report
from mlgate.core.words import Level, Result

TEXTS = (
    "::error file=a.py,line=1::forged",
    "harmless\r\n::set-output name=x::y",
    "##vso[task.complete result=Succeeded;]done",
    "##[error]forged",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "]]><!--",
    "--><details><summary>hidden",
    "@octocat and @org/team see #12, !34, GH-56, org/repo#7 and 1a2b3c4d5e6f",
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "https://evil.example www.evil.example",
    "# heading\n\n| a | b |\n| - | - |\n",
    "`code` ``more`` ``` fence ```",
    "a \\| b | c || d \\\\| e",
    "$math$ $`math`$ ~~gone~~ **bold** _it_ :tada: &lt; &#64;",
    "\x00\x01\x08\x0b\x0c\x1b[31m\x1b]0;title\x07\x7f\x85\u2028\u202e\u2066\ufffe\uffff\ufeff",
    "lone \udcff\ud800 bytes",
    "%0A::error::percent %25 ; ] , : =",
    '"quoted" \'single\' & <tag attr="x">',
    "",
    " \t\n",
)
PATHS = (
    "with space/a b.py",
    "hash#1/#a.py",
    "colon:comma,semi;bracket].py",
    "percent%20/100%.py",
    "pipe|`tick`.py",
    "quote\"'&<>.py",
    "bytes\udce9.py",
    "line\nbreak.py",
    "::error::x.py",
    "@octocat.py",
)


def report() -> Report:
    """Every text as message, rule, reason, help, gate, slice and path, as far as there is one."""
    findings = tuple(
        sample.finding(
            f"lint/{text}",
            text,
            PATHS[number % len(PATHS)],
            number + 1,
            help=text,
            text=text,
            column=1,
            level=list(Level)[number % 3],
            result=list(Result)[number % 3],
            measurement=Measurement(
                name=text, value=float("nan"), low=float("-inf"), high=1.0, slice=text, unit=text
            ),
        )
        for number, text in enumerate(TEXTS)
    )
    lint = replace(sample.LINT, findings=findings)
    gates = [
        replace(sample.DEPENDENCIES, gate=text, reason=text, help=text, judged=text, notes=(text,))
        for text in TEXTS
    ]
    return sample.report(
        *(replace(lint, gate=text, judged=text) for text in TEXTS),
        *gates,
        subject=replace(sample.report().subject, label=TEXTS[7]),
        policy_source=PATHS[4],
        base_problem=TEXTS[0],
        base_help=TEXTS[8],
        tools={"flake8": TEXTS[4]},
    )


@functools.cache
def huge(count: int = 50_000) -> Report:
    """So many findings of a blocking gate, all but one of them notes."""
    findings = tuple(
        sample.finding(f"lint/N{i % 400}", f"number {i}", f"src/f{i % 900}.py", i, level=Level.NOTE)
        for i in range(count)
    )
    grave = sample.finding("lint/E9", "the grave one", "zzz.py", 1, level=Level.ERROR)
    return sample.report(sample.FORMAT, replace(sample.LINT, findings=(*findings, grave)))


@functools.cache
def long(size: int = 5_000_000) -> Report:
    """One message, reason and help of so many characters."""
    text = "start " + "`|@x <b> \x1b[31m\n" * (size // 15)
    finding = sample.finding("lint/E1", text, "a.py", 1, help=text, text=text)
    return sample.report(
        replace(sample.LINT, findings=(finding,)),
        replace(sample.DEPENDENCIES, reason=text, help=text),
    )


@functools.cache
def many_gates(count: int = 2_000) -> Report:
    """A monorepo with so many gates; the last one fails."""
    gates = [replace(sample.FORMAT, gate=f"project{i}/format") for i in range(count)]
    return sample.report(*gates, replace(sample.LINT, gate="last/lint"))


@functools.cache
def many_measurements(count: int = 2_000) -> Report:
    """A model gate with so many slices; the last one fails."""
    good, bad = sample.CHURN.findings[1], replace(sample.CHURN.findings[0], result=Result.FAIL)
    slices = [
        replace(good, measurement=replace(good.measurement, slice=f"region={i}"))
        for i in range(count)
    ]
    return sample.report(replace(sample.CHURN, findings=(*slices, bad)))
