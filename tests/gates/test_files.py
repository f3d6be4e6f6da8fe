from __future__ import annotations

import base64
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlgate.core.errors import GateError
from mlgate.core.words import Level, Result
from mlgate.gates import files
from mlgate.testing import FolderSnapshot, check, context


def found(folder: Path, tree: dict[str, Any], **more: Any) -> list[tuple[str, str, int | None]]:
    return [
        (f.rule.removeprefix("files/"), f.location.path, f.location.line)
        for f in check(files, folder, tree, **more)
    ]


def rules(folder: Path, tree: dict[str, Any], **more: Any) -> list[str]:
    return [rule for rule, _, _ in found(folder, tree, **more)]


def fixed(folder: Path, tree: dict[str, bytes], **options: Any) -> dict[str, bytes]:
    check(files, folder, tree, options=options)
    return {edit.path: edit.after for edit in files.fix(context(files, folder, options=options))}


def test_a_tidy_tree_has_no_findings(tmp_path: Path) -> None:
    tree = {
        "a.py": "import json\n\nprint(json)\n",
        "README.rst": "Title\n=======\n\ntext\n",
        "README.md": "a line break  \nand more\n",
        "c.yaml": "a: !!python/name:os.system x\nb: !Ref y\n---\nsecond: [1, 2]\n",
        "p.toml": "[a]\nb = 1\n",
        "m.json": '{"a": {"b": 1}, "c": {"b": 2}}\n',
        "tsconfig.json": "{ // comment\n}\n",
        ".vscode/settings.json": "{ // comment\n}\n",
        "t.tsv": "a\tb\t\n",
        "empty.py": "",
        "logo.png": b"\x89PNG\0 \n\n\n trailing ",
        ".github/w.yml": "a: ${{ b }}\n",
    }
    assert found(tmp_path, tree) == []


def test_whitespace_at_the_end_of_lines_is_found_by_line(tmp_path: Path) -> None:
    tree = {"a.py": "x = 1 \ny = 2\nz = 3\t\n", "b.md": "one \ntwo  \nthree   \n  \n"}
    assert found(tmp_path, tree) == [
        ("trailing-whitespace", "a.py", 1),
        ("trailing-whitespace", "a.py", 3),
        ("trailing-whitespace", "b.md", 1),
        ("trailing-whitespace", "b.md", 3),
        ("trailing-whitespace", "b.md", 4),
    ]


def test_whitespace_before_crlf_and_at_the_end_of_the_file(tmp_path: Path) -> None:
    only = {"only": ["trailing-whitespace"]}
    assert found(tmp_path, {"a.txt": b"a \r\nb\r\nc\t"}, options=only) == [
        ("trailing-whitespace", "a.txt", 1),
        ("trailing-whitespace", "a.txt", 3),
    ]


def test_endless_whitespace_findings_end_in_a_named_rest(tmp_path: Path) -> None:
    answers = check(files, tmp_path, {"a.txt": "x \n" * 600})
    assert len(answers) == 501
    assert (answers[-1].rule, answers[-1].result) == ("files/not-judged", Result.OPEN)


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"a\nb", 2), (b"a\n\n", 2), (b"a\r\n\r\n", 2), (b"a\n\n\n\n", 2), (b"\n", 1)],
)
def test_the_end_of_the_file_is_exactly_one_newline(
    tmp_path: Path, content: bytes, line: int
) -> None:
    only = {"only": ["end-of-file"]}
    assert found(tmp_path, {"a.txt": content}, options=only) == [("end-of-file", "a.txt", line)]


def test_mixed_line_endings_name_their_numbers(tmp_path: Path) -> None:
    (finding,) = check(files, tmp_path, {"a.txt": b"a\r\nb\nc\n"})
    assert finding.message == "line endings are mixed: 2 LF, 1 CRLF"
    assert rules(tmp_path, {"a.txt": b"a\r\nb\r\n"}) == []
    assert rules(tmp_path, {}, options={"line_ending": "lf"}) == ["mixed-line-ending"]


def test_a_byte_order_mark_is_found(tmp_path: Path) -> None:
    assert rules(tmp_path, {"a.py": b"\xef\xbb\xbfx = 1\n"}) == ["byte-order-mark"]


