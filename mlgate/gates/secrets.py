"""Detect-secrets on sources, notebook cells and what their runs left.

A value is never repeated: not in a message, not as a source line, not in the store. What has the
form of an AWS key, but stands inside a longer word of capitals and digits, is none: genes look so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding, Location
from mlgate.core.gate import Context, Detected, Inputs
from mlgate.core.words import Level, Result, Stage
from mlgate.gates._secrets_baseline import USUAL, Settings, settings, understood
from mlgate.gates._secrets_rules import VAGUE, level, rules, slug
from mlgate.gates._secrets_texts import LIMIT, Part, is_binary, parts
from mlgate.tools import detect_secrets

if TYPE_CHECKING:
    from mlgate.repo.uses import Use

__all__ = ["Options", "check", "detect", "inputs", "rules", "stages"]

stages = frozenset({Stage.COMMIT, Stage.MERGE})
conceals = True
"""Its findings never show the source line: that is where the secret stands."""

REVISION = 1
READ = 100 << 20
_QUIET = (
    *("--disable-plugin", "KeywordDetector", "--disable-plugin", "IPPublicDetector"),
    *("--disable-plugin", "HexHighEntropyString"),
    *("--disable-plugin", "Base64HighEntropyString"),
)


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How detect-secrets looks."""

    tool: str = "detect-secrets"
    """What searches; detect-secrets is the only one so far."""
    version: str | None = None
    """The version of detect-secrets that must be found."""
    args: tuple[str, ...] = ()
    """`--disable-plugin`, `--exclude-files`, `--exclude-lines`, `--exclude-secrets`,
    `--base64-limit`, `--hex-limit`, as detect-secrets takes them."""
    baseline: str | None = None
    """Its file of accepted secrets; `.secrets.baseline` unless given, where there is one."""

    def __post_init__(self) -> None:
        if self.tool != "detect-secrets":
            raise ValueError(f"no tool {self.tool!r} searches for secrets; known: detect-secrets")


def inputs(ctx: Context) -> Inputs | None:
    """Every file; detect-secrets, its settings and the baseline go into the key."""
    files = ctx.subject.files
    paths = tuple(path for path in ctx.files if files[path].is_file)
    if not paths:
        return None
    tool = ctx.tool("detect-secrets")
    baseline = files.get(ctx.options.baseline or USUAL)
    facts = [REVISION, ctx.options, tool.identity.hex(), tool.version, baseline]
    return Inputs(paths, each=True, also=digest_of(msgspec.json.encode(facts)).digest())


def check(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding]:
    """Every secret in these files that the baseline does not accept."""
    tool = ctx.tool("detect-secrets")
    wanted = ctx.options.version
    if wanted is not None and wanted.removeprefix("v") != tool.version:
        raise GateError(
            f"the policy wants detect-secrets {wanted}, found is {tool.version}",
            f"pip install detect-secrets=={wanted.removeprefix('v')}",
        )
    known = settings(ctx)
    texts: list[detect_secrets.Text] = []
    places: list[tuple[str, Part]] = []
    for path in paths:
        if path == known.path:
            yield from _own_plugins(known)
            continue
        raw = ctx.subject.read(path)
        if len(raw) > READ:
            yield _not_judged(path, f"{len(raw) >> 20:,} MB: not searched for secrets")
            continue
        for part in () if is_binary(raw) else parts(path, raw):
            if len(part.text) > LIMIT:
                size = f"{len(part.text) / 1e6:,.1f} million characters"
                yield _not_judged(path, f"{size}: not searched for secrets", part.cell)
            elif part.text.strip():
                name = path + part.ending
                texts.append(detect_secrets.Text(path, name, part.text, part.entropy))
                places.append((path, part))
    if texts:
        root = os.fspath(ctx.subject.root(()))
        request = detect_secrets.Request(
            texts=texts,
            plugins=known.plugins,
            disabled=known.disabled,
            limits=known.limits,
            filters=known.filters,
            excluded=known.excluded,
        )
        done = ctx.run(tool, cwd=root, stdin=msgspec.json.encode(request))
        answer = detect_secrets.answer(done)
        yield from _findings(answer, places, known)


