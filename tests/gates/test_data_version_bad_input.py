"""What is broken, hostile or missing is a finding or an error, each with its repair."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from dvc_world import failing, noted

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.parts import load
from mlgate.core.words import Result, Stage
from mlgate.store.store import open_store

GATE = load("gates", "data-version")
HASH = "0123456789abcdef0123456789abcdef"


class Ask:
    """Asks the gate about a DVC project whose remote is a directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.remote = folder / "remote"
        self.remote.mkdir()
        self.folder.mkdir()

    def __call__(self, files: dict[str, str | bytes], **more: Any) -> dict[str, Any]:
        config = f"[core]\n    remote = r\n['remote \"r\"']\n    url = {self.remote}\n"
        fields = {"kind": "data-version", "stage": Stage.MERGE} | more
        found: list[Any] = []
        reason = hint = None
        written = {".dvc/config": config} | files
        try:
            for name, content in written.items():
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.encode() if isinstance(content, str) else content)
            ctx = testing.context(GATE, self.folder, **fields)
            ctx = ctx if ctx.store else _with_store(ctx)
            if GATE.inputs(ctx) is None:
                return {"findings": [], "reason": "nothing"}
            for finding in GATE.check(ctx, ()):
                found += [finding]
        except GateError as error:
            reason, hint = error.message, error.hint
            assert hint
        said = [_plain(f) for f in found if isinstance(f, Finding)]
        return {"findings": said, "reason": reason, "hint": hint}

    def pushed(self, content: bytes, name: str | None = None) -> str:
        """Put an object into the remote; its hash."""
        hash_ = name or md5(content).hexdigest()
        path = self.remote / "files" / "md5" / hash_[:2] / hash_[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return hash_

    def manifest(self, members: list[dict[str, str]]) -> str:
        raw = json.dumps(members).encode()
        return self.pushed(raw, md5(raw).hexdigest() + ".dir")


def _with_store(ctx: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(ctx, store=open_store(os.environ))


def _plain(finding: Finding) -> dict[str, Any]:
    assert finding.result is not Result.FAIL or finding.help
    return {
        "rule": finding.rule,
        "result": finding.result.value,
        "level": finding.level.value,
        "message": finding.message,
        "help": finding.help,
    }


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    return Ask(tmp_path)


def pointer(hash_: str = HASH, path: str = "x", **more: object) -> str:
    extra = "".join(f"  {key}: {value}\n" for key, value in more.items())
    return f"outs:\n- md5: {hash_}\n  hash: md5\n  path: {path}\n{extra}"


_BOMB = b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<<<<<<< HEAD\nouts: []\n=======\nouts: []\n>>>>>>> x\n", "conflict"),
        (_BOMB, "unreadable"),
        (b"outs: [", "unreadable"),
        (b"\xff\xfe\x00", "unreadable"),
        (b"", "unreadable"),
        (b"- a list\n", "unreadable"),
        (b"[" * 5000, "unreadable"),
        (b"outs: 3\n", "schema"),
        (b"outs: [3]\n", "schema"),
        (b"outs:\n- md5: 1\n", "schema"),
        (pointer("zz").encode(), "hash"),
        (pointer(HASH + ".dir/../../etc").encode(), "hash"),
        (b"outs:\n- path: x\n  hash: md5-dos2unix\n  md5-dos2unix: ../../etc\n", "hash"),
        (pointer(nfile=3).encode(), "schema"),
        (pointer(size="many").encode(), "schema"),
        (pointer(size=-1).encode(), "schema"),
        (pointer(path="../../x").encode(), "outside"),
        (pointer(path="/etc/passwd").encode(), "outside"),
        (pointer(path=".git/config").encode(), "outside"),
        (pointer(path="s3://bucket/x").encode(), "outside"),
        (b"wdir: ../..\n" + pointer().encode(), "outside"),
        (b"outs:\n- path: x\n  hash: md5\n", "no-hash"),
        (b"outs:\n- md5: " + HASH.encode() + b"\n  md5: " + HASH.encode() + b"\n", "unreadable"),
    ],
)
def test_a_pointer_that_is_none(ask: Ask, content: bytes, rule: str) -> None:
    said = ask({"x.dvc": content})
    assert rule in failing(said), said


