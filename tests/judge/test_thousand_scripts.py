"""New findings only, against an oracle that carries each finding's identity through an edit script.

Where two lines are equal in all that can be seen, nobody can tell which is the old one. There the
oracle says what the issue says: never more old than the base had, and never fewer than survived.

Hypothesis mixes constants of the modules that are loaded into what it draws: which scripts are
played depends on what ran before. The oracle has to be right about all of them.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest
import scripts
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mlgate.core.finding import Finding, Location
from mlgate.core.text import shown
from mlgate.core.words import State
from mlgate.judge.new_only import mark_old
from mlgate.repo import git, snapshots
from mlgate.repo.changes import changed
from mlgate.repo.line_map import LineMap, line_maps
from mlgate.runner.facts import Facts

BATCH = 20


class Aged(NamedTuple):
    """The findings of one story, and where its files were at the base."""

    findings: list[Finding]
    sources: dict[str, str]


class Bench:
    """One repository on which batches of scripts are played, each in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.frozen = False
        """Whether no time stamp tells what was written before, and what after the index."""
        folder.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("config", "core.trustctime", "false")
        self.git("config", "core.checkStat", "minimal")

    def git(self, *args: str) -> None:
        subprocess.run(["git", *args], cwd=self.folder, check=True, capture_output=True)
        self.freeze((".git/index",))

    def freeze(self, paths: Iterable[str]) -> None:
        for path in paths if self.frozen else ():
            with contextlib.suppress(FileNotFoundError):
                os.utime(self.folder / path, (1_700_000_000, 1_700_000_000))

    def lay(self, files: scripts.Files) -> None:
        self.git("rm", "-rfq", "--ignore-unmatch", ".")
        self.git("clean", "-fdq")
        self.write(files)

    def write(self, files: scripts.Files) -> None:
        for path, lines in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(scripts.content(lines))
        self.freeze(files)

    def marked(self, stories: list[scripts.Story], kind: str) -> list[Aged]:
        """For each story, its findings as `mark_old` leaves them."""
        self.lay({k: v for s in stories for k, v in s.base.items()})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "base")
        repo = git.find(str(self.folder), ENVIRON)
        base = snapshots.commit(repo, "HEAD")
        self.lay({k: v for s in stories for k, v in s.staged.items()})
        self.git("add", "-A")
        if kind == "commit":
            self.git("commit", "-q", "--allow-empty", "-m", "head")
        gone = {k for s in stories for k in s.staged} - {k for s in stories for k in s.now}
        for path in gone:
            (self.folder / path).unlink()
        self.write({k: v for s in stories for k, v in s.now.items()})
        repo = git.find(str(self.folder), ENVIRON)
        subject = {
            "index": snapshots.index,
            "work tree": snapshots.work_tree,
            "commit": lambda repo: snapshots.commit(repo, "HEAD"),
        }[kind](repo)
        changes = changed(repo, base, subject)
        sources = {c.path: c.old_path for c in changes if c.old_path and c.status != "deleted"}
        maps = {shown(p): m for p, m in line_maps(repo, base.commit, subject, sources).items()}
        same = {p for p, entry in subject.files.items() if base.files.get(p) == entry}
        maps |= {path: LineMap(path) for path in same}
        under = {c.old_path: c.path for c in changes if c.old_path}
        return [
            Aged(self._aged(story, kind, under, maps, frozenset(same)), sources)
            for story in stories
        ]

    def _aged(self, story, kind, under, maps, same):
        head = story.now if kind == "work tree" else story.staged
        old = {under.get(p, p): lines for p, lines in story.base.items() if p not in same}
        return mark_old(_found(head), _found(old), maps, same)


ENVIRON: dict[str, str] = {}


class Content:
    """Lines as the part of a snapshot that `Facts` needs."""

    def __init__(self, files: scripts.Files) -> None:
        self._files = files

    def read(self, path: str) -> bytes:
        return scripts.content(self._files[path])


