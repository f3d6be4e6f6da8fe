"""Which names a pickle may ask for: exactly those that are known to be harmless, or allowed."""

from __future__ import annotations

import functools

from mlgate.artifacts.values import Name

_RUNS = frozenset("""
    __main__ _aix_support _bootsubprocess _frozen_importlib _imp _io _osx_support _posixsubprocess
    _pyrepl _thread aifc antigravity ast asyncio atexit base64 bdb builtins bz2 cProfile code codeop
    commands compileall concurrent ctypes dill distutils doctest ensurepip faulthandler fileinput
    ftplib functools gc glob gzip http idlelib imaplib importlib inspect io itertools lib2to3
    linecache logging lzma mailcap marshal mmap modulefinder multiprocessing nt nturl2path numba
    operator os pdb pickle pip pipes pkg_resources pkgutil platform plistlib poplib posix posixpath
    profile pty py_compile pyclbr pydoc requests rlcompleter runpy sched selectors setuptools shelve
    shlex shutil signal site smtplib socket socketserver sqlite3 ssl subprocess sys sysconfig
    tarfile telnetlib tempfile test this threading timeit trace traceback turtledemo types unittest
    urllib venv wave weakref webbrowser winreg xml xmlrpc zipapp zipfile zipimport
    """.split())  # noqa: SIM905
"""Packages of which a model needs nothing, and with which code, files or the network are reached:
what they lead to is named with more weight. No decision hangs on this list."""

UNKNOWN = "unknown-name"
RUNS = "runs-code"


class Names:
    """Answers for the names of one stream; remembers what it said."""

    def __init__(self, allow: frozenset[str]) -> None:
        self._allow = allow
        self._found: dict[tuple[str, str, bool], tuple[Name, tuple[str, str] | None]] = {}

    def find(
        self, module: str, name: str, protocol: int
    ) -> tuple[Name, tuple[str, str] | None]:  # fmt: skip
        """The name a loader would import, with the rule and the message if it must not."""
        key = (module, name, protocol < 3)
        if key not in self._found:
            if protocol < 3:
                module, name = _of_python_3(module, name)
            self._found[key] = self._judge(module, name)
        return self._found[key]

    def _judge(self, module: str, name: str) -> tuple[Name, tuple[str, str] | None]:
        full = f"{module}:{name}"
        known = _known()
        if full in self._allow or known.get(full):
            return Name(module, name, calls=True), None
        if full in known:
            return Name(module, name, calls=False), None
        found = Name(module, name, calls=True)
        if module.partition(".")[0] in _RUNS:
            return found, (RUNS, f"loading it reaches {full}, which can run code")
        return found, (UNKNOWN, f"loading it asks for {full}, which is not known to be harmless")


def _of_python_3(module: str, name: str) -> tuple[str, str]:
    """The names that loaders put in the place of Python 2's, as `pickle` does."""
    from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


@functools.cache
def _known() -> dict[str, bool]:
    """`module:name` to whether a stream may call it."""
    from mlgate.artifacts import _library_names, _sklearn_names

    known = {}
    for lists, calls in (
        ((_library_names.REFERRED, _sklearn_names.REFERRED), False),
        ((_library_names.CALLED, _sklearn_names.CALLED), True),
    ):
        for line in "".join(lists).splitlines():
            module, _, names = line.partition(": ")
            known.update({f"{module}:{name}": calls for name in names.split()})
    return known
