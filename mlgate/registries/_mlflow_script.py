"""Asks MLflow's model registry; started where mlflow is installed, one JSON line each way."""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import logging
import os
import sys
import tempfile
import warnings
from typing import Any

_PART = 4800
"""Characters that a tag may have everywhere: older servers refuse 5,000."""
_SOURCE = "mlgate:///records"
"""Where the files of a record would be; a server wants a place with an absolute path."""


def main(functions: dict[str, Any] | None = None) -> None:
    """Answer one request, by the function of its name."""
    request = json.loads(sys.stdin.readline())
    protocol = os.dup(1)
    os.dup2(2, 1)  # whatever else writes to standard output is no answer
    answer = _answer(request, functions or globals())
    lines = json.dumps(answer) + "\n" + '{"end": true}\n'
    with open(protocol, "w", encoding="utf-8") as out:
        out.write(lines)


def _library() -> tuple[Any, Any]:
    """mlflow, and the error that it raises."""
    errors = importlib.import_module("mlflow.exceptions")
    return importlib.import_module("mlflow"), errors.MlflowException


def _answer(request: dict[str, Any], functions: dict[str, Any]) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        mlflow, refusal = _library()
    except ImportError as error:
        return {"error": f"{sys.executable} cannot import mlflow ({error})", "kind": "missing"}
    mlflow.set_tracking_uri(request["uri"])
    mlflow.set_registry_uri(request["uri"])
    try:
        return functions["_" + request["do"]](mlflow.MlflowClient(), request)  # type: ignore[no-any-return]  # JSON
    except (refusal, OSError) as error:
        return {"error": f"{type(error).__name__}: {error}", "kind": "refused"}


def _read(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    return _held(client, request["model"])


def _held(client: Any, model: str) -> dict[str, Any]:
    versions = sorted(_versions(client, model), key=lambda v: int(v.version))
    chain, head = _chain(client, model)
    return {
        "versions": [{"name": v.version, "commit": _commit(client, v)} for v in versions],
        "aliases": _aliases(client, model),
        "records": chain,
        "head": head,
    }


def _append(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    """A new version of `MODEL.records`, which stands if it follows what stood before it; then the
    alias moves, unless somebody moved it since it was looked at: whoever reads on sees that."""
    model, text, move = request["model"], request["record"], request["move"]
    if _chain(client, model)[1] != request["expected"]:
        return {"lost": True}
    shows = _aliases(client, model).get(move["alias"]) if move else None
    if move and shows != move["shown"]:
        return {"lost": True, "shows": shows}
    _keep(client, f"{model}.records", text)
    mine = hashlib.sha256(base64.b64decode(text)).hexdigest()
    if mine not in [_digest(one) for one in _chain(client, model)[0]]:
        return {"lost": True}
    if move and _aliases(client, model).get(move["alias"]) == shows:
        client.set_registered_model_alias(model, move["alias"], move["version"])
    return {"lost": False, "held": _held(client, model)}


def _keep(client: Any, name: str, text: str) -> None:
    """A record in tags, written with the version that they belong to, or not at all."""
    _, refusal = _library()
    try:
        client.create_registered_model(name, description="The chain of mlgate's records")
    except refusal as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    parts = [text[at : at + _PART] for at in range(0, len(text), _PART)]
    tags = {f"mlgate.record.{number:03d}": part for number, part in enumerate(parts)}
    client.create_model_version(name, _SOURCE, tags=tags | {"mlgate.parts": str(len(parts))})


def _point(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    client.set_registered_model_alias(request["model"], request["alias"], request["version"])
    return {}


def _digests(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    mlflow, _ = _library()
    uri = client.get_model_version_download_uri(request["model"], request["version"])
    with tempfile.TemporaryDirectory() as folder:
        root = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=folder)
        files = {}
        for where, _, names in os.walk(root):
            for name in names:
                path = os.path.join(where, name)
                with open(path, "rb") as file:
                    files[os.path.relpath(path, root)] = hashlib.file_digest(
                        file, "sha256"
                    ).hexdigest()
        return {"files": files}


def _chain(client: Any, model: str) -> tuple[list[str], str]:
    """The records that stand, oldest first, and the digest of the last one.

    What names as its predecessor any record but the newest lost a race, if it names one that
    stands; if it names none, the chain is broken, which the reader is left to find.
    """
    standing: list[str] = []
    digests: list[str | None] = [None]
    for version in sorted(_versions(client, f"{model}.records"), key=lambda v: int(v.version)):
        count = int(version.tags.get("mlgate.parts", 0))
        text = "".join(version.tags.get(f"mlgate.record.{n:03d}", "") for n in range(count))
        before = _previous(text)
        if before != digests[-1] and before in digests:
            continue
        standing.append(text)
        digests.append(_digest(text))
    return standing, digests[-1] or ""


def _digest(text: str) -> str:
    try:
        return hashlib.sha256(base64.b64decode(text)).hexdigest()
    except ValueError:
        return hashlib.sha256(text.encode()).hexdigest()


def _previous(text: str) -> Any:
    """What a record names as the one before; something that nothing equals if it is none."""
    try:
        payload = json.loads(base64.b64decode(text))["payload"]
        return json.loads(base64.b64decode(payload))["predicate"]["previous"]
    except (ValueError, KeyError, TypeError):
        return "unreadable"


def _model(client: Any, name: str) -> Any:
    _, refusal = _library()
    try:
        return client.get_registered_model(name)
    except refusal as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _aliases(client: Any, name: str) -> dict[str, str]:
    found = _model(client, name)
    return {alias: str(version) for alias, version in found.aliases.items()} if found else {}


def _versions(client: Any, name: str) -> list[Any]:
    found: list[Any] = []
    token = None
    while True:
        page = client.search_model_versions(f"name = '{name}'", max_results=1000, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def _commit(client: Any, version: Any) -> str | None:
    """As the version says, or else the run that made it."""
    _, refusal = _library()
    said = version.tags.get("mlgate.commit") or version.tags.get("mlflow.source.git.commit")
    if said or not version.run_id:
        return str(said) if said else None
    try:
        tags = client.get_run(version.run_id).data.tags
    except refusal:
        return None
    found = tags.get("mlflow.source.git.commit")
    return str(found) if found else None


if __name__ == "__main__":
    main()
