"""What nbstripout and nb-clean are told in a repository, as options of the gate `notebook`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mlgate.core.gate import Detected

if TYPE_CHECKING:
    from mlgate.repo.uses import Use

_HOOKS = ("nbstripout", "nb-clean")
_UNITS = {"k": 1000, "K": 1000, "m": 1_000_000, "M": 1_000_000, "g": 10**9, "G": 10**9}
_FLAGS: dict[str, dict[str, Any]] = {
    "--keep-output": {"outputs": "keep"},
    "--keep-count": {"execution_counts": "keep"},
    "--preserve-cell-outputs": {"outputs": "keep"},
    "-o": {"outputs": "keep"},
    "--preserve-execution-counts": {"execution_counts": "keep"},
    "-n": {"metadata": "keep"},
    "--preserve-notebook-metadata": {"metadata": "keep"},
}


def adopted(found: Iterable[Use]) -> Detected | None:
    """The gate as the repository's own hook works; None if it has none."""
    for use in found:
        if use.tool in _HOOKS or use.hook_id in _HOOKS:
            name = use.tool if use.tool in _HOOKS else use.hook_id
            version = f" {use.version}" if use.version else ""
            return Detected(
                evidence=f"{use.where}: {name}{version}",
                options=_options(list(use.args)),
                covers=(use.hook_id,) if use.hook_id else (),
            )
    return None


def _options(args: list[str]) -> dict[str, Any]:
    words = [word for arg in args for word in arg.split("=", 1)]
    options: dict[str, Any] = {}
    for index, word in enumerate(words):
        options |= _FLAGS.get(word, {})
        following = words[index + 1] if index + 1 < len(words) else ""
        if word == "--extra-keys":
            options["metadata_keys"] = following.split()
        elif word == "--max-size" and following[:1].isdigit():
            unit = _UNITS.get(following[-1], 1)
            options["max_output_size"] = int(following.rstrip("kKmMgG")) * unit
    return options
