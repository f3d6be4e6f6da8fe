"""The trees of a booster: every array as long as its nodes, every node where the tree has it.

XGBoost and LightGBM follow these numbers into memory without looking (`src/tree/tree_model.cc`,
`src/io/tree.cpp`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlgate.artifacts.outcome import malformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_DELETED = (1 << 31) - 1
"""The feature of a node that XGBoost has pruned."""


def of_xgboost(model: Any) -> None:
    """Look at every tree in XGBoost's JSON or UBJSON. Raises `Refused`."""
    nodes = [model]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            if "left_children" in node or "right_children" in node:
                _xgboost(node)
            nodes.extend(node.values())
        elif isinstance(node, list) and holds_more(node):
            nodes.extend(node)


def holds_more(items: list[Any]) -> bool:
    """Whether any of them holds values of its own: of millions of numbers none does."""
    return not {dict, list}.isdisjoint(map(type, items))


def _xgboost(tree: dict[str, Any]) -> None:
    told = tree.get("tree_param")
    told = told if isinstance(told, dict) else {}
    count, features = _number(told.get("num_nodes")), _number(told.get("num_feature", "0"))
    left = _integers(tree.get("left_children"), count, "left_children")
    right = _integers(tree.get("right_children"), count, "right_children")
    _integers(tree.get("parents"), count, "parents")
    used = _integers(tree.get("split_indices"), count, "split_indices")
    children = [child for child in (*left, *right) if child != -1]
    _once(children, range(1, count))
    if any(n < 0 or (0 < features <= n != _DELETED) for n in used):
        raise malformed("a tree of it asks for a feature that the model has not")
    _categories(tree, count)


def _categories(tree: dict[str, Any], count: int) -> None:
    held = tree.get("categories", ())
    nodes = tree.get("categories_nodes", ())
    starts = _integers(tree.get("categories_segments", ()), len(nodes), "categories_segments")
    sizes = _integers(tree.get("categories_sizes", ()), len(nodes), "categories_sizes")
    if any(not 0 <= node < count for node in _integers(nodes, len(nodes), "categories_nodes")):
        raise malformed("a tree of it has categories of a node that it has not")
    if any(s < 0 or n < 0 or s + n > len(held) for s, n in zip(starts, sizes, strict=True)):
        raise malformed("a tree of it has categories beyond their list")


def of_lightgbm(lines: Mapping[str, str], features: int) -> None:
    """Look at one tree of LightGBM's text. Raises `Refused`."""
    leaves = _number(lines.get("num_leaves"))
    if leaves < 1:
        raise malformed("a tree of it has no leaves")
    _column(lines, "leaf_value", leaves)
    if leaves == 1:
        return
    for name in ("threshold", *({"decision_type"} & lines.keys())):
        _column(lines, name, leaves - 1)
    split = [_number(word) for word in _column(lines, "split_feature", leaves - 1)]
    if any(not 0 <= feature < features for feature in split):
        raise malformed("a tree of it asks for a feature that the model has not")
    sides = (_column(lines, name, leaves - 1) for name in ("left_child", "right_child"))
    _once([_number(word) for side in sides for word in side], range(-leaves, leaves - 1), {0})
    kinds = _number(lines.get("num_cat", "0"))
    if kinds:
        _bounds(lines, kinds)


def _bounds(lines: Mapping[str, str], kinds: int) -> None:
    """The categories of LightGBM: where each set begins and ends, and which of them a node uses."""
    ends = [_number(word) for word in _column(lines, "cat_boundaries", kinds + 1)]
    if ends[0] != 0 or ends != sorted(ends):
        raise malformed("a tree of it has categories beyond their list")
    _column(lines, "cat_threshold", ends[-1])
    for kind, at in zip(lines.get("decision_type", "").split(), lines["threshold"].split(),
                        strict=False):  # fmt: skip
        try:
            within = not _number(kind) & 1 or 0 <= int(float(at)) < kinds
        except (ValueError, OverflowError):
            within = False
        if not within:
            raise malformed("a tree of it has categories beyond their list")


def _once(children: list[int], allowed: range, never: Iterable[int] = ()) -> None:
    """Refuse a node that is no node of the tree, is the root, or has two parents."""
    if any(child not in allowed or child in never for child in children):
        raise malformed("a tree of it leads to a node that it has not")
    if len(set(children)) != len(children):
        raise malformed("a tree of it leads to one node twice")


def _integers(found: Any, count: int, name: str) -> Sequence[int]:
    fits = hasattr(found, "__len__") and not isinstance(found, str | dict | range)
    if not fits or len(found) != count or not all(type(one) is int for one in found):
        raise malformed(f"a tree of it has other than {count:,} {name}")
    return found  # type: ignore[no-any-return]  # a list of JSON, or an array of UBJSON


def _column(lines: Mapping[str, str], name: str, count: int) -> list[str]:
    words = lines.get(name, "").split()
    if len(words) != count:
        raise malformed(f"a tree of it has other than {count:,} {name}")
    return words


def _number(text: Any) -> int:
    """A number of nodes, features or leaves, as text or as itself."""
    said = str(text) if type(text) in (int, str) else ""
    if not said.removeprefix("-").isdecimal() or len(said) > 18:
        raise malformed("a number of a tree of it is none")
    return int(said)
