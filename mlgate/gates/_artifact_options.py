"""The keys of an `artifact` gate beyond its path: the target, and the contract."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mlgate.core.duration import PATTERN

Text = Annotated[str, Meta(min_length=1)]
Size = Annotated[str, Meta(pattern=r"^\d+(\.\d+)?(B|kB|MB|GB)$")]
Duration = Annotated[str, Meta(pattern=PATTERN)]
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}


def bytes_of(size: str) -> float:
    """`500MB` as a number of bytes."""
    unit = size.lstrip("0123456789.")
    return float(size.removesuffix(unit)) * _UNITS[unit]


class Contract(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A schema that must stay compatible with the baseline's."""

    path: Text
    """A JSON Schema, an Avro schema (`.avsc`), or MLflow's `MLmodel`."""
    of: Literal["input", "output", "signature"]
    """What it describes: `input` must take all that it took, `output` give nothing new;
    `signature` is both, of an `MLmodel`."""

    def __post_init__(self) -> None:
        if (self.of == "signature") != (self.path.rpartition("/")[2] == "MLmodel"):
            raise ValueError('an `MLmodel`, and nothing else, is compared as `of = "signature"`')


class Predict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command that loads the model and answers, and what its target allows it."""

    run: tuple[str, ...] = ()
    """The program; `{model}` stands for the model's place. It prints one line when the model is
    loaded, then one line for each line of its standard input. It is only run where the scan found
    nothing."""
    pyfunc: bool = False
    """Instead of `run`: the model is a folder that MLflow saved, loaded as `mlflow.pyfunc` with the
    project's MLflow. Each line is one record, a list of them, or what its server takes."""
    requests: Text
    """A file of the repository whose lines are sent, over and over."""
    calls: Annotated[int, Meta(ge=1, le=100_000)] = 200
    """How many lines are sent."""
    load: Duration | None = None
    """How long loading may take."""
    memory: Size | None = None
    """How much memory it may take at its peak; where it takes more it is ended."""
    p50: Duration | None = None
    """What half of the answers must take at most."""
    p95: Duration | None = None
    """What 95 % of the answers must take at most."""
    answer_within: Duration = "30s"
    """How long loading beyond `load`, or one answer, may take until it counts as none."""

    def __post_init__(self) -> None:
        if bool(self.run) == self.pyfunc:
            raise ValueError("`predict` takes either `run` or `pyfunc`")
