"""Answers for a folder that MLflow saved, a line for a line; runs in the project's environment."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any

_FORMS = frozenset({"dataframe_records", "dataframe_split", "inputs", "instances"})


def asked(line: str) -> dict[str, Any]:
    """A record, a list of records, or what MLflow's own server takes: as its server takes it."""
    found = json.loads(line)
    if isinstance(found, dict) and not _FORMS.isdisjoint(found):
        return found
    return {"dataframe_records": found if isinstance(found, list) else [found]}


def _plain(value: Any) -> Any:
    for name in ("tolist", "to_dict"):
        if hasattr(value, name):
            return getattr(value, name)()
    return str(value)


def main() -> None:
    """Say that the model is loaded, then answer what is read."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    model = import_module("mlflow.pyfunc").load_model(sys.argv[1])
    # As the server does: the signature makes numbers of the columns' types, 33 to 33.0.
    parsed = import_module("mlflow.pyfunc.scoring_server").infer_and_parse_data
    schema = model.metadata.get_input_schema()
    answers.write("loaded\n")
    answers.flush()
    for line in sys.stdin:
        request = asked(line)
        more = {"params": request.pop("params")} if "params" in request else {}
        answer = model.predict(parsed(request, schema), **more)
        answers.write(json.dumps(answer, default=_plain) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
