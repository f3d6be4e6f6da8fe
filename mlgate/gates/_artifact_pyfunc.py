"""Answers for a folder that MLflow saved, a line for a line; runs in the project's environment."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any


def rows(line: str, frame: Any) -> Any:
    """A record, a list of records, or MLflow's `dataframe_split`, as a table."""
    asked = json.loads(line)
    if isinstance(asked, dict) and "dataframe_split" in asked:
        split = asked["dataframe_split"]
        return frame(split["data"], columns=split["columns"])
    if isinstance(asked, dict) and "dataframe_records" in asked:
        asked = asked["dataframe_records"]
    return frame(asked if isinstance(asked, list) else [asked])


def _plain(value: Any) -> Any:
    for name in ("tolist", "to_dict"):
        if hasattr(value, name):
            return getattr(value, name)()
    return str(value)


def main() -> None:
    """Say that the model is loaded, then answer what is read."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    frame = import_module("pandas").DataFrame
    model = import_module("mlflow.pyfunc").load_model(sys.argv[1])
    answers.write("loaded\n")
    answers.flush()
    for line in sys.stdin:
        answers.write(json.dumps(model.predict(rows(line, frame)), default=_plain) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
