"""What the gates of one run share: tools found once, worker interpreters, a scratch folder."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import msgspec

from mlgate import process
from mlgate.core import parts
from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.gate import Completed, Environment, Tool
from mlgate.tools import _find

if TYPE_CHECKING:
    from pathlib import Path

    from mlgate.runner.pool import Pool


class Workshop:
    """Made once a run; closed at its end, whatever happened."""

    def __init__(
        self,
        root: str,
        environ: Mapping[str, str],
        *,
        jobs: int,
        run_prefix: tuple[str, ...] = (),
        pass_env: tuple[str, ...] = (),
        python: str | None = None,
        tracked: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.root = root
        self.environ = environ
        self.jobs = jobs
        self.pass_env = pass_env
        self.versions: dict[str, str] = {}
        self._run_prefix = run_prefix
        self._tracked = tracked
        self._lock = threading.RLock()
        self._tools: dict[tuple[str, tuple[str, ...]], Tool | GateError] = {}
        self._project: Environment | GateError | None = None
        self._scratch: str | None = None
        self._pool: Pool | None = None
        self._asked_again: Pool | None = None
        self._loaded: Pool | None = None
        self._limit = jobs

    def environment(self) -> Environment:
        """The project's own environment. Raises `GateError` where there is none to be trusted."""
        with self._lock:
            if self._project is None:
                try:
                    self._project = self._find_environment()
                except GateError as error:
                    self._project = error
            if isinstance(self._project, GateError):
                raise self._project
            return self._project

    def _find_environment(self) -> Environment:
        return _find.project_environment(
            self.root, self.environ, run=self._run_prefix, tracked=self._tracked
        )

    def environments(self) -> list[Environment]:
        """Where tools are looked for, the project's environment first, then mlgate's own.

        Raises `GateError` where the project's is not to be trusted.
        """
        own = _find.own_environment()
        try:
            return [self.environment(), own]
        except ToolMissing:
            return [own]

    def listing(self) -> bytes:
        """Digest of what is installed where tools are looked for, and of PATH."""
        try:
            places = self.environments()
        except GateError:  # every gate that looks for a tool will say so
            places = []
        found = b"".join(map(_find.listing_digest, places))
        return found + os.fsencode(self.environ.get("PATH", ""))

    def tool(self, name: str, command: tuple[str, ...] = ()) -> Tool:
        """The tool `name`, found once a run. Raises `ToolMissing`."""
        with self._lock:
            if (name, command) not in self._tools:
                try:
                    self._tools[name, command] = self._find_tool(name, command)
                except GateError as error:
                    self._tools[name, command] = error
            found = self._tools[name, command]
        if isinstance(found, GateError):
            raise found
        self.versions[name] = found.version
        return found

    def _find_tool(self, name: str, command: tuple[str, ...]) -> Tool:
        if command:
            return self._commanded(name, command)
        found: Tool = parts.load("tools", name).find(self.environments(), self.environ)
        return found

    def _commanded(self, name: str, command: tuple[str, ...]) -> Tool:
        """The tool that the policy's `command` starts; its own words tell the version."""
        try:
            told = self.run([*command, "--version"], cwd=self.root, timeout=60, project=True)
        except GateError as error:
            raise ToolMissing(f"{name}: {error.message}", "correct the gate's `command`") from None
        numbers = [word.strip(",v") for word in told.text.split() if word.strip(",v")[:1].isdigit()]
        if told.returncode or not numbers:
            raise ToolMissing(
                f"`{' '.join(command)} --version` does not tell a version of {name}",
                "correct the gate's `command`",
            )
        identity = "\0".join([*command, told.text]).encode("utf-8", "surrogateescape")
        return Tool(name=name, version=numbers[0], argv=command, identity=identity)

    def withheld(self) -> tuple[str, ...]:
        """Variables that the project's code does not get, since they look like credentials."""
        return tuple(process.withheld_names(self.environ, self.pass_env))

    def share(self, limit: int) -> None:
        """How many worker interpreters may run at once for one environment."""
        self._limit = max(1, min(limit, self.jobs))

    def run(
        self,
        program: Tool | tuple[str, ...] | list[str],
        *args: str,
        cwd: Path | str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        project: bool = False,
        timeout: float | None = None,
        waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Completed:
        """`ctx.run`, without a gate's own time limit; `waiting` is entered until a shared
        interpreter is free."""
        if isinstance(program, Tool):
            if program.entry and not project and not env and os.name != "nt":
                completed = self._workers().call(
                    program, args, os.fspath(cwd), stdin, timeout, waiting
                )
                return _whole(program.argv, completed)
            argv: list[str] = list(program.argv)
        else:
            argv = list(program)
        make = process.project_environment if project else process.bare_environment
        completed = process.run(
            [*argv, *args],
            cwd=cwd,
            env=make(self.environ, self.pass_env, env),
            stdin=stdin,
            timeout=timeout,
        )
        return _whole(argv, completed)

    def worker(
        self,
        script: str,
        request: object,
        *,
        python: str | None = None,
        project: bool = False,
        again: bool = False,
        timeout: float | None = None,
        waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Iterator[Any]:
        """`ctx.worker`: JSON lines of a script in a fresh interpreter, complete or `GateError`."""
        argv = (python or sys.executable, "-I", "-B", "-X", "utf8", script)
        stdin = msgspec.json.encode(request) + b"\n"
        name = os.path.basename(script)
        if again and os.name != "nt":
            there = Environment(origin="", prefix="", python=argv[0])
            engine = Tool(name=name, version="", argv=argv, entry=script, environment=there)
            pool = self._libraries() if project else self._engines()
            called = pool.call(engine, (), self.scratch(), stdin, timeout, waiting)
            completed = _whole(argv, called)
        else:
            completed = self.run(
                argv, cwd=self.scratch(), stdin=stdin, project=project, timeout=timeout
            )
        try:
            lines = [msgspec.json.decode(line) for line in completed.stdout.splitlines() if line]
        except msgspec.DecodeError:
            lines = []
        if completed.returncode or not lines or lines[-1] != {"end": True}:
            last = completed.errors.strip().splitlines()[-1:] or ["no output"]
            raise GateError(f"{name} ended without an answer: {last[0]}")
        yield from lines[:-1]

    def scratch(self) -> str:
        """A private folder that goes with the run."""
        with self._lock:
            if self._scratch is None:
                from mlgate.scratch import private_folder

                self._scratch = private_folder()
            return self._scratch

    def _workers(self) -> Pool:
        with self._lock:
            if self._pool is None:
                self._pool = self._pool_in(self.scratch(), self._limit)
            self._pool.limit = self._limit
            return self._pool

    def _engines(self) -> Pool:
        """Workers that are asked again: apart from the tools, who would wait for a long scan."""
        with self._lock:
            if self._asked_again is None:
                folder = os.path.join(self.scratch(), "engines")
                os.mkdir(folder)
                self._asked_again = self._pool_in(folder, self.jobs)
            return self._asked_again

    def _libraries(self) -> Pool:
        """The one worker that has loaded a library of the project's, which takes seconds."""
        with self._lock:
            if self._loaded is None:
                folder = os.path.join(self.scratch(), "libraries")
                os.mkdir(folder)
                self._loaded = self._pool_in(folder, 1, project=True)
            return self._loaded

    def _pool_in(self, folder: str, limit: int, *, project: bool = False) -> Pool:
        from mlgate.runner.pool import Pool

        make = process.project_environment if project else process.bare_environment
        return Pool(limit, make(self.environ, self.pass_env), folder)

    def stop(self) -> None:
        """End every process that still runs."""
        for pool in (self._pool, self._asked_again, self._loaded):
            if pool is not None:
                pool.close()
        process.end_all()

    def close(self) -> None:
        """End every process that still runs, and remove the scratch folder."""
        self.stop()
        if self._scratch is not None:
            from mlgate.scratch import remove

            remove(self._scratch)


def _whole(argv: Sequence[str], completed: Completed) -> Completed:
    """`completed`, unless a signal ended it."""
    if completed.returncode < 0:
        name = os.path.basename(argv[0])
        raise GateError(f"{name} was ended by signal {-completed.returncode}")
    return completed
