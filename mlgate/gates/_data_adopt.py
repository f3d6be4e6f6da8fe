"""What speaks for a `data` gate in a repository: a table in git, or behind DVC's pointers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlgate.core.gate import Detected
from mlgate.core.patterns import later
from mlgate.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlgate.core.gate import Context

_TABLES = later(r"\.(csv|tsv|parquet|jsonl|feather|arrow)(\.gz)?$")
_TRAINED = later(r"(^|[/_.-])train(ing)?([/_.-]|$)")
_OTHER = later(
    r"(^|/)(tests?|testing|test_?data|fixtures|docs?|plots|dvclive|results?"
    r"|[^/]*(pred|metric|score|eval)[^/]*)(/|$)"
)


def detected(ctx: Context) -> Detected | None:
    """Lines for `init` to write commented out: what must hold for a table, its people know.

    Raises `GateError` where a pointer cannot be read.
    """
    path = _chosen(p for p in ctx.files if ctx.subject.files[p].is_file) or _chosen(_by_dvc(ctx))
    if path is None:
        return None
    name = shown(path)
    return Detected(
        evidence=f"{name}; see mlgate data suggest {name}",
        comments=(
            'kind = "data"',
            f'table = "{name}"',
            f"rows = {{ min = 1 }}  # bounds for every column: mlgate data suggest {name}",
        ),
        active=False,
    )


def _chosen(paths: Iterable[str]) -> str | None:
    """What a model is trained on if the names tell, else the first table."""
    tables = sorted(path for path in paths if _TABLES.search(path) and not _OTHER.search(path))
    return min(tables, key=lambda path: _TRAINED.search(path) is None, default=None)


def _by_dvc(ctx: Context) -> list[str]:
    from mlgate.sources._dvc.named import owners

    return [one.out.path for one in owners(ctx.subject, "")]
