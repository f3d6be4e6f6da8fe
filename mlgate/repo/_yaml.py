"""Reads YAML that nobody vouches for: safe types, limited size, no exploding merges."""

from __future__ import annotations

import functools
from typing import Any

_SIZE = 1 << 20
_MERGED = 5_000
_DEPTH = 100


class Unreadable(ValueError):
    """Why the text was not read."""


def load(raw: bytes) -> Any:
    """The document in `raw`; unknown tags are None. Raises `Unreadable`."""
    import yaml

    if len(raw) > _SIZE:
        raise Unreadable(f"larger than {_SIZE >> 10} KiB")
    try:
        _check_depth(raw)
        return yaml.load(raw, _loader())  # noqa: S506 - a subclass of the safe loader
    except Unreadable:
        raise
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        words = str(error).partition("\n")[0] or "nested too deeply"
        raise Unreadable(f"not valid YAML: {words}") from None


def _check_depth(raw: bytes) -> None:
    """Count first: libyaml's constructor overruns the stack where collections nest deeply."""
    import yaml

    depth = 0
    for event in yaml.parse(raw, _loader()):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEPTH:
            raise Unreadable("nested too deeply")


@functools.cache
def _loader() -> Any:
    import yaml

    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(safe):  # type: ignore[misc]
        """Forgives unknown tags (`!reference`), refuses merges that multiply."""

        def flatten_mapping(self, node: Any) -> None:
            super().flatten_mapping(node)
            if len(node.value) > _MERGED:
                raise yaml.YAMLError("a mapping is merged too often")

    Loader.add_multi_constructor("!", lambda *_: None)
    return Loader
