"""The budgets, each as a few cases measured together and the ratios that follow."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks.corpus import Corpus
from benchmarks.measure import Case, medians, once
from benchmarks.place import Place

_fresh = itertools.count()
_CLICK = 0.032


class Row(NamedTuple):
    """One budget and what was measured."""

    what: str
    ours: str
    beside: str
    theirs: str
    ratio: str
    budget: str
    met: bool


def absolute(what: str, ours: float, beside: str, theirs: float, most: float) -> Row:
    """A budget in milliseconds; `theirs` stands beside it for the sense of scale."""
    return Row(
        what, _time(ours), beside, _time(theirs), f"{ours / theirs:.2f}x",
        f"<= {_time(most)}", ours <= most,
    )  # fmt: skip


def paced(what: str, ours: float, beside: str, theirs: float, most: float, click: float) -> Row:
    """A budget in milliseconds of the machine it was set on, carried over to this one.

    `click` is what `python -c "import click"` took in the same rounds; it took 32 ms there.
    """
    here = most * click / _CLICK
    return absolute(what, ours, beside, theirs, here)._replace(
        budget=f"<= {_time(here)} ({_time(most)} where importing click takes 32 ms)"
    )


def relative(what: str, ours: float, beside: str, theirs: float, most: float) -> Row:
    """A budget as a share of what is measured beside."""
    ratio = ours / theirs
    return Row(
        what, _time(ours), beside, _time(theirs), f"{ratio:.2f}x", f"<= {most:g}x", ratio <= most
    )


def faster(what: str, ours: float, beside: str, theirs: float, least: float) -> Row:
    """A budget as so many times less than what is measured beside."""
    times = theirs / ours
    return Row(
        what, _time(ours), beside, _time(theirs), f"1/{times:.0f}", f"1/{least:g}", times >= least
    )


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def start_up(place: Place, corpus: Corpus, rounds: int) -> Iterator[Row]:
    """`mlgate --help` beside importing click."""
    found = medians(
        {
            "help": _case(corpus, [[place.program("mlgate"), "--help"]]),
            "click": _click(corpus),
        },
        rounds,
    )
    ours, theirs = found["help"].cpu, found["click"].cpu
    yield relative("mlgate --help", ours, 'python -c "import click"', theirs, 1.5)


def warm(corpus: Corpus, rounds: int, most: float) -> Iterator[Row]:
    """A check when nothing has changed, beside git's own look at the tree."""
    check = [[corpus.place.program("mlgate"), "check"]]
    once(_case(corpus, check))
    status = [["/usr/bin/git", "status", "--porcelain"]]
    cases = {"check": _case(corpus, check), "git": _case(corpus, status), "click": _click(corpus)}
    found = medians(cases, rounds)
    what = f"warm check, {_count(corpus):,} files unchanged"
    ours, theirs, click = (found[name].cpu for name in cases)
    yield paced(what, ours, "git status", theirs, most, click)


def warm_beside_runners(corpus: Corpus, rounds: int) -> Iterator[Row]:
    """The same beside both runners of hooks, with the same tools on the same files."""
    place = corpus.place
    cases = {"check": _case(corpus, [[place.program("mlgate"), "check"]])}
    for runner in ("pre-commit", "prek"):
        cases[runner] = _case(corpus, [[place.program(runner), "run", "-a"]])
    for case in cases.values():
        once(case)
    found = medians(cases, rounds)
    for runner in ("pre-commit", "prek"):
        ours, theirs = found["check"].cpu, found[runner].cpu
        yield faster("the same, repeated", ours, f"{runner} run -a", theirs, 80)


