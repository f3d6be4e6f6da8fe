"""Where the files of a question lie: the repository itself, or private copies of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Self

import msgspec

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.scratch import private_folder, remove

if TYPE_CHECKING:
    from mlgate.core.finding import Location
    from mlgate.core.gate import Context
    from mlgate.repo.notebooks import Notebook
    from mlgate.tools._config import Config

_PYTHON = (".py", ".pyi")
# Imports in later cells, the end of the view, `await` in a cell: as notebooks are.
_NOT_IN_NOTEBOOKS = frozenset({"E402", "W391", "W292", "F704", "B018", "INP001", "D100"})


class Ground:
    """A folder in which a tool is asked, and what its file names mean; closing it removes copies.

    `paths` maps the names that the tool is given to paths of the subject.
    """

    def __init__(
        self,
        folder: str,
        config: str | None,
        paths: dict[str, str],
        close: Callable[[], None] = lambda: None,
        notebooks: Mapping[str, Notebook] | None = None,
    ) -> None:
        self.folder = folder
        self.config = config
        self.paths = paths
        self._close = close
        self.notebooks = notebooks or {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def placed(self, finding: Finding) -> Finding | None:
        """`finding` with the path of the subject, and its cell, instead of the name given to the
        tool; None where it means nothing in a notebook.

        Raises `GateError` for a file that was not asked about.
        """
        if finding.location is None:
            return finding
        name = finding.location.path
        if name not in self.paths:
            raise GateError(f"a finding names {name}, which was not asked about")
        path = self.paths[name]
        location = msgspec.structs.replace(finding.location, path=path)
        if path in self.notebooks:
            if finding.rule.rpartition("/")[2] in _NOT_IN_NOTEBOOKS:
                return None
            location = _in_cell(self.notebooks[path], location)
        return msgspec.structs.replace(finding, location=location)


def by_size(ctx: Context, paths: Iterable[str], largest: int) -> tuple[list[str], list[str]]:
    """`paths` up to, and above, `largest` bytes."""
    fit: list[str] = []
    large: list[str] = []
    paths = tuple(paths)
    root = ctx.subject.root(paths)
    for path in paths:
        try:
            size = os.lstat(os.path.join(root, *path.split("/"))).st_size
        except OSError as error:
            raise GateError(f"{path} cannot be read: {error.strerror}") from None
        (large if size > largest else fit).append(path)
    return fit, large


def grounds(
    ctx: Context, paths: Iterable[str], config: Config, *, whole: bool = False
) -> Iterator[Ground]:
    """The grounds on which `paths` are judged as they are: in place where their names are plain.

    `whole`: the tool looks at what other Python files there are.
    """
    paths = tuple(paths)
    plain = tuple(p for p in paths if p.isprintable())
    odd = tuple(p for p in paths if not p.isprintable())
    if plain:
        needed = {*plain, *(path for path, _ in config.files)}
        if whole:
            needed.update(p for p in ctx.subject.files if p.endswith(_PYTHON) and p.isprintable())
        root = os.fspath(ctx.subject.root(sorted(needed)))
        folder = os.path.join(root, *config.folder.split("/")) if config.folder else root
        named = os.path.join(root, *config.path.split("/")) if config.path else None
        yield Ground(folder, named, {_below(config.folder, p): p for p in plain})
    if odd:
        yield copies(ctx, odd, config)


def copies(ctx: Context, paths: Iterable[str], config: Config, *, whole: bool = False) -> Ground:
    """Private copies of `paths` and of the configuration, under printable names."""
    named = {_printable(path, number): path for number, path in enumerate(paths)}
    contents = {name: ctx.subject.read(path) for name, path in named.items()}
    if whole:
        for path in ctx.subject.files:
            if path.endswith(_PYTHON) and path.isprintable():
                contents.setdefault(path, b"")
    return _laid_out(ctx, named, contents, config)


def views(ctx: Context, notebooks: Mapping[str, Notebook], config: Config) -> Ground:
    """The views of notebooks as Python, with the configuration, under printable names."""
    named = {_printable(f"{path}.py", number): path for number, path in enumerate(notebooks)}
    contents = {name: notebooks[path].source.encode("utf-8") for name, path in named.items()}
    ground = _laid_out(ctx, named, contents, config)
    ground.notebooks = notebooks
    return ground


def _laid_out(
    ctx: Context, named: dict[str, str], contents: dict[str, bytes], config: Config
) -> Ground:
    root = private_folder()
    try:
        for path, _ in config.files:
            contents.setdefault(path, ctx.subject.read(path))
        for name, content in contents.items():
            _write(root, name, content)
        folder = os.path.join(root, *config.folder.split("/")) if config.folder else root
        os.makedirs(folder, exist_ok=True)
    except BaseException:
        remove(root)
        raise
    return Ground(
        folder,
        os.path.join(root, *config.path.split("/")) if config.path else None,
        {_below(config.folder, name): path for name, path in named.items()},
        close=lambda: remove(root),
    )


def _in_cell(notebook: Notebook, location: Location) -> Location:
    cell, line = notebook.locate(location.line or 1)
    return msgspec.structs.replace(location, cell=cell, line=line, end_line=None)


def _below(folder: str, path: str) -> str:
    if not folder:
        return path
    if path.startswith(folder + "/"):
        return path[len(folder) + 1 :]
    import posixpath

    return posixpath.relpath(path, folder)


def _printable(path: str, number: int) -> str:
    if path.isprintable():
        return path
    stem, dot, suffix = path.rpartition(".")
    spelled = "".join(c if c.isprintable() else f"_{ord(c):x}" for c in stem)
    return f"{spelled}_{number}{dot}{suffix}"


def _write(root: str, path: str, content: bytes) -> None:
    target = os.path.join(root, *path.split("/"))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(content)


def read(ground: Ground, name: str) -> bytes:
    """What lies under `name` now."""
    with open(os.path.join(ground.folder, *name.split("/")), "rb") as file:
        return file.read()