def test_merge_marks_are_found_where_they_form_a_set(tmp_path: Path) -> None:
    mine, other, between = "<" * 7 + " HEAD\n", ">" * 7 + " branch\n", "=" * 7 + "\n"
    tree = {
        "a.txt": f"x\n{mine}a\n{between}b\n{other}{mine}c\n{between}d\n{other}",
        "b.txt": f"a\n{between}b\n{other}",
        "diff3.txt": f"{mine}a\n||||||| base\nz\n{between}b\n{other}",
        "crlf.txt": f"{mine}a\n{between}b\n{other}".replace("\n", "\r\n"),
        "rst.rst": f"Chapter\n{between}\ntext\n{between}",
        "mail.txt": f"{other}he wrote\n",
        "indented.md": f"    {mine}    {between}    {other}",
    }
    assert found(tmp_path, tree) == [
        ("merge-conflict", "a.txt", 2),
        ("merge-conflict", "a.txt", 7),
        ("merge-conflict", "b.txt", 2),
        ("merge-conflict", "crlf.txt", 1),
        ("merge-conflict", "diff3.txt", 1),
    ]


@pytest.mark.parametrize(
    ("name", "content", "rule", "line"),
    [
        ("a.yaml", "a: [1\nb: 2\n", "yaml-syntax", 2),
        ("a.yml", "a: *nowhere\n", "yaml-syntax", 1),
        ("a.yaml", "a: 1\nb:\n  c: 1\n  d: {e: 1}\n  c: 2\n", "duplicate-key", 5),
        ("a.yaml", "a: {x: [1, {y: 1}]}\na: 2\n", "duplicate-key", 2),
        ("data.dvc", "outs:\n- md5: a\n  md5: b\n", "duplicate-key", 3),
        ("a.yaml", "a: \x07\n", "yaml-syntax", None),
        ("a.toml", "a = 1\nb =\n", "toml-syntax", 2),
        ("a.toml", "a = 1\na = 2\n", "duplicate-key", 2),
        ("a.toml", b"a = '\xff'\n", "toml-syntax", 1),
        ("a.json", '{"a": 1,\n}\n', "json-syntax", 2),
        ("a.json", '{"a": {"b": 1, "c": 2, "b": 3}}\n', "duplicate-key", None),
        ("n.ipynb", '{"cells": [\n', "json-syntax", 2),
        ("a.json", b'{"a": "\xff"}\n', "json-syntax", 1),
    ],
)
def test_broken_configuration_is_found(
    tmp_path: Path, name: str, content: Any, rule: str, line: int | None
) -> None:
    assert found(tmp_path, {name: content}) == [(rule, name, line)]


def test_yaml_that_is_fine(tmp_path: Path) -> None:
    text = "base: &b {x: 1}\nc:\n  <<: *b\n  <<: *b\n? [1, 2]\n: 3\nd: {x: 1}\ne: {x: 1}\n"
    jinja = "{% if x %}\na: [1\n{% endif %}\n"
    assert found(tmp_path, {"a.yaml": text, "meta.yaml": jinja}) == []


def test_bombs_and_depth_are_bounded(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
    )
    tree = {
        "bomb.yaml": bomb,
        "deep.yaml": "[" * 5000 + "]" * 5000 + "\n",
        "deep.json": "[" * 100_000 + "]" * 100_000 + "\n",
        "deep.toml": "a = " + "[" * 5000 + "]" * 5000 + "\n",
    }
    started = time.process_time()
    assert found(tmp_path, tree) == [
        ("not-judged", "deep.json", None),
        ("not-judged", "deep.toml", None),
        ("not-judged", "deep.yaml", None),
    ]
    assert time.process_time() - started < 5


def test_a_large_generated_file_is_judged_in_time_or_named(tmp_path: Path) -> None:
    line = b"0.123,0.456,0.789 and so on\n"
    (tmp_path / "big.json").write_bytes(line * (50_000_000 // len(line)))
    started = time.process_time()
    assert rules(tmp_path, {}) == ["large-file", "not-judged"]
    assert time.process_time() - started < 3


def test_whitespace_that_goes_on_and_on_takes_linear_time(tmp_path: Path) -> None:
    started = time.process_time()
    assert rules(tmp_path, {"a.txt": b" " * 400_000 + b"x\n" + b"y \n"}) == ["trailing-whitespace"]
    assert time.process_time() - started < 3


def test_a_file_above_the_reading_limit_is_named(tmp_path: Path) -> None:
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(files.READ + 1)
    answers = check(files, tmp_path, {}, subject=_sparse(tmp_path))
    assert [(f.rule, f.result) for f in answers] == [
        ("files/large-file", Result.FAIL),
        ("files/not-judged", Result.OPEN),
    ]


def _sparse(folder: Path) -> Any:
    (folder / "huge.bin").rename(folder / "h")
    (folder / "huge.bin").write_bytes(b"")
    snapshot = FolderSnapshot(folder)
    os.replace(folder / "h", folder / "huge.bin")
    return snapshot


def test_large_files_count_where_they_are_added(tmp_path: Path) -> None:
    big = "x\n" * 300_000
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "old.csv").write_text(big)
    base = FolderSnapshot(tmp_path / "base")
    (tmp_path / "head").mkdir()
    tree = {"old.csv": big, "new data.csv": big, "code.py": big.replace("x", "1")}
    answers = check(files, tmp_path / "head", tree, base=base)
    assert [f.location.path for f in answers] == ["code.py", "new data.csv"]
    assert answers[1].help == "git rm --cached -- 'new data.csv' && dvc add 'new data.csv'"
    assert answers[1].message == "586 kB, more than 500 kB"
    every = check(files, tmp_path / "head", {}, base=base, options={"added_only": False})
    assert len(every) == 3
    assert check(files, tmp_path / "head", {}, options={"max_size": "1 MB"}) == []


def test_what_git_lfs_keeps_outside_is_no_large_file(tmp_path: Path) -> None:
    import hashlib

    from mlgate.core.snapshot import Entry
    from mlgate.gates._files_file import blob_id

    raw = b"\0" * 600_000
    (tmp_path / "m.bin").write_bytes(raw)
    subject = FolderSnapshot(tmp_path)
    oid = hashlib.sha256(raw).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(raw)}\n"
    assert rules(tmp_path, {}) == ["large-file"]
    subject.files = {"m.bin": Entry("100644", blob_id(pointer.encode(), "0" * 40))}
    assert rules(tmp_path, {}, subject=subject) == []


