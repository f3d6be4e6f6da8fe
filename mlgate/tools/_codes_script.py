"""Tells what a code of flake8 or bandit means; started in their interpreter, one JSON line each
way. Standard library only, but for what it asks."""

from __future__ import annotations

import importlib
import json
import re
import sys
from importlib.metadata import entry_points
from typing import Any


def main() -> None:
    """Answer one request."""
    request = json.loads(sys.stdin.readline())
    try:
        said = _ASKED[request["tool"]](request["code"])
    except (ImportError, AttributeError, KeyError):
        said = {}  # another release, that keeps its words elsewhere
    with open(1, "w", encoding="utf-8", closefd=False) as out:
        out.write(json.dumps(said) + '\n{"end": true}\n')


_UNREADABLE = {"E902": "the file cannot be read", "E999": "the file cannot be parsed as Python"}


def _flake8(code: str) -> dict[str, str]:
    if code in _UNREADABLE:
        return {"source": "flake8", "means": _UNREADABLE[code]}
    return _pyflakes(code) or _pycodestyle(code) or _plugged(code)


def _pyflakes(code: str) -> dict[str, str]:
    codes = importlib.import_module("flake8.plugins.pyflakes").FLAKE8_PYFLAKES_CODES
    messages = importlib.import_module("pyflakes.messages")
    for name, known in codes.items():
        if known == code:
            kind = getattr(messages, name)
            words = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
            said = re.sub(r"%[rs]", "...", kind.message)
            return {"source": "pyflakes", "means": f"{said}. {words}".rstrip(". ")}
    return {}


def _pycodestyle(code: str) -> dict[str, str]:
    """The first words of the check whose documentation has an example of the code."""
    style = importlib.import_module("pycodestyle")
    for check in vars(style).values():
        text = (getattr(check, "__doc__", None) or "") if callable(check) else ""
        if re.search(rf"^ *{re.escape(code)}\b", text, re.MULTILINE):
            means = " ".join(text.split("\n\n")[0].split())
            return {"source": "pycodestyle", "means": means.rstrip(".")}
    return {}


def _plugged(code: str) -> dict[str, str]:
    """The distribution whose plug-in has the longest prefix of the code."""
    found = [
        entry
        for entry in entry_points(group="flake8.extension")
        if code.startswith(entry.name) and entry.dist is not None and entry.dist.name != "flake8"
    ]
    if not found:
        return {}
    dist: Any = max(found, key=lambda entry: len(entry.name)).dist
    summary = (dist.metadata["Summary"] or "").strip().rstrip(".")
    return {"source": f"the plug-in {dist.name} {dist.version}", "means": summary}


def _bandit(code: str) -> dict[str, str]:
    loader = importlib.import_module("bandit.core.extension_loader").MANAGER
    read = importlib.import_module("bandit.core.docs_utils").get_url(code)
    listed = loader.blacklist_by_id.get(code)
    if listed:
        return {"means": listed["message"].rstrip("."), "read": read}
    text = loader.plugins_by_id[code].plugin.__doc__ or ""
    title, _, rest = text.strip().partition("\n\n")
    words = " ".join(rest.strip().split("\n\n")[0].split())
    title = title.strip().strip("*").partition(": ")[2] or title.strip()
    return {"means": f"{title.rstrip('*.')}. {words}".rstrip(". "), "read": read}


_ASKED = {"flake8": _flake8, "bandit": _bandit}

if __name__ == "__main__":
    main()
