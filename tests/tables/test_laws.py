"""What holds for aggregates that are sketched, digests, or decided by patterns: a law for each."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tabled import Desk

from mlgate.tables import aggregates as ask
from mlgate.tables._where import in_work_tree
from mlgate.tables.ask import ask as asked

Values = list[Any]
few = settings(max_examples=8, phases=[Phase.explicit, Phase.generate], deadline=None,
               database=None, derandomize=True,
               suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip


def answered(desk: Desk, parts: list[Values], wanted: ask.Aggregate, kind: pa.DataType) -> Any:
    folder = desk.folder / "t"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for number, values in enumerate(parts):
        pq.write_table(pa.table({"v": pa.array(values, kind)}), folder / f"{number}.parquet")
    return asked(desk, in_work_tree(str(desk.folder), "t"), [wanted]).values[wanted]


@few
@given(st.integers(0, 5000), st.integers(1, 2**40), st.integers(0, 3))
def test_a_sketch_is_near_the_exact_count(desk: Desk, n: int, step: int, nulls: int) -> None:
    values = [i * step for i in range(n)] * 2 + [None] * nulls
    found = answered(desk, [values[: n // 2], values[n // 2 :]],
                     ask.RoughlyDistinct(column="v"), pa.int64())  # fmt: skip
    assert abs(found - n) <= max(1, n * 0.15), (found, n)


SMALL = st.lists(st.one_of(st.none(), st.integers(-2, 2)), max_size=12)


@few
@given(SMALL, SMALL, st.randoms(use_true_random=False), st.integers(0, 12))
def test_equal_digests_are_equal_rows(
    desk: Desk, one: Values, other: Values, chance: Any, cut: int
) -> None:
    digest = ask.Digest()
    mixed = [*one]
    chance.shuffle(mixed)
    first = answered(desk, [one], digest, pa.int64())
    assert answered(desk, [mixed[:cut], mixed[cut:]], digest, pa.int64()) == first
    second = answered(desk, [other], digest, pa.int64())
    assert (first == second) is (Counter(one) == Counter(other))
    assert answered(desk, [[*one, 1]], digest, pa.int64()) != first


def card(body: str) -> str:
    """ISO/IEC 7812-1: a number with its check digit, by Luhn's rule."""
    doubled = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(body))]
    return body + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def iban(body: str) -> str:
    """ISO 13616: a German account with its check digits, by ISO 7064 modulo 97."""
    return f"DE{98 - int(body + '131400') % 97:02d}{body}"


def digits(n: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=n, max_size=n)


def spoilt(number: str) -> str:
    return number[:-1] + str((int(number[-1]) + 1) % 10)


WORDS = st.text("abcdefgh", min_size=1, max_size=8)
CARDS, IBANS = digits(14).map(lambda d: card("4" + d)), digits(18).map(iban)
TEXTS = st.one_of(
    st.builds(lambda a, b: ("email", f"to {a}@{b}.example.com now"), WORDS, WORDS),
    CARDS.map(lambda n: ("card", f"paid by {n[:4]} {n[4:8]} {n[8:12]} {n[12:]}")),
    CARDS.map(lambda n: (None, f"paid by {spoilt(n)}")),
    IBANS.map(lambda n: ("iban", f"account {n}")),
    IBANS.map(lambda n: (None, f"account {spoilt(n)}")),
    WORDS.map(lambda word: (None, word)),
    st.just((None, None)),
)


@few
@given(st.lists(TEXTS, max_size=30), st.integers(0, 30))
def test_personal_data_is_what_was_planted(
    desk: Desk, planted: list[tuple[str | None, str | None]], cut: int
) -> None:
    wanted = Counter(form for form, _ in planted if form)
    texts = [value for _, value in planted]
    kinds = ask.Personal(column="v", kinds=("email", "card", "iban"))
    found = answered(desk, [texts[:cut], texts[cut:]], kinds, pa.string())
    counts = {form: certain + right for form, certain, right, *_ in found if certain + right}
    assert counts == dict(wanted), (found, texts)


LAWS = {
    ask.RoughlyDistinct: test_a_sketch_is_near_the_exact_count,
    ask.Digest: test_equal_digests_are_equal_rows,
    ask.Personal: test_personal_data_is_what_was_planted,
}
