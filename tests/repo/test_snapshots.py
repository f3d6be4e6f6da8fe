from __future__ import annotations

import os
import random
import socket
import stat
from pathlib import Path

import pytest

from mlgate.core.errors import GateError, RepositoryError, UsageError
from mlgate.core.snapshot import Entry
from mlgate.repo import snapshots
from mlgate.repo.changes import changed

ODD = ["a b.py", "-rf.py", "new\nline.py", "tab\there.py", '"quoted".py', "b\udcffyte.py", "ü/é.py"]


def laid(snapshot, paths):
    """Path to bytes (links: their targets) under the snapshot's root."""
    root = os.fspath(snapshot.root(paths))
    found = {}
    for path in paths:
        full = os.path.join(root, path)
        if os.path.islink(full):
            found[path] = os.fsencode(os.readlink(full))
        elif os.path.isfile(full):
            found[path] = Path(full).read_bytes()
    return found


def odd(project, name):
    return project.write(
        os.fsencode(name).decode("utf-8", "surrogateescape"),
        name.encode("utf-8", "surrogateescape"),
    )


def listed(project, *args):
    raw = project.git(*args).decode("utf-8", "surrogateescape")
    return {line for line in raw.split("\0") if line}


def test_a_clean_tree_is_read_in_place_by_all_three(project):
    project.write("pkg/a.py")
    project.write("run.sh", "#!/bin/sh\n").chmod(0o755)
    head = project.commit()
    repo = project.found()
    views = snapshots.work_tree(repo), snapshots.index(repo), snapshots.commit(repo, "HEAD")
    for view in views:
        assert os.fspath(view.root(view.files)) == repo.root
        assert view.read("pkg/a.py") == b"x = 1\n"
        assert view.files["run.sh"].mode == "100755"
        assert view.commit == head
    assert views[0].files == views[1].files == views[2].files
    assert [view.label for view in views] == ["work tree", "index", f"commit {head[:7]}"]
    assert len({view.digest for view in views[1:]}) == 2


def test_an_environment_that_nobody_ignored_is_no_part_of_the_work_tree(project):
    project.write("a.py")
    project.write("tracked/pyvenv.cfg", "home = /usr/bin\n")
    project.commit()
    project.write("env/pyvenv.cfg", "home = /usr/bin\n")
    project.write("env/lib/python3.11/site-packages/six.py")
    project.write("environment/new.py")
    project.write("tracked/new.py")
    tree = snapshots.work_tree(project.found())
    assert set(tree.files) == {"a.py", "tracked/pyvenv.cfg", "environment/new.py", "tracked/new.py"}
    assert tree.label == "work tree +2 uncommitted"
    project.git("add", "env")
    assert "env/lib/python3.11/site-packages/six.py" in snapshots.work_tree(project.found()).files


def test_a_repository_that_is_an_environment_itself_keeps_its_files(project):
    project.write("pyvenv.cfg", "home = /usr/bin\n")
    project.write("a.py")
    assert set(snapshots.work_tree(project.found()).files) == {"a.py", "pyvenv.cfg"}


def test_the_label_counts_changed_deleted_staged_and_untracked_once(project):
    for name in "abcde":
        project.write(f"{name}.py", name)
    project.commit()
    project.write("a.py", "changed")
    (project.path / "b.py").unlink()
    project.write("new.py")
    project.write("c.py", "staged")
    project.git("add", "c.py")
    project.write("c.py", "and changed again")
    project.write("d.py", "staged only")
    project.git("add", "d.py")
    os.utime(project.path / "e.py")
    assert snapshots.work_tree(project.found()).label == "work tree +5 uncommitted"


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_half_staged_files_keep_their_two_contents(make, object_format):
    project = make("p", f"--object-format={object_format}")
    project.write("a.py", "committed\n")
    project.write("b.py", "same\n")
    project.commit()
    project.write("a.py", "staged\n")
    project.git("add", "a.py")
    project.write("a.py", "in the tree\n")
    repo = project.found()
    tree, index, commit = (
        snapshots.work_tree(repo),
        snapshots.index(repo),
        snapshots.commit(repo, "HEAD"),
    )
    paths = ("a.py", "b.py")
    assert laid(tree, paths)["a.py"] == tree.read("a.py") == b"in the tree\n"
    assert laid(index, paths)["a.py"] == index.read("a.py") == b"staged\n"
    assert laid(commit, paths)["a.py"] == commit.read("a.py") == b"committed\n"
    assert index.place(paths) == (["b.py"], ["a.py"])
    assert tree.files["a.py"].id == project.git("hash-object", "a.py").decode().strip()


