"""Makes untrusted text fit to be shown: no escape sequences, no CI commands, no odd bytes."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC
    r"|[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC
    r"|[@-Z\\-_])"
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_COMMANDS = re.compile(r"^(\s*)(::|##(?=\[|vso\[))|##(?=vso\[|\[)", re.MULTILINE)


def plain(text: str) -> str:
    """`text` without terminal escapes, control and bidirectional characters, lone surrogates, and
    with the commands of CI runners (`::error::`, `##vso[...]`) broken up."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n")
    text = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)
    text = _COMMANDS.sub(
        lambda m: (m[1] or "") + (m[2] or "##")[0] + " " + (m[2] or "##")[1:], text
    )
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def shown(path: str) -> str:
    """A path as a report names it: one line, escaped where it holds odd bytes, and where a CI
    runner would take it for a command."""
    escaped = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    one = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in escaped)
    if one.lstrip().startswith("::"):
        one = one.replace(":", "\\x3a", 1)
    return one.replace("##", "\\x23#") if "##" in one else one


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 file`, `3 files`, `2,104 files`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