def _found(files: scripts.Files) -> list[Finding]:
    facts = Facts(Content(files), conceals=False)  # type: ignore[arg-type]
    facts.add(
        Finding(
            rule=fault.rule,
            message="a fault",
            location=Location(path=fault.path, line=fault.number),
        )
        for fault in scripts.faults(files)
    )
    return [finding for _, finding in facts.findings]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    ENVIRON.update(os.environ)
    ENVIRON.update(
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
        GIT_AUTHOR_NAME="A",
        GIT_AUTHOR_EMAIL="a@b",
        GIT_COMMITTER_NAME="A",
        GIT_COMMITTER_EMAIL="a@b",
    )
    return Bench(tmp_path_factory.mktemp("bench") / "repository")


@pytest.mark.parametrize(
    ("kind", "batches", "frozen"),
    [
        ("index", 17, False),
        ("work tree", 17, False),
        ("commit", 17, False),
        ("work tree", 4, True),
        ("index", 4, True),
    ],
)
def test_a_thousand_scripts(bench, kind, batches, frozen):
    bench.frozen = frozen

    @settings(
        max_examples=batches,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),  # shrinking would play every step on git
    )
    @given(st.lists(scripts.scripts, min_size=BATCH, max_size=BATCH))
    def run(batch):
        stories = [scripts.story(f"s{n}", script) for n, script in enumerate(batch)]
        for story, (marked, sources) in zip(stories, bench.marked(stories, kind), strict=True):
            judge(story, story.now if kind == "work tree" else story.staged, marked, sources)

    run()


def judge(story, head, marked, sources) -> None:
    """Hold what was marked against the oracle."""
    now = scripts.faults(head)
    was = scripts.faults(story.base)
    assert [(f.location.path, f.location.line, f.rule) for f in marked] == [
        (f.path, f.number, f.rule) for f in now
    ]
    old = Counter(
        fault.kind for fault, finding in zip(now, marked, strict=True) if finding.state is State.OLD
    )
    had = Counter(fault.kind for fault in was)
    before = {fault.identity: fault for fault in was}
    texts = Counter(fault.kind for fault in now)
    sure = Counter()
    for fault, finding in zip(now, marked, strict=True):
        first = before.get(fault.identity)
        stayed = first is not None and _kept_in_order(story.base, head, first, fault, sources)
        if first is not None and (stayed or first.triple == fault.triple):
            sure[fault.kind] += 1
        if had[fault.kind] == 1 == texts[fault.kind]:
            if stayed or (first is not None and first.triple == fault.triple):
                assert finding.state is State.OLD, ("an old one is shown", fault)
            if first is None and not _text_there(story.base, fault, sources):
                moved_alike = any(fault.triple == other.triple for other in was)
                assert moved_alike or finding.state is State.NEW, ("a new one is hidden", fault)
        if not had[fault.kind]:
            assert finding.state is State.NEW, ("a new one is hidden", fault)
    for kind, number in old.items():
        assert number <= had[kind] - _mended(story.base, head, kind, sources), kind
    for kind, number in sure.items():
        assert old[kind] >= number, ("an old one is shown", kind)


def _source(fault, sources):
    return sources.get(fault.path, fault.path)


def _text_there(base, fault, sources) -> bool:
    """Whether the file's version at the base has such a line: then git may say it is unchanged."""
    return any(line.text == fault.text for line in base.get(_source(fault, sources), ()))


def _kept_in_order(base, head, first, fault, sources) -> bool:
    """True if the line was left as it was, and the file's two versions can be read in one way."""
    if _source(fault, sources) != first.path or first.text != fault.text:
        return False
    return _in_order(base[first.path], head[fault.path])


def _in_order(old, new) -> bool:
    """True if all lines that survived are unlike one another and in their order, also for one who
    sees no more than texts: `a b` made `b a` is a moved, as well as b taken out and written anew.
    """
    if not all(len({line.text for line in side}) == len(side) for side in (old, new)):
        return False
    return all(_rising(key, old, new) for key in ("identity", "text"))


