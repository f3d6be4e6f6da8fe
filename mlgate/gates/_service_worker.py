"""The worker of the `service` gate: asks one service, and answers with what it said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from mlgate.core.answering import serve
from mlgate.gates import _service_answers as answers
from mlgate.gates._service_http import Astray, Client, Target, Unanswered
from mlgate.gates._service_load import Run

Line = dict[str, Any]


def told(request: dict[str, Any]) -> Iterator[Line]:
    """What every declared thing came to, or why the service cannot be judged."""
    target = msgspec.convert(request["target"], Target)
    try:
        yield from _told(target, request)
    except Astray as error:
        yield {"kind": "astray", "message": error.message, "hint": error.hint}
    except ImportError as error:
        hint = "pip install 'mlgate[data,service]'"
        yield {"kind": "astray", "message": f"{error.name} is not installed", "hint": hint}


def _told(target: Target, request: dict[str, Any]) -> Iterator[Line]:
    wanted = msgspec.convert(request["requests"], list[answers.Wanted])
    for one in wanted:
        problem = answers.check_schema(one.schema) if one.schema_name else None
        if problem is not None:
            raise Astray(f"{one.schema_name} is no JSON Schema: {problem}", "correct the file")
    client = Client(target)
    if request["health"]:
        yield {"kind": "health", "wrong": _health(client, target, request["health"])}
    if request["version"]:
        yield {"kind": "version", "wrong": _version(client, target, request["version"])}
    for number, one in enumerate(wanted):
        yield {"kind": "answer", "number": number, **_answer(client, target, one)}
    client.close()
    if request["batch"]:
        yield _batch(target, request["batch"])
    if request["load"]:
        yield {"kind": "load", **Run(target, wanted, request["load"]).go()}


def _said(ask: Callable[[], str | None]) -> str | None:
    """What `ask` finds wrong; not to answer at all is wrong too."""
    try:
        return ask()
    except Unanswered as error:
        return str(error)


def _health(client: Client, target: Target, path: str) -> str | None:
    def ask() -> str | None:
        answer = client.ask("GET", path)
        if 200 <= answer.status < 300:
            return None
        body = target.quoted(answer.body.decode("utf-8", "replace"))
        return f"answers {answer.status}" + (f": {body}" if body else "")

    return _said(ask)


def _version(client: Client, target: Target, asked: dict[str, Any]) -> str | None:
    def ask() -> str | None:
        answer = client.ask("GET", asked["path"])
        if answer.status != 200:
            return f"answers {answer.status}"
        text = answer.body.decode("utf-8", "replace").strip()
        try:
            found = answers.picked(answers.decoded(answer.body), asked["field"])
        except ValueError:
            if asked["field"]:
                return f"answers with what is no JSON: {target.quoted(text)}"
            found = text  # a version as plain text
        except LookupError:
            return f"answers without {asked['field']}"
        found = found if isinstance(found, str) else msgspec.json.encode(found).decode()
        return (
            None
            if found == asked["equals"]
            else (f"runs {target.quoted(found)}, not {asked['equals']}")
        )

    return _said(ask)


def _answer(client: Client, target: Target, wanted: answers.Wanted) -> Line:
    took: list[float] = []

    def ask() -> str | None:
        body = None if wanted.body is None else wanted.body.encode()
        answer = client.ask(wanted.method, wanted.path, body)
        took.append(answer.took)
        return answers.wrong(wanted, answer, target)

    return {"wrong": _said(ask), "took": took[0] if took else None}


def _batch(target: Target, asked: dict[str, Any]) -> Line:
    from mlgate.core.errors import GateError
    from mlgate.gates import _service_batch as batch

    try:
        return {"kind": "batch", **batch.compared(target, asked)}
    except (batch.Refused, GateError) as error:
        raise Astray(error.message, error.hint or "correct `batch` in the policy") from None


if __name__ == "__main__":
    serve(told)
