"""Runs in black's own interpreter: formats files in place, one JSON line of answer for each.

`_black_script.py CONFIG [ARG...] -- FILE...`. Files go through black's own command, one by one.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any

# Never the user's cache: black keeps none where the folder cannot be made.
os.environ["BLACK_CACHE_DIR"] = os.devnull


def main() -> None:
    """Format the files named after `--`."""
    config, rest = sys.argv[1], sys.argv[2:]
    split = rest.index("--")
    answers = sys.stdout
    import black
    import click

    try:
        defaults, flags = _settings(black, config, rest[:split])
    except click.ClickException as error:
        _answer(answers, fatal=error.format_message())
        return
    for name in rest[split + 1 :]:
        code, errors = _run(black, [*flags, "-q", "--", name], defaults)
        _answer(answers, name=name, code=code, errors=errors)
    _answer(answers, end=True)


def _settings(black: Any, config: str, args: list[str]) -> tuple[Any, list[str]]:
    """The configuration, read once, and the arguments for every file: what is excluded for walks
    over folders is excluded for files that are named, too."""
    context = black.main.make_context("black", ["--config", config, *args, "--code", ""])
    keys = ("exclude", "extend_exclude", "force_exclude")
    patterns = [context.params[key].pattern for key in keys if context.params[key] is not None]
    excluded = "|".join(map(_alone, patterns))
    flags = ["--config", os.devnull, *args, *(["--force-exclude", excluded] if excluded else [])]
    return context.default_map, flags


def _alone(pattern: str) -> str:
    """`pattern` as a part of a longer one; black has put `(?x)` before those of several lines."""
    return f"(?x:{pattern[4:]}\n)" if pattern.startswith("(?x)") else f"(?-x:{pattern})"


def _run(black: Any, args: list[str], defaults: Any) -> tuple[int, str]:
    """Black's exit code for one file, and what it wrote to standard error."""
    kept = sys.stdout, sys.stderr
    sys.stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    sys.stderr = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    try:
        code = black.main.main(args, "black", standalone_mode=False, default_map=defaults)
        sys.stderr.flush()
        return code or 0, sys.stderr.buffer.getvalue().decode("utf-8", "replace")
    except Exception as error:
        return 1, f"{type(error).__name__}: {error}"
    finally:
        sys.stdout, sys.stderr = kept


def _answer(stream: Any, **answer: object) -> None:
    stream.write(json.dumps(answer) + "\n")
    stream.flush()


if __name__ == "__main__":
    main()