def _rising(key, old, new) -> bool:
    places = {getattr(line, key): n for n, line in enumerate(old)}
    kept = [places[getattr(x, key)] for x in new if getattr(x, key) in places]
    return kept == sorted(kept)


def _mended(base, head, kind, sources) -> int:
    """Faults of this kind that stand where they stood and are faults no more."""
    now = {fault.identity for fault in scripts.faults(head)}
    paths = {source: path for path, source in sources.items()}
    gone = 0
    for fault in scripts.faults(base):
        path = paths.get(fault.path, fault.path)
        lines = head.get(path, [])
        if fault.kind == kind and fault.identity not in now and _in_order(base[fault.path], lines):
            old, new = base[fault.path], [line.identity for line in lines]
            at = fault.number - 1
            near = [line.identity for line in old[max(at - 1, 0) : at + 2]]
            same = [
                line
                for line in lines
                if line.identity == fault.identity and line.text == fault.text
            ]
            if same and any(new[n : n + len(near)] == near for n in range(len(new))):
                edge = at == 0 and new[0] != near[0]
                end = at == len(old) - 1 and new[-1] != near[-1]
                texts = {line.identity: line.text for line in lines}
                whole = all(texts[x.identity] == x.text for x in old[max(at - 1, 0) : at + 2])
                gone += whole and not edge and not end
    return gone


@pytest.mark.parametrize("kind", ["index", "work tree", "commit"])
def test_two_neighbours_that_change_places(bench, kind):
    """Git calls one of them unchanged, and may choose which: one of the two is old, not none."""
    bench.frozen = False
    a, b, c = (scripts.Line(text, n) for n, text in enumerate(("x BAD1", "y BAD2", "z")))
    head = {"s/f.txt": [scripts.Line(b.text, 3), a, c]}
    story = scripts.Story({"s/f.txt": [a, b, c]}, head, head)
    [(marked, sources)] = bench.marked([story], kind)
    judge(story, head, marked, sources)
    assert "old" in states(*marked)


def test_the_oracle_sees_an_old_one_that_is_shown():
    a, b = scripts.Line("x BAD1", 1), scripts.Line("y", 2)
    story = scripts.Story({"f": [a, b]}, {"f": [a]}, {"f": [a]})
    shown_anew = [fault("fake/bad1", path="f")]
    with pytest.raises(AssertionError, match="an old one is shown"):
        judge(story, story.staged, shown_anew, {"f": "f"})


def fault(rule="r", path="a", line=1, print_="p", message="m"):
    return Finding(
        rule=rule, message=message, fingerprint=print_, location=Location(path=path, line=line)
    )


def states(*findings):
    return [finding.state.value for finding in findings]


def test_the_message_decides_between_two_on_one_line():
    base = [fault(message="`os` is not used")]
    head = [fault(message="`sys` is not used"), fault(message="`os` is not used")]
    assert states(*mark_old(head, base, {"a": LineMap()})) == ["new", "old"]


def test_many_of_one_kind_do_not_hide_one_another():
    assert states(*mark_old([fault()] * 3, [fault()] * 2, {})) == ["old", "old", "new"]


def test_what_was_mended_in_its_place_covers_no_other():
    """The line stands as it stood, and is no fault any more: an equal one elsewhere is new."""
    maps = {"a": LineMap()}
    assert states(*mark_old([fault(path="b")], [fault(path="a", line=5)], maps)) == ["new"]
    moved = LineMap()
    moved.add(5, 1, 4, 0)
    assert states(*mark_old([fault(path="b")], [fault(path="a", line=5)], {"a": moved})) == ["old"]


def test_an_unchanged_file_has_a_new_finding_where_the_gate_judges_the_whole():
    head = [fault(line=3), fault(line=9, print_="q")]
    assert states(*mark_old(head, [fault(line=3)], {"a": LineMap()})) == ["old", "new"]
    assert states(*mark_old(head, [], {}, frozenset("a"))) == ["old", "old"]
