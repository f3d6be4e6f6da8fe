"""The repository's `.secrets.baseline`, and the arguments it gives to detect-secrets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from mlgate.core.errors import GateError
from mlgate.core.text import shown

if TYPE_CHECKING:
    from mlgate.core.gate import Context

USUAL = ".secrets.baseline"
_KEPT = ("detect_secrets.filters.heuristic.", "detect_secrets.filters.regex.")
_REGEX = {
    "--exclude-lines": "detect_secrets.filters.regex.should_exclude_line",
    "--exclude-files": "detect_secrets.filters.regex.should_exclude_file",
    "--exclude-secrets": "detect_secrets.filters.regex.should_exclude_secret",
}
_LIMITS = {"--base64-limit": "Base64HighEntropyString", "--hex-limit": "HexHighEntropyString"}
_MEANINGLESS = {"--no-verify", "-n", "--force-use-all-plugins", "--all-files", "--slim", "--json"}


class Settings(Struct):
    """How detect-secrets is to look, and what was accepted."""

    path: str | None = None
    """The baseline's path."""
    accepted: dict[str, set[str]] = {}
    """File to the hashes of values that its baseline lists."""
    plugins: list[dict[str, Any]] | None = None
    """None: all that detect-secrets brings."""
    disabled: list[str] = []
    limits: dict[str, float] = {}
    """Entropy limit by plug-in."""
    filters: list[dict[str, Any]] | None = None
    """None: those that detect-secrets asks by default."""
    excluded: dict[str, list[str]] = {}
    """Patterns by the filter that they are added to."""
    foreign: list[str] = []
    """Plug-ins of the repository's own, which are code under judgement and not run."""


def settings(ctx: Context) -> Settings:
    """The settings that the baseline and the gate's `args` come to. Raises `GateError`."""
    found = Settings()
    named = ctx.options.baseline
    path = named or USUAL
    if path in ctx.subject.files:
        found.path = path
        _read(found, ctx.subject.read(path))
    elif named:
        raise GateError(
            f"the baseline {shown(path)} is not in the {ctx.subject.label}",
            f"detect-secrets scan > {shown(path)} && git add {shown(path)}",
        )
    _apply(found, [word for arg in ctx.options.args for word in arg.split("=", 1)])
    return found


def _read(found: Settings, raw: bytes) -> None:
    hint = f"write it anew: detect-secrets scan > {found.path}"
    try:
        baseline = msgspec.json.decode(raw, type=dict[str, Any])
        plugins = msgspec.convert(baseline.get("plugins_used", []), list[dict[str, Any]])
        filters = msgspec.convert(baseline.get("filters_used"), list[dict[str, Any]] | None)
        results = msgspec.convert(baseline.get("results", {}), dict[str, list[dict[str, Any]]])
        for path, secrets in results.items():
            hashes = {str(secret["hashed_secret"]) for secret in secrets}
            found.accepted.setdefault(path.replace("\\", "/"), set()).update(hashes)
        found.foreign = [str(plugin["name"]) for plugin in plugins if "path" in plugin]
        kept = [plugin for plugin in plugins if "path" not in plugin and plugin["name"]]
        found.plugins = kept or None
        if filters is not None:
            found.filters = [f for f in filters if str(f["path"]).startswith(_KEPT)]
    except (msgspec.DecodeError, msgspec.ValidationError, KeyError, RecursionError):
        raise GateError(f"{found.path} is no baseline of detect-secrets", hint) from None


def _apply(found: Settings, words: Sequence[str]) -> None:
    """Arguments win over the baseline, as they do in detect-secrets."""
    remaining = iter(words)
    for word in remaining:
        if word in _MEANINGLESS:
            continue
        value = next(remaining, None)
        if value is None or word not in ("--disable-plugin", "--baseline", *_REGEX, *_LIMITS):
            raise GateError(
                f"mlgate cannot hand {word!r} to detect-secrets",
                "take it out of the gate's args; known: "
                + ", ".join(("--disable-plugin", *_REGEX, *_LIMITS)),
            )
        if word == "--disable-plugin":
            found.disabled.append(value)
        elif word in _REGEX:
            found.excluded.setdefault(_REGEX[word], []).append(value)
        elif word in _LIMITS:
            _limit(found, _LIMITS[word], value)


def understood(words: Sequence[str]) -> list[str]:
    """Those of a hook's arguments that the gate can follow."""
    kept: list[str] = []
    for word, value in zip(words, [*words[1:], ""], strict=True):
        if word in ("--disable-plugin", *_REGEX, *_LIMITS) and value:
            kept += [word, value]
    return kept


def _limit(found: Settings, plugin: str, value: str) -> None:
    try:
        limit = float(value)
    except ValueError:
        raise GateError(f"{value!r} is no entropy limit", "a number from 0 to 8") from None
    found.limits[plugin] = limit
