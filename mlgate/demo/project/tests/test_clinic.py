"""What must hold of the code; the gates of mlgate.toml judge data and models."""

from __future__ import annotations

from clinic import params, tables


def test_a_table_is_read_as_it_was_written(tmp_path):
    tables.write(tmp_path / "new" / "t.csv", ["case", "label"], [[1, 0.5], [2, 1]])
    assert tables.read(tmp_path / "new" / "t.csv") == (
        ["case", "label"],
        [[1.0, 0.5], [2.0, 1.0]],
    )


def test_an_empty_table_has_a_header(tmp_path):
    tables.write(tmp_path / "t.csv", ["case"], [])
    assert tables.read(tmp_path / "t.csv") == (["case"], [])


def test_half_of_the_rows_are_kept_for_judging():
    assert params.load()["test_share"] == 0.5


def test_every_model_has_its_parameters():
    for name in ("tumours", "digits"):
        assert params.load()[name]["regularisation"] > 0
        assert params.load()[name]["columns"] > 0