def _key(kind: str) -> str:
    body = base64.b64encode(bytes(range(48))).decode()
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n"


@pytest.mark.parametrize(
    "kind",
    [
        *("RSA PRIVATE KEY", "DSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"),
        *("PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"),
        "OpenVPN Static key V1",
    ],
)
def test_private_keys_are_found_and_not_repeated(tmp_path: Path, kind: str) -> None:
    (finding,) = check(files, tmp_path, {"id": "x\n" + _key(kind)})
    assert (finding.rule, finding.location.line) == ("files/private-key", 2)
    assert finding.level is Level.ERROR
    assert finding.location.text is None
    assert _key(kind).splitlines()[1] not in str(finding)


def test_private_keys_in_other_dress(tmp_path: Path) -> None:
    pem = _key("PRIVATE KEY")
    tree = {
        "account.json": msgspec.json.encode({"key": pem}) + b"\n",
        "k.ppk": "PuTTY-User-" + "Key-File-3: ssh-ed25519\nEncryption: none\n",
        "blob.bin": b"\0\1" + pem.encode(),
    }
    assert rules(tmp_path, tree) == ["private-key"] * 3


def test_public_keys_certificates_and_talk_of_keys_are_fine(tmp_path: Path) -> None:
    header = "-----BEGIN " + "PRIVATE KEY-----"
    tree = {
        "id.pub": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ\n",
        "cert.pem": _key("CERTIFICATE"),
        "public.pem": _key("PUBLIC KEY") + _key("PGP PUBLIC KEY BLOCK"),
        "scan.py": f'found = "{header}" in text\n',
        "doc.md": "A PRIVATE KEY must never be committed.\n",
    }
    assert found(tmp_path, tree) == []


def test_shebangs_and_executable_bits_go_together(tmp_path: Path) -> None:
    tree = {
        "run.sh": "#!/bin/sh\n",
        "tool.py": "print()\n",
        "good.sh": "#!/bin/sh\n",
        "elf": b"\x7fELF\0\0",
        "lib.rs": "#![allow(x)]\n",
    }
    for name, content in tree.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    for name in ("tool.py", "good.sh", "elf"):
        (tmp_path / name).chmod(0o755)
    assert found(tmp_path, {}) == [
        ("shebang-not-executable", "run.sh", 1),
        ("executable-without-shebang", "tool.py", 1),
    ]


def test_debuggers_are_found_by_meaning(tmp_path: Path) -> None:
    tree = {
        "a.py": "import os, pdb\n\ndef f():\n    breakpoint()\n    from ipdb import set_trace\n",
        "b.py": "s = 'import pdb; breakpoint()'\n# pdb\nself.breakpoint()\nfrom .pdb import x\n",
        "c.py": "import pdb\ndef broken(:\n",
        "d.txt": "import pdb\n",
    }
    assert found(tmp_path, tree) == [
        ("debug-statement", "a.py", 1),
        ("debug-statement", "a.py", 4),
        ("debug-statement", "a.py", 5),
    ]


def test_names_that_differ_in_case_or_form_only(tmp_path: Path) -> None:
    tree = {
        "Data/a.csv": "",
        "data/b.csv": "",
        "x.py": "",
        "X.py": "",
        "cafe\u0301": "",
        "café": "",
    }
    answers = check(files, tmp_path, tree)
    assert [f.location.path for f in answers] == sorted(tree)
    assert {f.rule for f in answers} == {"files/case-conflict"}
    assert (
        "x.py is the same as X.py" in next(f for f in answers if f.location.path == "x.py").message
    )


