"""`mlgate data profile --save`: of which content a profile is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
