"""The scenario matrix: what is done to a project, what mlgate says, and what DVC says beside it.

`docs/data-version.md` holds it as a table; a test compares the two.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import NamedTuple

from dvc_world import World

TABLE = b"id,y\n1,0\n2,1\n"


class Scenario(NamedTuple):
    """One row."""

    name: str
    does: Callable[[World], object]
    outcome: str
    """`passed`, `failed` or `errored`."""
    rules: tuple[str, ...] = ()
    stage: str = "merge"
    args: tuple[str, ...] = ()

    @property
    def drives(self) -> bool:
        """True if it runs dvc, beside what built the project."""
        return self.does in _DRIVING


def _nothing(world: World) -> None:
    return None


def _modified(world: World) -> None:
    world.put({"data/table.csv": TABLE + b"3,1\n"})


def _same_size(world: World) -> None:
    path = world.project / "data/table.csv"
    world.dvc("status -q")  # so that DVC knows the file
    before = path.stat()
    path.write_bytes(TABLE.replace(b"2,1", b"2,0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _member_modified(world: World) -> None:
    world.put({"data/images/a.txt": "other\n", "data/images/c.txt": "third\n"})
    (world.project / "data/images/deep/b.txt").unlink()


def _fresh_clone(world: World) -> None:
    world.forget_data()


def _not_pushed(world: World) -> None:
    world.object(TABLE).unlink()


def _member_gone(world: World) -> None:
    world.object(b"second\n").unlink()


def _truncated(world: World) -> None:
    path = world.object(TABLE)
    path.chmod(0o644)
    path.write_bytes(TABLE[:5])


def _member_truncated(world: World) -> None:
    path = world.object(b"second\n")
    path.chmod(0o644)
    path.write_bytes(b"")


def _conflict(world: World) -> None:
    text = world.read("data/table.csv.dvc")
    world.put({"data/table.csv.dvc": f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n"})


def _no_remote(world: World) -> None:
    world.put({".dvc/config": "[core]\n    autostage = false\n"})


def _remote_unmounted(world: World) -> None:
    world.edit(".dvc/config", "../../remote", "/nowhere/mounted/remote")


def _param(world: World) -> None:
    world.edit("params.yaml", "lr: 1e-3", "lr: 1e-2")


def _other_spelling(world: World) -> None:
    world.edit("params.yaml", "lr: 1e-3", "lr: 0.001   # as before")


def _code(world: World) -> None:
    world.put({"train.py": world.read("train.py") + "# another\n"})


def _command(world: World) -> None:
    world.edit("dvc.yaml", "python train.py", "python train.py --fast")


def _new_stage(world: World) -> None:
    stage = "  plot:\n    cmd: cp model.bin plot.bin\n    deps: [model.bin]\n    outs: [plot.bin]\n"
    world.put({"dvc.yaml": world.read("dvc.yaml") + stage})


def _metrics_edited(world: World) -> None:
    world.put({"metrics.json": '{"rows": 99}'})


def _metrics_ignored(world: World) -> None:
    world.git("rm", "-q", "--cached", "metrics.json")
    world.put({".gitignore": world.read(".gitignore") + "/metrics.json\n"})
    world.commit()


def _hand_edited(world: World) -> None:
    line = world.read("data/table.csv.dvc").split("md5: ")[1][:32]
    world.edit("data/table.csv.dvc", line, "0123456789abcdef0123456789abcdef")
    world.git("add", "-A")


def _in_git(world: World) -> None:
    world.git("add", "-f", "data/table.csv")


def _twice(world: World) -> None:
    world.put({"data/again.dvc": world.read("data/table.csv.dvc")})


def _outside(world: World) -> None:
    world.edit("data/table.csv.dvc", "path: table.csv", "path: ../../elsewhere.csv")


def _history(world: World) -> None:
    """A commit in the middle of the branch names data that was collected as garbage."""
    world.git("checkout", "-q", "-b", "topic")
    world.put({"data/table.csv": TABLE + b"3,0\n"})
    world.dvc("commit -q -f data/table.csv.dvc", "repro -q", "push -q")
    world.commit("more rows")
    world.put({"data/table.csv": TABLE + b"3,0\n4,0\n"})
    world.dvc("commit -q -f data/table.csv.dvc", "repro -q", "push -q", "gc -q -w -c -f")
    world.commit("yet more rows")


def _branch_pushed(world: World) -> None:
    """Every commit of the branch was pushed with its data."""
    world.git("checkout", "-q", "-b", "topic")
    world.put({"data/table.csv": TABLE + b"3,0\n"})
    world.dvc("commit -q -f data/table.csv.dvc", "repro -q", "push -q")
    world.commit("more rows")


def _import(world: World) -> None:
    source = World(world.folder / "source")
    source.environ = world.environ
    world.copy(source.folder)
    world.dvc(f"import -q {source.project} data/table.csv -o imported.csv")
    world.commit()


def _import_gone(world: World) -> None:
    _import(world)
    text = world.read("imported.csv.dvc")
    pinned = text.partition("rev_lock: ")[2][:40]
    world.edit("imported.csv.dvc", pinned, "0123456789" * 4)


def _import_unreachable(world: World) -> None:
    _import(world)
    shutil.rmtree(world.folder / "source")


def _import_url(world: World) -> None:
    place = world.folder / "elsewhere.txt"
    place.write_text("from elsewhere\n")
    world.dvc(f"import-url -q {place} url.txt", "push -q")
    world.commit()


def _import_url_not_pushed(world: World) -> None:
    place = world.folder / "elsewhere.txt"
    place.write_text("from elsewhere\n")
    world.dvc(f"import-url -q {place} url.txt")
    world.commit()


def _subdir(world: World) -> None:
    inner = world.project / "sub"
    inner.mkdir()
    (inner / "inner.txt").write_text("inner\n")
    world.dvc("init -q --subdir", "remote add -d own ../../own", "add -q inner.txt", "push -q",
              cwd=inner)  # fmt: skip
    world.commit()


def _subdir_not_pushed(world: World) -> None:
    _subdir(world)
    shutil.rmtree(world.folder / "own" / "files")


def _second_remote(world: World) -> None:
    world.put({"data/special.txt": "special\n"})
    world.dvc("remote add other ../other", "add -q data/special.txt")
    world.put({"data/special.txt.dvc": world.read("data/special.txt.dvc") + "  remote: other\n"})
    world.dvc("push -q")
    world.commit()


def _second_remote_empty(world: World) -> None:
    _second_remote(world)
    shutil.rmtree(world.folder / "other" / "files")


def _templates(world: World) -> None:
    world.put(
        {
            "params.yaml": world.read("params.yaml") + "names: [a, b]\n",
            "dvc.yaml": PIPELINE_OF_TEMPLATES,
        }
    )
    shutil.move(world.project / "dvc.lock", world.folder / "old.lock")
    world.dvc("repro -q", "push -q")
    world.commit()


PIPELINE_OF_TEMPLATES = """stages:
  copy:
    foreach: ${names}
    do:
      cmd: cp train.py copy-${item}.txt
      deps: [train.py]
      outs:
      - copy-${item}.txt
