"""The code does nothing known to be dangerous."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Context, Detected, Inputs, Rule, Tool
from mlgate.core.words import Level
from mlgate.gates import _code
from mlgate.tools import _find
from mlgate.tools._ask import Ask, portions, refused

stages = _code.stages
_ROLE = "security"
_SUFFIXES = (".py", ".pyw")
suffixes = (*_SUFFIXES, _code.NOTEBOOK)
_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_ml_rules.py")


class Options(_code.CodeOptions, frozen=True, kw_only=True):
    """`[gates.security]`."""

    tool: str = "bandit"


rules = {
    "security/not-judged": Rule(
        "the file could not be judged", "correct it, or exclude it in the policy", Level.ERROR
    ),
    "security/ML101": Rule(
        "joblib.load runs code from the file that it loads",
        "load only what you verified by digest, or store the model with skops.io",
    ),
    "security/ML102": Rule(
        "numpy.load with allow_pickle=True runs code from the file that it loads",
        "store arrays that need no pickle, and leave allow_pickle out",
    ),
    "security/ML103": Rule(
        "trust_remote_code=True runs code that somebody else can change",
        "leave it out; where the model needs it, keep its code in this repository",
    ),
    "security/ML104": Rule(
        "dill and cloudpickle run code from what they load",
        "load only what you verified by digest, or use a format without code",
    ),
    "security/ML105": Rule(
        "mlflow loads a model, hence code, from a remote address",
        "load it from the registry (models:/NAME/VERSION), or download and verify it first",
    ),
    "security/ML106": Rule(
        "an expression made at run time is evaluated as Python",
        'compare columns instead, or leave out engine="python" and take the expression from code',
    ),
    "security/ML107": Rule(
        "an expression is evaluated by pandas' Python engine",
        'leave out engine="python" where the expression allows it',
        Level.NOTE,
    ),
}


class _Fact(msgspec.Struct):
    """One line of the script."""

    name: str = ""
    rule: str = ""
    detail: str = ""
    line: int = 0
    column: int = 0
    end: int | bool = 0
    error: str | None = None


def inputs(ctx: Context) -> Inputs | None:
    """The Python files, each judged by itself."""
    return _code.inputs(ctx, _ROLE, _SUFFIXES, _SCRIPT)


def check(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding]:
    """The tool's findings (low severity is a note, medium a warning, high an error), and ours."""
    yield from _code.judge(ctx, _ROLE, paths, _judged)


def _judged(ctx: Context, tool: Tool, ask: Ask) -> Iterator[Finding]:
    """What the tool says of the files, then what our own rules add."""
    module = _code.module(ctx, _ROLE)
    found = list(module.security(ctx, tool, ask))
    yield from found
    unread = {f.location.path for f in found if f.location and f.rule.endswith("/not-judged")}
    known = {(f.location.path, f.location.line) for f in found if f.location and "/B301" in f.rule}
    excluded = module.excluded(ask) if hasattr(module, "excluded") else lambda name: False
    names = [name for name in ask.names if name not in unread and not excluded(name)]
    for fact in _facts(ctx, tool, names, ask):
        if fact.rule != "ML104" or (fact.name, fact.line) not in known:
            yield _finding(fact)


def _facts(ctx: Context, tool: Tool, names: list[str], ask: Ask) -> Iterator[_Fact]:
    """What the rules state; run where the tool's interpreter is warm already."""
    place = tool.environment
    if place is None or place.run or tool.entry is None:
        place = _find.own_environment()
    argv = (place.python, "-I", "-B", "-X", "utf8", _SCRIPT)
    script = Tool(name="mlgate rules", version="", argv=argv, entry=_SCRIPT, environment=place)
    heed = [arg for arg in ask.args if arg == "--ignore-nosec"]
    for part in portions(names):
        done = ctx.run(script, *heed, "--", *part, cwd=ask.folder)
        try:
            facts = [msgspec.json.decode(line, type=_Fact) for line in done.stdout.splitlines()]
        except msgspec.MsgspecError:
            raise refused(script, done, "printed what is no answer") from None
        if done.returncode or not facts or facts[-1].end is not True:
            raise refused(script, done)
        yield from facts[:-1]


def _finding(fact: _Fact) -> Finding:
    if fact.error is not None:
        return Finding(
            rule="security/not-judged",
            message=f"the file cannot be parsed: {fact.error}",
            level=Level.ERROR,
            location=Location(path=fact.name),
            help=rules["security/not-judged"].mend,
        )
    rule = f"security/{fact.rule}"
    summary = rules[rule].summary
    return Finding(
        rule=rule,
        message=summary if fact.detail in summary else f"{fact.detail}: {summary}",
        level=rules[rule].level,
        location=Location(
            path=fact.name,
            line=fact.line,
            column=fact.column,
            end_line=fact.end if fact.end > fact.line else None,
        ),
        help=rules[rule].mend,
    )


def detect(ctx: Context) -> Detected | None:
    """bandit as the repository uses it; suggested where it uses nothing."""
    from mlgate.gates import _adoption

    return _adoption.detected(ctx, "security", ("bandit",), suggestion={})
