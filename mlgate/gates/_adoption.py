"""What a repository already uses for a code gate, as that gate's table in a policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from mlgate.core import parts
from mlgate.core.errors import GateError
from mlgate.core.gate import Context, Detected
from mlgate.tools._find import normal, satisfies

if TYPE_CHECKING:
    from mlgate.repo.pins import Pin
    from mlgate.repo.uses import Use

# How a tool is shown or told to write, not what it judges: ours, or `mlgate fix`.
_SHOW = frozenset(
    re.findall(
        r"\S+",
        "--check --diff --fix --fix-only --exit-non-zero-on-fix --unsafe-fixes --show-fixes"
        " --in-place -i --recursive -r --quiet -q --verbose -v --statistics --count --show-source"
        " --exit-zero --benchmark --color --no-color --atomic --check-only -c"
        " --overwrite-in-place --output-format --format -f --output -o --output-file --jobs -j"
        " --workers -W --files --filter-files --force-exclude --cache-dir --no-cache"
        " --install-types --non-interactive --pretty --outputjson --score -sn -rn --reports"
        " --exit-code --tee",
    )
)
_LITERAL = re.compile(r"(?:[\w /-]|\\?\.(?![*+?]))+\$?")


def detected(
    ctx: Context,
    kind: str,
    tools: Sequence[str],
    suits: Callable[[Use], bool] = lambda _: True,
    *,
    suggestion: Mapping[str, Any] | None = None,
    notebooks: bool = False,
) -> Detected | None:
    """What speaks for the gate `kind`: the use of one of `tools` (the first is its default) that
    weighs most, hooks before CI before configuration; else `suggestion`, which does not block."""
    from mlgate.repo.pins import pins
    from mlgate.repo.uses import uses

    if not any(path.endswith((".py", ".ipynb")) for path in ctx.subject.files):
        return None
    found = [use for use in uses(ctx.subject) if use.tool in tools and suits(use)]
    pinned = pins(ctx.subject)
    if not found:
        return None if suggestion is None else _suggested(kind, tools, pinned, suggestion)
    best = min(found, key=lambda use: (_weight(use), tools.index(use.tool)))
    if best.version is None and best.tool in pinned:
        best = replace(best, version=pinned[best.tool].version)
    same = [use for use in found if use.tool == best.tool]
    options, comments = _options(best, tools[0])
    if notebooks and not any("jupyter" in str((u.hook_id, u.plugins)) for u in same):
        options["exclude"] = [*options.get("exclude", []), "*.ipynb"]
    evidence = f"{best.where}: {best.tool}" + (f" {best.version}" if best.version else "")
    wanted = options.get("version")
    other = _other_version(ctx, best.tool, wanted)
    if other:
        evidence += f"; here it is {other}, whose findings may differ, so it does not block"
    return Detected(
        evidence=evidence,
        options=options,
        blocking=not other,
        pending=("version",) if other and wanted else (),
        comments=tuple(comments),
        covers=tuple(dict.fromkeys(use.hook_id for use in same if use.hook_id)),
    )


def _suggested(
    kind: str, tools: Sequence[str], pinned: Mapping[str, Pin], suggestion: Mapping[str, Any]
) -> Detected:
    """What a repository is offered that runs no such tool; that which it requires, if it does."""
    options = dict(suggestion)
    named = next((tool for tool in tools if tool in pinned), None)
    if named is None:
        evidence = f"suggested by mlgate: the repository uses no {kind} tool"
    else:
        evidence = f"suggested by mlgate: {pinned[named].where} names {named}, nothing runs it"
    if named is not None and named != options.get("tool", tools[0]):
        options = {"tool": named}
    return Detected(evidence=evidence, options=options, blocking=False)


def _other_version(ctx: Context, tool: str, wanted: str | None) -> str | None:
    """The version found, where it is not the one that the repository names or has installed."""
    try:
        found = ctx.tool(tool)
    except GateError:
        return None
    if wanted is not None:
        return None if satisfies(found.version, wanted) else found.version
    ours = found.environment is not None and found.environment.origin == "beside mlgate"
    return f"mlgate's own {found.version}" if ours else None


def _weight(use: Use) -> int:
    if use.hook_id is not None:
        return 3 if use.stage == "manual" else 0
    return 1 if use.stage == "ci" or use.args else 2


def _options(use: Use, default: str) -> tuple[dict[str, Any], list[str]]:
    options: dict[str, Any] = {} if use.tool == default else {"tool": use.tool}
    if use.version and re.match(r"v?\d", use.version):
        options["version"] = use.version.removeprefix("v")
    args = arguments(parts.load("tools", use.tool), use.args)
    if args:
        options["args"] = args
    plugins = [name for name in map(_distribution, use.plugins) if name != use.tool]
    if plugins and use.tool in ("flake8", "pylint", "bandit"):
        options["plugins"] = plugins
    comments = []
    excluded = [(regex, globs(regex)) for regex in use.excludes]
    if any(found for _, found in excluded):
        options["exclude"] = [glob for _, found in excluded for glob in found or ()]
    for regex, found in excluded:
        if found is None:
            comments.append(f"exclude = []  # {use.where} excludes {regex.strip()!r}")
    limited = globs(use.files) if use.files else None
    if limited:
        options["files"] = limited
    return options, comments


def arguments(module: Any, args: Sequence[str]) -> list[str]:
    """`args` without sub-commands, targets, and what only shows or writes."""
    kept: list[str] = []
    words = iter(args)
    for word in words:
        if not word.startswith("-") or word == "--":
            continue
        name, equals, _ = word.partition("=")
        value = next(words, "") if name in module.valued and not equals else None
        if name not in _SHOW or name in getattr(module, "kept", ()):
            kept += [word] if value is None else [word, value]
    return kept


def _distribution(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    return normal(match[0]) if match else requirement


def globs(regex: str) -> list[str] | None:
    """A regular expression on paths in gitignore's syntax; None where it cannot be said so."""
    verbose = regex.lstrip().startswith("(?x)")
    text = re.sub(r"\s+#.*|\s", "", regex.replace("(?x)", "", 1)) if verbose else regex.strip()
    anchored = text.startswith("^")
    text = text.removeprefix("^")
    group = re.fullmatch(r"\((?:\?:)?([^()]*)\)(\$?)", text)
    if group:
        text = "|".join(part + group[2] for part in group[1].split("|") if part)
    found = [_glob(part, anchored) for part in text.split("|")]
    known = [glob for glob in found if glob is not None]
    return known if len(known) == len(found) else None


def _glob(text: str, anchored: bool) -> str | None:
    anchored = anchored or text.startswith("^")
    text = text.removeprefix("^")
    suffix = re.fullmatch(r"(?:\.\*)?\\\.(\w+)\$", text)
    if suffix and (not anchored or text.startswith(".*")):
        return f"*.{suffix[1]}"
    text = re.sub(r"\.\*\$?$", "", text) if not text.startswith(".*") else text
    if not text or not _LITERAL.fullmatch(text):
        return None
    plain = text.replace("\\.", ".").removesuffix("$")
    whole = text.endswith("$") or plain.endswith("/")
    if not anchored:
        return plain if plain.endswith("/") and plain.count("/") == 1 else None
    return f"/{plain}" if whole else f"/{plain}*"