"""


def _templates_changed(world: World) -> None:
    _templates(world)
    world.edit("params.yaml", "names: [a, b]", "names: [a, c]")


def _version_2(world: World) -> None:
    """A pointer as DVC 2 wrote it: no `hash:`, line ends made alike, at the top of the remote."""
    content = b"one\r\ntwo\r\n"
    from hashlib import md5

    name = md5(content.replace(b"\r\n", b"\n")).hexdigest()
    world.put(
        {"old.txt": content, "old.txt.dvc": f"outs:\n- md5: {name}\n  size: 10\n  path: old.txt\n"}
    )
    world.put({".gitignore": world.read(".gitignore") + "/old.txt\n"})
    for top in (world.remote, world.project / ".dvc" / "cache"):
        (top / name[:2]).mkdir(parents=True, exist_ok=True)
        (top / name[:2] / name[2:]).write_bytes(content)
    world.commit()


def _pointer_deleted(world: World) -> None:
    world.git("checkout", "-q", "-b", "topic")
    world.put({"load.py": 'open("data/images/a.txt")\n'})
    world.git("rm", "-q", "data/images.dvc")
    world.commit()


def _lineage(world: World) -> None:
    """The data and the lock's note of it moved on, what is derived from it did not."""
    world.git("checkout", "-q", "-b", "topic")
    world.put({"data/table.csv": TABLE + b"3,0\n"})
    world.dvc("commit -q -f data/table.csv.dvc", "commit -q -f train", "push -q")
    world.commit()


MAIN = ("--base", "main")
_DRIVING = frozenset(
    {
        _history, _branch_pushed, _import, _import_gone, _import_unreachable, _import_url,
        _import_url_not_pushed, _subdir, _subdir_not_pushed, _second_remote, _second_remote_empty,
        _templates, _templates_changed, _lineage, _same_size,
    }
)  # fmt: skip

