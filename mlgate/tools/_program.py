"""Finds programs that are no Python packages on PATH: their own words tell the version."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from mlgate import process
from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.gate import Environment, Tool
from mlgate.tools import _find


def find(
    name: str,
    environments: Sequence[Environment],
    environ: Mapping[str, str],
    minimum: tuple[int, ...],
) -> Tool:
    """`name` as an installed distribution, else as any program of that name on PATH.

    Raises `ToolMissing` with the install line.
    """
    try:
        return _find.find(
            name,
            distribution=name,
            environments=environments,
            environ=environ,
            minimum=minimum,
            shared=False,
        )
    except ToolMissing:
        import shutil

        path = shutil.which(name, path=environ.get("PATH", ""))
        if path is None:
            raise
    version = _version(path, environ)
    if _find.release(version) < minimum:
        wanted = ".".join(map(str, minimum))
        raise ToolMissing(f"{path} is {name} {version}: {wanted} or newer is needed") from None
    identity = digest_of(f"{os.path.realpath(path)} {version}".encode("utf-8", "replace"))
    return Tool(name=name, version=version, argv=(path,), identity=identity.digest())


def _version(path: str, environ: Mapping[str, str]) -> str:
    env = process.bare_environment(environ)
    try:
        told = process.run([path, "--version"], cwd=os.sep, env=env, timeout=60)
    except GateError as error:
        raise ToolMissing(f"{path} --version: {error.message}", "repair it") from None
    match = re.search(r"\d+\.\d+[\w.+-]*", told.text)
    if told.returncode or match is None:
        raise ToolMissing(f"{path} --version tells no version", "repair or remove it")
    return match[0]