def _findings(
    answer: detect_secrets.Answer, places: list[tuple[str, Part]], known: Settings
) -> Iterator[Finding]:
    if answer.unknown:
        raise GateError(
            f"{known.path} names detectors that this detect-secrets has not: "
            + ", ".join(sorted(answer.unknown)),
            "pip install -U detect-secrets, or write the baseline anew",
        )
    for secret in _told_apart(answer.found):
        path, part = places[secret.text]
        if secret.hash not in known.accepted.get(path, ()):
            yield _finding(path, part, secret)
    for index, why in answer.failed:
        path, part = places[index]
        yield _not_judged(path, f"detect-secrets stumbled over it: {why}", part.cell)


def _told_apart(found: Iterable[detect_secrets.Secret]) -> list[detect_secrets.Secret]:
    """One of each value in a line: by the detector that is the surest of it."""
    best: dict[tuple[int, int, str], detect_secrets.Secret] = {}
    for secret in found:
        place = (secret.text, secret.line, secret.hash)
        if place not in best or _sureness(secret.type) > _sureness(best[place].type):
            best[place] = secret
    return sorted(best.values(), key=lambda s: (s.text, s.line, s.type))


def _sureness(kind: str) -> int:
    return VAGUE.index(kind) if kind in VAGUE else len(VAGUE)


def _finding(path: str, part: Part, secret: detect_secrets.Secret) -> Finding:
    rule = slug(secret.type)
    where = f" in the cell's {part.where}" if part.cell and part.where else ""
    where = where or (f" in the notebook's {part.where}" if part.where else "")
    line = None if part.where else secret.line
    return Finding(
        rule=f"secrets/{rule}",
        message=f"possible secret{where}: {secret.type}",
        level=level(secret.type),
        location=Location(path=path, line=line, cell=part.cell),
        help=_mend(rule, part),
    )


def _mend(rule: str, part: Part) -> str:
    if part.where == "output":
        return "mlgate fix --gate notebook takes the outputs out; then revoke the secret"
    return (rules.get(rule) or rules["secret-keyword"]).mend


def _not_judged(path: str, message: str, cell: int | None = None) -> Finding:
    return Finding(
        rule="secrets/not-judged",
        message=message,
        result=Result.OPEN,
        location=Location(path=path, cell=cell),
        help=rules["not-judged"].mend,
    )


def _own_plugins(known: Settings) -> Iterator[Finding]:
    for name in known.foreign:
        yield Finding(
            rule="secrets/own-plugin",
            message=f"the detector {name} was not run: it is code of the repository",
            result=Result.OPEN,
            level=Level.WARNING,
            location=Location(path=known.path or USUAL),
            help=rules["own-plugin"].mend,
        )


def detect(ctx: Context) -> Detected | None:
    """detect-secrets as the repository uses it; else only its sure detectors, suggested."""
    from mlgate.repo.uses import uses

    found = [u for u in uses(ctx.subject) if "detect-secrets" in (u.tool, u.hook_id)]
    if found:
        return _adopted(next((use for use in found if use.hook_id), found[0]))
    if USUAL in ctx.subject.files:
        return Detected(evidence=USUAL)
    return Detected(evidence="suggested", options={"args": list(_QUIET)}, blocking=False)


def _adopted(use: Use) -> Detected:
    """The gate with the arguments and excludes of the repository's own hook or command."""
    words = [word for arg in use.args for word in arg.split("=", 1)]
    options: dict[str, object] = {}
    if "--baseline" in words[:-1] and words[words.index("--baseline") + 1] != USUAL:
        options["baseline"] = words[words.index("--baseline") + 1]
    args = understood(words)
    for pattern in use.excludes:
        args += ["--exclude-files", pattern] if pattern != "^$" else []
    if args:
        options["args"] = args
    evidence = f"{use.where}: detect-secrets{f' {use.version}' if use.version else ''}"
    covers = (use.hook_id,) if use.hook_id else ()
    return Detected(evidence=evidence, options=options, covers=covers)
