"""Rules of the `files` gate on YAML, TOML and JSON: syntax, duplicate keys, bounded depth."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from mlgate.gates._files_file import File, Found

DEPTH = 200
"""Levels of nesting that are followed."""
_YAML = frozenset({".yaml", ".yml", ".dvc"})
_JSON = frozenset({".json", ".ipynb", ".geojson"})
# JSON with comments under the name of JSON: editors' and compilers' own settings.
_COMMENTED = re.compile(
    r"(?:^|/)(?:[tj]sconfig[^/]*|\.?devcontainer|\.eslintrc|\.swcrc|api-extractor|settings-local)"
    r"\.json$|(?:^|/)(?:\.vscode|\.devcontainer|\.zed)/[^/]+\.json$|\.code-workspace$"
)
# Templates that become YAML later: `{% ... %}`, and `{{ ... }}` that is no `${{ ... }}`.
_TEMPLATE = re.compile(rb"\{%|(?<!\$)\{\{")


def yaml_syntax(file: File) -> Iterator[Found]:
    """What is wrong with a YAML file: several documents and any tag are fine."""
    if file.suffix in _YAML or file.name in ("dvc.lock", ".clang-format"):
        yield from _bounded(file, "YAML", 2_000_000, _yaml)


def toml_syntax(file: File) -> Iterator[Found]:
    """What is wrong with a TOML file."""
    if file.suffix == ".toml" or file.name == "Pipfile":
        yield from _bounded(file, "TOML", 2_000_000, _toml)


def json_syntax(file: File) -> Iterator[Found]:
    """What is wrong with a JSON file or a notebook; JSON with comments is left out by its name."""
    if file.suffix in _JSON and not _COMMENTED.search(file.path):
        yield from _bounded(file, "JSON", 20_000_000, _json)


def _bounded(
    file: File, form: str, limit: int, parse: Callable[[File], Iterator[Found]]
) -> Iterator[Found]:
    """What `parse` finds; a file that it cannot finish in time is named as not judged."""
    if len(file.raw) > limit:
        size = f"{len(file.raw) / 1e6:,.1f} MB, more than {limit / 1e6:.0f} MB"
        yield Found("not-judged", None, f"{form} syntax: {size}")
        return
    try:
        yield from parse(file)
    except RecursionError:
        yield Found("not-judged", None, f"{form} syntax: nested too deeply")


def _json(file: File) -> Iterator[Found]:
    import json

    twice: dict[str, None] = {}

    def pairs(items: list[tuple[str, Any]]) -> None:
        seen = {key for key, _ in items}
        if len(seen) < len(items):
            for key, _ in items:
                if key in seen:
                    seen.discard(key)
                else:
                    twice[key] = None

    try:
        json.loads(file.raw, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        yield Found("json-syntax", error.lineno, f"not JSON: {error.msg} (column {error.colno})")
    except UnicodeDecodeError as error:
        yield Found("json-syntax", file.line_at(error.start), "not JSON: the text is no UTF-8")
    for key in twice:
        yield Found("duplicate-key", None, f"the key {key[:80]!r} is there twice in one object")


def _toml(file: File) -> Iterator[Found]:
    import tomllib

    try:
        tomllib.loads(file.raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        yield Found("toml-syntax", file.line_at(error.start), "not TOML: the text is no UTF-8")
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at line ")
        line = int(place.partition(",")[0]) if place else None
        rule = "duplicate-key" if message.startswith("Cannot overwrite") else "toml-syntax"
        yield Found(rule, line, f"not TOML: {message}")


def _yaml(file: File) -> Iterator[Found]:
    """Reads events only: nothing is built, so aliases cannot multiply and tags mean nothing."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    reading = _Yaml(yaml)
    try:
        for event in yaml.parse(file.raw, Loader=loader):
            yield from reading.take(event)
            if len(reading.open) > DEPTH:
                yield Found("not-judged", None, f"YAML syntax: nested more than {DEPTH} deep")
                return
    except yaml.YAMLError as error:
        if _TEMPLATE.search(file.raw):
            return
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        yield Found("yaml-syntax", mark.line + 1 if mark else None, f"not YAML: {problem}")


class _Yaml:
    """The mappings that are open while a YAML document's events go by."""

    def __init__(self, yaml: Any) -> None:
        self.yaml = yaml
        self.open: list[set[str] | None] = []
        """The keys of each open mapping; None for a sequence."""
        self.expects_key: list[bool] = []
        self.anchors: set[str] = set()

    def take(self, event: Any) -> Iterator[Found]:
        yaml = self.yaml
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.DocumentStartEvent):
            self.anchors.clear()
        elif isinstance(event, yaml.AliasEvent):
            if anchor not in self.anchors:
                yield self._found(event, "yaml-syntax", f"not YAML: undefined alias {anchor!r}")
            self._value_done()
        elif isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()
            self.expects_key.pop()
            self._value_done()
        elif isinstance(event, yaml.NodeEvent):
            if anchor:
                self.anchors.add(anchor)
            yield from self._node(event)

    def _node(self, event: Any) -> Iterator[Found]:
        if isinstance(event, self.yaml.ScalarEvent):
            keys = self.open[-1] if self.open else None
            if keys is not None and self.expects_key[-1] and event.value != "<<":
                if event.value in keys:
                    message = f"the key {event.value[:80]!r} is there twice in one mapping"
                    yield self._found(event, "duplicate-key", message)
                keys.add(event.value)
            self._value_done()
        else:
            mapping = isinstance(event, self.yaml.MappingStartEvent)
            self.open.append(set() if mapping else None)
            self.expects_key.append(mapping)

    def _value_done(self) -> None:
        if self.open and self.open[-1] is not None:
            self.expects_key[-1] = not self.expects_key[-1]

    @staticmethod
    def _found(event: Any, rule: str, message: str) -> Found:
        return Found(rule, event.start_mark.line + 1, message)
