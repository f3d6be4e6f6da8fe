"""Which rules of the `files` gate the repository's existing hooks ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mlgate.core.gate import Detected

if TYPE_CHECKING:
    from mlgate.repo.uses import Use

HOOKS: dict[str, tuple[str, ...]] = {
    "trailing-whitespace": ("trailing-whitespace",),
    "end-of-file-fixer": ("end-of-file",),
    "mixed-line-ending": ("mixed-line-ending",),
    "fix-byte-order-marker": ("byte-order-mark",),
    "check-byte-order-marker": ("byte-order-mark",),
    "check-merge-conflict": ("merge-conflict",),
    "check-yaml": ("yaml-syntax", "duplicate-key"),
    "check-toml": ("toml-syntax", "duplicate-key"),
    "check-json": ("json-syntax", "duplicate-key"),
    "check-case-conflict": ("case-conflict",),
    "check-added-large-files": ("large-file",),
    "detect-private-key": ("private-key",),
    "check-executables-have-shebangs": ("executable-without-shebang",),
    "check-shebang-scripts-are-executable": ("shebang-not-executable",),
    "debug-statements": ("debug-statement",),
    "check-symlinks": ("broken-symlink", "symlink-outside"),
    "destroyed-symlinks": ("destroyed-symlink",),
}
"""Id of a hook of pre-commit-hooks to the rules that do its work."""

QUIET = (
    *("merge-conflict", "private-key", "yaml-syntax", "toml-syntax", "json-syntax"),
    *("duplicate-key", "case-conflict", "broken-symlink", "symlink-outside"),
)
"""What is worth saying to a repository that asked for none of it."""


def adopted(found: Iterable[Use]) -> Detected:
    """The gate with the rules, arguments and excludes of the hooks in use."""
    hooks = [use for use in found if use.hook_id in HOOKS]
    if not hooks:
        return Detected(
            evidence="suggested: no hook checks merge marks, keys, syntax and names",
            options={"only": list(QUIET)},
            blocking=False,
        )
    wanted = {rule for use in hooks for rule in HOOKS[str(use.hook_id)]}
    options: dict[str, Any] = {"only": [rule for rule in _in_order() if rule in wanted]}
    for use in hooks:
        options |= _arguments(str(use.hook_id), use.args)
    ignore = _ignored(hooks)
    if ignore:
        options["ignore"] = ignore
    covered = tuple(dict.fromkeys(str(use.hook_id) for use in hooks))
    version = f" {hooks[0].version}" if hooks[0].version else ""
    evidence = f"{hooks[0].where}: pre-commit-hooks{version} ({', '.join(covered)})"
    return Detected(evidence=evidence, options=options, covers=covered)


def _in_order() -> list[str]:
    return list(dict.fromkeys(rule for rules in HOOKS.values() for rule in rules))


def _arguments(hook: str, args: Iterable[str]) -> dict[str, Any]:
    """The options that a hook's arguments come to."""
    options: dict[str, Any] = {}
    words = [word for arg in args for word in arg.split("=", 1)]
    if hook == "check-added-large-files":
        if "--maxkb" in words[:-1]:
            options["max_size"] = f"{words[words.index('--maxkb') + 1]} kB"
        if "--enforce-all" in words:
            options["added_only"] = False
    if hook == "mixed-line-ending":
        flags = [index for index, word in enumerate(words) if word in ("-f", "--fix")]
        wanted = words[flags[-1] + 1] if flags and flags[-1] + 1 < len(words) else "auto"
        if wanted in ("lf", "crlf"):
            options["line_ending"] = wanted
    return options


def _ignored(hooks: list[Use]) -> dict[str, list[str]]:
    """Rule to the paths that no hook with that rule looks at."""
    ignored: dict[str, list[str]] = {}
    for rule in _in_order():
        patterns = [_patterns(use) for use in hooks if rule in HOOKS[str(use.hook_id)]]
        common = (
            [p for p in patterns[0] if all(p in other for other in patterns)] if patterns else []
        )
        if common and rule != "duplicate-key":  # which goes with the syntax of each format
            ignored[rule] = common
    return ignored


def _patterns(use: Use) -> list[str]:
    patterns = [pattern for pattern in use.excludes if pattern and pattern != "^$"]
    if use.files:
        patterns.append(rf"^(?!.*(?:{use.files}))")
    return patterns
