"""What a notebook carries that has to go, and how it is taken out of the parsed JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from mlgate.core.text import counted
from mlgate.gates import _notebook_json as nb

if TYPE_CHECKING:
    from mlgate.gates.notebook import Options

# What nbstripout and nb-clean take out by default.
_NOTEBOOK_KEYS = ("signature", "widgets", "language_info.version")
_CELL_KEYS = (
    *("collapsed", "ExecuteTime", "execution", "heading_collapsed", "hidden", "scrolled"),
)


class Excess(NamedTuple):
    """Something that has to go: where, and how it is taken out of the parsed notebook."""

    rule: str
    cell: int | None
    message: str
    holder: dict[str, Any]
    key: str
    value: Any
    """What stays in its place; None and `removed` for nothing at all."""
    removed: bool = False


def excess_of(notebook: dict[str, Any], options: Options) -> Iterator[Excess]:
    """All that the options want out, in the order in which it stands."""
    metadata = notebook.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    for key in _keys(options, "metadata.", _NOTEBOOK_KEYS):
        yield from _key(metadata, key, None)
    keep = bool(metadata.get("keep_output"))
    for number, cell in enumerate(nb.cells(notebook), 1):
        yield from _in_cell(cell, number, keep, options)


def _keys(options: Options, prefix: str, usual: tuple[str, ...]) -> list[str]:
    """The dotted keys to strip below `prefix`."""
    more = [key.removeprefix(prefix) for key in options.metadata_keys if key.startswith(prefix)]
    return [*(usual if options.metadata == "strip" else ()), *more]


def _key(holder: dict[str, Any], dotted: str, cell: int | None) -> Iterator[Excess]:
    *folders, last = dotted.split(".")
    for folder in folders:
        inner = holder.get(folder)
        if not isinstance(inner, dict):
            return
        holder = inner
    if last in holder:
        yield Excess("metadata", cell, f"carries metadata: {dotted}", holder, last, None, True)


def _in_cell(cell: dict[str, Any], number: int, keep: bool, options: Options) -> Iterator[Excess]:
    metadata = cell.get("metadata", {})
    outputs = cell.get("outputs", [])
    if not (keep or metadata.get("keep_output") or "keep_output" in _tags(metadata)):
        kept = [output for output in outputs if _size(output) <= options.limit]
        if len(kept) < len(outputs):
            message = f"carries {counted(len(outputs) - len(kept), 'output')}"
            if options.limit:
                message += f" of more than {options.limit:,} characters"
            yield Excess("output", number, message, cell, "outputs", kept)
            outputs = kept
    if options.execution_counts == "strip":
        for holder in (cell, *outputs):
            for key in ("execution_count", "prompt_number"):
                if holder.get(key) is not None:
                    message = f"carries the execution count {holder[key]}"
                    yield Excess("execution-count", number, message, holder, key, None)
    for key in _keys(options, "cell.metadata.", _CELL_KEYS):
        yield from _key(metadata, key, number)


def _tags(metadata: dict[str, Any]) -> list[Any]:
    tags = metadata.get("tags")
    return tags if isinstance(tags, list) else []


def _size(value: Any) -> int:
    """The characters of all texts in an output, at least 1."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return sum(map(_size, value))
    return len(value) if isinstance(value, str) else len(str(value))
