from __future__ import annotations

import os

import pytest

from mlgate.cli import _edits
from mlgate.core.gate import Edit
from mlgate.repo import journal
from mlgate.repo.git import find

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


def replacement(path="a.py", before=BAD):
    return journal.Replacement(path, before.encode(), GOOD.encode())


def replaced(folder, *wanted):
    repo = find(str(folder), os.environ)
    with journal.writing(repo):
        refused = journal.replace(repo, list(wanted))
    assert sorted(os.listdir(folder / ".git" / "mlgate")) == ["lock"]
    return [error.message for error in refused]


def test_the_mode_is_kept(repository):
    (repository / "a.py").chmod(0o755)
    assert replaced(repository, replacement()) == []
    assert (repository / "a.py").read_text() == GOOD
    assert os.access(repository / "a.py", os.X_OK)


def test_a_file_that_changed_meanwhile_is_left_alone(repository):
    refused = replaced(repository, replacement(before="something else"), replacement("b.py"))
    assert refused == ["a.py changed while it was looked at"]
    assert (repository / "a.py").read_text() == BAD
    assert (repository / "b.py").read_text() == GOOD


def test_links_are_not_followed(repository, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "a.py").write_text(BAD)
    (repository / "linked").symlink_to(outside)
    (repository / "link.py").symlink_to(outside / "a.py")
    refused = replaced(repository, replacement("linked/a.py"), replacement("link.py"))
    assert len(refused) == 2
    assert (outside / "a.py").read_text() == BAD


def test_a_file_that_is_gone(repository):
    assert "cannot be written" in replaced(repository, replacement("gone.py"))[0]


def test_only_one_at_a_time(repository, mlgate):
    with journal.writing(find(str(repository), os.environ)):
        ran = mlgate("fix")
    assert ran.code == 2
    assert "another mlgate fix" in ran.err
    assert (repository / "a.py").read_text() == BAD


TEN = "".join(f"n{n} = {n}\n" for n in range(10))


def test_what_is_staged_is_mended_in_the_index_and_the_tree(repository, mlgate, git):
    (repository / "c.py").write_text(BAD + TEN)
    git("add", "c.py")
    (repository / "c.py").write_text(BAD + TEN + "loose = 1   \n")
    (repository / "b.py").write_text(BAD * 2)
    before = git("diff", "--", "b.py")
    ran = mlgate("fix", "--staged")
    assert ran.code == 0, ran
    assert git("show", ":c.py") == GOOD + TEN
    assert (repository / "c.py").read_text() == GOOD + TEN + "loose = 1   \n"
    assert git("diff", "--", "b.py") == before
    assert git("show", ":a.py") == BAD


def test_staged_and_loose_changes_in_the_same_line(repository, mlgate, git):
    (repository / "c.py").write_text(BAD)
    git("add", "c.py")
    (repository / "c.py").write_text("x = 2   \n")
    ran = mlgate("fix", "--staged")
    assert ran.code == 1
    assert "c.py has unstaged changes in the same lines" in ran.out
    assert "+x = 1\n" in ran.out
    assert git("show", ":c.py") == BAD
    assert (repository / "c.py").read_text() == "x = 2   \n"


def test_a_staged_file_that_is_gone_from_the_tree(repository, mlgate, git):
    (repository / "c.py").write_text(BAD)
    git("add", "c.py")
    (repository / "c.py").unlink()
    assert mlgate("fix", "--staged").code == 0
    assert git("show", ":c.py") == GOOD
    assert not (repository / "c.py").exists()


def test_the_index_of_another_git_is_not_touched(repository, mlgate, git):
    (repository / "c.py").write_text(BAD)
    git("add", "c.py")
    (repository / ".git" / "index.lock").write_text("")
    ran = mlgate("fix", "--staged")
    assert ran.code == 2
    assert "index.lock" in ran.err
    assert (repository / "c.py").read_text() == BAD
    (repository / ".git" / "index.lock").unlink()
    assert mlgate("fix", "--staged").code == 0
    assert git("show", ":c.py") == GOOD


def test_differences_of_files_without_a_last_newline():
    text = _edits.difference(Edit(path="a", before=b"x", after=b"x\n"))
    assert text == "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n"
