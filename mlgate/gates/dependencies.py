"""Every dependency, at its very version, against known vulnerabilities."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from mlgate.core.duration import PATTERN, seconds
from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.finding import Figure, Finding, Location, Measurement
from mlgate.core.gate import Detected, Inputs, Rule
from mlgate.core.text import counted, plain
from mlgate.core.words import Level, Result, Stage
from mlgate.gates import _dependency_files as files
from mlgate.gates._dependency_pins import Judged, pins
from mlgate.repo.uses import uses
from mlgate.tools import _find, osv, pip_audit, safety
from mlgate.tools._advisories import Advisory, Audit, Pin, key, require_complete
from mlgate.tools._osv_files import digest as database_digest

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.gates._requirements import Dependency

stages = frozenset({Stage.MERGE})

rules = {
    "unauditable": Rule(
        "A dependency for which no advisory can be looked up.",
        "pin it to a version from an index (name==version), or waive it with a reason",
    ),
    "unpinned": Rule(
        "Dependencies without an exact version, judged at the version that is installed here.",
        "pin them, or keep a lock file, so that everyone gets what was judged",
        Level.NOTE,
    ),
    "audited": Rule("What was judged, and against which advisories."),
}

_HOW = {
    "uv.lock": "uv lock --upgrade-package {name}",
    "poetry.lock": "poetry update {name}",
    "pdm.lock": "pdm update {name}",
    "Pipfile.lock": "pipenv upgrade {name}",
}


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a `dependencies` gate."""

    tool: Literal["osv", "pip-audit", "safety"]
    """What knows the advisories. Nothing is chosen silently: `osv` needs a `database` and no
    network, `pip-audit` the network, `safety` the network and an account."""
    version: str | None = None
    """The version the tool must have."""
    database: str | None = None
    """osv: a folder or zip of OSV records; safety: a folder with its local database."""
    max_age: Annotated[str, Meta(pattern=PATTERN)] = "30d"
    """How old the newest record of a `database` may be."""
    service: Literal["pypi", "osv"] = "pypi"
    """pip-audit: whom it asks."""
    url: Annotated[str, Meta(pattern=r"^https?://")] | None = None
    """pip-audit: an OSV server's query address, where `service` is `osv`."""
    canary: Annotated[str, Meta(pattern=r"^[\w.-]+==[\w.!+]+$")] = "pyyaml==5.3"
    """A pin known to be vulnerable: an audit that does not find it out has not passed."""

    def __post_init__(self) -> None:
        if self.tool == "osv" and not self.database:
            raise ValueError("`database` is needed where `tool` is osv: a folder or zip of records")
        if self.url and self.service != "osv":
            raise ValueError('`url` needs `service = "osv"`')
        seconds(self.max_age)


def inputs(ctx: Context) -> Inputs | None:
    """Requirement and lock files; stored only where all that decides lies on this machine."""
    _require_network(ctx)
    chosen = files.select(ctx.files, ctx.subject)
    if not chosen:
        return None
    found = files.read(chosen, ctx.subject)
    number = counted(len(found.dependencies), "dependency", "dependencies")
    return Inputs(
        paths=tuple(sorted({*chosen, *found.read})),
        also=_also(ctx) if ctx.options.tool == "osv" else None,
        beyond=True,
        judged=f"{number} in {counted(len(found.read), 'file')}",
    )


def _also(ctx: Context) -> bytes:
    """The database, what is installed, our matcher, and the day, since databases grow stale."""
    import hashlib

    import msgspec

    digest = hashlib.sha256(msgspec.json.encode(ctx.options, order="deterministic"))
    digest.update(database_digest(_database(ctx)))
    digest.update(osv.find((), {}).identity)
    digest.update(_find.listing_digest(ctx.environment()))
    digest.update(ctx.now.date().isoformat().encode())
    return digest.digest()


def _require_network(ctx: Context) -> None:
    tool = ctx.options.tool
    if tool == "osv" or ctx.network:
        return
    if not ctx.named:
        raise ToolMissing(
            f"{tool} asks the network, which nothing does without a policy",
            "mlgate init writes one that names this gate",
        )
    raise GateError(
        f"{tool} asks the network, and this run is offline",
        'leave --offline out, or audit with `tool = "osv"` and a `database`',
    )


def _database(ctx: Context) -> str:
    return os.path.join(str(ctx.work), os.path.expanduser(ctx.options.database))


def check(ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding | Figure]:
    """Audit all pins at once; state what is vulnerable, and what could not be judged."""
    _require_network(ctx)
    chosen = files.select(tuple(path for path in paths if path in ctx.files), ctx.subject)
    found = files.read(chosen, ctx.subject)
    judged = pins(found, _find.installed(ctx.environment()))
    yield from (_unauditable(dependency, why) for dependency, why in judged.unauditable)
    name, _, version = ctx.options.canary.partition("==")
    canary = Pin(_find.normal(name), version)
    asked = {*judged.places, canary}
    audit = _audit(ctx, asked)
    require_complete(sorted(asked), canary, audit)
    places = {key(pin): dependencies for pin, dependencies in judged.places.items()}
    for pin, why in audit.skipped:
        yield from (_unauditable(one, why) for one in places.get(key(pin), ()))
    for advisory in audit.advisories:
        for dependency in places.get(key(advisory.pin), ()):
            yield _vulnerable(advisory, dependency)
    if judged.unpinned:
        yield _unpinned(judged)
    yield _audited(judged, audit)


