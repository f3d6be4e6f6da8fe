"""Whether a model fits its target: time to load, memory, and time to answer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlgate.core.duration import seconds
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Measurement
from mlgate.core.text import plain, shown
from mlgate.core.words import Level, Result
from mlgate.gates import _answer_times as times
from mlgate.gates import _artifact_laid as laid
from mlgate.gates import _committed as committed
from mlgate.gates import _project_code as project_code
from mlgate.gates._artifact_options import bytes_of
from mlgate.stats import quantiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlgate.core.gate import Context
    from mlgate.gates._artifact_options import Predict
    from mlgate.gates._artifact_where import Place

_TOLD = 8
"""Last lines shown of what a command said."""


def findings(ctx: Context, places: list[Place]) -> Iterator[Finding]:
    """Run the `predict` command in the project's environment, and hold it against its target."""
    asked: Predict = ctx.options.predict
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_artifact_fit_worker.py")
    path = ctx.options.path.rstrip("/")
    if asked.pyfunc and not any(place.path == f"{path}/MLmodel" for place in places):
        raise GateError(
            f"{shown(path)} has no MLmodel, so that MLflow cannot load it",
            "name the folder that MLflow saved, or give `run` in place of `pyfunc`",
        )
    with laid.out(path, places) as model:
        (found,) = ctx.worker(script, _request(ctx, asked, model), project=True)
    if "silent" in found:
        said = "\n".join(found["said"].splitlines()[-_TOLD:])
        raise GateError(
            plain(f"the predict command {found['silent']}\n{said}").strip(), _mend(ctx, asked, said)
        )
    if "over" in found:
        what = f"memory {found['phase']}, where it was ended"
        yield _exact("memory", what, float(found["over"]), bytes_of(str(asked.memory)), "B")
        return
    yield _exact("load", "loading", found["load"], _seconds(asked.load), "s")
    if found["peak"] is None and asked.memory:
        raise GateError(
            "how much memory the predict command takes cannot be told",
            "let it end when its standard input does",
        )
    if found["peak"] is not None:
        yield _exact("memory", "memory at its peak", float(found["peak"]),
                     bytes_of(asked.memory) if asked.memory else None, "B")  # fmt: skip
    ordered = sorted(found["times"])
    for name, q, most in (("p50", 0.5, asked.p50), ("p95", 0.95, asked.p95)):
        value = quantiles.quantile(ordered, q)
        yield times.latency("artifact/latency", name, value, _seconds(most), "raise `calls`")


def _mend(ctx: Context, asked: Predict, said: str) -> str:
    if not asked.pyfunc:
        return (
            "run it by hand: it prints a line when the model is loaded, and one for each it reads"
        )
    python = " ".join(project_code.python_of(ctx.environment()))
    needs = shown(f"{ctx.options.path.rstrip('/')}/requirements.txt")
    if "No module named" in said:
        return f"install what the model needs: {python} -m pip install -r {needs}"
    return f"see whether `mlflow.pyfunc.load_model` loads it in {python}, and predicts such lines"


def _request(ctx: Context, asked: Predict, model: str) -> dict[str, Any]:
    environment = ctx.environment()
    variables = project_code.activated(environment, os.environ.get("PATH", os.defpath))
    root = str(ctx.subject.root(ctx.subject.files))
    argv = [word.replace("{model}", model) for word in asked.run]
    if asked.pyfunc:
        argv = [environment.python, "-c", _pyfunc(), model]
    within = seconds(asked.answer_within)
    return {
        "argv": [*environment.run, *argv],
        "env": variables,
        "wrapped": bool(environment.run),
        "cwd": os.path.join(root, ctx.project),
        "lines": _lines(ctx, asked.requests),
        "calls": asked.calls,
        "memory": bytes_of(asked.memory) if asked.memory else None,
        "within": within,
        "load_within": within + (seconds(asked.load) if asked.load else 0.0),
    }


def _pyfunc() -> str:
    """The program itself: as a file it would have this folder's modules before Python's own."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_artifact_pyfunc.py")
    with open(file, encoding="utf-8") as opened:
        return opened.read()


def _lines(ctx: Context, path: str) -> list[str]:
    content = committed.content(ctx.subject, path, 16, "send fewer lines")
    lines = [line for line in content.decode("utf-8", "replace").splitlines() if line.strip()]
    if not lines:
        raise GateError(f"{shown(path)} has no lines to send", "write some requests into it")
    return lines


def _exact(rule: str, what: str, value: float, most: float | None, unit: str) -> Finding:
    fits = most is None or value <= most
    bound = "" if most is None else f"; {_shown(most, unit)} are allowed"
    measurement = Measurement(name=rule, value=value, at_most=most, unit=unit)
    message = f"{what}: {_shown(value, unit)}{bound}"
    return Finding(
        rule=f"artifact/{rule}",
        result=Result.PASS if fits else Result.FAIL,
        level=Level.NOTE if fits else Level.ERROR,
        message=message,
        measurement=measurement,
    )


def _shown(value: float, unit: str) -> str:
    return f"{value:.3g} s" if unit == "s" else f"{value / 1e6:,.0f} MB"


def _seconds(duration: str | None) -> float | None:
    return None if duration is None else seconds(duration)
