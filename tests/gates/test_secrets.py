from __future__ import annotations

import base64
import hashlib
import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.gate import Completed
from mlgate.core.words import Level, Result
from mlgate.gates import secrets
from mlgate.testing import check, context
from mlgate.tools import detect_secrets

# Put together when the tests run, so that no scanner takes this file for a leak.
AWS = "AKIA" + "Q3EGRZ7XWJ5PLVKT"
GITHUB = "ghp_" + "R9wY2kQ7mZ4xN8vB1cT6sL3pD5fH0jKgAeWu"
WORD = "hunter2-" + "correct-horse"
RANDOM = base64.b64encode(random.Random(7).randbytes(30)).decode()
HEX = random.Random(7).randbytes(16).hex()


def found(folder: Path, tree: dict[str, Any], **options: Any) -> list[tuple[str, str, Any, Any]]:
    answers = check(secrets, folder, tree, options=options)
    for value in (AWS, GITHUB, WORD, RANDOM, HEX):
        shown = msgspec.json.encode(answers).decode()
        assert value not in shown
        assert hashlib.sha1(value.encode()).hexdigest() not in shown
    return [
        (f.rule.removeprefix("secrets/"), f.location.path, f.location.cell, f.location.line)
        for f in answers
    ]


def notebook(*cells: dict[str, Any], **metadata: Any) -> str:
    whole = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(whole, indent=1)


