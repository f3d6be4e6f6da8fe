"""Names everything that is wrong with a table, not only the first thing, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from mlgate.core.duration import PATTERN
from mlgate.core.text import shown
from mlgate.policy.model import PolicyFile
from mlgate.policy.positions import KeyPath, lines

_WORDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "an array",
    "object": "a table",
    "date": "a date",
    "datetime": "a date with time",
    "time": "a time of day",
    "null": "",
}
_PATTERNS = {
    repr(r"\S"): "must not be empty",
    repr(PATTERN): "expected seconds or a duration such as `90s`, `10m`, `1h30m`",
}
_INVALID = re.compile(r"Invalid enum value (.*)", re.DOTALL)
_EXPECTED = re.compile(r"Expected `([^`]+)`(?: (.*?))?(?:, got `([^`]+)`)?$", re.DOTALL)


class Problem(NamedTuple):
    """What is wrong, and the path of the key at which it is."""

    path: KeyPath
    message: str


def problems(value: Any, kind: Any, path: KeyPath = (), also: Iterable[str] = ()) -> list[Problem]:
    """Everything that keeps `value` from being a `kind`; `also` are keys judged elsewhere."""
    if isinstance(value, dict) and (struct := _struct(kind)):
        return _of_struct(value, struct, path, also)
    if isinstance(value, dict) and (item := _item(kind, dict)):
        return [p for key, each in value.items() for p in problems(each, item, (*path, key))]
    if isinstance(value, list) and (item := _item(kind, tuple, list)):
        return [p for i, each in enumerate(value) for p in problems(each, item, (*path, i))]
    return _whole(value, kind, path)


def _of_struct(
    table: dict[str, Any], struct: type[Struct], path: KeyPath, also: Iterable[str]
) -> list[Problem]:
    known = {field.encode_name: field for field in fields(struct)}
    found: list[Problem] = []
    for key, value in table.items():
        if key in known:
            found += problems(value, known[key].type, (*path, key))
        elif key not in also:
            found.append(unknown_key((*path, key), [*known, *also]))
    found += [_missing(path, field) for field in known.values() if _lacks(table, field)]
    own = {key: value for key, value in table.items() if key in known}
    return found or _whole(own, struct, path)


def _lacks(table: dict[str, Any], field: FieldInfo) -> bool:
    return field.required and field.encode_name not in table


def _missing(path: KeyPath, field: FieldInfo) -> Problem:
    return Problem(path, f"{_table(path)} must say its `{field.encode_name}`")


def unknown_key(path: KeyPath, known: Sequence[str]) -> Problem:
    """The key at the end of `path` is none of `known`."""
    where = f" in {_table(path[:-1])}" if len(path) > 1 else ""
    hint = nearest(str(path[-1]), known)
    return Problem(path, f"unknown key `{shown(str(path[-1]))}`{where}; {hint}")


def nearest(name: str, known: Iterable[str]) -> str:
    """The closest of `known` as a question, else the list of them."""
    from difflib import get_close_matches

    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else f"known: {', '.join(names) or 'none'}"


def _whole(value: Any, kind: Any, path: KeyPath) -> list[Problem]:
    """What `msgspec` has against `value`, which is one thing at most."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message, _, inner = str(error).partition(" - at `$")
        deeper = tuple(int(n) for n in re.findall(r"\[(\d+)\]", inner))
        return [Problem((*path, *deeper), f"{_key(path)}{_plain(message, kind)}")]
    return []


def _plain(message: str, kind: Any) -> str:
    """`msgspec`'s message in the words of TOML."""
    if invalid := _INVALID.match(message):
        return f"{invalid[1]} is not known; {nearest(invalid[1].strip(chr(39)), _choices(kind))}"
    match = _EXPECTED.match(message)
    if match is None:
        return message
    expected, condition, got = match.groups()
    if condition and "regex" in condition:
        return _PATTERNS.get(condition.partition(" regex ")[2], f"expected a string {condition}")
    words = [_WORDS.get(name, name) for name in expected.split(" | ")]
    text = "expected " + " or ".join(dict.fromkeys(word for word in words if word))
    text += f" {condition}" if condition else ""
    return text + (f", got {_WORDS.get(got, got) or got}" if got else "")


def _choices(kind: Any) -> list[str]:
    """The words that an enumeration or `Literal` anywhere in `kind` admits."""
    if hasattr(kind, "__members__"):
        return [member.value for member in kind.__members__.values()]
    if get_origin(kind) is Literal:
        return [str(choice) for choice in get_args(kind)]
    return [word for arg in get_args(kind) for word in _choices(arg)]


def _key(path: KeyPath) -> str:
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return ""
    table = path[: path.index(names[-1])] if len(names) > 1 else ()
    where = f" in {_table(table)}" if table else ""
    return f"`{shown(names[-1])}`{where}: "


def _table(path: KeyPath) -> str:
    """`[gates.churn]`, `[[waivers]]` as their headers are written."""
    name = ".".join(shown(str(part)) for part in path if isinstance(part, str))
    if not name:
        return "the policy"
    return f"[[{name}]]" if isinstance(path[-1], int) else f"[{name}]"


def _struct(kind: Any) -> type[Struct] | None:
    """The one struct that `kind` is or admits."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return kind if kind.__struct_config__.tag is None else None
    return next((s for arg in _alternatives(kind) if (s := _struct(arg))), None)


def _item(kind: Any, *containers: type) -> Any:
    """The item type of the first of `containers` that `kind` is or admits."""
    if get_origin(kind) in containers:
        arguments = [arg for arg in get_args(kind) if arg is not ...]
        uniform = get_origin(kind) is not tuple or get_args(kind)[-1] is ...
        return arguments[-1] if uniform else None
    return next((i for arg in _alternatives(kind) if (i := _item(arg, *containers))), None)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    """The members of a union, or what `Annotated` wraps."""
    origin = get_origin(kind)
    if origin is Annotated:
        return get_args(kind)[:1]
    is_union = origin is not None and getattr(origin, "__name__", "") in ("Union", "UnionType")
    return get_args(kind) if is_union else ()


def placed(found: Iterable[Problem], files: Sequence[PolicyFile]) -> list[str]:
    """Each problem with the file and line of its key, `mlgate.toml:12: ...`, in that order."""
    scanned = [(file, lines(file.content.decode())) for file in reversed(files)]

    def place(path: KeyPath) -> tuple[str, int]:
        for end in range(len(path), 0, -1):
            for file, positions in scanned:
                if line := positions.get((*file.prefix, *path[:end])):
                    return file.label, line
        return files[-1].label if files else "", 0

    ordered = sorted((place(path), message) for path, message in found)
    return list(dict.fromkeys(_sentence(*where, message) for where, message in ordered))


def _sentence(label: str, line: int, message: str) -> str:
    return (f"{label}:{line}: " if line else f"{label}: " if label else "") + message