def test_a_pointer_of_200_megabytes_is_not_read(ask: Ask) -> None:
    with (ask.folder / "huge.dvc").open("wb") as file:
        file.truncate(200 << 20)
    said = ask({})
    assert failing(said) == {"unreadable", "binary-in-git"}
    assert "200 MiB" in said["findings"][0]["message"]


def test_a_pointer_that_is_a_link(ask: Ask) -> None:
    (ask.folder / "x.dvc").symlink_to("/etc/passwd")
    assert failing(ask({})) == {"schema"}


def test_data_behind_a_link_out_of_the_repository(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "x").write_bytes(b"1")
    (ask.folder / "data").symlink_to(tmp_path / "far")
    hash_ = ask.pushed(b"1")
    assert "outside" in failing(ask({"x.dvc": pointer(hash_, "data/x")}))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([{"md5": HASH, "relpath": "a"}, {"md5": HASH, "relpath": "a"}], "twice"),
        ([{"md5": HASH, "relpath": "../a"}], "outside"),
        ([{"md5": HASH, "relpath": "/a"}], "outside"),
        ([{"md5": HASH, "relpath": "a/./b"}], "outside"),
        ([{"md5": "../../../x", "relpath": "a"}], "no md5"),
        ([{"md5": HASH, "relpath": "a"}, {"md5": HASH, "relpath": "a/b"}], "a file and a folder"),
        ([{"relpath": "a"}], "no manifest"),
    ],
)
def test_a_manifest_that_is_none(ask: Ask, members: list[dict[str, str]], words: str) -> None:
    said = ask({"x.dvc": pointer(ask.manifest(members))})
    assert failing(said) == {"remote-damaged"}
    assert words in said["findings"][-2]["message"] + said["findings"][-1]["message"]


def test_a_manifest_that_was_cut_off(ask: Ask) -> None:
    raw = json.dumps([{"md5": HASH, "relpath": "a"}]).encode()
    hash_ = ask.pushed(raw[:10], md5(raw).hexdigest() + ".dir")
    said = ask({"x.dvc": pointer(hash_)})
    assert failing(said) == {"remote-damaged"}
    assert "rm " in str([f["help"] for f in said["findings"]])


def test_a_directory_of_another_extent(ask: Ask) -> None:
    one = ask.pushed(b"one")
    hash_ = ask.manifest([{"md5": one, "relpath": "a"}])
    assert failing(ask({"x.dvc": pointer(hash_, nfiles=2, size=3)})) == {"size"}
    assert failing(ask({"x.dvc": pointer(hash_, nfiles=1, size=3)})) == set()
    assert failing(ask({"x.dvc": pointer(hash_, nfiles=1, size=4)})) == {"remote-damaged"}


def test_a_size_that_is_wrong_is_no_change_of_the_data(ask: Ask) -> None:
    said = ask({"x.dvc": pointer(ask.pushed(b"one"), size=4), "x": b"one"})
    assert "size" in failing(said) and "changed" not in failing(said), said
    said = ask({"x": b"two!!"})
    assert "changed" in failing(said) and "size" not in failing(said), said


def test_a_remote_that_is_a_home_directory_is_not_walked(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(50):
        (ask.remote / f"letters-{n}").mkdir()
    seen: list[str] = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda p=".": seen.append(os.fspath(p)) or real(p))
    said = ask({"x.dvc": pointer()})
    assert failing(said) == {"not-in-remote"}
    assert not [path for path in seen if path.startswith(str(ask.remote))]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda a: a.remote.rmdir() or a.remote.write_text(""), None),
        (lambda a: (a.remote.rmdir(), a.remote.parent.rename(a.remote.parent)), None),
    ],
)
def test_a_remote_without_objects(ask: Ask, spoil: Callable[[Ask], object], words: object) -> None:
    spoil(ask)
    assert failing(ask({"x.dvc": pointer()})) == {"not-in-remote"}


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_remote_that_may_not_be_read(ask: Ask) -> None:
    (ask.remote / "files" / "md5" / HASH[:2]).mkdir(parents=True)
    (ask.remote / "files").chmod(0)
    try:
        said = ask({"x.dvc": pointer()})
    finally:
        (ask.remote / "files").chmod(0o755)
    assert "cannot be read" in said["reason"]


