"""`mlgate data profile --save`: of which content a profile is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
from tabled import parquet

from mlgate.tables import saved as profiles

QUERY = "SELECT i AS id, i + {} AS amount FROM range(100) t(i)"


def test_the_command_saves_what_git_knows(
    git: Callable[..., str], mlgate: Callable[..., Any], tmp_path: Path
) -> None:
    file = parquet(tmp_path / "t.parquet", QUERY.format(0))
    ran = mlgate("data", "profile", "t.parquet", "--save")
    assert ran.code == 0, ran
    blob = git("hash-object", "t.parquet").strip()
    saved = profiles.read("t", (tmp_path / "t.parquet.profile.json").read_bytes())
    assert saved.digest == f"blob:{blob}"
    (tmp_path / ".gitignore").write_text("*.parquet\n")
    assert mlgate("data", "profile", "t.parquet", "--save").code == 2
    md5 = hashlib.md5(file.read_bytes()).hexdigest()
    (tmp_path / "t.parquet.dvc").write_text(
        f"outs:\n- md5: {md5}\n  size: 9\n  hash: md5\n  path: t.parquet\n"
    )
    assert mlgate("data", "profile", "t.parquet", "--save").code == 0
    parquet(file, QUERY.format(1))
    ran = mlgate("data", "profile", "t.parquet", "--save")
    assert ran.code == 2 and "not what its pointer says" in ran.err


def test_the_profile_of_a_databases_table_serves_drift(
    git: Callable[..., str], mlgate: Callable[..., Any], tmp_path: Path
) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as base:
        base.execute("CREATE TABLE orders AS SELECT i % 50 AS amount FROM range(20000) t(i)")
    ran = mlgate("data", "profile", "shop.duckdb#orders", "--save")
    assert ran.code == 0, ran
    saved = profiles.read("t", (tmp_path / "shop.duckdb#orders.profile.json").read_bytes())
    assert saved.digest == f"blob:{git('hash-object', 'shop.duckdb').strip()}"
    parquet(tmp_path / "now.parquet", "SELECT i % 50 + 20 AS amount FROM range(20000) t(i)")
    (tmp_path / "mlgate.toml").write_text(
        '[gates.drift]\ntable = "now.parquet"\nagainst = "shop.duckdb#orders.profile.json"\n'
    )
    git("add", "-A")
    git("commit", "-qm", "Keep the profile")
    ran = mlgate("check", "--stage", "monitor", "--format", "json")
    assert ran.code == 1 and "saved profile of shop.duckdb#orders" in ran.out, ran
    ran = mlgate("data", "profile", "shop.duckdb#SELECT 1", "--save")
    assert ran.code == 2 and "is a query of a database" in ran.err
