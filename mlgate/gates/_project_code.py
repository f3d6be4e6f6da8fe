"""What the gates that run the project's own code share: its environment, its traces, its output."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlgate.core.finding import Finding
from mlgate.core.text import counted, plain, shown
from mlgate.core.words import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Context, Environment

_MOST_FILES = 500_000
_BIN = "Scripts" if os.name == "nt" else "bin"

Listing = dict[str, tuple[int, int, int]]


def python_of(environment: Environment) -> tuple[str, ...]:
    """The command that starts its interpreter."""
    return (*environment.run, environment.python)


def activated(environment: Environment, path: str) -> dict[str, str]:
    """The variables that make it the active environment of a child process; `path` is PATH."""
    if not environment.prefix:
        return {}
    binaries = os.path.join(environment.prefix, _BIN)
    variables = {"PATH": os.pathsep.join([binaries, path])}
    if os.path.exists(os.path.join(environment.prefix, "pyvenv.cfg")):
        variables["VIRTUAL_ENV"] = environment.prefix
    return variables


def install_line(ctx: Context, environment: Environment, package: str) -> str:
    """The command that installs `package` into the project's environment."""
    if "uv.lock" in ctx.subject.files:
        return f"uv add --dev {package}"
    if "poetry.lock" in ctx.subject.files:
        return f"poetry add --group dev {package}"
    if "pdm.lock" in ctx.subject.files:
        return f"pdm add --dev {package}"
    return f"{' '.join(python_of(environment))} -m pip install {package}"


def listing(root: str, environment: Environment) -> Listing | None:
    """Every file below `root` with its size, time stamp and inode, but for git's and the
    environment's; None where there are too many to compare."""
    found: Listing = {}
    apart = os.path.realpath(environment.prefix) if environment.prefix else ""
    folders = [""]
    while folders:
        folder = folders.pop()
        for entry in _entries(os.path.join(root, folder)):
            name = folder + entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name != ".git" and os.path.realpath(entry.path) != apart:
                    folders.append(name + "/")
            else:
                stat = entry.stat(follow_symlinks=False)
                found[name] = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        if len(found) > _MOST_FILES:
            return None
    return found


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:
        return


def written(kind: str, before: Listing | None, after: Listing | None) -> Iterator[Finding]:
    """A note that names what changed in the tree between two listings."""
    rule = f"{kind}/wrote"
    if before is None or after is None:
        yield Finding(
            rule=rule,
            level=Level.NOTE,
            message="the tree holds too many files to tell what was written into it",
        )
        return
    paths = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
    if not paths:
        return
    named = ", ".join(shown(path) for path in paths[:5])
    more = f" and {len(paths) - 5:,} more" if len(paths) > 5 else ""
    changed = counted(len(paths), "file")
    yield Finding(
        rule=rule,
        level=Level.NOTE,
        message=f"{changed} written into the tree meanwhile: {named}{more}",
        help="write to a temporary folder instead (pytest's tmp_path), so that runs leave no trace",
    )


def tail(*outputs: bytes, lines: int = 12, longest: int = 1200) -> str:
    """The last lines of what a program printed, made fit to be shown."""
    text = "\n".join(plain(o[-65536:].decode("utf-8", "replace")).strip() for o in outputs if o)
    return "\n".join(text.strip().splitlines()[-lines:])[-longest:]


def brief(text: str, lines: int = 4, longest: int = 400) -> str:
    """The first lines of a message, made fit to be shown."""
    cut = "\n".join(plain(text).strip().splitlines()[:lines])
    return cut if len(cut) <= longest else cut[: longest - 1] + "…"
