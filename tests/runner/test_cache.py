"""What was found is found again from the store, and from nowhere else when anything differs."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgate.core.gate import Inputs
from mlgate.core.snapshot import Entry
from mlgate.runner import keys, session

Brief = Callable[[Any], list[tuple[Any, ...]]]


def cached(report: Any) -> dict[str, bool]:
    return {v.gate: v.cached for v in report.verdicts}


# -- the three levels ------------------------------------------------------------------------------


def test_an_equal_run_asks_nothing_and_says_the_same(judged: Any, brief: Brief) -> None:
    judged.policy(a="", b="each = false", c='word = "nothing"')
    first = judged.run()
    assert len(judged.asked()) == 3 * 40
    second = judged.run()
    assert judged.asked() == []
    assert brief(second) == brief(first)
    assert set(cached(second).values()) == {True} and set(cached(first).values()) == {False}
    assert second.exit_code == first.exit_code == 1
    assert second.tools == first.tools


def test_a_gate_whose_files_are_known_asks_nothing(judged: Any, brief: Brief) -> None:
    judged.policy(a="", b="each = false")
    first = judged.run()
    judged.asked()
    judged.project.put({"other.md": "a file that no gate looks at\n"})
    second = judged.run()
    assert judged.asked() == []
    assert brief(second) == brief(first)


def test_only_a_changed_file_is_asked_about(judged: Any) -> None:
    judged.policy(a="", b="each = false")
    first = judged.run()
    judged.asked()
    judged.project.put({"d0/03.txt": "bad now\n"})
    second = judged.run()
    assert [line for line in judged.asked() if line.startswith("a ")] == ["a d0/03.txt"]
    assert len(second.verdicts[0].findings) == len(first.verdicts[0].findings) + 1
    fresh = judged.run(cache=False)
    for now, anew in zip(second.verdicts, fresh.verdicts, strict=True):
        assert now.findings == anew.findings


# -- what makes a hit, and what a miss -------------------------------------------------------------


def test_touching_a_file_changes_nothing(judged: Any) -> None:
    judged.policy(a="")
    judged.project.commit()
    judged.run()
    judged.asked()
    os.utime(judged.project.folder / "d0/00.txt", (1, 1))
    report = judged.run()
    assert judged.asked() == [] and cached(report) == {"a": True}


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        (lambda j: j.policy(a='word = "line"'), 40),
        (lambda j: j.policy(a='also = "another tool"'), 40),
        (lambda j: j.policy(a='level = "error"'), 0),
        (lambda j: j.policy(a='exclude = ["d0/"]'), 0),
        (lambda j: (j.project.folder / "d0/00.txt").chmod(0o755), 1),
        (lambda j: j.project.put({"d0/00.txt": "x\n"}), 1),
        (lambda j: j.project.git("mv", "d0/00.txt", "d2/renamed.txt"), 1),
        (lambda j: (j.project.folder / "d0/00.txt").unlink(), 0),
    ],
)
def test_what_is_asked_again(judged: Any, change: Any, asked: int) -> None:
    judged.policy(a="")
    judged.project.commit()
    judged.run()
    judged.asked()
    change(judged)
    report = judged.run()
    assert len(judged.asked()) == asked
    assert brief_findings(report) == brief_findings(judged.run(cache=False))


def brief_findings(report: Any) -> Any:
    return [(v.gate, v.outcome, v.findings) for v in report.verdicts]


def test_another_mlgate_believes_nothing(judged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    judged.policy(a="")
    judged.run()
    judged.asked()
    monkeypatch.setattr(keys, "code_identity", lambda: b"another")
    assert session.keys is keys
    judged.run()
    assert len(judged.asked()) == 40


def test_a_renamed_file_is_found_under_its_new_name(judged: Any) -> None:
    judged.policy(a="")
    judged.project.commit()
    judged.run()
    judged.project.git("mv", "d0/00.txt", "d0/new.txt")
    places = {f.location.path for f in judged.run().verdicts[0].findings}
    assert places == {"d0/new.txt", "d1/07.txt"}


def test_errors_are_never_stored(judged: Any) -> None:
    judged.policy(a='refuse = "d1/07.txt"', b='each = false\ncrash = "d0/00.txt"')
    for _ in range(2):
        report = judged.run()
        assert [v.outcome.value for v in report.verdicts] == ["errored", "errored"]
        assert cached(report) == {"a": False, "b": False}
        asked = judged.asked()
        assert "a d1/07.txt" in asked and "b d1/07.txt" in asked


def test_no_cache_asks_anew_and_still_stores(judged: Any) -> None:
    judged.policy(a="")
    judged.run()
    judged.asked()
    judged.run(cache=False)
    assert len(judged.asked()) == 40
    judged.project.put({"d0/00.txt": "changed\n"})
    judged.run(cache=False)
    judged.asked()
    judged.run()
    assert judged.asked() == []


def test_gates_with_equal_inputs_do_not_mix(judged: Any) -> None:
    judged.policy(
        one="", two="", three='word = "line 3"', other='kind = "other-probe"\nword = "bad"'
    )
    for _ in range(2):
        report = judged.run()
        rules = {v.gate: {f.rule for f in v.findings} for v in report.verdicts}
        assert rules["one"] == rules["two"] == rules["three"] == {"probe/bad"}
        assert rules["other"] == {"other-probe/bad"}
        numbers = [len(v.findings) for v in report.verdicts]
        assert numbers == [4, 4, 11, 4]
        judged.project.put({"note.md": "so that the gates are looked up one by one\n"})


def test_a_fact_about_no_file_is_replayed_once(judged: Any, brief: Brief) -> None:
    judged.policy(a="extra = true\neach = false")
    first = judged.run()
    for _ in range(2):
        again = judged.run()
        assert brief(again) == brief(first)
        judged.project.put({"note.md": "x\n"})


# -- gates that depend on more ---------------------------------------------------------------------


def test_a_gate_that_names_no_digest_is_asked_on_every_run(judged: Any) -> None:
    judged.policy(a="unknown = true", b="")
    for _ in range(2):
        report = judged.run()
        assert len([line for line in judged.asked() if line.startswith("a ")]) == 40
        assert cached(report)["a"] is False


def test_inputs_from_beyond_the_snapshot_are_asked_anew(judged: Any) -> None:
    judged.policy(a='beyond = true\nworld = "../world"')
    world = judged.project.folder.parent / "world"
    world.write_text("one")
    judged.run()
    assert len(judged.asked()) == 40
    assert cached(judged.run()) == {"a": True}
    assert judged.asked() == []
    world.write_text("two")
    judged.run()
    assert len(judged.asked()) == 40


# -- names and keys --------------------------------------------------------------------------------


def test_paths_that_are_no_utf8(judged: Any, brief: Brief) -> None:
    name = os.fsdecode(b"d0/caf\xe9.txt")
    with open(os.path.join(judged.project.folder, name), "w") as file:
        file.write("bad\n")
    judged.policy(a="")
    first = judged.run(paths=(name,))
    assert [f.location.path for f in first.verdicts[0].findings] == ["d0/caf\\xe9.txt"]
    assert judged.asked() == [f"a {name}"]
    assert brief(judged.run(paths=(name,))) == brief(first)
    assert judged.asked() == []


ENTRIES = st.dictionaries(
    st.text(min_size=1, max_size=5).filter(lambda t: "\0" not in t),
    st.tuples(st.sampled_from(["100644", "100755"]), st.sampled_from(["a" * 40, "b" * 40])),
    max_size=5,
).map(lambda found: {path: Entry(*entry) for path, entry in found.items()})
GATES = st.sampled_from([b"g" * 32, b"h" * 32])


@given(GATES, ENTRIES, GATES, ENTRIES)
def test_keys_are_equal_only_for_equal_content(
    gate: bytes, files: dict[str, Entry], other: bytes, others: dict[str, Entry]
) -> None:
    same = (gate, sorted(files.items())) == (other, sorted(others.items()))
    one = keys.whole_key(gate, sorted(files), files)
    two = keys.whole_key(other, sorted(others), others)
    assert (one == two) == same
    shared = {(gate, *item) for item in files.items()} & {(other, *item) for item in others.items()}
    mine = keys.file_keys(gate, sorted(files), files)
    theirs = keys.file_keys(other, sorted(others), others)
    assert len(mine) == len(files)
    assert len(set(mine) & set(theirs)) == len(shared)
    assert not set(mine) & {one, two}


def test_every_part_of_a_gate_counts() -> None:
    inputs = Inputs(("a",), each=True, also=b"x")
    base = (b"id", "kind", {"a": 1, "b": [1]}, inputs)
    changed = [
        (b"id2", *base[1:]),
        (b"id", "other", *base[2:]),
        (b"id", "kind", {"a": 1, "b": [2]}, inputs),
        (b"id", "kind", {"a": 1}, inputs),
        (*base[:3], Inputs(("a",), each=True, also=b"y")),
        (*base[:3], Inputs(("a",), each=False, also=b"x")),
    ]
    found = {keys.gate_key(*one) for one in [base, *changed]}  # type: ignore[arg-type]
    assert len(found) == 7
    assert keys.gate_key(b"id", "kind", {"b": [1], "a": 1}, inputs) in found


def test_digests_of_names_that_are_no_utf8() -> None:
    odd = ["caf\udce9", {"\udce8": ("x", 1)}]
    assert keys.digest(odd) == keys.digest(["caf\udce9", {"\udce8": ("x", 1)}])
    assert keys.digest(odd) != keys.digest(["caf\udce8", {"\udce8": ("x", 1)}])