def only_new(corpus: Corpus, rounds: int) -> Iterator[Row]:
    """A warm check in which only new findings count, beside the same in which all do.

    On a branch in which every tenth file was altered; its old and new findings are lint's.
    """
    flake8 = corpus.folder / ".flake8"
    kept = flake8.read_text()
    flake8.write_text(f"{kept.rpartition('ignore')[0]}ignore = W503,W504\n")
    corpus.git("commit", "-qam", "Judge as by default")
    corpus.git("checkout", "-q", "-b", "topic")
    for name in corpus.python[::10]:
        with (corpus.folder / name).open("a") as file:
            file.write("\nimport this_is_new\n")
    corpus.git("commit", "-qam", "Add findings")
    check = [corpus.place.program("mlgate"), "check", "--base", "main"]
    cases = {
        "new": _case(corpus, [[*check, "--new"]], code=1),
        "all": _case(corpus, [check], code=1),
    }
    for case in cases.values():
        once(case)
    found = medians(cases, rounds)
    corpus.git("checkout", "-q", "main")
    corpus.git("reset", "-q", "--hard", "HEAD~1")
    what = f"warm check --new, {_count(corpus):,} files"
    yield relative(what, found["new"].cpu, "without --new", found["all"].cpu, 1.15)


def changed(corpus: Corpus, number: int, rounds: int, most: float) -> Iterator[Row]:
    """The commit hook after a change of `number` files, beside the three tools on them."""
    files = corpus.python[:: max(1, _count(corpus) // number)][:number]
    counter = itertools.count()

    def change() -> None:
        mark = next(counter)
        for name in files:
            path = corpus.folder / name
            text = path.read_text().rpartition("\nMARK = ")[0] or path.read_text().rstrip("\n")
            path.write_text(f"{text}\nMARK = {mark}\n")
        corpus.git("add", "--", *files)

    check = [[corpus.place.program("mlgate"), "check", "--stage", "commit"]]
    cases = {
        "check": _case(corpus, check, before=change, code=None),
        "hand": _case(corpus, corpus.tools(*files), before=change, code=None),
    }
    medians(cases, 1)
    found = medians(cases, rounds)
    _restore(corpus)
    what = f"{number} changed file{'s' if number > 1 else ''}"
    beside = "black + flake8 + bandit by hand"
    yield relative(what, found["check"].cpu, beside, found["hand"].cpu, most)


def unconcerned(corpus: Corpus, rounds: int) -> Iterator[Row]:
    """The commit hook where no gate looks at what is staged."""
    place = corpus.place
    (corpus.folder / "notes.txt").write_text("something\n")
    corpus.git("add", "notes.txt")
    cases = {"check": _case(corpus, [[place.program("mlgate"), "check", "--stage", "commit"]])}
    for runner in ("pre-commit", "prek"):
        cases[runner] = _case(corpus, [[place.program(runner), "run"]])
    cases["click"] = _click(corpus)
    medians(cases, 1)
    found = medians(cases, rounds)
    _restore(corpus)
    what = "staged change that no gate looks at"
    ours, click = found["check"].cpu, found["click"].cpu
    for runner in ("pre-commit", "prek"):
        yield paced(what, ours, f"{runner} run", found[runner].cpu, 0.07, click)


def cold(corpus: Corpus, rounds: int) -> Iterator[Row]:
    """All files with no cache at all, CPU and wall."""
    place = corpus.place

    def case(commands: list[list[str]]) -> Case:
        return Case(commands, corpus.folder, lambda: place.environ(f"cold-{next(_fresh)}"))

    found = medians(
        {
            "check": case([[place.program("mlgate"), "check"]]),
            "hand": case(corpus.tools(*corpus.python)),
        },
        rounds,
    )
    shutil.rmtree(place.folder / "caches", ignore_errors=True)
    what, beside = f"cold check, {_count(corpus):,} files", "black + flake8 + bandit by hand"
    ours, theirs = found["check"], found["hand"]
    yield relative(f"{what}: CPU", ours.cpu, beside, theirs.cpu, 1.0)
    yield relative(f"{what}: wall", ours.wall, beside, theirs.wall, 0.9)


def _click(corpus: Corpus) -> Case:
    return _case(corpus, [[corpus.place.program("python"), "-c", "import click"]])


def _case(
    corpus: Corpus,
    commands: list[list[str]],
    before: Callable[[], None] = lambda: None,
    code: int | None = 0,
) -> Case:
    environ = corpus.place.environ(corpus.folder.name)
    return Case(commands, corpus.folder, lambda: environ, before, code)


def _count(corpus: Corpus) -> int:
    return len(corpus.git("ls-files").splitlines())


def _restore(corpus: Corpus) -> None:
    corpus.git("reset", "-q", "--hard")
