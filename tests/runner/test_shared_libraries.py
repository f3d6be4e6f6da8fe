"""A library of the project's is loaded once a run, whoever asks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mlgate.core.gate import Environment
from mlgate.runner.workshop import Workshop
from mlgate.sources.registry import asked

_SCRIPT = """
import json, os, sys

def main():
    request = json.loads(sys.stdin.readline())
    print(json.dumps({"pid": os.getpid(), "given": os.environ.get("OF_THE_PROJECT"), **request}))
    print(json.dumps({"end": True}))

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    found = Workshop(str(tmp_path), {**os.environ, "OF_THE_PROJECT": "yes"}, jobs=4)
    yield found
    found.close()


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "script.py"
    path.write_text(_SCRIPT)
    return str(path)


def test_one_process_answers_all(shop: Workshop, script: str) -> None:
    ask = partial(asked, partial(_there, sys.executable), shop.worker, script)
    (first,), (second,) = ask({"n": 1}), ask({"n": 2})
    assert (first["n"], second["n"]) == (1, 2)
    assert first["pid"] == second["pid"]
    assert first["given"] == "yes"


def test_what_the_project_has_not_is_asked_beside_mlgate() -> None:
    pythons: list[str | None] = []

    def worker(_script: str, _request: object, *, python: str | None, **_: Any) -> Iterator[Any]:
        pythons.append(python)
        yield {"error": "no mlflow", "kind": "missing"} if python else {"fine": True}

    assert asked(partial(_there, "/theirs"), worker, "s", {}) == [{"fine": True}]
    assert pythons == ["/theirs", None]


def _there(python: str) -> Environment:
    return Environment(origin="project environment", prefix="", python=python)
