"""Asks picklescan about files, under a limit of memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from mlgate.core.answering import serve


def answer(scan: Any, file: str) -> dict[str, Any]:
    """The names that it finds dangerous or suspicious, and what kept it from reading."""
    told: dict[str, Any] = {"dangerous": [], "suspicious": [], "error": ""}
    try:
        found = scan(file)
    except MemoryError:
        return {**told, "error": "took more memory than it may"}
    except Exception as error:  # of whatever kind: the file made a program of others fail
        return {**told, "error": f"failed with {type(error).__name__}"}
    for one in found.globals:
        if one.safety.value in told:
            told[one.safety.value].append(f"{one.module}:{one.name}")
    return {**told, "error": "could not read all of it" if found.scan_err else ""}


def answers(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What it says of each file, in order; `missing` where it is not installed."""
    try:
        scan = import_module("picklescan.scanner").scan_file_path
    except ImportError:
        yield {"missing": True}
        return
    if sys.platform != "win32":
        import resource

        size = request["memory"] << 20
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    for file in request["files"]:
        yield answer(scan, file)


if __name__ == "__main__":
    serve(answers)