def test_a_remote_whose_disk_is_missing(ask: Ask) -> None:
    config = "[core]\nremote = r\n['remote \"r\"']\nurl = /nowhere/at/all\n"
    said = ask({"x.dvc": pointer(), ".dvc/config": config})
    assert "/nowhere/at/all" in said["reason"]


def test_a_remote_that_nobody_configured(ask: Ask) -> None:
    said = ask({"x.dvc": pointer(remote="other")})
    assert failing(said) == {"no-remote"}


def test_credentials_in_the_configuration_are_named_not_shown(ask: Ask) -> None:
    url = "https://me:hunter2@example.org/x"
    config = f"['remote \"r\"']\n    url = {url}\n    secret_access_key = hunter3\n"
    said = ask({"x.dvc": pointer(), ".dvc/config": config}, network=False, named=False)
    assert "credential" in failing(said)
    assert "hunter3" not in str(said)


def test_a_lock_that_was_left_over(ask: Ask) -> None:
    lock = {"/x": {"write": {"pid": 999999999, "cmd": "dvc add"}, "read": []}}
    said = ask({".dvc/tmp/rwlock": json.dumps(lock), "x.dvc": pointer(ask.pushed(b"1"))})
    assert "left-over-lock" in noted(said) and failing(said) == set()
    said = ask({".dvc/tmp/rwlock": '{"/x": ', "x.dvc": pointer(ask.pushed(b"1"))})
    assert "left-over-lock" in noted(said)


def test_overlapping_outputs(ask: Ask) -> None:
    hash_ = ask.manifest([{"md5": ask.pushed(b"1"), "relpath": "x"}])
    said = ask({"d.dvc": pointer(hash_, "d"), "e.dvc": pointer(ask.pushed(b"1"), "d/x")})
    assert failing(said) == {"overlap"}


def test_a_member_that_leads_elsewhere(ask: Ask) -> None:
    hash_ = ask.manifest([{"md5": ask.pushed(b"1"), "relpath": "x"}])
    (ask.folder / "d").mkdir()
    (ask.folder / "d" / "x").write_bytes(b"1")
    (ask.folder / "d" / "y").symlink_to("/etc/passwd")
    os.mkfifo(ask.folder / "d" / "pipe")
    said = ask({".gitignore": "/d\n", "d.dvc": pointer(hash_, "d")})
    assert "odd-member" in failing(said)


def test_a_lock_of_another_shape(ask: Ask) -> None:
    assert failing(ask({"dvc.lock": "schema: '1.0'\nstages: {}\n"})) == {"schema"}
    assert failing(ask({"dvc.lock": "schema: '2.0'\nstages: 3\n"})) == {"schema"}
    assert failing(ask({"dvc.yaml": "stages:\n  a: 3\n", "dvc.lock": ""})) == {"schema"}


def test_rows_that_hold_no_pointer_are_nothing(ask: Ask) -> None:
    (ask.folder / ".dvc").mkdir()
    assert ask({"README.md": "hello"}, named=False)["findings"][0]["rule"].endswith("passed")


IMPORT = """deps:
- path: x
  repo:
    url: {url}
    rev_lock: 0123456789012345678901234567890123456789
"""


@pytest.mark.parametrize("url", ["ext::sh -c touch% hit", "-oProxyCommand=touch", "a::b"])
def test_an_import_from_what_git_would_run_is_not_asked(ask: Ask, url: str) -> None:
    def run(*_: Any, **__: Any) -> Any:
        raise AssertionError("a process was started")

    text = IMPORT.format(url=json.dumps(url)) + pointer()
    said = ask({"x.dvc": text}, network=True, run=run)
    assert failing(said) == {"schema"}, said


