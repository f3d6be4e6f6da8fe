"""Asks the sources of imports, through the project's dvc, whether they still have them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from mlgate.core.errors import GateError
from mlgate.core.text import plain
from mlgate.sources._dvc.facts import Import

if TYPE_CHECKING:
    from mlgate.core.gate import Context

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "import_script.py")
_QUIET = {"DVC_NO_ANALYTICS": "1", "GIT_TERMINAL_PROMPT": "0"}


class Answer(msgspec.Struct, frozen=True):
    """What came of asking one source; empty where it has what was imported."""

    error: str = ""
    """`gone`, `unreachable`, `no-dvc`."""
    message: str = ""


def ask(ctx: Context, folder: str, imports: Sequence[Import]) -> list[Answer]:
    """One answer for each import of the DVC project in `folder`. Raises `GateError` where dvc
    could not be asked at all."""
    environment = ctx.environment()
    asked = [{"url": i.url, "path": i.path, "rev": i.pinned} for i in imports]
    with tempfile.TemporaryDirectory() as scratch:
        ended = ctx.run(
            (*environment.run, environment.python), "-I", _SCRIPT,
            cwd=folder if os.path.isdir(folder) else ctx.work,
            stdin=msgspec.json.encode({"imports": asked}) + b"\n",
            env={**_QUIET, "DVC_SITE_CACHE_DIR": scratch},
            project=True,
        )  # fmt: skip
    lines = ended.stdout.splitlines()
    if ended.returncode or len(lines) != len(imports) + 1:
        said = plain(ended.errors).strip().splitlines()[-1:] or ["no output"]
        raise GateError(f"asking the sources of imports ended without an answer: {said[0]}")
    return [msgspec.json.decode(line, type=Answer) for line in lines[:-1]]
