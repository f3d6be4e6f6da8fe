"""A metric of the project's own, `package.module:function`, as the base has it; in the worker.

The function gets true values and scores (predictions where no score is named) as arrays. It
returns a number for each row, whose mean is the metric with its interval, or one number alone.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlgate.gates._model_refused import Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlgate.gates._model_rows import Outputs, Rows

    Array = NDArray[Any]


def computed(rows: Rows, outputs: Outputs, name: str, home: str) -> Array | float:
    """What the function says. Raises `Refused` where it cannot be loaded, fails, or says no
    numbers."""
    import numpy as np

    function = _loaded(name, home)
    said = outputs.scores if outputs.scores is not None else _named(rows, outputs.prediction)
    try:
        found = np.asarray(function(_named(rows, rows.label), said))
    except (Exception, SystemExit) as error:
        raise Refused(f"{name} failed: {type(error).__name__}: {error}", "correct it") from None
    if found.dtype.kind not in "iufb" or found.shape not in ((), (len(rows),)):
        raise Refused(
            f"{name} returned {found.dtype} of shape {found.shape}",
            f"let it return one number, or {len(rows):,} of them, one for each row",
        )
    if not np.isfinite(found).all():
        raise Refused(f"{name} returned NaN or infinity", "let it return numbers")
    return float(found) if found.shape == () else found.astype(float)


def _named(rows: Rows, column: Array | None) -> Array | None:
    """Classes by their names, not by our numbers."""
    import numpy as np

    if column is None or not rows.classes:
        return column
    named: Array = np.array(rows.classes)[column]
    return named


def _loaded(name: str, home: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    if home not in sys.path:
        sys.path.insert(0, home)
    try:
        found = getattr(importlib.import_module(module), function)
    except (Exception, SystemExit) as error:
        hint = "what it imports has to be installed beside mlgate"
        raise Refused(f"{name} cannot be loaded: {type(error).__name__}: {error}", hint) from None
    if not callable(found):
        raise Refused(f"{name} is no function")
    return found  # type: ignore[no-any-return]  # whatever the project wrote