def _audit(ctx: Context, asked: set[Pin]) -> Audit:
    options: Options = ctx.options
    if options.tool == "osv":
        return osv.audit(_database(ctx), asked, ctx.now, seconds(options.max_age))
    import tempfile

    tool = ctx.tool(options.tool)
    if options.version and not _find.satisfies(tool.version, options.version):
        raise GateError(
            f"the policy names {tool.name} {options.version}, found is {tool.version}",
            f"pip install {_find.requirement(tool.name, options.version)}, or correct `version`",
        )
    with tempfile.TemporaryDirectory() as folder:
        if options.tool == "safety":
            database = _database(ctx) if options.database else None
            if database:
                safety.require_fresh(database, ctx.now, seconds(options.max_age))
            return safety.audit(tool, asked, run=ctx.run, folder=folder, database=database)
        return pip_audit.audit(
            tool, asked, run=ctx.run, folder=folder, service=options.service, url=options.url
        )


_LEVELS = {"low": Level.WARNING, "moderate": Level.WARNING}


def _vulnerable(advisory: Advisory, dependency: Dependency) -> Finding:
    aliases = f" ({', '.join(advisory.aliases[:4])})" if advisory.aliases else ""
    fixed = f"fixed in {', '.join(advisory.fixed[:4])}" if advisory.fixed else "not fixed yet"
    said = plain(advisory.summary).strip().partition("\n")[0][:300]
    doubt = "" if advisory.certain else "the advisory does not say which versions; "
    return Finding(
        rule=f"dependencies/{plain(advisory.id)}",
        result=Result.FAIL if advisory.certain else Result.OPEN,
        level=_LEVELS.get(advisory.severity or "", Level.ERROR),
        message=plain(f"{advisory.pin}: {said}{aliases}; {doubt}{fixed}"),
        location=Location(path=dependency.path, line=dependency.line),
        help=_upgrade(advisory, dependency),
    )


def _upgrade(advisory: Advisory, dependency: Dependency) -> str:
    name = advisory.pin.name
    if not advisory.fixed:
        return (
            f"replace {name}, or waive dependencies/{plain(advisory.id)} with a reason and an end"
        )
    how = _HOW.get(os.path.basename(dependency.path))
    if how:
        return how.format(name=name)
    return plain(f"{name}>={advisory.fixed[0]}")


def _unauditable(dependency: Dependency, why: str) -> Finding:
    return Finding(
        rule="dependencies/unauditable",
        message=plain(f"{dependency.name} cannot be audited: {why}"),
        location=Location(path=dependency.path, line=dependency.line),
        help=rules["unauditable"].mend,
    )


def _unpinned(judged: Judged) -> Finding:
    some = sorted(judged.unpinned)
    named = ", ".join(f"{pin.name} {pin.version}" for pin in some[:6])
    more = f" and {len(some) - 6} more" if len(some) > 6 else ""
    return Finding(
        rule="dependencies/unpinned",
        level=Level.NOTE,
        message=f"not pinned, so judged at the version installed here: {named}{more}",
        help=rules["unpinned"].mend,
    )


def _audited(judged: Judged, audit: Audit) -> Finding:
    number = len(judged.places) - len(audit.skipped)
    words = [f"{counted(number, 'version')} audited against {audit.against}"]
    if judged.elsewhere:
        words.append(f"{judged.elsewhere} for other platforms only")
    return Finding(
        rule="dependencies/audited",
        result=Result.PASS,
        level=Level.NOTE,
        message=plain("; ".join(words)),
        measurement=Measurement(name="dependencies", value=number, n=number),
    )


def detect(ctx: Context) -> Detected | None:
    """What audits here already, else pip-audit as a suggestion; active only under a policy."""
    chosen = files.select(tuple(ctx.subject.files), ctx.subject)
    if not chosen:
        return None
    comments = (
        'tool = "osv"                   # offline, against a folder or zip of OSV records',
        'database = "osv/all.zip"',
        'tool = "safety"                # needs an account: pass_env = ["SAFETY_API_KEY"]',
    )
    used = [use for use in uses(ctx.subject) if use.tool in ("pip-audit", "safety")]
    seen = f"{counted(len(chosen), 'file')}, as {chosen[0]}"
    return Detected(
        evidence=f"{used[0].where}: {used[0].tool}" if used else seen,
        options={"tool": used[0].tool if used else "pip-audit"},
        blocking=bool(used),
        comments=comments,
        covers=tuple(sorted({use.hook_id for use in used if use.hook_id})),
    )
