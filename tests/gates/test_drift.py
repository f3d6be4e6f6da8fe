"""The `drift` gate on real files: planted shifts are found, equal laws are left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tabled import Desk, parquet

from mlgate import process
from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding
from mlgate.core.report import Verdict
from mlgate.core.words import Outcome, Result
from mlgate.gates import drift as gate
from mlgate.reporters._findings import visible

N = 20_000


def frame(seed: int, **changed: Any) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        "amount": rng.lognormal(3, 1, N),
        "zeros": np.where(rng.random(N) < 0.6, 0.0, rng.normal(5, 1, N)),
        "visits": rng.poisson(3, N),
        "plan": rng.choice(["a", "b", "c"], N, p=[0.6, 0.3, 0.1]),
        "temp": np.where(rng.random(N) < 0.05, np.nan, rng.normal(20, 5, N)),
        "label": rng.random(N) < 0.3,
        "constant": 7,
        "ts": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(N) + seed * N, "s"),
        "note": [f"text {i} {seed}" for i in range(N)],
    }
    return pd.DataFrame(columns | {k: f(rng) for k, f in changed.items()})


def written(desk: Desk, **frames: pd.DataFrame) -> None:
    for name, rows in frames.items():
        rows.to_parquet(desk.folder / f"{name}.parquet")


def stated(desk: Desk, **options: Any) -> list[Finding | Figure]:
    given = {"table": "now.parquet", "against": "then.parquet", **options}
    return desk.facts(gate, "drift", given)


def found(desk: Desk, **options: Any) -> list[Finding]:
    return [f for f in stated(desk, **options) if isinstance(f, Finding)]


def alarms(desk: Desk, **options: Any) -> dict[str, str]:
    return {f.message.partition(":")[0]: f.rule for f in found(desk, **options)
            if f.result is Result.FAIL}  # fmt: skip


def test_equal_laws_are_no_drift(desk: Desk) -> None:
    written(desk, then=frame(1), now=frame(2))
    facts = found(desk)
    assert [f for f in facts if f.result is not Result.PASS] == []
    assert {f.rule for f in facts} >= {"drift/ks", "drift/share", "drift/nulls"}
    met = [f for f in facts if f.measurement is not None and f.rule != "drift/within"]
    verdict = Verdict(
        gate="x", kind="drift", outcome=Outcome.PASSED, blocks=True, findings=tuple(facts)
    )
    (one,) = visible(verdict)
    assert one.message.startswith(f"{len(met)} differences, none above its floor; the nearest is ")
    values: Any = [f.measurement for f in met]
    nearest = max(values, key=lambda number: number.value / number.at_most)
    assert one.measurement is not None and one.measurement.value == nearest.value
    assert any("too many different texts to compare: note" in f.message for f in facts)


@pytest.mark.parametrize(
    ("column", "change", "rule"),
    [
        ("amount", lambda rng: rng.lognormal(3.2, 1, N), "ks"),
        ("zeros", lambda rng: np.where(rng.random(N) < 0.55, 0.0, rng.normal(5, 1, N)), "ks"),
        ("visits", lambda rng: rng.poisson(3.4, N), "ks"),
        ("plan", lambda rng: rng.choice(["a", "b", "c"], N, p=[0.57, 0.33, 0.1]), "share"),
        ("plan", lambda rng: rng.choice(["a", "b", "d"], N, p=[0.6, 0.3, 0.1]), "share"),
        ("label", lambda rng: rng.random(N) < 0.33, "share"),
        ("constant", lambda rng: 8, "ks"),
        ("temp", lambda rng: np.where(rng.random(N) < 0.07, np.nan, rng.normal(20, 5, N)), "nulls"),
    ],
)
def test_a_shift_is_found_in_its_column_alone(
    desk: Desk, column: str, change: Any, rule: str
) -> None:
    written(desk, then=frame(1), now=frame(2, **{column: change}))
    assert alarms(desk) == {column: f"drift/{rule}"}


def test_nan_counts_with_the_nulls(desk: Desk) -> None:
    parquet(desk.folder / "then.parquet", "SELECT i::double AS a FROM range(5000) t(i)")
    parquet(
        desk.folder / "now.parquet",
        "SELECT CASE WHEN i % 20 = 0 THEN 'nan'::double ELSE i END AS a FROM range(5000) t(i)",
    )
    assert alarms(desk) == {"a": "drift/nulls"}


def test_the_distance_is_scipys_within_its_bound(desk: Desk) -> None:
    then, now = frame(1), frame(2, amount=lambda rng: rng.lognormal(3.1, 1.2, N))
    written(desk, then=then, now=now)
    for name in ("amount", "zeros", "visits", "temp"):
        exact = stats.ks_2samp(then[name].dropna(), now[name].dropna(), method="asymp")
        (one,) = [f for f in found(desk, columns=[name]) if f.rule == "drift/ks"]
        assert one.measurement is not None
        assert one.measurement.low <= exact.statistic + 1e-12  # type: ignore[operator]
        assert exact.statistic <= one.measurement.high + 1e-12  # type: ignore[operator]
        assert one.measurement.high - one.measurement.low < 0.003  # type: ignore[operator]


def test_an_outlier_that_swallows_all_bins_does_not_hide_a_shift(desk: Desk) -> None:
    wild = "CASE WHEN i = 0 THEN 1e15 ELSE (i * 7919 % 10007) / 10007.0 {} END"
    for name, shift in (("then", ""), ("now", "+ 0.08")):
        parquet(desk.folder / f"{name}.parquet",
                f"SELECT ({wild.format(shift)})::double AS a FROM range(10007) t(i)")  # fmt: skip
    assert alarms(desk) == {"a": "drift/ks"}
    parquet(desk.folder / "now.parquet",
            f"SELECT ({wild.format('+ 0.001')})::double AS a FROM range(10007) t(i)")  # fmt: skip
    (one,) = [f for f in found(desk) if f.rule == "drift/ks"]
    assert one.result is Result.PASS


def test_a_small_sample_says_what_it_could_tell(desk: Desk) -> None:
    for name, shift in (("then", 0), ("now", 20)):
        parquet(desk.folder / f"{name}.parquet", f"SELECT i + {shift} AS a FROM range(300) t(i)")
    facts = found(desk)
    assert [f.result for f in facts if f.result is Result.FAIL] == []
    (few,) = [f for f in facts if f.rule == "drift/too-few"]
    assert few.result is Result.OPEN
    assert "smallest detectable" in few.message
    assert few.measurement is not None and (few.measurement.needed or 0) > 300


def test_an_alarm_brings_its_picture(desk: Desk) -> None:
    written(desk, then=frame(1), now=frame(2, amount=lambda rng: rng.lognormal(4, 1, N)))
    (figure,) = [f for f in stated(desk) if isinstance(f, Figure)]
    assert figure.id == "drift-amount"
    assert abs(sum(figure.columns["table"]) - 1) < 1e-9  # type: ignore[arg-type]
    assert 10 < len(figure.columns["low"]) < 100


def test_psi_is_asked_for(desk: Desk) -> None:
    written(desk, then=frame(1), now=frame(2, amount=lambda rng: rng.lognormal(3.6, 1, N)))
    options = {"columns": ["amount", "visits"], "ks": 0.9}
    assert alarms(desk, **options) == {}
    assert alarms(desk, **options, psi=0.1) == {"amount": "drift/psi"}
    (calm,) = [f for f in found(desk, **options, psi=0.1)
               if f.rule == "drift/psi" and "visits" in f.message]  # fmt: skip
    assert calm.measurement is not None and abs(calm.measurement.value or 0) < 0.002


def test_times_are_compared_only_if_named(desk: Desk) -> None:
    written(desk, then=frame(1), now=frame(2))
    assert alarms(desk, columns=["ts"]) == {"ts": "drift/ks"}
    with pytest.raises(GateError, match="neither table has a column tz"):
        found(desk, columns=["tz"])


def test_a_column_that_is_missing_or_of_another_type_is_named(desk: Desk) -> None:
    parquet(desk.folder / "then.parquet", "SELECT 1 AS a, 'x' AS b, 2 AS c FROM range(50)")
    parquet(desk.folder / "now.parquet", "SELECT 'y' AS a, 2.0::double AS c FROM range(50)")
    said = [f.message for f in found(desk) if f.rule == "drift/schema"]
    assert said == ["a is string, in the reference integer", "b is missing"]


def test_without_a_reference_it_has_errored(desk: Desk) -> None:
    parquet(desk.folder / "now.parquet", "SELECT 1 AS a")
    with pytest.raises(GateError, match=r"no table then\.parquet"):
        found(desk)
    with pytest.raises(GateError, match="there is no reference"):
        found(desk, against="base")
    parquet(desk.folder / "then.parquet", "SELECT 1 AS a WHERE false")
    with pytest.raises(GateError, match="has no rows"):
        found(desk)


def test_the_base_is_the_reference(desk: Desk) -> None:
    base = desk.elsewhere("base")
    written(base, now=frame(1))
    written(desk, now=frame(1))
    options = {"table": "now.parquet"}
    assert [f.rule for f in desk.check(gate, "drift", options, base=base.subject)] == ["drift/same"]
    written(desk, now=frame(2, plan=lambda rng: "a"))
    changed = desk.check(gate, "drift", options, base=base.subject)
    assert [f.rule for f in changed if f.result is Result.FAIL] == ["drift/share"]


def test_a_stored_reference_is_not_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    written(desk, then=frame(1), now=frame(2))
    found(desk)
    desk.asked.clear()
    found(desk)
    assert desk.asked == []
    written(desk, now=frame(3))
    found(desk)
    files = {file for asked in desk.asked for file in asked["table"]["files"]}  # one table only
    assert {Path(file).name for file in files} == {"now.parquet"}


def test_all_rounds_of_questions_start_one_process(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine costs a third of a second to start; what a round asks hangs on the one before."""
    written(desk, then=frame(1), now=frame(2, amount=lambda rng: rng.lognormal(4, 1, N)))
    inside = stated(desk)
    desk.store._all("DELETE FROM aggregates", ())
    started: list[list[str]] = []
    start = process.start
    monkeypatch.setattr(
        process, "start", lambda argv, **more: started.append(argv) or start(argv, **more)
    )
    desk.asked.clear()
    desk.apart = True
    assert stated(desk) == inside
    assert len(desk.asked) >= 3 and len(started) == 1


