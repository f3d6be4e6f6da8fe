"""Edit scripts on small files whose lines carry an identity through every change."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from hypothesis import strategies as st

BAD = re.compile(r"BAD(\d)")


@dataclass(frozen=True)
class Line:
    text: str
    identity: int


Files = dict[str, list[Line]]


@dataclass
class Story:
    """What the base was, what was staged, and what lies in the work tree."""

    base: Files
    staged: Files
    now: Files


@dataclass
class Writer:
    """Plays operations; each number of an operation is taken modulo what there is."""

    prefix: str
    files: Files = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def line(self, seed: int) -> Line:
        number = next(self.numbers)
        unique = f"{self.prefix} line {number}"
        text = {0: "except: BAD1", 1: "    pass", 2: "", 3: f"{unique} BAD2", 4: f"{unique} BAD1"}
        return Line(text.get(seed % 10, unique), number)

    def begin(self, sizes: list[list[int]]) -> None:
        for n, seeds in enumerate(sizes):
            self.files[f"{self.prefix}/f{n}.txt"] = [self.line(seed) for seed in seeds]

    def play(self, what: str, a: int, b: int, c: int, d: int) -> None:
        names = sorted(self.files)
        if not names:
            return
        lines = self.files[names[a % len(names)]]
        other = self.files[names[b % len(names)]]
        at = c % (len(lines) + 1)
        bad = [n for n, line in enumerate(lines) if BAD.search(line.text)]
        if what == "insert":
            lines.insert(at, self.line(d))
        elif what == "disable":
            lines.insert(at, Line(f"OFF{1 + d % 2}", next(self.numbers)))
        elif what == "rename":
            self.files[f"{self.prefix}/g{next(self.numbers)}.txt"] = self.files.pop(
                names[a % len(names)]
            )
        elif what == "remove":
            self.files.pop(names[a % len(names)])
        elif not lines:
            return
        elif what == "edit":
            lines[at % len(lines)] = self.line(d)
        elif what == "delete":
            del lines[at % len(lines)]
        elif what == "reindent":
            old = lines[at % len(lines)]
            lines[at % len(lines)] = Line("  " + old.text if old.text else "", old.identity)
        elif what == "move":
            block = lines[at : at + 2 + d % 4]
            del lines[at : at + 2 + d % 4]
            goal = d % (len(other) + 1)
            other[goal:goal] = block
        elif what == "copy":
            block = [Line(x.text, next(self.numbers)) for x in lines[at : at + 1 + d % 4]]
            goal = d % (len(other) + 1)
            other[goal:goal] = block
        elif what == "crlf":
            lines[:] = [Line(x.text.rstrip("\r") + "\r", x.identity) for x in lines]
        elif what == "swap" and bad:  # fix one and add one
            gone = lines.pop(bad[c % len(bad)])
            other.insert(d % (len(other) + 1), Line(gone.text, next(self.numbers)))

    def copy(self) -> Files:
        return {name: list(lines) for name, lines in self.files.items()}


OPERATIONS = (
    *("edit", "insert", "delete", "reindent", "move", "copy", "swap", "rename", "remove"),
    *("disable", "crlf"),
)
_number = st.integers(0, 999)
_operation = st.tuples(st.sampled_from(OPERATIONS), _number, _number, _number, _number)
_seeds = st.lists(_number, min_size=4, max_size=14)
scripts = st.tuples(
    st.lists(_seeds, min_size=1, max_size=3),
    st.lists(_operation, max_size=5),
    st.lists(_operation, max_size=4),
)


def story(prefix: str, script: tuple[list[list[int]], list[tuple], list[tuple]]) -> Story:
    sizes, staged, loose = script
    writer = Writer(prefix)
    writer.begin(sizes)
    base = writer.copy()
    for operation in staged:
        writer.play(*operation)
    index = writer.copy()
    for operation in loose:
        writer.play(*operation)
    return Story(base, index, writer.copy())


def content(lines: list[Line]) -> bytes:
    return "".join(line.text + "\n" for line in lines).encode()


@dataclass(frozen=True)
class Fault:
    """A finding as the oracle knows it."""

    path: str
    number: int
    rule: str
    identity: int
    text: str
    triple: tuple[str, str, str]

    @property
    def kind(self) -> tuple[str, str]:
        return self.rule, " ".join(self.text.split())


def faults(files: Files) -> list[Fault]:
    """What the gate of the tests finds: BAD1 and BAD2, unless the file switches the rule off."""
    found = []
    for path, lines in files.items():
        off = {line.text.strip() for line in lines}
        texts = ["", *(" ".join(line.text.split()) for line in lines), ""]
        for n, line in enumerate(lines):
            bad = BAD.search(line.text)
            if bad and f"OFF{bad[1]}" not in off:
                triple = (texts[n], texts[n + 1], texts[n + 2])
                rule = f"fake/bad{bad[1]}"
                found.append(Fault(path, n + 1, rule, line.identity, line.text, triple))
    return found
