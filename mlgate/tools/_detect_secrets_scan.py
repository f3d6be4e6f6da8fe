"""Runs detect-secrets over texts, in the interpreter of the environment that holds it.

A script of the standard library and detect-secrets only. One JSON request on standard input:
`{"plugins": [{"name": ...}] | null, "disabled": [name], "limits": {name: entropy},
"filters": [{"path": ...}] | null, "excluded": {filter: [pattern]},
"texts": [{"path": ..., "name": ..., "text": ..., "entropy": bool}]}`; one JSON
answer on standard output:
`{"found": [[text, line, type, hash]], "failed": [[text, why]], "unknown": [plugin]}`.
No secret's value is ever written, and nothing is verified over the network.

It calls detect-secrets' own detectors and filters, but asks a detector only about lines that hold
what each of its expressions needs, and the filters only where a detector found something: its own
loop asks all of them for every line, which takes ten times as long. What has the form of an AWS key
inside a longer word of capitals and digits is none: so look genes, and numbers of goods.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

# What an entropy detector takes for a secret, and what is a digest by what stands before it.
_DIGEST = re.compile(
    r"(?:\b(?:md5|sha-?\d{1,3}|etag|checksum|digest|integrity|blake2b?|rev|revision|commit"
    r"|version_id)[\"']?\s*[:=]|--hash=|\bsha\d{3}[-:])",
    re.IGNORECASE,
)
_LOCKS = re.compile(
    r"\.(?:lock|dvc|sum|svg|css|map)$|(?:^|/)(?:package-lock\.json|pnpm-lock\.yaml"
    r"|npm-shrinkwrap\.json|Package\.resolved|conda-lock\.yml|pixi\.lock)$"
)
_CODE = (".py", ".pyi", ".md", ".rst", ".csv", ".tsv", ".json")
_STEMS = ("key", "pass", "pwd", "secret", "contrase")
_FOR_FILES = ("is_invalid_file", "is_non_text_file", "is_lock_file", "is_baseline_file")
_PRAGMA = "detect_secrets.filters.allowlist.is_line_allowlisted"
_MOST_REMEMBERED = 200_000
_CHOOSY = ("JwtTokenDetector",)
"""Detectors that only leave out some of what their expressions match."""
_AT_ONCE = 64
"""Lines that are looked through together for what an expression needs."""


def main() -> None:
    """Answer the request on standard input."""
    request = json.loads(sys.stdin.buffer.read())
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.settings import transient_settings

    classes: list[Any] = list(get_mapping_from_secret_type_to_class().values())
    known = {plugin.__name__ for plugin in classes}
    wanted = request["plugins"] or [{"name": name} for name in sorted(known)]
    answer: dict[str, list[Any]] = {"found": [], "failed": [], "unknown": []}
    answer["unknown"] = [p["name"] for p in wanted if p["name"] not in known]
    if not answer["unknown"]:
        plugins = [p for p in wanted if p["name"] not in request["disabled"]]
        for name, limit in request["limits"].items():
            plugins = [{**p, "limit": limit} if p["name"] == name else p for p in plugins]
        settings = {"plugins_used": plugins}
        if request["filters"] is not None:
            settings["filters_used"] = [{"path": _PRAGMA}, *request["filters"]]
        with transient_settings(settings) as active:
            _add_patterns(active.filters, request["excluded"])
            _without_network(active)
            _scan(request["texts"], answer)
    sys.stdout.write(json.dumps(answer))


def _add_patterns(filters: dict[str, Any], excluded: dict[str, list[str]]) -> None:
    for path, patterns in excluded.items():
        before = filters.get(path, {}).get("pattern", [])
        before = [before] if isinstance(before, str) else before
        filters[path] = {"path": path, "pattern": [*before, *patterns]}


def _without_network(settings: Any) -> None:
    settings.disable_filters(
        *(path for path in list(settings.filters) if path.startswith("detect_secrets.filters.comm"))
    )


def _scan(texts: list[dict[str, Any]], answer: dict[str, list[Any]]) -> None:
    from detect_secrets.settings import get_plugins

    scanner = _Scanner(get_plugins())
    for index, text in enumerate(texts):
        try:
            for line, kind, digest in scanner.secrets(text):
                answer["found"].append([index, line, kind, digest])
        except Exception as error:
            answer["failed"].append([index, type(error).__name__])


class _Scanner:
    """The detectors and filters in use, and the lines they found nothing in."""

    def __init__(self, plugins: list[Any]) -> None:
        from detect_secrets.settings import get_filters

        self.plugins = [
            (plugin, _stems(plugin), _needs(plugin), "Entropy" in _name(plugin))
            for plugin in plugins
        ]
        self.filters = get_filters()
        self.clean: dict[str, set[str]] = {}

    def secrets(self, text: dict[str, Any]) -> list[tuple[int, str, str]]:
        """Line, type and hash of each secret in a text."""
        if self._drops({"filename": text["path"]}, files=True):
            return []
        quiet = not text["entropy"] or bool(_LOCKS.search(text["path"]))
        lines = _transformed(text, eager=False) or text["text"].splitlines()
        found = self._in_lines(text, lines, quiet)
        if not found and not text["name"].endswith(_CODE) and len(text["text"]) < 200_000:
            eager = _transformed(text, eager=True)
            found = self._in_lines(text, eager, quiet) if eager else []
        return found

    def _in_lines(
        self, text: dict[str, Any], lines: list[str], quiet: bool
    ) -> list[tuple[int, str, str]]:
        ending = text["name"].rpartition(".")[2]
        clean = self.clean.setdefault(ending, set())
        if len(clean) > _MOST_REMEMBERED:
            clean.clear()
        found: list[tuple[int, str, str]] = []
        asked: list[Any] = []
        for number, line in enumerate(lines, 1):
            if number % _AT_ONCE == 1:
                asked = self._asked(lines[number - 1 : number - 1 + _AT_ONCE])
            if not asked:
                continue
            line = line.rstrip()
            if not line or line in clean:
                continue
            secrets = _in_line(asked, text["name"], line, number)
            if not secrets:
                clean.add(line)
            for plugin, secret, entropy in secrets:
                if entropy and (quiet or _DIGEST.search(line)):
                    continue
                if not self._filtered(text["path"], lines, number, line, plugin, secret):
                    found.append((number, secret.type, secret.secret_hash))
        return found

    def _asked(self, lines: list[str]) -> list[tuple[Any, tuple[str, ...], bool]]:
        """The detectors that may find something in these lines."""
        together = "\n".join(lines)
        known = together.lower() if together.isascii() else None  # others have more than two cases
        return [
            (plugin, stems, entropy)
            for plugin, stems, needs, entropy in self.plugins
            if known is None or needs is None or any(_holds(known, each) for each in needs)
        ]

    def _filtered(
        self, path: str, lines: list[str], number: int, line: str, plugin: Any, secret: Any
    ) -> bool:
        from detect_secrets.util.code_snippet import get_code_snippet

        facts = {
            "filename": path,
            "line": line,
            "secret": secret.secret_value,
            "plugin": plugin,
            "context": get_code_snippet([each.rstrip("\n") for each in lines], number),
        }
        return self._drops(facts, files=False)

    def _drops(self, facts: dict[str, Any], files: bool) -> bool:
        """True if a filter leaves this out: one on file names, or else one on what was found."""
        for function in self.filters:
            asked = set(function.injectable_variables)
            if (asked == {"filename"}) is not files or function.__name__ in _FOR_FILES:
                continue
            if asked <= set(facts) and function(**{name: facts[name] for name in asked}):
                return True
        return False


def _in_line(
    asked: list[tuple[Any, tuple[str, ...], bool]], name: str, line: str, number: int
) -> list[tuple[Any, Any, bool]]:
    lower = line.lower() if line.isascii() else None
    found: list[tuple[Any, Any, bool]] = []
    for plugin, stems, entropy in asked:
        if stems and lower is not None and not any(stem in lower for stem in stems):
            continue
        secrets = plugin.analyze_line(filename=name, line=line, line_number=number)
        found.extend(
            (plugin, secret, entropy) for secret in secrets or () if not _is_within(secret, line)
        )
    return found


def _is_within(secret: Any, line: str) -> bool:
    """True for what looks like an AWS key and only stands inside longer words."""
    value = secret.secret_value
    if secret.type != "AWS Access Key" or value is None or len(value) != 20:
        return False
    return not re.search(rf"(?<![A-Z0-9]){re.escape(value)}(?![A-Z0-9])", line)


def _needs(plugin: Any) -> list[list[tuple[str, ...]]] | None:
    """For each expression of a detector: texts of which a match holds one, several times over.

    None for a detector that is more than its expressions, or where they cannot be told.
    """
    from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector

    kind = type(plugin)
    expressed = kind.analyze_string is RegexBasedDetector.analyze_string or _name(plugin) in _CHOOSY
    if kind.analyze_line is not BasePlugin.analyze_line or not expressed:
        return None
    try:
        from re import _parser  # type: ignore[attr-defined]  # of Python 3.11
    except ImportError:
        return None
    return [list(_required(_parser.parse(each.pattern, each.flags))) for each in plugin.denylist]


def _required(parsed: Any) -> Iterator[tuple[str, ...]]:
    """Texts in lower case, of which whatever the expression matches holds one."""
    run = ""
    for kind, what in parsed:
        if str(kind) == "LITERAL":
            run += chr(what).lower()
            continue
        if run:
            yield (run,)
        run = ""
        if str(kind) == "SUBPATTERN":
            yield from _required(what[-1])
        elif str(kind) in ("MAX_REPEAT", "MIN_REPEAT") and what[0]:
            yield from _required(what[2])
        elif str(kind) == "BRANCH":
            each = [max(_required(way), key=_rarity, default=()) for way in what[1]]
            if all(each):
                yield tuple(text for texts in each for text in texts)
    if run:
        yield (run,)


def _rarity(texts: tuple[str, ...]) -> int:
    return min(map(len, texts))


def _holds(text: str, needs: list[tuple[str, ...]]) -> bool:
    return all(any(one in text for one in texts) for texts in needs)


def _name(plugin: Any) -> str:
    return type(plugin).__name__


def _stems(plugin: Any) -> tuple[str, ...]:
    """Letters without which the keyword detector finds nothing; none for other detectors."""
    if _name(plugin) != "KeywordDetector":
        return ()
    from detect_secrets.plugins import keyword

    words = getattr(keyword, "DENYLIST", ("?",))
    plain = [word.replace("_?", "") for word in words]
    return _STEMS if all(any(stem in word for stem in _STEMS) for word in plain) else ()


def _transformed(text: dict[str, Any], eager: bool) -> list[str] | None:
    """The lines of a YAML or INI file with their values in quotes, as the detectors expect."""
    from detect_secrets.transformers import get_transformed_file

    file: Any = io.StringIO(text["text"])
    file.name = text["name"]
    try:
        return get_transformed_file(file, use_eager_transformers=eager)
    except Exception:  # what they cannot read is scanned as it stands
        return None


if __name__ == "__main__":
    main()
