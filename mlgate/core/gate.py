"""The gate protocol: what a gate is given, and what it must say.

A gate is one module in `gates/` (or an object behind an entry point) that turns a `Context` into
findings. The runner decides where and when it runs; a gate never writes, prints or exits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import UNSET, Struct, UnsetType

from mlgate.core.finding import Figure, Finding
from mlgate.core.words import Level, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from mlgate.core.errors import GateError
    from mlgate.core.snapshot import Snapshot


class Rule(Struct, frozen=True):
    """What a rule means and how to mend what it finds; feeds explain, SARIF and the docs."""

    summary: str
    mend: str = ""
    level: Level = Level.WARNING


class Inputs(Struct, frozen=True):
    """What decides a gate's findings, hence the key under which they are stored."""

    paths: tuple[str, ...]
    """The files of the subject that the gate reads."""
    each: bool = False
    """True if a file's findings depend on that file and on `also` only."""
    also: bytes | None = None
    """Digest of all else: tool, options, configuration, tables. None: never stored."""
    beyond: bool = False
    """True if `also` covers things outside the snapshot, so that it is asked anew on every run."""
    judged: str | None = None
    """What is judged, in words, where the number of paths does not say it."""


class Environment(Struct, frozen=True, kw_only=True):
    """A Python environment in which tools or the project's code run."""

    origin: str
    """`project environment`, `beside mlgate`, `PATH`, `the gate's command`."""
    prefix: str
    """Its folder."""
    python: str
    """Its interpreter."""
    run: tuple[str, ...] = ()
    """A command put before every program of it (`uv run --frozen`); mostly empty."""


class Tool(Struct, frozen=True, kw_only=True):
    """A third-party program that was found, with its version."""

    name: str
    version: str
    argv: tuple[str, ...]
    """How it is started as a process of its own."""
    entry: str | None = None
    """`module:function` or an absolute script path that a shared worker interpreter may run
    instead of a new process; None where it must be a process."""
    environment: Environment | None = None
    identity: bytes = b""
    """Digest of what decides its output: version, plug-ins, interpreter."""