SCENARIOS = (
    Scenario("everything pushed", _nothing, "passed"),
    Scenario("a file changed, not added", _modified, "failed", ("changed",)),
    Scenario("the same size, mtime restored", _same_size, "failed", ("changed",)),
    Scenario("members of a directory changed", _member_modified, "failed", ("changed",)),
    Scenario("a fresh clone without data", _fresh_clone, "passed"),
    Scenario("an object was never pushed", _not_pushed, "failed", ("not-in-remote",)),
    Scenario("a member is gone from the remote", _member_gone, "failed", ("members-missing",)),
    Scenario("an object was cut off", _truncated, "failed", ("remote-damaged",)),
    Scenario("a member was cut off", _member_truncated, "failed", ("remote-damaged",)),
    Scenario("conflict marks in a pointer", _conflict, "failed", ("conflict",)),
    Scenario("no remote at all", _no_remote, "failed", ("no-remote", "remote-changed")),
    Scenario("the remote's disk is not mounted", _remote_unmounted, "errored", ("remote-changed",)),
    Scenario("a parameter changed", _param, "failed", ("stale-lock",)),
    Scenario("a parameter spelled otherwise", _other_spelling, "passed"),
    Scenario("code of a stage changed", _code, "failed", ("stale-lock",)),
    Scenario("a stage's command changed", _command, "failed", ("stale-lock",)),
    Scenario("a stage never run", _new_stage, "failed", ("no-lock",)),
    Scenario("metrics edited by hand", _metrics_edited, "failed", ("edited-output",)),
    Scenario("metrics that git ignores", _metrics_ignored, "failed", ("in-no-version",)),
    Scenario("a hash edited by hand", _hand_edited, "failed",
             ("not-in-cache", "changed", "stale-lock"), "commit"),
    Scenario("data in git as well", _in_git, "failed", ("in-git-too",), "commit"),
    Scenario("two pointers for one path", _twice, "failed", ("overlap",)),
    Scenario("a path that leaves the repository", _outside, "failed", ("outside",)),
    Scenario("garbage that the branch still names", _history, "failed", ("not-in-remote",), "push"),
    Scenario("a branch with all its data", _branch_pushed, "passed", (), "merge", MAIN),
    Scenario("import from another repository", _import, "passed"),
    Scenario("an import at a commit that is gone", _import_gone, "failed", ("not-in-source",)),
    Scenario("an import whose repository is gone", _import_unreachable, "errored"),
    Scenario("import-url, pushed", _import_url, "passed"),
    Scenario("import-url, not pushed", _import_url_not_pushed, "failed", ("not-in-remote",)),
    Scenario("a project in a folder (--subdir)", _subdir, "passed"),
    Scenario("the same, its remote emptied", _subdir_not_pushed, "failed", ("not-in-remote",)),
    Scenario("an output with its own remote", _second_remote, "passed"),
    Scenario("the same, that remote emptied", _second_remote_empty, "failed", ("not-in-remote",)),
    Scenario("templates (foreach)", _templates, "passed"),
    Scenario("a template's variable changed", _templates_changed, "failed",
             ("no-lock", "orphan-lock")),
    Scenario("a pointer of DVC 2", _version_2, "passed"),
    Scenario("a pointer deleted, its data named", _pointer_deleted, "failed", ("missing-pointer",),
             "merge", MAIN),
    Scenario("data moved on, its results did not", _lineage, "failed", ("lineage",), "merge", MAIN),
)  # fmt: skip