def code(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    lines = source.splitlines(keepends=True)
    return {"cell_type": "code", "metadata": {}, "source": lines, "outputs": list(outputs)}


def printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": [text]}


def test_secrets_in_sources_are_found_by_type_and_line(tmp_path: Path) -> None:
    tree = {
        "a.py": f"import os\nkey = '{AWS}'\n",
        "b.env": f"TOKEN={GITHUB}\n",
        "c.py": f"password = '{WORD}'\n",
        "d.yaml": f"a: 1\nhost:\n  password: {WORD}\n",
        "ok.py": "password = os.environ['PASSWORD']\n",
        "image.png": b"\x89PNG\0" + AWS.encode(),
    }
    assert found(tmp_path, tree) == [
        ("aws-access-key", "a.py", None, 2),
        ("github-token", "b.env", None, 1),
        ("secret-keyword", "c.py", None, 1),
        ("secret-keyword", "d.yaml", None, 3),
    ]


def test_a_finding_says_how_to_mend_it_and_repeats_no_line(tmp_path: Path) -> None:
    (finding,) = check(secrets, tmp_path, {"a.py": f"key = '{AWS}'\n"})
    assert finding.level is Level.ERROR
    assert finding.location.text is None
    assert "pragma: allowlist secret" in finding.help
    assert finding.rule.removeprefix("secrets/") in secrets.rules


def test_other_encodings_are_read(tmp_path: Path) -> None:
    text = f"# é\nkey = '{AWS}'\n"
    tree = {"a.ps1": text.encode("utf-16"), "b.py": text.encode("latin-1")}
    assert [rule for rule, *_ in found(tmp_path, tree)] == ["aws-access-key"] * 2


def test_cells_outputs_errors_and_metadata_of_notebooks(tmp_path: Path) -> None:
    failed = {"output_type": "error", "evalue": "x", "traceback": [f"\x1b[31m{AWS}\x1b[0m"]}
    shown = {"output_type": "display_data", "data": {"text/html": [f"<b>{GITHUB}</b>"]}}
    book = notebook(
        {"cell_type": "markdown", "metadata": {}, "source": f"use {GITHUB}"},
        code(f"import os\nsecret_key = '{WORD}'\n"),
        code("1", printed(f"key is {AWS}\n")),
        code("2", failed),
        code("3", shown),
        papermill={"parameters": {"token": GITHUB}},
    )
    assert found(tmp_path, {"n.ipynb": book}) == [
        ("github-token", "n.ipynb", 1, 1),
        ("secret-keyword", "n.ipynb", 2, 2),
        ("aws-access-key", "n.ipynb", 3, None),
        ("aws-access-key", "n.ipynb", 4, None),
        ("github-token", "n.ipynb", 5, None),
        ("github-token", "n.ipynb", None, None),
    ]


def test_images_and_ids_in_notebooks_are_no_secrets(tmp_path: Path) -> None:
    picture = base64.b64encode(random.Random(1).randbytes(3000)).decode()
    image = {"output_type": "display_data", "data": {"image/png": picture, "text/plain": ["<F>"]}}
    page = {"output_type": "display_data", "data": {"text/html": [f'<p id="{HEX}">']}}
    text = {
        "cell_type": "markdown",
        "metadata": {},
        "source": f"![](data:image/png;base64,{picture})",
    }
    book = notebook(text, code("1", image, page), widget={"state": {HEX: {"model": RANDOM}}})
    assert found(tmp_path, {"n.ipynb": book}) == []


def test_a_broken_notebook_is_scanned_as_it_stands(tmp_path: Path) -> None:
    assert found(tmp_path, {"n.ipynb": f'{{"cells": ["{AWS}"\n'}) == [
        ("aws-access-key", "n.ipynb", None, 1)
    ]


def test_digests_and_lock_files_are_no_secrets_but_keys_in_them_are(tmp_path: Path) -> None:
    sha = hashlib.sha256(b"x").hexdigest()
    tree = {
        "data.dvc": f"outs:\n- md5: {HEX}\n  path: x\n",
        "requirements.txt": f"a==1 \\\n    --hash=sha256:{sha}\n",
        "uv.lock": f'hash = "sha256:{sha}"\nother = "{RANDOM}"\n',
        "poetry.lock": f'url = "https://me:{WORD}@example.org/simple"\n',
        "pins.py": f"MD5 = {{'md5': '{HEX}'}}\nrev = '{HEX}'\nid = '{_uuid()}'\n",
    }
    assert found(tmp_path, tree) == [("basic-auth-credentials", "poetry.lock", None, 1)]


def _uuid() -> str:
    return "-".join((HEX[:8], HEX[8:12], HEX[12:16], HEX[16:20], HEX[20:]))


def test_random_looking_strings_are_found_elsewhere(tmp_path: Path) -> None:
    tree = {"a.py": f"x = '{RANDOM}'\ny = '{HEX}'\n"}
    assert found(tmp_path, tree) == [
        ("base64-high-entropy-string", "a.py", None, 1),
        ("hex-high-entropy-string", "a.py", None, 2),
    ]
    assert found(tmp_path, tree, args=["--base64-limit=6", "--hex-limit", "4"]) == []


def test_allowlisted_lines_are_left_alone(tmp_path: Path) -> None:
    tree = {
        "a.py": f"key = '{AWS}'  # pragma: allowlist secret\n"
        f"# pragma: allowlist nextline secret\nkey = '{AWS}'\nkey = '{AWS}'\n",
    }
    assert found(tmp_path, tree) == [("aws-access-key", "a.py", None, 4)]


@pytest.mark.parametrize(
    ("args", "rules"),
    [
        ([], ["aws-access-key", "secret-keyword"]),
        (["--disable-plugin", "KeywordDetector"], ["aws-access-key"]),
        (["--exclude-lines", "^pass"], ["aws-access-key"]),
        (["--exclude-files=\\.py$"], []),
        (["--exclude-secrets", "^hunter2"], ["aws-access-key"]),
        (["--no-verify", "-n"], ["aws-access-key", "secret-keyword"]),
    ],
)
def test_arguments_are_honoured(tmp_path: Path, args: list[str], rules: list[str]) -> None:
    tree = {"a.py": f"key = '{AWS}'\npassword = '{WORD}'\n"}
    assert [rule for rule, *_ in found(tmp_path, tree, args=args)] == rules


@pytest.mark.parametrize("args", [["-p", "evil.py"], ["--filter=x.py::f"], ["--hex-limit", "x"]])
def test_arguments_that_run_code_or_mean_nothing_are_errors(tmp_path: Path, args: Any) -> None:
    with pytest.raises(GateError):
        found(tmp_path, {"a.py": ""}, args=args)


def baseline(*accepted: tuple[str, str], **more: Any) -> str:
    results: dict[str, list[dict[str, Any]]] = {}
    for path, value in accepted:
        digest = hashlib.sha1(value.encode()).hexdigest()
        results.setdefault(path, []).append({"type": "x", "hashed_secret": digest})
    return json.dumps({"version": "1.5.0", "results": results, **more}, indent=2)


def test_the_baseline_accepts_values_file_by_file(tmp_path: Path) -> None:
    tree = {
        ".secrets.baseline": baseline(("a.py", AWS)),
        "a.py": f"key = '{AWS}'\n",
        "b.py": f"key = '{AWS}'\n",
    }
    assert found(tmp_path, tree) == [("aws-access-key", "b.py", None, 1)]
    before = secrets.inputs(context(secrets, tmp_path)).also
    (tmp_path / ".secrets.baseline").write_text(baseline())
    assert secrets.inputs(context(secrets, tmp_path)).also != before


def test_the_baseline_of_the_real_tool_is_read(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "a.py").write_text(f"key = '{AWS}'\npassword = '{WORD}'\n")
    scan = [sys.executable, "-m", "detect_secrets", "scan", "--all-files", "--no-verify", "."]
    done = subprocess.run(scan, cwd=tmp_path, capture_output=True, check=True)
    assert hashlib.sha1(AWS.encode()).hexdigest() in done.stdout.decode()
    assert found(tmp_path, {".secrets.baseline": done.stdout}) == []
    assert found(tmp_path, {"b.py": f"key = '{AWS}'\n"}) == [("aws-access-key", "b.py", None, 1)]


def test_the_baselines_settings_are_taken_over(tmp_path: Path) -> None:
    exclude = {"path": "detect_secrets.filters.regex.should_exclude_line", "pattern": ["skip"]}
    plugins = [{"name": "AWSKeyDetector"}]
    tree = {
        "my.baseline": baseline(plugins_used=plugins, filters_used=[exclude]),
        "a.py": f"key = '{AWS}'\npassword = '{WORD}'\nkey = '{AWS}' # skip\n",
    }
    kept = found(tmp_path, tree, baseline="my.baseline")
    assert kept == [("aws-access-key", "a.py", None, 1)]


def test_code_named_in_the_baseline_is_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    plugins = [{"name": "Mine", "path": f"file://{tmp_path}/mine.py"}, {"name": "AWSKeyDetector"}]
    filters = [{"path": f"file://{tmp_path}/mine.py::f"}]
    tree = {
        ".secrets.baseline": baseline(plugins_used=plugins, filters_used=filters),
        "mine.py": f"open({str(mark)!r}, 'w')\ndef f(secret): return True\n",
        "a.py": f"key = '{AWS}'\n",
    }
    answers = check(secrets, tmp_path, tree)
    assert [(f.rule, f.result) for f in answers] == [
        ("secrets/own-plugin", Result.OPEN),
        ("secrets/aws-access-key", Result.FAIL),
    ]
    assert not mark.exists()


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"results": {"a.py": [{}]}}', '{"plugins_used": [{"nam": "x"}]}']
)
def test_a_broken_baseline_is_an_error(tmp_path: Path, content: str) -> None:
    with pytest.raises(GateError, match="no baseline"):
        found(tmp_path, {".secrets.baseline": content, "a.py": ""})


