"""The command line: a lazy click group, one file per command, and what becomes of errors."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import NoReturn

import click

from mlgate.cli import _terminal
from mlgate.cli._group import group
from mlgate.core import errors
from mlgate.core.text import plain

_PIPE_CLOSED = 141  # as a shell reports a program that SIGPIPE ended

_HELP_WIDTH = 100


def main(args: list[str] | None = None) -> NoReturn:
    """Run `mlgate` with `args` (default: the process's own) and exit."""
    if "_MLGATE_COMPLETE" in os.environ:
        group.main(args, prog_name="mlgate", complete_var="_MLGATE_COMPLETE")
    _heed_signals()
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(sys.argv[1:] if args is None else args)
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads on: what is still buffered must not raise again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _PIPE_CLOSED
    sys.exit(code)


def _open_streams() -> None:
    """A stream that is closed is None to Python; what is said there is said to nobody."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = open(os.devnull, "r" if name == "stdin" else "w")  # noqa: SIM115 - it stays
            setattr(sys, name, nowhere)


def _heed_signals() -> None:
    """Whatever asks mlgate to end ends what it started, too; asking twice changes nothing."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        ours = (signal.SIG_DFL, signal.default_int_handler)
        if number is not None and signal.getsignal(number) in ours:
            signal.signal(number, _interrupted)


def _interrupted(number: int, _: object) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _run(args: list[str]) -> int:
    try:
        # click would import shutil, with all its compressions, to learn the width of the terminal.
        columns = min(_terminal.width(sys.stdout, os.environ), _HELP_WIDTH)
        with group.make_context("mlgate", list(args), terminal_width=columns) as ctx:
            group.invoke(ctx)
        return errors.PASSED
    except click.exceptions.Exit as end:
        return end.exit_code
    except errors.MlgateError as error:
        _complain(error.message, error.hint)
        return error.exit_code
    except click.ClickException as error:
        _complain(error.format_message().rstrip("."), _usage_hint(error))
        return errors.MISUSED
    except (KeyboardInterrupt, click.Abort):
        click.echo("\ninterrupted: no verdict, and nothing is half-written", err=True)
        return errors.INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            return _broken(error)
        _complain(f"{error.strerror}: what was to be said could not be written", "make room")
        return errors.ERRORED
    except Exception as error:
        return _broken(error)


def _complain(what: str, mend: str | None = None) -> None:
    """Two lines on standard error: what is wrong, and how to mend it."""
    color = _terminal.colored(sys.stderr, os.environ)
    for label, look, text in (("error:", "red", what), (" mend:", "green", mend)):
        if text:
            painted = click.style(label, fg=look, bold=True) if color else label
            lines = f"\n{' ' * 7}".join(_wrapped(plain(text)))
            click.echo(f"{painted} {lines}", err=True, color=True)


def _wrapped(text: str) -> list[str]:
    """Lines for people; whole ones for logs and programs, which search them."""
    if not _terminal.is_live(sys.stderr, os.environ):
        return text.split("\n")
    return _terminal.style(sys.stderr, os.environ).wrapped(text, 7)


def _usage_hint(error: click.ClickException) -> str | None:
    ctx = getattr(error, "ctx", None)
    return f"{ctx.command_path} --help shows what is possible" if ctx else None


def _broken(error: Exception) -> int:
    """Something that no message was written for: a defect of mlgate, never of its user."""
    if os.environ.get("MLGATE_DEBUG"):
        import traceback

        click.echo(plain("".join(traceback.format_exception(error))), err=True)
        return errors.ERRORED
    _complain(
        f"mlgate itself broke, so nothing is judged ({type(error).__name__}: {error})",
        "set MLGATE_DEBUG=1, run the same again, and report the traceback that it then prints",
    )
    return errors.ERRORED
