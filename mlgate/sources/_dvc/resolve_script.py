"""Resolves a templated `dvc.yaml` with DVC's own resolver; run by the project's interpreter.

Reads one JSON request ({"files": {path: text}, "folder": ...}) on standard input, in an empty
private folder; answers JSON lines ending in {"end": true}.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any, ClassVar


def main() -> None:
    request = json.loads(sys.stdin.readline())
    for path, text in request["files"].items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    try:
        print(json.dumps({"stages": resolved(request["folder"])}, default=str))
    except ModuleNotFoundError as error:
        print(json.dumps({"error": "no-dvc", "message": str(error)}))
    except Exception as error:
        print(json.dumps({"error": "unresolved", "message": " ".join(str(error).split())[:400]}))
    print(json.dumps({"end": True}))


def resolved(folder: str) -> Any:
    resolver = import_module("dvc.parsing").DataResolver
    load_yaml = import_module("dvc.utils.serialize").load_yaml

    class Repo:
        fs = import_module("dvc.fs").LocalFileSystem()
        config: ClassVar[dict[str, Any]] = {}

    document = load_yaml(os.path.join(folder, "dvc.yaml"))
    return resolver(Repo(), folder, document).resolve()["stages"]


main()
