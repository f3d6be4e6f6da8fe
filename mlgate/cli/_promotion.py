"""What the commands of promotion share: a model's house, the key, the gates, how a record looks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from mlgate.cli import _terminal
from mlgate.cli._opened import opened
from mlgate.core.errors import UsageError
from mlgate.core.report import Subject
from mlgate.core.text import counted, plain
from mlgate.core.words import Outcome, Stage

if TYPE_CHECKING:
    from mlgate.core.report import Report
    from mlgate.promotion.chain import Link
    from mlgate.promotion.house import House
    from mlgate.promotion.planned import Plan
    from mlgate.reporters._style import Style
    from mlgate.runner.request import Request
    from mlgate.signing.keys import SecretKey

KEY, COMMAND = "MLGATE_KEY", "MLGATE_KEY_COMMAND"
key_option = click.option(
    "--key",
    "key_path",
    metavar="FILE",
    help=f"The key that signs; else {KEY} names it.",
)
reason_option = click.option("--reason", metavar="TEXT", help="Why, for the record.")
offline_option = click.option("--offline", is_flag=True, help="Ask nothing of the network.")


@contextmanager
def housed(model: str, **asked: Any) -> Iterator[House]:
    """The model's house, as the tip of the default branch has it."""
    from mlgate.promotion.house import House

    with opened(stage=Stage.PROMOTE, version="HEAD", **asked) as session:
        yield House(session, model)


def signing_key(path: str | None) -> SecretKey:
    """The key of --key, of MLGATE_KEY (a file, or the key itself), or the one that
    MLGATE_KEY_COMMAND prints. Raises `UsageError`."""
    from mlgate.cli.keys import VARIABLE, password_of
    from mlgate.signing import keys

    given = os.environ.get(KEY, "")
    if path is None and "PRIVATE KEY" in given:
        password = os.environ.get(VARIABLE)
        return keys.secret_in(given.encode(), KEY, password.encode() if password else None)
    path = path or given or None
    if path is not None:
        return keys.secret(path, password_of(path))
    command = os.environ.get(COMMAND)
    if command:
        return keys.secret_in(_printed(command), COMMAND)
    raise UsageError(
        "evidence must be signed, and there is no key",
        f"--key FILE, or {KEY}=FILE; make one with: mlgate keys new FILE",
    )


def _printed(command: str) -> bytes:
    """What a command prints: a key that lies in a vault."""
    import shlex

    from mlgate import process

    ended = process.run(shlex.split(command), cwd=os.getcwd(), env=os.environ, timeout=120)
    if ended.returncode:
        raise UsageError(f"{COMMAND} ended with exit code {ended.returncode}: {ended.errors[:200]}")
    return ended.stdout


def judge(house: House, plan: Plan) -> Report | None:
    """Stage promote on that very version, shown as it goes; None where no gates are wanted."""
    if house.terms.gates == ():
        return None
    from mlgate.cli import _live
    from mlgate.reporters import text
    from mlgate.runner.run import check

    request = asked_of(house, plan)
    style = painted()
    live = _terminal.is_live(sys.stdout, os.environ)
    observer = _live.Watched(style, sys.stdout) if live else _live.Lines(style)
    try:
        report = replace(check(request, os.environ, observer), base=_beside(house, plan))
    finally:
        observer.close()
    click.echo("\n".join(text.summary_lines(report, style)))
    return report


def asked_of(house: House, plan: Plan) -> Request:
    """What the gates are asked about a promotion. Raises `GateError` where what the alias holds is
    not in this clone."""
    from mlgate.runner.request import Request

    if plan.holder_commit is not None:
        house.snapshot(plan.holder_commit)
    version = house.model if plan.new else f"{house.model} {plan.version.name}"
    return Request(
        start=os.getcwd(),
        stage=Stage.PROMOTE,
        version=plan.commit,
        holder=plan.holder_commit,
        alias=plan.alias,
        promotion=f"{version} --to {plan.alias}",
        base=house.tip.commit,
        gates=house.asked,
        offline=house.session.request.offline,
        cache=False,
    )


def _beside(house: House, plan: Plan) -> Subject | None:
    """What the version was compared with: not the base, whose policy it was judged by."""
    if plan.holder is None:
        return None
    label = f"{house.model} {plan.holder}"
    return Subject(label=label, commit=plan.holder_commit)


def painted() -> Style:
    """How standard output looks."""
    return _terminal.style(sys.stdout, os.environ)


def say(label: str, *lines: str, outcome: Outcome = Outcome.PASSED) -> None:
    """A marked line, and what belongs to it below."""
    style = painted()
    click.echo(f"{style.mark(outcome)} {plain(label)}", color=True)
    for line in lines:
        for text in style.wrapped(plain(line), 2):
            click.echo(f"  {text}")


def evidenced(link: Link) -> str:
    """`record 12, sha256 1a2b3c4d5e6f, signed by ci.key`."""
    return f"record {link.act.number}, sha256 {link.digest[:12]}, signed by {link.act.by}"


def grounds(link: Link) -> str:
    """On what a record rests, in words."""
    act = link.act
    if act.command is not None:
        return f"{' '.join(act.command.argv)} (exit code {act.command.exit_code})"
    passed = sum(gate.outcome is Outcome.PASSED for gate in act.gates)
    told = [counted(passed, "gate") + " passed"] if act.gates else []
    undecided = sum(gate.outcome is Outcome.INCONCLUSIVE for gate in act.gates)
    told += [counted(undecided, "gate") + " not decided"] if undecided else []
    told += [f"approved by {one.who.partition(' ')[0]}" for one in act.approvals]
    told += [act.reason] if act.reason else []
    return ", ".join(told) or ("no gates" if act.proof is None else f"proof {act.proof[:12]}")
