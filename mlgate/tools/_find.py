"""Finds tools and their versions from what is installed, without starting a process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.gate import Environment, Tool
from mlgate.core.patterns import later

_BIN = "Scripts" if os.name == "nt" else "bin"
_EXE = ".exe" if os.name == "nt" else ""
_NORMAL = later(r"[-_.]+")
_VERSION = later(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")


def own_environment() -> Environment:
    """The environment in which mlgate itself runs."""
    return Environment(origin="beside mlgate", prefix=sys.prefix, python=sys.executable)


def project_environment(
    work: str,
    environ: Mapping[str, str],
    *,
    run: Sequence[str] = (),
    tracked: Callable[[str], bool] = lambda _: False,
) -> Environment:
    """The environment in which the project's code runs.

    The active one, `.venv`, `venv`, pixi's, conda's; else the one that mlgate is installed in,
    unless that is a hook runner's or tool installer's own; else the first `python3` on PATH. `run`
    is put before every program of the project. `tracked` says whether a folder (relative to
    `work`) holds files of the repository: such an environment is part of the change under
    judgement and is refused: `GateError`. Raises `ToolMissing` where there is none.
    """
    for prefix in _candidates(work, environ):
        python = _interpreter(prefix)
        if python is None:
            continue
        inside = os.path.relpath(prefix, work).replace(os.sep, "/")
        if not inside.startswith("..") and tracked(inside):
            raise GateError(
                f"the environment {inside} is committed to the repository, so it is not trusted",
                f"git rm -r --cached {inside}, add it to .gitignore, and create it anew",
            )
        return Environment(
            origin="project environment", prefix=prefix, python=python, run=tuple(run)
        )
    if run:
        return Environment(origin="project environment", prefix="", python="python", run=tuple(run))
    raise ToolMissing(
        "no Python environment of the project was found",
        "activate it, or create one with `python -m venv .venv`, or name how its code is run:"
        ' [environment] run = ["uv", "run", "--frozen"]',
    )


def _interpreter(prefix: str) -> str | None:
    """Its Python; distributions of Linux call it `python3` alone."""
    for name in ("python", "python3"):
        path = os.path.join(prefix, _BIN, name + _EXE)
        if os.path.exists(path):
            return path
    return None


_ISOLATED = later(r"[/\\](pre-commit|prek|pipx|uv[/\\]tools|uv[/\\]archive|mlgate-ci)[/\\]")


def _candidates(work: str, environ: Mapping[str, str]) -> Iterable[str]:
    # A hook runner activates its own environment around mlgate; that is not the project's.
    isolated = _ISOLATED.search(sys.prefix) is not None
    active = environ.get("VIRTUAL_ENV")
    if active and not (isolated and os.path.abspath(active) == sys.prefix):
        yield os.path.abspath(active)
    configured = environ.get("UV_PROJECT_ENVIRONMENT")
    if configured:
        yield os.path.join(work, configured)
    for name in (".venv", "venv", ".pixi/envs/default"):
        yield os.path.join(work, *name.split("/"))
    conda = environ.get("CONDA_PREFIX")
    if conda and environ.get("CONDA_DEFAULT_ENV") != "base":
        yield conda
    if not isolated:
        yield sys.prefix
    for folder in environ.get("PATH", "").split(os.pathsep):
        prefix = os.path.dirname(folder)
        if folder and prefix != sys.prefix and os.path.exists(os.path.join(folder, "python3")):
            yield prefix


def site_folders(environment: Environment) -> tuple[str, ...]:
    """The folders in which its distributions are installed."""
    if environment.prefix == sys.prefix:
        return tuple(p for p in sys.path if p.endswith(("site-packages", "dist-packages")))
    library = os.path.join(environment.prefix, "lib")
    if os.name == "nt":
        return (os.path.join(environment.prefix, "Lib", "site-packages"),)
    try:
        pythons = sorted(n for n in os.listdir(library) if n.startswith("python3"))
    except OSError:
        return ()
    return tuple(
        folder
        for name in pythons
        if os.path.isdir(folder := os.path.join(library, name, "site-packages"))
    )


def installed(environment: Environment) -> dict[str, tuple[str, str]]:
    """Normalised distribution name to (version, its `.dist-info` folder)."""
    found: dict[str, tuple[str, str]] = {}
    for folder in site_folders(environment):
        try:
            entries = os.listdir(folder)
        except OSError:
            continue
        for entry in entries:
            if entry.endswith(".dist-info"):
                name, _, version = entry[:-10].partition("-")
                found.setdefault(normal(name), (version, os.path.join(folder, entry)))
    return found


def listing_digest(environment: Environment) -> bytes:
    """Changes whenever a distribution of the environment is added, removed or replaced."""
    rows = sorted(f"{name} {version}" for name, (version, _) in installed(environment).items())
    digest = digest_of(environment.prefix.encode("utf-8", "surrogateescape"))
    digest.update("\n".join([*site_folders(environment), *rows]).encode("utf-8", "surrogateescape"))
    return digest.digest()


def normal(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return _NORMAL.sub("-", name).lower()


def entry_points(dist_info: str, group: str) -> dict[str, str]:
    """The entry points of one group that a distribution declares."""
    try:
        with open(os.path.join(dist_info, "entry_points.txt"), encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    inside = False
    for line in lines:
        if line.startswith("["):
            inside = line.strip() == f"[{group}]"
        elif inside and "=" in line:
            name, _, target = line.partition("=")
            found[name.strip()] = target.strip()
    return found


def find(
    name: str,
    *,
    distribution: str | None,
    environments: Sequence[Environment],
    environ: Mapping[str, str],
    minimum: tuple[int, ...] = (),
    script: str | None = None,
    plugins: Sequence[str] = (),
    shared: bool = True,
    install: str | None = None,
) -> Tool:
    """The tool `name`: from the first of `environments` that has it, then from PATH.

    `distribution` is its name on the package index, `script` its command, `plugins` the entry
    point groups whose providers decide its output too, `shared` whether a shared worker may run
    its main function. Raises `ToolMissing` with the install line.
    """
    script = script or name
    hint = install or f"pip install {distribution or name}"
    for environment in [*environments, *_path_environment(script, environ)]:
        dists = installed(environment)
        if distribution and normal(distribution) in dists:
            version, folder = dists[normal(distribution)]
            _require(name, version, minimum, hint)
            entry = entry_points(folder, "console_scripts").get(script)
            usable = shared and entry and environment.prefix
            return Tool(
                name=name,
                version=version,
                argv=_argv(environment, script, entry),
                entry=entry.partition("[")[0].strip() if usable and entry else None,
                environment=environment,
                identity=_identity(environment, dists, normal(distribution), plugins),
            )
    raise ToolMissing(f"{name} is not installed", hint)


def _argv(environment: Environment, script: str, entry: str | None) -> tuple[str, ...]:
    if not environment.prefix:
        return (*environment.run, script)
    executable = os.path.join(environment.prefix, _BIN, script + _EXE)
    if os.path.exists(executable) or not entry:
        return (executable,)
    module, _, function = entry.partition(":")
    call = f"import sys; from {module} import {function} as main; sys.exit(main())"
    return (environment.python, "-I", "-B", "-c", call)


def _identity(
    environment: Environment, dists: dict[str, tuple[str, str]], name: str, plugins: Sequence[str]
) -> bytes:
    """Digest over the tool, its direct plug-ins and the interpreter."""
    relevant = {name}
    for other, (_, folder) in dists.items():
        if any(entry_points(folder, group) for group in plugins):
            relevant.add(other)
    rows = [f"{dist} {dists[dist][0]}" for dist in sorted(relevant)]
    return digest_of("\n".join([*site_folders(environment), *rows]).encode()).digest()


def _path_environment(script: str, environ: Mapping[str, str]) -> list[Environment]:
    """The environment to which the first `script` on PATH belongs, if it is one of Python's."""
    for folder in environ.get("PATH", "").split(os.pathsep):
        candidate = os.path.join(folder, script + _EXE)
        if folder and os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            prefix = os.path.dirname(os.path.dirname(os.path.realpath(candidate)))
            python = os.path.join(prefix, _BIN, "python3" + _EXE)
            if os.path.exists(python):
                return [Environment(origin="PATH", prefix=prefix, python=python)]
    return []


def _require(name: str, version: str, minimum: tuple[int, ...], hint: str) -> None:
    if minimum and release(version) < minimum:
        wanted = ".".join(map(str, minimum))
        raise ToolMissing(f"{name} {version} is too old: {wanted} or newer is needed", f"{hint} -U")


def release(version: str) -> tuple[int, ...]:
    """`24.1.0rc1` -> (24, 1, 0)."""
    match = _VERSION.match(version)
    return tuple(int(part or 0) for part in match.groups()) if match else ()


def satisfies(version: str, wanted: str) -> bool:
    """True if `version` is `wanted`: `24.1.0`, `v24.1.0`, the beginning `24`, or `>=24,<26`."""
    wanted = wanted.strip().removeprefix("v").removeprefix("==")
    if wanted[:1].isdigit():
        return version == wanted or version.startswith(wanted.removesuffix("*").rstrip(".") + ".")
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(wanted, prereleases=True).contains(version)
    except InvalidSpecifier:
        return False


def requirement(name: str, wanted: str) -> str:
    """What to give to pip: `black==24.1.0`, `'black>=24,<26'`."""
    wanted = wanted.strip().removeprefix("v")
    return f"{name}=={wanted}" if wanted[:1].isdigit() else f"'{name}{wanted}'"
