"""The only place that starts a process: scrubbed environment, time limit, whole group ended."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence

from mlgate.core.errors import GateError
from mlgate.core.gate import Completed
from mlgate.core.patterns import later
from mlgate.core.text import shown

# What a third-party tool needs to start at all; everything else could steer it from outside.
_BARE = later(
    r"PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|SHELL|TERM|XDG_\w+"
    r"|SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|APPDATA|LOCALAPPDATA|USERPROFILE|PROGRAMDATA"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH",
    re.IGNORECASE,
)
_CREDENTIAL = later(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|_KEY$|^AWS_(?!CA_BUNDLE|(DEFAULT_)?REGION)|^AZURE_|_PAT$"
    r"|SIGNING|^SAFETY_",
    re.IGNORECASE,
)
_OURS = later(r"GIT_|MLGATE_")

# Nothing that is started may leave bytecode or caches in the tree.
_QUIET = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUTF8": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "NO_COLOR": "1",
}


def bare_environment(
    environ: Mapping[str, str], pass_env: Iterable[str] = (), extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of a tool: the bare minimum, what `pass_env` names, and `extra`."""
    wanted = set(pass_env)
    kept = {k: v for k, v in environ.items() if _BARE.fullmatch(k) or k in wanted}
    return kept | _QUIET | dict(extra or {})


def project_environment(
    environ: Mapping[str, str], pass_env: Iterable[str] = (), extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of the project's own code: all but git's, ours, and credentials that
    `pass_env` does not name."""
    wanted = set(pass_env)
    withheld = set(withheld_names(environ, wanted))
    kept = {k: v for k, v in environ.items() if not _OURS.match(k) and k not in withheld}
    return kept | _QUIET | dict(extra or {})


def withheld_names(environ: Mapping[str, str], pass_env: Iterable[str] = ()) -> list[str]:
    """Names that `project_environment` leaves out because they look like credentials."""
    wanted = set(pass_env)
    return sorted(k for k in environ if _CREDENTIAL.search(k) and k not in wanted)


_GRACE = 1.0
"""Seconds that what a program leaves behind may still write, once the program itself has ended."""
_alive: set[subprocess.Popen[bytes]] = set()


def run(
    argv: Sequence[str],
    *,
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    stdin: bytes = b"",
    timeout: float | None = None,
) -> Completed:
    """Run `argv` to its end in a process group of its own; the whole group is gone afterwards.

    Raises `GateError` if it cannot be started, or has not ended after `timeout` seconds.
    """
    started = time.monotonic()
    with start(argv, cwd=cwd, env=env) as child:
        read = _watch(child)
        try:
            out, err = child.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            end_group(child)
            raise GateError(
                f"{os.path.basename(argv[0])} did not end within {timeout:.0f} s",
                "raise the gate's `timeout` in the policy, or give it less to do",
            ) from None
        except BaseException:
            end_group(child)
            raise
        finally:
            read.set()
    _kill_group(child)  # what it left behind without holding its pipes
    return Completed(child.returncode, out, err, time.monotonic() - started)


def _watch(child: subprocess.Popen[bytes]) -> threading.Event:
    """Kill what the child leaves behind holding its pipes, which would else be read for ever; the
    event says that they have been read."""
    read = threading.Event()
    if hasattr(os, "waitid"):
        threading.Thread(target=_end_with_leader, args=(child, read), daemon=True).start()
    return read


def _end_with_leader(child: subprocess.Popen[bytes], read: threading.Event) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        if not read.wait(_GRACE):
            _kill_group(child)


def start(
    argv: Sequence[str],
    *,
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    drop_errors: bool = False,
) -> subprocess.Popen[bytes]:
    """Start `argv` with pipes, as the leader of a process group. Raises `GateError`."""
    ended = [known for known in list(_alive) if known.returncode is not None]
    _alive.difference_update(ended)
    try:
        child = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if drop_errors else subprocess.PIPE,
            start_new_session=True,
            bufsize=-1,
        )
    except (OSError, ValueError) as error:  # ValueError: a null byte in an argument
        reason = getattr(error, "strerror", None) or error
        if not os.path.isdir(cwd):
            reason = f"the folder {shown(os.fspath(cwd))} is not there"
        absent = isinstance(error, FileNotFoundError) and os.path.isdir(cwd)
        hint = "install it, or name it by its path" if absent else None
        raise GateError(f"cannot start {shown(argv[0])}: {reason}", hint) from None
    _alive.add(child)
    return child


def has_ended(child: subprocess.Popen[bytes]) -> bool:
    """True if the child has ended; it is not reaped, so that its group can still be killed."""
    if not hasattr(os, "waitid"):
        return child.poll() is not None
    try:
        return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def end_all() -> None:
    """Kill every child that still runs, with all it started: the run is over or interrupted."""
    for child in list(_alive):
        end_group(child)


def end_group(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and everything it started, and reap it."""
    _alive.discard(child)
    if child.returncode is not None:  # reaped: its number may be somebody else's by now
        return
    _kill_group(child)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=5)


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