DVC = {
    # What DVC answers, asked in this order: `status -q` / `status -c -q` / `data status --json
    # --not-in-remote`; and why that is another answer.
    "everything pushed": (
        "0 / 0 / clean",
        "",
    ),
    "a file changed, not added": (
        "1 / 0 / uncommitted",
        "`dvc status` itself ends in 0 on changed data; only with `-q` in 1",
    ),
    "the same size, mtime restored": (
        "0 / 0 / clean",
        "DVC trusts inode, size and mtime; mlgate also looks at ctime",
    ),
    "members of a directory changed": (
        "1 / 0 / uncommitted",
        "`data status` ends in 0 whatever it finds",
    ),
    "a fresh clone without data": (
        "1 / 1 / not_in_cache, uncommitted",
        "to DVC a clone without data is changed; nothing is, and the remote has all",
    ),
    "an object was never pushed": (
        "0 / 1 / not_in_remote",
        "`data status` lists it and ends in 0",
    ),
    "a member is gone from the remote": (
        "0 / 0 / clean",
        "DVC takes a directory whose manifest is there for complete",
    ),
    "an object was cut off": (
        "0 / 1 / not_in_remote",
        "`status -c` deletes the object that it finds damaged; mlgate only reads",
    ),
    "a member was cut off": (
        "0 / 0 / clean",
        "as above: members are not looked at",
    ),
    "conflict marks in a pointer": (
        "1 / 1 / exit 255",
        "as DVC, told with the line",
    ),
    "no remote at all": (
        "0 / 1 / not_in_remote",
        "`status -c -q` and a missing object end alike; mlgate tells them apart",
    ),
    "the remote's disk is not mounted": (
        "0 / 1 / not_in_remote",
        "an unknown is no finding: mlgate has errored (exit 3)",
    ),
    "a parameter changed": (
        "1 / 0 / clean",
        "`data status` knows no pipelines",
    ),
    "a parameter spelled otherwise": (
        "0 / 0 / clean",
        "",
    ),
    "code of a stage changed": (
        "1 / 0 / clean",
        "`data status` knows no pipelines",
    ),
    "a stage's command changed": (
        "1 / 0 / clean",
        "`data status` knows no pipelines",
    ),
    "a stage never run": (
        "1 / 0 / clean",
        "`data status` knows no pipelines",
    ),
    "metrics edited by hand": (
        "1 / 0 / clean",
        "`data status` looks at cached outputs only",
    ),
    "metrics that git ignores": (
        "0 / 0 / clean",
        "DVC does not ask who else keeps an output that it does not cache",
    ),
    "a hash edited by hand": (
        "1 / 1 / committed, not_in_cache, not_in_remote, uncommitted",
        "as DVC, at commit and without the network",
    ),
    "data in git as well": (
        "0 / 0 / clean",
        "DVC refuses it in `dvc add`, and does not look again",
    ),
    "two pointers for one path": (
        "0 / 0 / clean",
        "DVC says so in `dvc add` and `dvc repro` only",
    ),
    "a path that leaves the repository": (
        "255 / 255 / committed",
        "DVC ends in a traceback's exit code",
    ),
    "garbage that the branch still names": (
        "0 / 0 / clean",
        "DVC looks at the work tree's versions, not at those of the commits that are pushed",
    ),
    "a branch with all its data": (
        "0 / 0 / clean",
        "",
    ),
    "import from another repository": (
        "0 / 0 / clean",
        "",
    ),
    "an import at a commit that is gone": (
        "1 / 1 / exit 255",
        "as DVC, told as a finding with the pointer's name",
    ),
    "an import whose repository is gone": (
        "1 / 0 / clean",
        "an unknown is no finding: mlgate has errored (exit 3)",
    ),
    "import-url, pushed": (
        "0 / 0 / clean",
        "",
    ),
    "import-url, not pushed": (
        "0 / 1 / not_in_remote",
        "`data status` lists it and ends in 0",
    ),
    "a project in a folder (--subdir)": (
        "0 / 0 / clean",
        "",
    ),
    "the same, its remote emptied": (
        "0 / 0 / clean",
        "DVC sees one project at a time",
    ),
    "an output with its own remote": (
        "0 / 0 / clean",
        "",
    ),
    "the same, that remote emptied": (
        "0 / 0 / not_in_remote",
        "`status -c` asks the default remote only",
    ),
    "templates (foreach)": (
        "0 / 0 / clean",
        "",
    ),
    "a template's variable changed": (
        "1 / 0 / committed",
        "the stage has another name now",
    ),
    "a pointer of DVC 2": (
        "0 / 0 / clean",
        "",
    ),
    "a pointer deleted, its data named": (
        "0 / 0 / clean",
        "DVC does not read code",
    ),
    "data moved on, its results did not": (
        "0 / 0 / clean",
        "DVC checks that the lock is consistent, not that results followed",
    ),
}


NOT_ON_S3 = ("no remote at all", "the remote's disk is not mounted")
"""What only a directory can be."""

DVC_ON_S3 = {
    # There nothing is hashed anew: an object that is there counts, whatever its size.
    "an object was cut off": "0 / 0 / clean",
}
"""Where DVC answers otherwise if the remote is a bucket."""


def dvc_on_s3(name: str) -> str:
    """What DVC answers where the objects lie in a bucket; empty for what has no counterpart."""
    return "" if name in NOT_ON_S3 else DVC_ON_S3.get(name, DVC[name][0])


def table() -> str:
    """The matrix as Markdown, as it stands in the docs."""
    lines = [
        "| what happened | asked at | mlgate | findings | DVC | DVC on S3 | |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in SCENARIOS:
        rules = ", ".join(f"`{rule}`" for rule in row.rules)
        said, why = DVC[row.name]
        there = dvc_on_s3(row.name)
        there = "as there" if there == said else there
        cells = (row.name, row.stage, row.outcome, rules, said, there, why)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