def test_what_the_policy_wants_declared(ask: Ask) -> None:
    hash_ = ask.pushed(b"one")
    files: dict[str, str | bytes] = {"x.dvc": pointer(hash_)}
    assert failing(ask(files, options={"meta": ["licence"]})) == {"not-declared"}
    files = {"x.dvc": pointer(hash_) + "meta:\n  licence: CC-BY-4.0\n"}
    assert failing(ask(files, options={"meta": ["licence"]})) == set()


def test_a_file_that_has_no_version_id_is_named(ask: Ask) -> None:
    config = "[core]\nremote = r\n['remote \"r\"']\nurl = s3://b/top\nversion_aware = true\n"
    out = f"outs:\n- path: x\n  md5: {HASH}\n  hash: md5\n  cloud:\n    r:\n      etag: e\n"
    said = ask({".dvc/config": config, "x.dvc": out}, network=True)
    assert failing(said) == {"version-id"}, said
    many = "outs:\n- path: y\n  files:\n  - relpath: a\n    md5: 1\n  - relpath: b\n    md5: 2\n"
    said = ask({".dvc/config": config, "x.dvc": out, "y.dvc": many}, network=True)
    assert [f["rule"] for f in said["findings"]].count("data-version/version-id") == 2
    assert "2 files: a, b" in str(said)


LOCK = """schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps: [{{path: train.py, hash: md5, md5: {dep}, size: 1}}]
    outs: [{{path: model.bin, hash: md5, md5: {out}, size: 3}}]
"""
STAGES = "stages: {train: {cmd: python train.py, deps: [train.py], outs: [model.bin]}}\n"


@pytest.mark.parametrize(("content", "alone"), [(b"one", True), (b"two", False)])
def test_a_lock_that_moved_alone_is_noted(
    ask: Ask, tmp_path: Path, content: bytes, alone: bool
) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "dvc.yaml").write_text(STAGES)
    (base / "dvc.lock").write_text(LOCK.format(dep=md5(b"0").hexdigest(), out=ask.pushed(b"one")))
    lock = LOCK.format(dep=md5(b"1").hexdigest(), out=ask.pushed(content))
    files: dict[str, str | bytes] = {"dvc.yaml": STAGES, "dvc.lock": lock, "train.py": b"1"}
    said = ask(files, base=testing.FolderSnapshot(base))
    assert failing(said) == set(), said
    assert ("lock-alone" in noted(said)) is alone


def test_the_summary_counts_the_rows_of_parquet(ask: Ask, tmp_path: Path) -> None:
    import duckdb

    from mlgate.runner.workshop import Workshop

    (tmp_path / "base").mkdir()
    for folder, rows in ((tmp_path / "base", 3), (ask.folder, 5)):
        made = tmp_path / "made.parquet"
        duckdb.sql(f"COPY (SELECT * FROM range({rows})) TO '{made}' (FORMAT parquet)")
        name = ask.pushed(made.read_bytes())
        kept = ask.folder / ".dvc" / "cache" / "files" / "md5" / name[:2] / name[2:]
        kept.parent.mkdir(parents=True)
        kept.write_bytes(made.read_bytes())
        (folder / "t.parquet.dvc").write_text(pointer(name, "t.parquet"))
    worker = Workshop(str(ask.folder), dict(os.environ), jobs=1).worker
    said = ask({}, base=testing.FolderSnapshot(tmp_path / "base"), worker=worker)
    assert "t.parquet: changed, 3 -> 5 rows" in [f["message"] for f in said["findings"]], said


S3 = "[core]\nremote = r\n['remote \"r\"']\nurl = s3://bucket/top\n"


def _answering(*lines: dict[str, Any], code: int = 0) -> Callable[..., Any]:
    """A worker that says this."""

    class Ended:
        returncode = code
        stdout = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        errors = "Traceback\nKilled"

    return lambda *_, **__: Ended()


