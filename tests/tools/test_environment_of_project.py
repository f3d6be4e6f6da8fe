"""Which interpreter is the project's, where mlgate has an environment of its own."""

from __future__ import annotations

import sys

import pytest

from mlgate.tools import _find


@pytest.mark.parametrize("place", ["pipx/venvs/mlgate", "uv/tools/mlgate", "mlgate-ci/venv"])
def test_an_environment_made_for_mlgate_alone_is_not_the_projects(monkeypatch, tmp_path, place):
    own = tmp_path / place
    theirs = tmp_path / "python"
    for prefix in (own, theirs):
        (prefix / "bin").mkdir(parents=True)
        (prefix / "bin" / "python3").touch()
    monkeypatch.setattr(sys, "prefix", str(own))
    path = f"{own}/bin:{theirs}/bin"
    assert list(_find._candidates(str(tmp_path), {"PATH": path}))[-1:] == [str(theirs)]
    assert str(own) not in _find._candidates(str(tmp_path), {"PATH": path})


def test_an_environment_beside_the_project_is_the_projects(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    assert str(tmp_path / "env") in _find._candidates(str(tmp_path), {"PATH": ""})
