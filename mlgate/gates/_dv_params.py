"""Compares the parameters that dvc.lock recorded with those of the parameter files."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator
from typing import Any

from mlgate.core.text import shown
from mlgate.gates._dv_ground import Ground
from mlgate.repo import safe_yaml
from mlgate.sources._dvc.facts import Locked, Stage

NOTHING = object()
_LARGEST = 16 << 20


def changed(ground: Ground, stage: Stage, locked: Locked) -> Iterator[str]:
    """One line for each parameter that is not what it was when the stage ran."""
    for written, keys in stage.params:
        path = posixpath.normpath(posixpath.join(stage.wdir, written))
        recorded = locked.params.get(written)
        if recorded is None:
            recorded = locked.params.get(posixpath.normpath(written), {})
        document = read(ground, path)
        if isinstance(document, str):
            yield f"{shown(path)}: {document}"
            continue
        if document is None:
            continue
        for key in keys or sorted({*map(str, document), *recorded}):
            before, now = recorded.get(key, NOTHING), at(document, key)
            if keys == () and before is NOTHING and now is not NOTHING:
                yield f"the parameter {key} was added to {shown(path)}"
            elif now is NOTHING:
                if before is not NOTHING:
                    yield f"the parameter {key} is not in {shown(path)} any more"
                else:
                    yield f"the parameter {key} is not in {shown(path)}"
            elif before is NOTHING:
                yield f"the parameter {key} is not in dvc.lock"
            elif not equal(before, now):
                yield f"the parameter {key} was {_brief(before)} and is {_brief(now)}"
        for key in sorted(recorded):
            if keys and key not in keys:
                yield f"the parameter {key} is in dvc.lock, but not in dvc.yaml any more"


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def equal(one: object, other: object) -> bool:
    """True if two values are one parameter's."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other or str(one) == str(other)


def at(document: Any, key: str) -> Any:
    """The value at a dotted key; `NOTHING` where there is none."""
    if isinstance(document, dict) and key in document:
        return document[key]
    value = document
    for part in key.split("."):
        if isinstance(value, dict):
            value = value.get(part, value.get(int(part), NOTHING) if part.isdecimal() else NOTHING)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return NOTHING
    return value


def read(ground: Ground, path: str) -> dict[str, Any] | str | None:
    """A parameter file; words where it cannot be read, None where the commit has it not but the
    data may: then DVC's own hash of it tells."""
    files = ground.ctx.subject.files
    if path not in files:
        tracked = any(o.out.path == path or path.startswith(o.out.path + "/") for o in ground.owned)
        return None if tracked else "the parameter file is not in the commit"
    raw = ground.ctx.subject.read(path)
    try:
        document = parsed(path, raw)
    except (ValueError, SyntaxError, RecursionError) as error:
        return f"the parameter file cannot be read: {str(error).splitlines()[0]}"
    if document is None:
        return {}
    return document if isinstance(document, dict) else "the parameter file holds no mapping"


def parsed(path: str, raw: bytes) -> Any:
    """A parameter file's content. Raises `ValueError`, `SyntaxError` or `RecursionError`."""
    if len(raw) > _LARGEST:
        raise ValueError(f"larger than {_LARGEST >> 20} MiB")
    if path.endswith(".json"):
        import msgspec

        return msgspec.json.decode(raw)
    if path.endswith(".toml"):
        import tomllib

        return tomllib.loads(raw.decode())
    if path.endswith(".py"):
        return _python(ast.parse(raw).body)
    return safe_yaml.load(raw, core=True, largest=_LARGEST)


def _python(body: list[ast.stmt]) -> dict[str, Any]:
    """The constants that a module, and its classes, assign."""
    found: dict[str, Any] = {}
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        for target in targets:
            value = getattr(node, "value", None)
            if isinstance(target, ast.Name) and value is not None:
                try:
                    found[target.id] = _plain(ast.literal_eval(value))
                except ValueError:
                    continue
        if isinstance(node, ast.ClassDef):
            found[node.name] = _python(node.body)
        elif isinstance(node, ast.FunctionDef) and node.name == "__init__":
            found |= _attributes(node)
    return found


def _attributes(node: ast.FunctionDef) -> dict[str, Any]:
    """`self.x = 1` in `__init__`, which DVC reads as the class's constants."""
    found = {}
    for inner in node.body:
        targets = inner.targets if isinstance(inner, ast.Assign) else []
        for target in targets:
            if isinstance(target, ast.Attribute) and isinstance(inner, ast.Assign):
                try:
                    found[target.attr] = _plain(ast.literal_eval(inner.value))
                except ValueError:
                    continue
    return found


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | set) else value