class Completed(Struct, frozen=True):
    """A process that ended."""

    returncode: int
    """As the system gives it; negative for a signal."""
    stdout: bytes
    stderr: bytes
    duration: float = 0.0

    @property
    def text(self) -> str:
        """Standard output as text, undecodable bytes replaced."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def errors(self) -> str:
        """Standard error as text, undecodable bytes replaced."""
        return self.stderr.decode("utf-8", "replace")


class Run(Protocol):
    """`ctx.run`: the only way to a process."""

    def __call__(
        self,
        program: Tool | tuple[str, ...] | list[str],
        *args: str,
        cwd: Path | str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        project: bool = False,
        timeout: float | None = None,
    ) -> Completed:
        """Run `program` with `args` in `cwd` and wait for it.

        A `Tool` with an `entry` goes to a shared worker interpreter. `project` gives the project's
        own code its environment (all but git's, ours and what looks like a credential); tools get
        the bare minimum. `env` is added. The gate's time limit holds; `timeout` (seconds) may
        shorten it. Raises `GateError` on time-out, or where the program cannot be started or dies
        of a signal.
        """


class Context(Struct, frozen=True, kw_only=True):
    """The one argument of a gate. A new field edits no gate."""

    gate: str
    """The gate's name in the policy."""
    kind: str
    stage: Stage
    options: Any
    """An instance of the gate's `Options`."""
    subject: Snapshot
    base: Snapshot | None
    base_error: GateError | None = None
    """What a gate raises that needs the base, where that is named and cannot be found."""
    baseline: Snapshot | UnsetType | None = UNSET
    """What model gates compare with where it is not the base: at promote the version that the alias
    holds, None where it holds none yet."""
    files: tuple[str, ...]
    """The subject's paths that this gate may look at: its `files` and `exclude` applied. Where
    `Inputs.each`, the runner asks only about those in `changed`."""
    changed: frozenset[str] | None = None
    """The paths to which the stage or the command line narrows the run; None: all."""
    work: str
    """The repository's folder: for what git ignores, for `data-version` and `tests` alone."""
    now: datetime
    """In UTC."""
    network: bool
    """False where nothing may be asked of the network: `--offline`, or no policy."""
    named: bool
    """True where the policy names this gate; False where it was merely detected."""
    alias: str | None = None
    """At stage `promote` the alias that is promoted to, where it is known."""
    past: bool = False
    """True where the base is the subject, to tell what stood there: what lies in the work tree, and
    the commits since, are no part of it."""
    project: str = ""
    """The project's folder in a monorepo, relative to the root; empty for the root."""
    commits: tuple[str, ...] = ()
    """The commits of the range, oldest first."""
    policies: Mapping[str, Any] = {}
    """`head` and `base`: the resolved policies as plain mappings (`base` None where it has none);
    `alterations`: how the change alters what binds it."""
    lines: Callable[[], Mapping[str, Any]] = dict
    """For each changed file the `LineMap` to its lines at the base."""
    withheld: tuple[str, ...] = ()
    """Names of variables that are kept from the project's code, as they look like credentials."""
    tool: Callable[[str], Tool]
    """Finds a tool by its name in `tools/`. Raises `ToolMissing`."""
    environment: Callable[[], Environment]
    """The project's own environment. Raises `GateError` where there is none."""
    run: Run
    worker: Callable[..., Iterator[Any]]
    """`worker(script, request, python=None, project=False, again=False)`: a script (absolute path)
    in a fresh interpreter, ours or `python`; gets `request` as one JSON line on standard input and
    answers JSON lines ending in `{"end": true}`; yields all but the last. Where it is asked `again`
    its `main()` answers in an interpreter that stays for more. Raises `GateError`."""
    store: Any
    progress: Callable[[int, int], None]
    """`progress(done, total)`."""


class Edit(Struct, frozen=True, kw_only=True):
    """What `mlgate fix` would write: the whole new content of one file."""

    path: str
    before: bytes
    after: bytes


class Detected(Struct, frozen=True, kw_only=True):
    """What speaks for a gate in a repository that has no policy."""

    evidence: str
    """Where it was seen: `.pre-commit-config.yaml: black 24.1.0`."""
    options: dict[str, Any] = {}
    """The gate's table as `init` would write it."""
    blocking: bool = True
    """False where mlgate suggests it itself and the repository does not use it."""
    pending: tuple[str, ...] = ()
    """Keys of `options` that do not hold on this machine yet, so that `init` writes them commented
    out: the version of a tool that is installed in another one."""
    fallback: dict[str, Any] = {}
    """Options with which less is judged, for where all of it cannot be judged here; without any,
    `init` comments such a gate out."""
    comments: tuple[str, ...] = ()
    """Further policy lines that `init` writes commented out."""
    covers: tuple[str, ...] = ()
    """Ids of existing pre-commit hooks that this gate makes superfluous."""
    name: str | None = None
    """The gate's name in the policy, where it differs from the kind."""
    active: bool = True
    """False where it needs somebody's word first: `init` writes its `comments` as a whole table
    that is commented out, and without a policy it is not asked."""


class Gate(Protocol):
    """What a module in `gates/` offers. `fix` and `detect` are optional."""

    # Also optional: `conceals = True`, where the source lines of findings must not be shown;
    # `spans = True`, where a finding is about every line from `line` to `end_line`, and is old only
    # if all of them are; `identifies = True`, where the fingerprint that a gate gives is all that
    # makes a finding the same one, whatever its line: the gate is then asked about the base as it
    # was, also where its answers are never stored; `suffixes`, the endings of the files it judges:
    # it is not asked about a commit without any; `hindrance(ctx)`, the `GateError` that keeps it
    # from running here, told without running it: `mlgate init` asks it instead of the gate.

    Options: type[Struct]
    stages: frozenset[Stage]
    rules: Mapping[str, Rule]

    def inputs(self, ctx: Context) -> Inputs | None:
        """What decides the findings; None if there is nothing to do."""

    def check(self, ctx: Context, paths: tuple[str, ...]) -> Iterator[Finding | Figure]:
        """The facts about `paths`: a batch of `Inputs.paths` where `each`, else all of them."""