def test_odd_names_everywhere(project):
    for name in ODD:
        odd(project, name)
    project.commit()
    odd(project, "untracked\n\udcfe.py")
    for name in ODD:
        (project.path / name).write_bytes(b"changed")
    repo = project.found()
    tree = snapshots.work_tree(repo)
    assert set(tree.files) == {*ODD, "untracked\n\udcfe.py"}
    assert set(laid(tree, ODD).values()) == {b"changed"}
    for view in (snapshots.index(repo), snapshots.commit(repo, "HEAD")):
        wanted = {name: name.encode("utf-8", "surrogateescape") for name in ODD}
        assert laid(view, ODD) == wanted
        assert {name: view.read(name) for name in ODD} == wanted


def test_touched_but_equal_files_change_nothing(project):
    project.write("a.py")
    project.commit()
    repo = project.found()
    before = snapshots.work_tree(repo).digest
    os.utime(project.path / "a.py", (1, 1))
    after = snapshots.work_tree(repo)
    assert after.digest == before
    assert after.label == "work tree"


def test_the_same_size_and_time_with_other_bytes_is_seen(project):
    path = project.write("a.py", "x = 1\n")
    project.commit()
    before = snapshots.work_tree(project.found()).digest
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_text("x = 2\n")
    os.utime(path, ns=times)
    after = snapshots.work_tree(project.found())
    assert after.digest != before
    assert after.read("a.py") == b"x = 2\n"


@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
def test_files_that_git_is_told_not_to_look_at_are_hashed(project, mark):
    project.write("a.py", "x = 1\n")
    project.commit()
    project.git("update-index", mark, "a.py")
    before = snapshots.work_tree(project.found()).digest
    project.write("a.py", "x = 2\n")
    repo = project.found()
    tree = snapshots.work_tree(repo)
    assert tree.digest != before
    assert tree.files["a.py"].id == project.git("hash-object", "a.py").decode().strip()
    assert tree.read("a.py") == b"x = 2\n"
    assert laid(snapshots.index(repo), ["a.py"]) == {"a.py": b"x = 1\n"}


def test_assume_unchanged_among_many_files(project):
    for number in range(400):
        project.write(f"m{number}.py", f"{number}")
    project.commit()
    project.git("update-index", "--assume-unchanged", "m7.py")
    project.write("m7.py", "changed behind git's back")
    project.write("m8.py", "changed")
    index = snapshots.index(project.found())
    assert set(index.place(index.files)[1]) == {"m7.py", "m8.py"}
    assert laid(index, list(index.files)) == {f"m{n}.py": f"{n}".encode() for n in range(400)}


def test_sparse_files_are_part_of_it_and_laid_out(project):
    project.write("in/a.py", "in")
    project.write("out/b.py", "out")
    project.commit()
    project.git("sparse-checkout", "set", "in")
    assert not (project.path / "out").exists()
    repo = project.found()
    for view in (snapshots.work_tree(repo), snapshots.index(repo), snapshots.commit(repo, "HEAD")):
        assert set(view.files) == {"in/a.py", "out/b.py"}
        assert view.place(["in/a.py", "out/b.py"]) == (["in/a.py"], ["out/b.py"])
        assert laid(view, ["in/a.py", "out/b.py"]) == {"in/a.py": b"in", "out/b.py": b"out"}
        assert view.read("out/b.py") == b"out"
    assert snapshots.work_tree(repo).label == "work tree"
    assert not (project.path / "out").exists()


def test_deleted_files_are_gone_from_the_tree_only(project):
    project.write("a.py")
    project.write("b.py")
    project.commit()
    (project.path / "a.py").unlink()
    repo = project.found()
    assert list(snapshots.work_tree(repo).files) == ["b.py"]
    assert laid(snapshots.index(repo), ["a.py"]) == {"a.py": b"x = 1\n"}


def test_ignored_files_are_no_part_and_tracked_ones_are(project):
    project.write(".gitignore", "*.log\n")
    project.write("kept.log")
    project.git("add", "-f", "kept.log")
    project.write("new.log")
    assert set(snapshots.work_tree(project.found()).files) == {".gitignore", "kept.log"}


