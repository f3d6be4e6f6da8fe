"""Has the demo's repository written, in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping

from mlgate import process
from mlgate.core.errors import GateError, UsageError

OWN = ".demo"
"""The folder of the project that git ignores: the remote, the registry, the key, the report."""
LOG = os.path.join(OWN, "build.log")
_NEEDED = ("dvc", "joblib", "numpy", "sklearn", "yaml")


def build(folder: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Write the project into `folder`, train its models, commit every change to its branch;
    yields what is done next.

    Raises `UsageError` where the folder is not empty or something is not installed.
    """
    _allowed(folder)
    os.makedirs(folder, exist_ok=True)
    argv = [sys.executable, "-m", "mlgate.demo.history", folder]
    with process.start(argv, cwd=os.getcwd(), env=_environment(folder, environ)) as child:
        try:
            for line in child.stdout or ():
                yield line.decode("utf-8", "replace").rstrip()
            errors = child.communicate()[1].decode("utf-8", "replace")
        finally:
            process.end_group(child)
    if child.returncode:
        raise GateError(f"the project could not be built: {_why(folder, errors)}")


def _allowed(folder: str) -> None:
    from importlib.util import find_spec

    if os.path.lexists(folder) and (not os.path.isdir(folder) or os.listdir(folder)):
        raise UsageError(f"{folder} is not empty", "name a new folder: mlgate demo DIR")
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the demo's project needs {', '.join(missing)}, not installed beside mlgate",
            "pip install 'mlgate[code,sign,dvc,data,model,report]' scikit-learn",
        )


def _environment(folder: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Where `python` is the one that runs mlgate, and DVC keeps all it writes in the folder.

    Python keeps its bytecode there: the pipeline starts nine times, and to compile scikit-learn
    each time would take most of the demo.
    """
    path = os.pathsep.join([os.path.dirname(sys.executable), environ.get("PATH", "")])
    cache = os.path.join(folder, OWN, "dvc")
    bare = process.bare_environment(
        environ, extra={"PATH": path, "DVC_SITE_CACHE_DIR": cache, "DVC_NO_ANALYTICS": "1"}
    )
    return {name: value for name, value in bare.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _why(folder: str, errors: str) -> str:
    """The end of what was said, or of the log."""
    try:
        with open(os.path.join(folder, LOG), encoding="utf-8", errors="replace") as file:
            errors += file.read()
    except OSError:
        pass
    return "\n".join(errors.strip().splitlines()[-5:])
