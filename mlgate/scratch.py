"""Private temporary folders, removed when the process ends at the latest.

Not by `tempfile` and `shutil`: they load compressors, a random generator and OpenSSL, which a check
of one staged file would pay for.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading

from mlgate.core.errors import GateError

_VARIABLES = ("TMPDIR", "TEMP", "TMP")
# Only a folder of mode 0700 is made there, under a name that did not exist.
_PLACES = ("/tmp", "/var/tmp", "/usr/tmp")  # noqa: S108 - mode 0700  # nosec B108 - mode 0700
_lock = threading.Lock()
_folders: dict[int, str] = {}


def private_folder() -> str:
    """A new folder of this process alone (mode 0700). Raises `GateError`."""
    with _lock:
        run = _folders.get(os.getpid())
        if run is None:
            run = _made(_places(), "mlgate-")
            _folders[os.getpid()] = run
            atexit.register(_remove_own, run, os.getpid())
    return _made([run], "")


def remove(folder: str) -> None:
    """Remove `folder` and all that is in it, following no link; what cannot go stays."""
    for here, folders, files in os.walk(folder, topdown=False):
        for name in folders + files:
            path = os.path.join(here, name)
            with contextlib.suppress(OSError):
                if name in folders and not os.path.islink(path):
                    os.rmdir(path)
                else:
                    os.unlink(path)
    with contextlib.suppress(OSError):
        os.rmdir(folder)


def _remove_own(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # a forked child must not take its parent's folder away
        remove(folder)


def _places() -> list[str]:
    """Where temporary files may lie, the likeliest first; never the working folder."""
    named = [os.environ[name] for name in _VARIABLES if os.environ.get(name)]
    return [os.path.abspath(place) for place in (*named, *_PLACES)]


def _made(places: list[str], prefix: str) -> str:
    reason = ""
    for place in places:
        try:
            path = os.path.join(place, prefix + os.urandom(8).hex())
            os.mkdir(path, 0o700)
        except OSError as error:
            reason = reason or f"{error.strerror or error}"
        else:
            return path
    raise GateError(
        f"cannot make a temporary folder: {reason}",
        "name a folder that can be written to in TMPDIR",
    )
