"""`mlflow:URI`: an MLflow model registry, asked by a worker that has mlflow."""

from __future__ import annotations

import base64
import os
from typing import Any

from mlgate.core.errors import GateError
from mlgate.core.patterns import later
from mlgate.core.text import plain, shown
from mlgate.registries._registry import (
    Held,
    Move,
    New,
    Place,
    RegistryError,
    Version,
    checked,
    moved,
    moved_past,
)

_UNKNOWN = later(r"\b40[13]\b|UNAUTHENTICATED|PERMISSION_DENIED")
_NAMELESS = later(r"RESOURCE_DOES_NOT_EXIST|INVALID_PARAMETER_VALUE|\bnot found\b")
_CAUSE = later(
    r"\[Errno -?\d+\] [^()\"']+|Name or service not known|timed out|too many 5\d\d error responses"
)
_FILES = ("sqlite:///", "file://", "file:")
"""What stands before the path of a store that lies in files of this machine, or nothing does."""
_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_mlflow_script.py")


def registry(place: Place, rest: str) -> Mlflow:
    """The registry at the tracking or registry URI `rest`."""
    uri = rest or place.environ.get("MLFLOW_REGISTRY_URI", "")
    uri = uri or place.environ.get("MLFLOW_TRACKING_URI", "")
    if not uri:
        raise RegistryError(
            "neither the policy nor MLFLOW_TRACKING_URI says where MLflow is",
            "export MLFLOW_TRACKING_URI=http://127.0.0.1:5000, or for all in [models.NAME]: "
            'registry = "mlflow:http://127.0.0.1:5000"',
        )
    prefix = next(filter(uri.startswith, _FILES), "")
    path = uri.removeprefix(prefix)
    if not prefix and (":" in path or path == "databricks"):
        return Mlflow(place, uri)
    path = os.path.join(place.repo.root, path)
    if not os.path.exists(path.partition("?")[0]):  # MLflow would make an empty one
        raise RegistryError(
            f"there is no MLflow store {shown(path)}",
            "correct the URI; a relative path is meant from the repository's folder",
        )
    return Mlflow(place, prefix + path)


class Mlflow:
    """MLflow has no compare-and-set, but gives each new version a number of its own: the chain is a
    registered model `MODEL.records`, whose versions are the records. One that does not follow the
    newest before it lost a race, and every reader sees that alike."""

    registers = False
    atomic = False
    reached = True
    folder = None

    def __init__(self, place: Place, uri: str) -> None:
        self._place = place
        self._uri = uri
        self.label = f"mlflow:{plain(uri.partition('@')[2] or uri)}"

    def read(self, model: str) -> Held:
        """Versions, aliases and records."""
        return self._held(self._ask("read", checked(model)))

    def next_version(self, held: Held) -> str:
        """Versions are made by training."""
        raise RegistryError(
            "versions are made where the model is logged", "mlflow.register_model(...)"
        )

    def append(
        self, model: str, held: Held, record: bytes, *, new: New | None, move: Move | None
    ) -> Held | None:
        """The record, if it follows the newest; then the alias. All by one process, since one that
        has mlflow takes seconds to start."""
        if new is not None:
            self.next_version(held)
        answer = self._ask(
            "append",
            model,
            record=base64.b64encode(record).decode(),
            expected=held.token,
            move=move and _move(move) | {"shown": held.aliases.get(move.alias)},
        )
        if move and "shows" in answer:
            raise moved_past(model, move, held.aliases.get(move.alias), answer["shows"])
        if answer["lost"]:
            raise moved(model)
        return self._held(answer["held"])

    def point(self, model: str, move: Move) -> None:
        """MLflow's own alias."""
        self._ask("point", model, **_move(move))

    def digests(self, model: str, version: str) -> dict[str, str] | None:
        """Of the artifacts that MLflow keeps, downloaded into a private folder."""
        return dict(self._ask("digests", checked(model), version=version)["files"])

    def _held(self, said: dict[str, Any]) -> Held:
        versions = tuple(
            Version(name=str(one["name"]), commit=one["commit"]) for one in said["versions"]
        )
        return Held(
            versions=versions,
            aliases=dict(said["aliases"]),
            records=tuple(base64.b64decode(one) for one in said["records"]),
            token=str(said["head"]),
        )

    def ask(self, script: str, what: str, where: str, **more: Any) -> dict[str, Any]:
        """What another script says, which opens MLflow as this one's does."""
        return self._ask(what, where, script, **more)

    def _ask(self, what: str, model: str, script: str = _SCRIPT, **more: Any) -> dict[str, Any]:
        if not self._place.network and self._uri.startswith("http"):
            raise RegistryError(f"{self.label} needs the network", "leave out --offline")
        if self._place.worker is None:
            raise RegistryError(f"{self.label} cannot be asked from here")
        request = {"do": what, "uri": self._uri, "model": model, **more}
        try:
            (answer,) = self._place.worker(script, request)
        except GateError as error:
            raise RegistryError(f"{self.label} did not answer: {error.message}") from None
        if "error" in answer:
            raise RegistryError(f"{self.label}: {_said(answer)}", _mend(answer))
        return dict(answer)


def _move(move: Move) -> dict[str, Any]:
    return {"alias": checked(move.alias, "alias"), "version": move.version}


def _said(answer: dict[str, Any]) -> str:
    """What MLflow says, without what its HTTP library tells of itself."""
    said = plain(str(answer["error"]))
    cause = _CAUSE.search(said)
    return f"it does not answer: {cause[0]}" if cause else said[:500]


def _mend(answer: dict[str, Any]) -> str:
    if answer["kind"] == "missing":
        return "pip install 'mlgate[mlflow]', beside mlgate or in the project's environment"
    if _UNKNOWN.search(str(answer["error"])):
        return (
            "pass its credentials on, which only the policy allows: "
            '[environment] pass_env = ["MLFLOW_TRACKING_PASSWORD"]'
        )
    if _NAMELESS.search(str(answer["error"])):
        return "correct the name, as MLflow shows it"
    return "see that the server runs and answers, and is no older than this mlflow"
