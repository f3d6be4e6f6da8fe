from __future__ import annotations

import os

import pytest

from mlgate.cli import _edits
from mlgate.core.errors import UsageError
from mlgate.core.gate import Edit

BAD = "x = 1   \n"
GOOD = "x = 1\n"


@pytest.fixture
def repository(git, tmp_path):
    (tmp_path / "mlgate.toml").write_text("[gates.files]\n")
    (tmp_path / "a.py").write_text(BAD)
    (tmp_path / "b.py").write_text(BAD)
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    return tmp_path


def test_mends_and_says_what(repository, mlgate):
    ran = mlgate("fix")
    assert ran.code == 0
    assert "2 files mended" in ran.out
    assert "    a.py\n" in ran.out
    assert (repository / "a.py").read_text() == GOOD
    assert "nothing to mend" in mlgate("fix").out


def test_only_what_is_named(repository, mlgate):
    mlgate("fix", "b.py")
    assert (repository / "a.py").read_text() == BAD
    assert (repository / "b.py").read_text() == GOOD


def test_nothing_is_staged(repository, mlgate, git):
    mlgate("fix")
    assert git("diff", "--cached", "--name-only") == ""


def test_a_dry_run_prints_a_patch_and_writes_nothing(repository, mlgate, git):
    ran = mlgate("fix", "--dry-run")
    assert (repository / "a.py").read_text() == BAD
    (repository / "patch").write_text(ran.out)
    git("apply", "patch")
    assert (repository / "a.py").read_text() == GOOD


def test_a_half_staged_file_is_left_alone_with_its_difference(repository, mlgate, git):
    (repository / "a.py").write_text(BAD + "y = 2\n")
    git("add", "a.py")
    (repository / "a.py").write_text(BAD + "y = 2\nz = 3\n")
    ran = mlgate("fix")
    assert ran.code == 1
    assert "a.py has staged and unstaged changes" in ran.out
    assert "+x = 1\n" in ran.out
    assert (repository / "a.py").read_text() == BAD + "y = 2\nz = 3\n"
    assert (repository / "b.py").read_text() == GOOD


def test_a_gate_that_cannot_mend(repository, mlgate):
    (repository / "mlgate.toml").write_text(
        "[gates.files]\n[gates.own]\nkind = 'command'\nrun = ['true']\n"
    )
    ran = mlgate("fix", "--gate", "own")
    assert ran.code == 2
    assert "own cannot mend by itself" in ran.err


def test_an_unknown_gate(repository, mlgate):
    ran = mlgate("fix", "--gate", "file")
    assert ran.code == 2
    assert "files" in ran.err


def edit(path="a.py", before=BAD):
    return Edit(path=path, before=before.encode(), after=GOOD.encode())


def test_the_mode_is_kept(repository):
    (repository / "a.py").chmod(0o755)
    _edits.write(str(repository), edit())
    assert (repository / "a.py").read_text() == GOOD
    assert os.access(repository / "a.py", os.X_OK)
    assert not [name for name in os.listdir(repository) if name.endswith(".mlgate")]


def test_a_file_that_changed_meanwhile_is_left_alone(repository):
    with pytest.raises(UsageError, match="changed while"):
        _edits.write(str(repository), edit(before="something else"))
    assert (repository / "a.py").read_text() == BAD


def test_links_are_not_followed(repository, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "a.py").write_text(BAD)
    (repository / "linked").symlink_to(outside)
    (repository / "link.py").symlink_to(outside / "a.py")
    for path in ("linked/a.py", "link.py"):
        with pytest.raises(UsageError):
            _edits.write(str(repository), edit(path))
    assert (outside / "a.py").read_text() == BAD


def test_a_file_that_is_gone(repository):
    with pytest.raises(UsageError, match="cannot be written"):
        _edits.write(str(repository), edit("gone.py"))


def test_differences_of_files_without_a_last_newline():
    text = _edits.difference(Edit(path="a", before=b"x", after=b"x\n"))
    assert text == "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n"