def test_a_case_conflict_changes_the_key_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    before = files.inputs(context(files, tmp_path)).also
    (tmp_path / "b.py").write_text("")
    assert files.inputs(context(files, tmp_path)).also == before
    (tmp_path / "B.py").write_text("")
    assert files.inputs(context(files, tmp_path)).also != before


def test_symbolic_links(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("")
    for link, target in {
        "good": "src/a.py",
        "folder": "src",
        "through": "folder/a.py",
        "src/up": "../good",
        "broken": "nowhere",
        "self": "self",
        "ping": "pong",
        "pong": "ping",
        "out": "../../etc/passwd",
        "src/out": "../..",
        "absolute": "/etc/passwd",
        "sly": "src/../../x",
    }.items():
        (tmp_path / link).symlink_to(target)
    assert {(path, rule) for rule, path, _ in found(tmp_path, {})} == {
        ("broken", "broken-symlink"),
        ("self", "broken-symlink"),
        ("ping", "broken-symlink"),
        ("pong", "broken-symlink"),
        ("out", "symlink-outside"),
        ("src/out", "symlink-outside"),
        ("absolute", "symlink-outside"),
        ("sly", "symlink-outside"),
    }


def test_a_link_that_loses_its_target_changes_the_key(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "link").symlink_to("a")
    before = files.inputs(context(files, tmp_path)).also
    (tmp_path / "a").unlink()
    assert files.inputs(context(files, tmp_path)).also != before


def test_a_link_that_became_a_file_with_its_target(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "link").symlink_to("a.py")
    base = FolderSnapshot(tmp_path / "base")
    tree = {"link": "a.py\n", "a.py": ""}
    assert rules(tmp_path / "head", tree, base=base) == ["destroyed-symlink"]


def test_a_file_that_is_gone_or_a_pipe_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    ctx = context(files, tmp_path)
    (tmp_path / "a.py").unlink()
    with pytest.raises(GateError, match=r"a\.py cannot be read"):
        list(files.check(ctx, ("a.py",)))
    os.mkfifo(tmp_path / "a.py")
    with pytest.raises(GateError, match="no regular file"):
        list(files.check(ctx, ("a.py",)))


def test_rules_can_be_chosen_and_kept_from_paths(tmp_path: Path) -> None:
    tree = {"a.py": "x = 1 ", "docs/b.txt": "y ", "c.yaml": "a: [\n"}
    assert rules(tmp_path, tree, options={"only": ["end-of-file"]}) == ["end-of-file"] * 2
    skip = ["end-of-file", "yaml-syntax"]
    assert rules(tmp_path, tree, options={"skip": skip}) == ["trailing-whitespace"] * 2
    ignore = {"trailing-whitespace": ["^docs/"], "end-of-file": [r"\.py$"], "yaml-syntax": ["c"]}
    assert found(tmp_path, tree, options={"ignore": ignore}) == [
        ("trailing-whitespace", "a.py", 1),
        ("end-of-file", "docs/b.txt", 1),
    ]


@pytest.mark.parametrize(
    "options",
    [{"only": ["trailing-whitspace"]}, {"ignore": {"end-of-file": ["("]}}, {"max_size": "big"}],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(options, files.Options)


def test_fix_mends_what_the_rules_find_and_then_finds_nothing(tmp_path: Path) -> None:
    tree = {
        "a.py": b"\xef\xbb\xbfx = 1 \r\ny = 2\nz = 3\n\n\n",
        "b.md": b"one \ntwo  \nthree   \n   \nend",
        "c.txt": b"a\r\nb",
        "empty.txt": b"\n\n",
        "bin": b"\0 \n",
        "ok.py": b"x = 1\n",
    }
    after = fixed(tmp_path, tree)
    assert after == {
        "a.py": b"x = 1\ny = 2\nz = 3\n",
        "b.md": b"one\ntwo  \nthree  \n\nend\n",
        "c.txt": b"a\r\nb\r\n",
        "empty.txt": b"",
    }
    assert rules(tmp_path, after) == []


def test_fix_keeps_to_the_rules_that_are_on(tmp_path: Path) -> None:
    assert fixed(tmp_path, {"a.py": b"x \ny"}, only=["end-of-file"]) == {"a.py": b"x \ny\n"}
    ignore = {"end-of-file": ["a"], "trailing-whitespace": ["a"]}
    assert fixed(tmp_path, {"a.py": b"x \ny"}, ignore=ignore) == {}


def test_every_finding_has_a_rule_with_advice(tmp_path: Path) -> None:
    assert all(rule.summary and rule.mend for rule in files.rules.values())
    (finding,) = check(files, tmp_path, {"a.py": "x "}, options={"only": ["end-of-file"]})
    assert finding.help == "mlgate fix --gate files"
