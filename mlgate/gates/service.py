"""A running service answers what it must, in time, and as the batch predictions say."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate.core.duration import seconds
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Measurement
from mlgate.core.gate import Inputs, Rule
from mlgate.core.patterns import later
from mlgate.core.text import counted, plain, shown
from mlgate.core.words import Level, Result, Stage
from mlgate.gates import _committed as committed
from mlgate.gates._service_options import Options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Context
    from mlgate.gates._service_options import Asked, Batch, Load

__all__ = ["Options", "check", "inputs", "rules", "stages"]

stages = frozenset({Stage.PROMOTE, Stage.MONITOR})

rules = {
    "health": Rule(
        "The service says that it is well.", "look at its log, or correct `health`", Level.ERROR
    ),
    "version": Rule(
        "The version that runs is the one that must.",
        "deploy it, or correct `version`",
        Level.ERROR,
    ),
    "answer": Rule(
        "A declared request gets the answer that it must: status, content, schema.",
        "correct the service, or what the policy expects of it",
        Level.ERROR,
    ),
    "errors": Rule("Few requests of a load fail, and the evidence shows it.", level=Level.ERROR),
    "latency": Rule(
        "Half, 95 % or 99 % of the answers come in time, and the evidence shows it.",
        level=Level.ERROR,
    ),
    "throughput": Rule("Enough right answers come in a second.", level=Level.ERROR),
    "batch": Rule(
        "The service says of the same rows what the batch predictions say.", level=Level.ERROR
    ),
}

_VARIABLE = later(r"\$\{(\w+)\}")
_VALUE = later(r"[\t\x20-\x7e]*")


def inputs(ctx: Context) -> Inputs | None:
    """Never stored: what is judged runs elsewhere."""
    _require_network(ctx)
    options: Options = ctx.options
    told = [counted(len(options.requests), "request")] if options.requests else []
    told += ["health"] * bool(options.health) + ["version"] * bool(options.version)
    told += ["a load"] * bool(options.load) + ["the batch's rows"] * bool(options.batch)
    return Inputs(paths=(), beyond=True, judged=f"{shown(options.url)}: {', '.join(told)}")


def _require_network(ctx: Context) -> None:
    if not ctx.network:
        raise GateError(
            "the service cannot be asked, as this run is offline",
            "leave --offline out, or the gate: --gate NAME for the others",
        )


def check(ctx: Context, _paths: tuple[str, ...]) -> Iterator[Finding]:
    """Ask for everything that is declared, in order, and state what came back."""
    from mlgate.gates import _service_judge as judge

    _require_network(ctx)
    options: Options = ctx.options
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_service_worker.py")
    for line in ctx.worker(script, _request(ctx)):
        match line["kind"]:
            case "astray":
                raise GateError(plain(line["message"]), plain(line["hint"]))
            case "health":
                yield _simple("health", f"{options.url}{options.health}", line["wrong"])
            case "version" if options.version:
                yield _version(ctx, line["wrong"])
            case "answer":
                yield _answer(options.requests[line["number"]], line)
            case "batch":
                yield judge.batch(line)
            case "load" if options.load:
                yield from judge.load(options.load, line)


def _simple(rule: str, about: str, wrong: str | None, right: str = "answers") -> Finding:
    failed = wrong is not None
    return Finding(
        rule=f"service/{rule}",
        result=Result.FAIL if failed else Result.PASS,
        level=Level.ERROR if failed else Level.NOTE,
        message=plain(f"{about} {wrong or right}"),
        help=rules[rule].mend or None if failed else None,
    )


def _version(ctx: Context, wrong: str | None) -> Finding:
    expected = _expected(ctx)
    about = f"{ctx.options.url}{ctx.options.version.path}"
    return _simple("version", about, wrong, f"runs {expected}")


def _expected(ctx: Context) -> str:
    equals: str = ctx.options.version.equals
    if "{commit}" not in equals:
        return equals
    if ctx.subject.commit is None:
        raise GateError("the version is to equal the commit, and there is none", "commit first")
    return equals.replace("{commit}", ctx.subject.commit)


def _answer(asked: Asked, line: dict[str, Any]) -> Finding:
    found = _simple("answer", f"{_method(asked)} {asked.path}", line["wrong"], "answers as it must")
    if line["took"] is None:
        return found
    measurement = Measurement(name=f"{_method(asked)} {asked.path}", value=line["took"], unit="s")
    return msgspec.structs.replace(found, measurement=measurement)


def _method(asked: Asked) -> str:
    return asked.method or ("GET" if asked.body is None and asked.file is None else "POST")


# --- what the worker is asked --------------------------------------------------------------------


def _request(ctx: Context) -> dict[str, Any]:
    options: Options = ctx.options
    headers, secrets = _headers(options.headers)
    version = options.version
    return {
        "target": {
            "url": options.url.rstrip("/"),
            "headers": headers,
            "within": seconds(options.answer_within),
            "secrets": sorted(secrets, key=len, reverse=True),
        },
        "health": options.health,
        "version": version and {**msgspec.to_builtins(version), "equals": _expected(ctx)},
        "requests": [_wanted(ctx, asked) for asked in options.requests],
        "batch": options.batch and _batch(ctx, options.batch),
        "load": options.load and _load(options.load),
    }


def _headers(written: dict[str, str]) -> tuple[dict[str, str], set[str]]:
    """The headers with their variables filled in, and every form in which a secret may come back.

    Raises `GateError`, which names a variable and never its value.
    """
    secrets: set[str] = set()

    def fill(match: re.Match[str]) -> str:
        value = os.environ.get(match[1], "")
        if not value:
            raise GateError(
                f"the environment variable {match[1]} is not set, which a header needs",
                f"export {match[1]}=..., or give it to the job as a secret",
            )
        if not _VALUE.fullmatch(value):
            raise GateError(f"the environment variable {match[1]} holds what no header can")
        secrets.update((value, msgspec.json.encode(value).decode()[1:-1]))
        return value

    return {name: _VARIABLE.sub(fill, value) for name, value in written.items()}, secrets


def _wanted(ctx: Context, asked: Asked) -> dict[str, Any]:
    body = asked.body if asked.file is None else _json(ctx, asked.file)
    expects = asked.expect is not None or asked.expect_file is not None
    return {
        "path": asked.path,
        "method": _method(asked),
        "body": None if body is None else msgspec.json.encode(body).decode(),
        "status": asked.status,
        "expect": _json(ctx, asked.expect_file) if asked.expect_file else asked.expect,
        "expects": expects,
        "tolerance": asked.tolerance,
        "schema": _json(ctx, asked.schema) if asked.schema else None,
        "schema_name": shown(asked.schema) if asked.schema else "",
    }


def _json(ctx: Context, path: str) -> Any:
    """A JSON file of the snapshot. Raises `GateError`."""
    content = committed.content(ctx.subject, path, 1, "ask about fewer rows")
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise GateError(f"{shown(path)} is no JSON: {error}", "correct the file") from None


def _load(load: Load) -> dict[str, Any]:
    return {"concurrency": load.concurrency, "duration": seconds(load.duration), "rate": load.rate}


def _batch(ctx: Context, batch: Batch) -> dict[str, Any]:
    from mlgate.sources._tables import locate
    from mlgate.tables._protocol import source_of

    names = [batch.table, batch.predictions or batch.table]
    table, other = (locate(ctx, name) for name in names)
    return {
        **msgspec.to_builtins(batch),
        "names": [shown(name) for name in names],
        "table": msgspec.to_builtins(source_of(table)),
        "predictions": msgspec.to_builtins(source_of(other)) if batch.predictions else None,
    }