def test_figures_are_the_same_on_every_run(desk: Desk) -> None:
    written(desk, then=frame(1), now=frame(2, amount=lambda rng: rng.lognormal(4, 1, N)))
    first = stated(desk)
    desk.store._all("DELETE FROM aggregates", ())
    assert stated(desk) == first
    duckdb.default_connection().close()


@pytest.mark.parametrize("least", [-(2**40), -3, 0])
def test_ties_among_whole_numbers_are_counted_exactly(desk: Desk, least: int) -> None:
    """Bins of many values are divided down to single ones, the greatest value included."""
    query = """SELECT {} + CASE WHEN i % 3 = 0 THEN 4999 WHEN i % 2 = 0 THEN {} ELSE i % 5000 END
        AS n FROM range(30000) t(i)"""
    old = parquet(desk.folder / "old.parquet", query.format(least, 7))
    now = parquet(desk.folder / "now.parquet", query.format(least, 9))
    before, after = (pd.read_parquet(path)["n"] for path in (old, now))
    found = desk.check(
        gate, "drift", {"table": "now.parquet", "against": "old.parquet", "bins": 64}
    )
    (alarm,) = [f for f in found if f.result is Result.FAIL]
    assert alarm.measurement is not None
    assert alarm.measurement.value == pytest.approx(
        stats.ks_2samp(before, after).statistic, abs=1e-9
    )
