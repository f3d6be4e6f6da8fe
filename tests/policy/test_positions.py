from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mlgate.policy import toml
from mlgate.policy.positions import lines

from .fakes import SAMPLE

ODD = '''\
# [no.table]
a = """
x = 1 \\""" [y]
"""           # b = 2
c = [ 1, # ] ,
  "]", { d = '#', "e f" = [[2],
  3] },
]
"q.\\u0041" . z = \'\'\'
[t]\'\'\'\'\'
  [ t . 'u' ]   # [v]
k = 1979-05-27 07:32:00
[[r]]
[[r]]
s = {}
[r.sub]
m = ""
[[r.n]]
'''


def test_finds_the_lines_of_odd_toml():
    found = lines(ODD)
    assert {path: line for path, line in found.items() if path[0] != "c"} == {
        ("a",): 2, ("q.A",): 9, ("q.A", "z"): 9, ("t",): 11, ("t", "u"): 11, ("t", "u", "k"): 12,
        ("r",): 13, ("r", 0): 13, ("r", 1): 14, ("r", 1, "s"): 15, ("r", 1, "sub"): 16,
        ("r", 1, "sub", "m"): 17, ("r", 1, "n"): 18, ("r", 1, "n", 0): 18,
    }  # fmt: skip
    assert {path[1:]: line for path, line in found.items() if path[0] == "c"} == {
        (): 5, (0,): 5, (1,): 6, (2,): 6, (2, "d"): 6, (2, "e f"): 6, (2, "e f", 0): 6,
        (2, "e f", 0, 0): 6, (2, "e f", 1): 7,
    }  # fmt: skip


def paths(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, item in items:
        yield (*at, key)
        yield from paths(item, (*at, key))


def test_finds_every_key_of_the_sample():
    assert set(lines(SAMPLE)) == set(paths(tomllib.loads(SAMPLE)))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.one_of(
        texts,
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        st.dates(),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=10,
)


@given(st.dictionaries(texts, values, max_size=5))
def test_what_is_written_reads_back_and_every_key_is_found(table):
    text = "\n".join(toml.table(("t", "u v"), table))
    assert tomllib.loads(text) == {"t": {"u v": table}}
    assert set(lines(text)) == set(paths(tomllib.loads(text)))