def test_a_baseline_or_detector_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"x\.baseline is not in"):
        found(tmp_path, {"a.py": ""}, baseline="x.baseline")
    tree = {".secrets.baseline": baseline(plugins_used=[{"name": "Future"}]), "a.py": "x\n"}
    with pytest.raises(GateError, match="Future"):
        found(tmp_path, tree)


def test_nothing_is_verified_over_the_network(tmp_path: Path) -> None:
    filters = "detect_secrets.filters.common.is_ignored_due_to_verification_policies"
    tree = {
        ".secrets.baseline": baseline(filters_used=[{"path": filters, "min_level": 2}]),
        "a.py": f"key = '{AWS}'\n",
    }
    assert found(tmp_path, tree) == [("aws-access-key", "a.py", None, 1)]


def test_it_finds_what_detect_secrets_own_loop_finds(tmp_path: Path) -> None:
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import default_settings

    tree = {
        "a.py": f"x = '{AWS}'\npasswd = '{WORD}'\nuser_ids = '{HEX}'\nsecret = f('{WORD}')\n",
        "b.ini": f"[a]\ndb_pass = {WORD}\ntoken = {RANDOM}\n",
        "c.yml": f"a:\n  - secret: {WORD}\n  - other: {RANDOM}\n  - hex: {HEX}\n",
        "d.env": f"KEY={RANDOM}\nB={HEX}\n",
        "e.js": f"const pwd = '{WORD}';\nfetch('https://u:{WORD}@h.example')\n",
        "f.toml": f"api_key = '{WORD}'\n",
        "g.txt": f"the ip 8.8.4.4 and ${{PASSWORD}} {GITHUB}\n",
    }
    ours = {(path, line) for _, path, _, line in found(tmp_path, tree)}
    with default_settings() as settings:
        settings.disable_filters("detect_secrets.filters.heuristic.is_swagger_file")
        theirs = {
            (name, secret.line_number)
            for name in tree
            for secret in scan_file(str(tmp_path / name))
        }
    assert len(theirs) >= 10
    assert ours == theirs


def test_a_file_too_large_is_named(tmp_path: Path) -> None:
    (finding,) = check(secrets, tmp_path, {"big.csv": "1,2,3\n" * 1_000_000})
    assert (finding.rule, finding.result) == ("secrets/not-judged", Result.OPEN)


def test_a_wrong_version_a_missing_tool_and_rubbish_are_errors(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"wants detect-secrets 0\.1"):
        found(tmp_path, {"a.py": ""}, version="0.1")
    with pytest.raises(ToolMissing):
        detect_secrets.find([], {})
    for completed in (Completed(0, b"{", b""), Completed(1, b"", b"Boom\nTypeError: x\n")):
        with pytest.raises(GateError, match="no readable answer"):
            detect_secrets.answer(completed)


def test_the_same_value_on_one_line_is_one_finding(tmp_path: Path) -> None:
    assert found(tmp_path, {"a.py": f"api_key = '{RANDOM}'\n"}) == [
        ("secret-keyword", "a.py", None, 1)
    ]