def test_an_embedded_repository_is_not_entered(project, make):
    project.write("a.py")
    project.commit()
    inner = make("project/inner")
    inner.write("secret.py")
    inner.commit()
    assert list(snapshots.work_tree(project.found()).files) == ["a.py"]


def test_submodules_are_entries_and_never_read(project, make):
    library = make("library")
    library.write("lib.py")
    tip = library.commit()
    project.git("submodule", "--quiet", "add", str(library.path), "lib")
    project.write("a.py")
    project.commit()
    (project.path / "lib/lib.py").write_text("changed")
    repo = project.found()
    for view in (snapshots.work_tree(repo), snapshots.index(repo), snapshots.commit(repo, "HEAD")):
        assert view.files["lib"] == Entry("160000", tip)
        assert not any(path.startswith("lib/") for path in view.files)
        with pytest.raises(GateError, match="lib is a submodule"):
            view.read("lib")
        assert laid(view, list(view.files)).keys() == {".gitmodules", "a.py"}
    project.write("a.py", "y")
    assert os.path.isdir(Path(snapshots.index(repo).root(["a.py", "lib"])) / "lib")


def test_links_are_entries_and_never_followed(project, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.py").write_text("secret")
    (project.path / "link.py").symlink_to("../outside/secret.py")
    (project.path / "loop").symlink_to("loop")
    project.write("a.py")
    project.commit()
    project.write("a.py", "changed")
    repo = project.found()
    for view in (snapshots.work_tree(repo), snapshots.index(repo), snapshots.commit(repo, "HEAD")):
        assert view.files["link.py"].mode == "120000"
        assert view.read("link.py") == b"../outside/secret.py"
        assert laid(view, ["a.py", "link.py", "loop"])["loop"] == b"loop"


@pytest.mark.parametrize("behind", ["theirs", "ours"])
def test_a_folder_replaced_by_a_link_out_of_the_root(project, tmp_path, behind):
    project.write("pkg/a.py", "ours")
    project.commit()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.py").write_text(behind)
    (project.path / "pkg/a.py").unlink()
    (project.path / "pkg").rmdir()
    (project.path / "pkg").symlink_to(tmp_path / "outside")
    repo = project.found()
    tree = snapshots.work_tree(repo)
    assert set(tree.files) == {"pkg"}
    assert tree.read("pkg") == os.fsencode(tmp_path / "outside")
    for view in (snapshots.index(repo), snapshots.commit(repo, "HEAD")):
        assert view.read("pkg/a.py") == b"ours"
        assert laid(view, ["pkg/a.py"]) == {"pkg/a.py": b"ours"}


def test_an_ignored_link_with_the_same_bytes_behind_it_is_not_read_through(project, tmp_path):
    project.write("pkg/a.py", "ours")
    project.write(".gitignore", "/pkg\n")
    project.git("add", "-f", ".")
    project.commit()
    os.rename(project.path / "pkg", tmp_path / "outside")
    (project.path / "pkg").symlink_to(tmp_path / "outside")
    tree = snapshots.work_tree(project.found())
    assert tree.place(["pkg/a.py"]) == ([], ["pkg/a.py"])
    assert laid(tree, ["pkg/a.py"]) == {"pkg/a.py": b"ours"}
    assert os.fspath(tree.root(["pkg/a.py"])) != str(project.path)


def test_intent_to_add_is_in_the_tree_but_not_in_the_index(project):
    project.write("empty.py", "")
    project.commit()
    project.write("new.py", "content")
    project.write("new_empty.py", "")
    project.git("add", "-N", "new.py", "new_empty.py")
    repo = project.found()
    index = snapshots.index(repo)
    assert set(index.files) == {"empty.py"}
    assert set(snapshots.work_tree(repo).files) == {"empty.py", "new.py", "new_empty.py"}
    project.git("add", "new_empty.py")
    staged = snapshots.index(project.found())
    assert set(staged.files) == {"empty.py", "new_empty.py"}
    assert staged.digest != index.digest


def test_conflicts_stop_the_index_and_not_the_tree(project):
    project.write("a.py", "base\n")
    project.commit()
    project.git("checkout", "-q", "-b", "side")
    project.write("a.py", "side\n")
    project.commit()
    project.git("checkout", "-q", "main")
    project.write("a.py", "main\n")
    project.commit()
    with pytest.raises(AssertionError):
        project.git("merge", "side")
    repo = project.found()
    with pytest.raises(UsageError, match=r"1 file with merge conflicts.*a\.py") as caught:
        _ = snapshots.index(repo).files
    assert "git add" in (caught.value.hint or "")
    assert b"<<<<<<<" in snapshots.work_tree(repo).read("a.py")


def test_an_unborn_branch(project):
    project.write("a.py")
    repo = project.found()
    assert snapshots.work_tree(repo).label == "work tree +1 uncommitted"
    assert snapshots.index(repo).files == {}
    project.git("add", "a.py")
    assert list(snapshots.index(project.found()).files) == ["a.py"]
    with pytest.raises(RepositoryError, match="no commit 'HEAD'"):
        snapshots.commit(repo, "HEAD")


@pytest.mark.parametrize("rev", ["nowhere", "--all", "HEAD:a.py", ""])
def test_what_is_no_commit_is_refused(project, rev):
    project.write("a.py")
    project.commit()
    with pytest.raises(RepositoryError, match="no commit"):
        snapshots.commit(project.found(), rev)


def test_a_tag_names_its_commit(project):
    project.write("a.py")
    head = project.commit()
    project.git("tag", "-a", "v1", "-m", "one")
    assert snapshots.commit(project.found(), "v1").commit == head


def special(project, path, kind):
    if kind == "pipe":
        os.mkfifo(path)
        return "a named pipe"
    if kind == "socket":
        os.chdir(path.parent)
        socket.socket(socket.AF_UNIX).bind(path.name)
        return "a socket|cannot read"
    path.mkdir()
    return "not in the"


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder"])
def test_something_else_in_place_of_a_file_is_named_and_never_waited_for(
    project, kind, monkeypatch
):
    monkeypatch.chdir(project.path)
    path = project.write("a.py")
    project.write("b.py")
    project.commit()
    path.unlink()
    words = special(project, path, kind)
    repo = project.found()
    tree = snapshots.work_tree(repo)
    for ask in (tree.read, lambda p: tree.root([p])):
        with pytest.raises(GateError, match=rf"a\.py.*({words})|({words}).*a\.py"):
            ask("a.py")
    assert tree.read("b.py") == b"x = 1\n"
    assert laid(snapshots.index(repo), ["a.py"]) == {"a.py": b"x = 1\n"}


def test_a_file_that_disappears_meanwhile_is_named(project):
    project.write("a.py")
    project.write("b.py")
    project.commit()
    tree = snapshots.work_tree(project.found())
    assert "a.py" in tree.files
    (project.path / "a.py").unlink()
    for ask in (tree.read, lambda p: tree.root([p, "b.py"])):
        with pytest.raises(GateError, match=r"a\.py disappeared"):
            ask("a.py")


def test_a_path_that_is_not_there_is_named(project):
    project.write("a.py")
    project.commit()
    repo = project.found()
    for view in (snapshots.work_tree(repo), snapshots.index(repo), snapshots.commit(repo, "HEAD")):
        with pytest.raises(GateError, match=r"b\.py is not in the"):
            view.read("b.py")
        with pytest.raises(GateError, match=r"b\.py is not in the"):
            view.root(["a.py", "b.py"])


def test_a_missing_object_is_an_error_with_a_command(project):
    project.write("a.py", "first")
    project.commit()
    blob = project.git("rev-parse", "HEAD:a.py").decode().strip()
    project.write("a.py", "second")
    path = project.path / ".git/objects" / blob[:2] / blob[2:]
    path.unlink()
    index = snapshots.index(project.found())
    with pytest.raises(GateError) as caught:
        index.root(["a.py"])
    assert "git fetch" in (caught.value.hint or "")
    with pytest.raises(GateError, match=r"a\.py"):
        index.read("a.py")


@pytest.fixture
def partial(make, project):
    """A clone that left out all files but those it checked out."""
    project.write("a.py", "first version of a\n")
    project.write("b.py", LONG)
    project.commit()
    project.write("a.py", "second\n")
    project.git("mv", "b.py", "c.py")
    project.write("c.py", LONG + "more\n")
    project.commit()
    project.git("config", "uploadpack.allowFilter", "true")
    clone = str(project.path.parent / "clone")
    project.git("clone", "-q", "--filter=blob:none", f"file://{project.path}", clone)
    project.path = project.path.parent / "clone"
    return project


LONG = "".join(f"line {number}\n" for number in range(40))


def test_a_partial_clone_never_asks_the_network(partial):
    repo = partial.found()
    view = snapshots.commit(repo, "HEAD~1")
    for ask in (lambda: view.read("a.py"), lambda: view.root(["a.py"])):
        with pytest.raises(GateError):
            ask()
    assert snapshots.commit(repo, "HEAD").read("a.py") == b"second\n"
    assert {change.status for change in changed(repo, view, snapshots.index(repo))} == {
        *("modified", "added", "deleted")
    }
    blob = view.files["a.py"].id
    assert repo.start("cat-file", "blob", blob, network=True).read() == b"first version of a\n"


def test_without_room_for_a_private_folder(project, monkeypatch):
    from mlgate import scratch

    project.write("a.py")
    project.commit()
    project.write("a.py", "changed")
    monkeypatch.setattr(scratch, "_places", lambda: ["/nowhere/at/all"])
    monkeypatch.setattr(scratch, "_folders", {})
    with pytest.raises(GateError, match="temporary folder") as caught:
        snapshots.index(project.found()).root(["a.py"])
    assert "TMPDIR" in caught.value.hint


def test_the_hot_path_imports_nothing_heavy():
    import subprocess
    import sys

    code = (
        "import sys; import click, msgspec; before = set(sys.modules)\n"
        "from mlgate.repo import base, changes, ci, git, push, snapshots\n"
        "print(*sorted(m for m in set(sys.modules) - before if not m.startswith('mlgate')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"pathlib", "dataclasses", "asyncio", "importlib.metadata", "rich", "yaml", "pathspec"}
    heavy |= {"packaging", "json", "tempfile", "shutil", "logging", "datetime", "ast", "tomllib"}
    heavy |= {"concurrent", "configparser", "shlex", "socket", "ssl"}
    assert not heavy & set(done.stdout.split())


def test_the_private_folder_is_private_and_extended(project):
    project.write("pkg/a.py", "a")
    project.write("pkg/b.py", "b")
    project.write("bin/run", "r").chmod(0o755)
    project.commit()
    for name in ("pkg/a.py", "pkg/b.py", "bin/run"):
        project.write(name, "changed")
    index = snapshots.index(project.found())
    first = Path(index.root(["pkg/a.py"]))
    assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700
    assert not (first / "pkg/b.py").exists()
    second = Path(index.root(["pkg/a.py", "pkg/b.py", "bin/run"]))
    assert first == second
    assert os.access(second / "bin/run", os.X_OK)
    assert (second / "pkg/b.py").read_text() == "b"


def test_the_private_folder_is_removed_in_the_end(project):
    import subprocess
    import sys

    project.write("a.py", "a")
    project.commit()
    project.write("a.py", "b")
    code = (
        "import os; from mlgate.repo import git, snapshots\n"
        "print(snapshots.index(git.find('.', os.environ)).root(['a.py']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project.path,
        env=project.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    folder = Path(done.stdout.strip())
    assert folder.name == "tree"
    assert not folder.parents[1].exists()


def test_threads_share_one_layout(project):
    from concurrent.futures import ThreadPoolExecutor

    names = [f"m{number}.py" for number in range(60)]
    for name in names:
        project.write(name, name)
    project.commit()
    for name in names:
        project.write(name, "changed")
    index = snapshots.index(project.found())
    with ThreadPoolExecutor(8) as pool:
        batches = [names[start : start + 9] for start in range(0, 60, 3)]
        found = list(pool.map(lambda batch: laid(index, batch), batches))
    assert all(bytes_ == name.encode() for batch in found for name, bytes_ in batch.items())


# --- line endings and filters


def test_crlf_in_the_work_tree_is_the_same_blob_and_other_bytes(project):
    project.write(".gitattributes", "*.py text eol=crlf\n")
    project.write("a.py", "x = 1\n")
    project.commit()
    (project.path / "a.py").unlink()
    project.git("checkout", "a.py")
    assert (project.path / "a.py").read_bytes() == b"x = 1\r\n"
    repo = project.found()
    tree = snapshots.work_tree(repo)
    assert tree.label == "work tree"
    assert tree.read("a.py") == b"x = 1\r\n"
    for view in (snapshots.index(repo), snapshots.commit(repo, "HEAD")):
        assert view.read("a.py") == b"x = 1\r\n"
        assert laid(view, ["a.py"]) == {"a.py": b"x = 1\r\n"}
        assert view.files == tree.files


def test_other_line_endings_are_another_digest_even_when_git_calls_it_clean(project):
    project.write(".gitattributes", "* text=auto\n")
    project.write("a.py", "x = 1\n")
    project.commit()
    lf = snapshots.work_tree(project.found())
    old = lf.digest
    project.write("a.py", "x = 1\r\n")
    project.git("add", "a.py")
    assert project.git("status", "--porcelain") == b""
    crlf = snapshots.work_tree(project.found())
    assert crlf.files == lf.files
    assert crlf.digest != old
    assert laid(snapshots.index(project.found()), ["a.py"]) == {"a.py": b"x = 1\n"}


def test_dirty_files_get_the_id_git_would_give(project):
    project.write(".gitattributes", "* text=auto\n")
    for name in ODD:
        odd(project, name)
    project.commit()
    for name in ODD:
        (project.path / name).write_bytes(b"one\r\ntwo\r\n")
    tree = snapshots.work_tree(project.found())
    wanted = project.git("hash-object", "--stdin", stdin=b"one\ntwo\n").decode().strip()
    assert {tree.files[name].id for name in ODD} == {wanted}
    assert {tree.read(name) for name in ODD} == {b"one\r\ntwo\r\n"}


def test_autocrlf_in_the_users_configuration_counts(project, environ):
    project.write("a.py", "x = 1\n")
    project.commit()
    before = snapshots.commit(project.found(), "HEAD")
    old = before.digest
    assert laid(before, ["a.py"]) == {"a.py": b"x = 1\n"}
    with open(Path(environ["HOME"]) / ".gitconfig", "a") as file:
        file.write("[core]\nautocrlf = true\n")
    after = snapshots.commit(project.found(), "HEAD")
    assert after.digest != old
    assert laid(after, ["a.py"]) == {"a.py": b"x = 1\r\n"}
    dashed = snapshots.commit(project.found(GIT_CONFIG_PARAMETERS="'core.autocrlf=false'"), "HEAD")
    assert laid(dashed, ["a.py"]) == {"a.py": b"x = 1\n"}


def test_included_configuration_and_attribute_files_count(project, environ):
    project.write("a.py", "x = 1\n")
    project.commit()
    home = Path(environ["HOME"])
    (home / "attributes").write_text("*.py eol=crlf\n")
    (home / "more").write_text("[core]\nattributesFile = ~/attributes\n")
    with open(home / ".gitconfig", "a") as file:
        file.write("[include]\npath = more\n")
    assert laid(snapshots.index(project.found()), ["a.py"]) == {"a.py": b"x = 1\r\n"}


def test_the_attributes_are_those_of_the_commit(project):
    project.write(".gitattributes", "*.py eol=crlf\n")
    project.write("pkg/.gitattributes", "*.py -text\n")
    project.write("a.py", "x = 1\n")
    project.write("pkg/a.py", "x = 1\n")
    first = project.commit()
    project.write(".gitattributes", "*.py -text\n")
    project.commit()
    view = snapshots.commit(project.found(), first)
    assert laid(view, ["a.py", "pkg/a.py"]) == {"a.py": b"x = 1\r\n", "pkg/a.py": b"x = 1\n"}


def test_a_real_filter_is_applied_both_ways(project):
    project.git("config", "filter.shout.clean", "tr A-Z a-z")
    project.git("config", "filter.shout.smudge", "tr a-z A-Z")
    project.write(".gitattributes", "*.txt filter=shout\n")
    project.write("a.txt", "HELLO\n")
    project.commit()
    project.write("b.txt", "NEW\n")
    repo = project.found()
    assert laid(snapshots.index(repo), ["a.txt"]) == {"a.txt": b"HELLO\n"}
    assert snapshots.commit(repo, "HEAD").read("a.txt") == b"HELLO\n"
    id_ = snapshots.work_tree(repo).files["b.txt"].id
    assert id_ == project.git("hash-object", "--stdin", stdin=b"new\n").decode().strip()


def test_a_touched_lfs_file_is_its_pointer(project):
    import hashlib

    content = b"weights" * 100
    pointer = (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{hashlib.sha256(content).hexdigest()}\nsize {len(content)}\n"
    )
    project.write("model.bin", pointer)
    project.git("add", "model.bin")
    project.write(".gitattributes", "*.bin filter=lfs -text\n")
    project.commit()
    project.write("model.bin", content)
    repo = project.found()
    tree, index = snapshots.work_tree(repo), snapshots.index(repo)
    assert tree.files["model.bin"] == index.files["model.bin"]
    assert tree.read("model.bin") == content
    assert tree.label == "work tree"
    assert laid(index, ["model.bin"]) == {"model.bin": pointer.encode()}


# --- any state at all


STEPS = ["write", "write", "stage", "stage", "half", "delete", "cached", "rename", "mode"]
STEPS += ["crlf", "link", "touch", "ita", "assume", "reset"]


def stir(project, rng, names):
    """One random step, as people and tools make them."""
    name = rng.choice(names)
    path = project.path / name
    step = rng.choice(STEPS)
    tracked = name in listed(project, "ls-files", "-z")
    content = b"".join(rng.choice([b"a\n", b"b\n", b"c\r\n"]) for _ in range(rng.randrange(4)))
    if step in ("write", "stage", "half"):
        if path.is_symlink():
            path.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if step != "write":
            project.git("add", "--", name)
        if step == "half":
            path.write_bytes(content + b"more\n")
    elif step == "delete":
        path.unlink(missing_ok=True)
    elif step == "cached" and tracked:
        project.git("rm", "-q", "--cached", "-f", "--", name)
    elif step == "rename" and path.is_file():
        os.replace(path, project.path / rng.choice(["moved.py", "z.py"]))
    elif step == "mode" and path.is_file() and not path.is_symlink():
        path.chmod(rng.choice([0o644, 0o755]))
    elif step == "crlf" and path.is_file() and not path.is_symlink():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    elif step == "link" and not os.path.lexists(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to("a.py")
    elif step == "touch" and path.is_file() and not path.is_symlink():
        os.utime(path, (rng.randrange(1000), rng.randrange(1000)))
    elif step == "ita" and os.path.lexists(path):
        project.git("add", "-N", "--", name)
    elif step == "assume" and tracked:
        project.git(
            "update-index", rng.choice(["--assume-unchanged", "--no-assume-unchanged"]), "--", name
        )
    elif step == "reset":
        project.git("reset", "-q")


def in_tree(project):
    """Oracle: path to bytes, of tracked and unignored files that lie in the work tree."""
    paths = listed(project, "ls-files", "-z") | listed(
        project, "ls-files", "-o", "--exclude-standard", "-z"
    )
    found = {}
    for path in paths:
        full = project.path / path
        if full.is_symlink():
            found[path] = os.fsencode(os.readlink(full))
        elif full.is_file():
            found[path] = full.read_bytes()
    return found


@pytest.mark.parametrize("seed", range(12))
def test_root_holds_the_very_bytes_in_any_state(project, seed):
    rng = random.Random(seed)
    names = ["a.py", "pkg/b.py", "pkg/deep/c.py", "d e.py", "-x.py", "n\nl.py"]
    for name in names[:4]:
        project.write(name, name)
    project.commit()
    seen = {}
    for _ in range(5):
        for _ in range(rng.randrange(1, 5)):
            stir(project, rng, names)
        if rng.random() < 0.2:
            project.git("commit", "-q", "--allow-empty", "-m", "x")
        before = project.state()
        repo = project.found()
        tree, index, head = (
            snapshots.work_tree(repo),
            snapshots.index(repo),
            snapshots.commit(repo, "HEAD"),
        )
        wanted = in_tree(project)
        assert laid(tree, list(tree.files)) == wanted
        staged = listed(
            project,
            *("diff-index", "--cached", "--ita-invisible-in-index", "--name-only", "-z"),
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        )
        assert set(index.files) == staged
        committed = listed(project, "ls-tree", "-r", "--name-only", "-z", "HEAD")
        assert set(head.files) == committed
        assert laid(index, list(staged)) == {p: project.git("show", f":{p}") for p in staged}
        assert laid(head, list(committed)) == {
            p: project.git("show", f"HEAD:{p}") for p in committed
        }
        for path, entry in tree.files.items():
            raw = wanted[path]
            id_ = project.git("hash-object", "--stdin", stdin=raw).decode().strip()
            assert entry.id == id_
            assert tree.read(path) == raw
        for path in staged:
            assert index.read(path) == project.git("show", f":{path}")
        for name, view in (("tree", tree), ("index", index), ("head", head)):
            files = tuple(sorted(view.files.items()))
            assert seen.setdefault((name, view.digest), files) == files
        assert project.state() == before