@pytest.mark.parametrize(
    ("kind", "words", "mend"),
    [
        ("forbidden", "access was denied", "may read and list it"),
        ("no-place", "s3://bucket/top", "dvc remote modify r url URL"),
        ("no-credentials", "no credentials were found", "profile NAME"),
        ("time-out", "did not answer in time", "raise `timeout`"),
        ("unreachable", "cannot be reached", "dvc status -c -r r"),
        ("no-plugin", "cannot open s3", "pip install 'dvc[s3]'"),
        ("no-dvc", "dvc is not installed", "pip install 'dvc[s3]'"),
        ("config", "its configuration", "dvc remote list"),
    ],
)
def test_why_a_remote_cannot_be_asked_is_told_apart(
    ask: Ask, kind: str, words: str, mend: str
) -> None:
    run = _answering({"error": kind, "message": "it says so"}, {"end": True})
    said = ask({".dvc/config": S3, "x.dvc": pointer()}, network=True, run=run)
    assert failing(said) == set() and words in said["reason"]
    assert mend in said["hint"]


@pytest.mark.parametrize("run", [_answering(), _answering({"sizes": {}}), _answering(code=137)])
def test_a_worker_that_ends_early_is_no_answer(ask: Ask, run: Callable[..., Any]) -> None:
    said = ask({".dvc/config": S3, "x.dvc": pointer()}, network=True, run=run)
    assert failing(said) == set() and "ended without an answer: Killed" in said["reason"]


def test_a_worker_that_is_stopped_names_the_time_limit(ask: Ask) -> None:
    def run(*_: Any, **__: Any) -> Any:
        raise GateError("python was stopped after 300 s", "raise `timeout`")

    said = ask({".dvc/config": S3, "x.dvc": pointer()}, network=True, run=run)
    assert failing(said) == set() and "did not answer: python was stopped" in said["reason"]
    assert "`timeout`" in said["hint"]


def test_what_lies_outside_and_is_no_file_is_not_read(ask: Ask, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    said = ask({"x.dvc": pointer(path="../pipe", cache="false")})
    assert failing(said) == set() and "no regular file" in said["reason"]


def test_what_is_not_to_be_looked_for_is_told_not_asked(ask: Ask) -> None:
    gone = "[core]\nremote = r\n['remote \"r\"']\nurl = /nowhere/at/all\n"
    imported = (
        pointer().replace("path: x", "path: y")
        + "deps:\n- path: x\n  repo:\n    url: /nowhere\n    rev_lock: "
        + "a" * 40
    )
    stage = "stages:\n  s:\n    cmd: 'true'\n    outs: [m]\n"
    files = {".dvc/config": gone, "x.dvc": pointer(), "y.dvc": imported, "dvc.yaml": stage}
    said = ask(files, network=True, options={"retrievable": False})
    assert said["reason"] is None
    assert "not-asked" in noted(said) and failing(said) == {"no-lock"}
    assert "/nowhere" in str(ask(files, network=True)["reason"])


_BROUGHT = "stages:\n  s:\n    cmd: 'true'\n    deps: [in]\n    outs: [m]\n"
_BROUGHT_LOCK = f"""schema: '2.0'
stages:
  s:
    cmd: 'true'
    deps:
    - path: in
      hash: md5
      md5: {HASH}
    outs:
    - path: m
      hash: md5
      md5: {HASH}
  gone:
    cmd: 'true'
    outs:
    - path: m
      hash: md5
      md5: {HASH}
"""


def test_a_dependency_that_nobody_brought_here_is_not_called_stale(ask: Ask) -> None:
    files = {"dvc.yaml": _BROUGHT, "dvc.lock": _BROUGHT_LOCK}
    said = ask(files, options={"retrievable": False})
    assert "stale-lock" not in failing(said)
    notes = [f["message"] for f in said["findings"] if f["rule"].endswith("/not-asked")]
    assert any("whether in, on which the stage 's' depends, changed" in note for note in notes)
    said = ask(files | {"in": "1\n"}, options={"retrievable": False})
    assert "stale-lock" in failing(said)


def test_a_stage_that_only_the_lock_has_owns_nothing(ask: Ask) -> None:
    said = ask({"dvc.yaml": _BROUGHT, "dvc.lock": _BROUGHT_LOCK}, options={"retrievable": False})
    assert "orphan-lock" in failing(said) and "overlap" not in failing(said)
