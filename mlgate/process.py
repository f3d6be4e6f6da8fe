"""The only place that starts a process: scrubbed environment, time limit, whole group ended."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence

from mlgate.core.errors import GateError
from mlgate.core.gate import Completed
from mlgate.core.patterns import later

# What a third-party tool needs to start at all; everything else could steer it from outside.
_BARE = later(
    r"PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|SHELL|TERM|XDG_\w+"
    r"|SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|APPDATA|LOCALAPPDATA|USERPROFILE|PROGRAMDATA"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH",
    re.IGNORECASE,
)
_CREDENTIAL = later(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|_KEY$|^AWS_|^AZURE_|_PAT$"
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


_alive: set[subprocess.Popen[bytes]] = set()


def run(
    argv: Sequence[str],
    *,
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    stdin: bytes = b"",
    timeout: float | None = None,
) -> Completed:
    """Run `argv` to its end in a process group of its own.

    Raises `GateError` if it cannot be started, or has not ended after `timeout` seconds; the whole
    group is then gone.
    """
    started = time.monotonic()
    with start(argv, cwd=cwd, env=env) as child:
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
            _alive.discard(child)
    return Completed(child.returncode, out, err, time.monotonic() - started)


def start(
    argv: Sequence[str],
    *,
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    merge_errors: bool = False,
) -> subprocess.Popen[bytes]:
    """Start `argv` with pipes, as the leader of a process group. Raises `GateError`."""
    try:
        child = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge_errors else subprocess.PIPE,
            start_new_session=True,
            bufsize=-1,
        )
    except OSError as error:
        raise GateError(f"cannot start {argv[0]}: {error.strerror or error}") from None
    _alive.add(child)
    return child


def end_all() -> None:
    """Kill every child that still runs, with all it started: the run is over or interrupted."""
    for child in list(_alive):
        end_group(child)


def end_group(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and everything it started, and reap it."""
    _alive.discard(child)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=5)
