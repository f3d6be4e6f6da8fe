"""Writes the commented policy that `mlgate init` leaves behind."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mlgate.core import parts
from mlgate.core.gate import Detected
from mlgate.core.text import plain, shown
from mlgate.policy import toml

_HEAD = """\
# What must hold for this repository: one table per gate, asked in hooks, on the laptop and in CI.
#
#   mlgate check            will my branch pass?
#   mlgate explain GATE     what a gate looks at, and how to mend what it finds
#   mlgate gates            every kind there is
#
# Every gate also takes stages, blocking, level, files, exclude, needs, timeout, where and when.
"""

_TAIL = """\
# ---- More of what a policy can say ---------------------------------------------------------------

# extends = ["policies/team.toml"]       # at the top: policies that this one builds on
# projects = ["models/churn"]            # at the top: folders with policies of their own

# [environment]                          # how the project's own code is run; detected unless given
# run = ["uv", "run", "--frozen"]
# pass_env = ["AWS_PROFILE"]

# [models.churn]                         # a model that `mlgate promote` brings to production
# registry = "git"
# path = "models/churn.skops"
# signers = ["keys/ci.pub"]              # whose evidence counts; made with: mlgate keys new FILE

# [protect]                              # whose signature lets a loosened gate through
# signers = ["keys/lead.pub"]

# [[waivers]]                            # findings that are accepted, for a reason and until a day
# rule = "security/B301"
# path = "legacy/loader.py"
# reason = "removed with the old loader"
# until = 2030-01-31
"""


def written(
    found: Mapping[str, Detected],
    kinds: Iterable[str] = (),
    *,
    exclude: tuple[str, ...] = (),
    new_only: bool = False,
    load: Callable[[str, str], Any] = parts.load,
) -> str:
    """The text of `mlgate.toml`: `found` (by kind) as gates, all else of `kinds` commented out."""
    blocks = [_HEAD.rstrip("\n"), "\n".join(_top(exclude, new_only))]
    blocks += ["\n".join(_gate(kind, one)) for kind, one in found.items()]
    rest = "\n".join(_other(kind, load) for kind in kinds if kind not in found)
    if rest:
        blocks.append("# Gates that are off; remove the mark to switch one on.\n#\n" + rest)
    return "\n\n".join([*blocks, _TAIL])


def _top(exclude: tuple[str, ...], new_only: bool) -> Iterator[str]:
    if exclude:
        yield "# Paths that no gate sees, in gitignore syntax."
        yield from toml.pair("exclude", exclude)
    else:
        yield '# exclude = ["vendor/"]            # paths that no gate sees, in gitignore syntax'
    if new_only:
        yield "# Findings that were there before do not block; only new ones do."
        yield "new_only = true"
    else:
        yield "# new_only = true                  # findings that were there before do not block"


def _gate(kind: str, one: Detected) -> Iterator[str]:
    yield from _remark(one.evidence)
    name = one.name or kind
    if not one.active:
        lines = [f"[gates.{toml.key(name)}]", *one.comments]
        yield from (f"# {_safe(line)}".rstrip() for line in lines)
        return
    table: dict[str, Any] = {} if name == kind else {"kind": kind}
    if not one.blocking:
        table["blocking"] = False
    ready = {key: value for key, value in one.options.items() if key not in one.pending}
    lines = list(toml.table(("gates", name), table | ready))
    # What is commented out belongs to the gate's own table, so it stands before the tables below.
    below = next((n for n, line in enumerate(lines) if n and line.startswith("[")), len(lines))
    yield from lines[:below]
    for key in one.pending:
        yield from (f"# {line}" for line in toml.pair(key, one.options[key]))
    for comment in one.comments:
        yield from (f"# {_safe(line)}".rstrip() for line in comment.splitlines() or [""])
    yield from lines[below:]


def _other(kind: str, load: Callable[[str, str], Any]) -> str:
    purpose = (load("gates", kind).__doc__ or "").strip().partition("\n")[0]
    return f"# {f'[gates.{toml.key(kind)}]':<24} # {_safe(purpose)}".rstrip(" #")


def _remark(text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        _safe(text), 98, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )


def _safe(text: str) -> str:
    """Text from a repository on one line of a comment."""
    return shown(plain(text.replace("\n", " ").replace("\t", " ")))
