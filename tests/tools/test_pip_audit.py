"""The real pip-audit against an OSV server on the loopback that answers well, badly, or not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.gate import Completed
from mlgate.gates import dependencies as gate
from mlgate.testing import check, context
from mlgate.tools import _advisories, pip_audit

Answer = Callable[[str, str], tuple[int, bytes]]


def vulnerable(name: str, version: str) -> tuple[int, bytes]:
    """PyYAML 5.3 and thing below 2.0 are known; nothing else is."""
    if (name, version) not in (("pyyaml", "5.3"), ("thing", "1.0"), ("thing", "1.0.0")):
        return 200, b"{}"
    affected = {
        "package": {"name": name, "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.0"}]}],
    }
    vuln = {"id": f"GHSA-{name}", "aliases": ["CVE-1"], "summary": "bad", "affected": [affected]}
    return 200, json.dumps({"vulns": [vuln]}).encode()


class Server:
    """An OSV server whose answers a test chooses, and which remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Answer = vulnerable
        self.asked: list[tuple[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                question = (query["package"]["name"], query["version"])
                outer.asked.append(question)
                code, body = outer.answer(*question)
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1/query"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


def audited(folder: Path, server: Server, text: str, **more: Any) -> list[Finding]:
    options = {"tool": "pip-audit", "service": "osv", "url": server.url}
    files = {"requirements.txt": text}
    found = check(gate, folder, files, options=options, network=True, **more)
    return [f for f in found if isinstance(f, Finding)]


def test_vulnerable_and_clean_pins(tmp_path: Path, server: Server) -> None:
    found = audited(tmp_path, server, "thing==1.0\nfine==1.0\n")
    assert [f.rule for f in found] == ["dependencies/CVE-1", "dependencies/audited"]
    assert found[0].message == "thing==1.0: bad (GHSA-thing); fixed in 9.0"
    assert found[1].message.startswith("2 versions audited against pip-audit ")
    assert set(server.asked) == {("thing", "1.0"), ("fine", "1.0"), ("pyyaml", "5.3")}
    assert [p.name for p in tmp_path.iterdir()] == ["requirements.txt"]


def test_two_versions_of_one_distribution_are_both_asked(tmp_path: Path, server: Server) -> None:
    found = audited(tmp_path, server, "thing==1.0\nthing==9.0\n")
    assert [f.rule for f in found] == ["dependencies/CVE-1", "dependencies/audited"]
    assert {("thing", "1.0"), ("thing", "9.0")} < set(server.asked)


def test_other_spellings_of_a_version_are_the_same_pin(tmp_path: Path, server: Server) -> None:
    found = audited(tmp_path, server, "Thing==1.0.0+cpu\nTHING===v1.0\n")
    assert [f.rule for f in found[:-1]] == ["dependencies/CVE-1"] * 2
    server.answer = lambda name, _: vulnerable(name, "5.3" if name == "pyyaml" else "1.0")
    found = audited(tmp_path, server, "thing==1.0.RC1\n")
    assert [f.rule for f in found[:-1]] == ["dependencies/CVE-1"]


def test_the_shell_cannot_steer_it(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_AUDIT_OUTPUT", str(tmp_path / "stolen"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert audited(tmp_path, server, "fine==1.0\n")[-1].rule == "dependencies/audited"


@pytest.mark.parametrize(
    "answer",
    [
        lambda *_: (404, b"not here"),
        lambda *_: (500, b"{}"),
        lambda *_: (200, b"<html>log in</html>"),
        lambda *_: (200, vulnerable("thing", "1.0")[1][:-20]),
        lambda *_: (200, b""),
        lambda *_: (200, b"{}"),  # knows nothing, says so politely
        lambda *_: (200, b'{"vulns": [{"id": "GHSA-1", "schema_version": "2.0.0"}]}'),
    ],
    ids=["404", "500", "html", "truncated", "empty", "unknowing", "schema"],
)
def test_bad_answers_have_errored(tmp_path: Path, server: Server, answer: Answer) -> None:
    server.answer = answer
    with pytest.raises(GateError):
        audited(tmp_path, server, "fine==1.0\n")


def test_a_bad_answer_about_one_pin_only_has_errored(tmp_path: Path, server: Server) -> None:
    def answer(name: str, version: str) -> tuple[int, bytes]:
        return (404, b"") if name == "fine" else vulnerable(name, version)

    server.answer = answer
    with pytest.raises(GateError):
        audited(tmp_path, server, "fine==1.0\n")


def test_a_slow_server_ends_at_the_time_limit(tmp_path: Path, server: Server) -> None:
    def answer(*_: str) -> tuple[int, bytes]:
        time.sleep(30)
        return 200, b"{}"

    server.answer = answer
    ctx = context(gate, tmp_path, options={"tool": "safety"})

    def hurried(*args: Any, **more: Any) -> Completed:
        return ctx.run(*args, **(more | {"timeout": 6}))

    with pytest.raises(GateError, match="did not end within"):
        audited(tmp_path, server, "fine==1.0\n", run=hurried)


def test_no_server_has_errored(tmp_path: Path, server: Server) -> None:
    server.http.server_close()
    with pytest.raises(GateError):
        audited(tmp_path, server, "fine==1.0\n")


def answering(tmp_path: Path, known: dict[str, str]) -> Any:
    """As pip-audit answers from PyPI, where nothing but `known` is."""

    def run(_: Any, *args: str, **__: Any) -> Completed:
        pins = dict(line.split("==") for line in Path(args[1]).read_text().split())
        vulns = [{"id": "CVE-1", "fix_versions": ["9"], "aliases": [], "description": "bad"}]
        there = [
            {"name": name, "version": pins[name], "vulns": vulns if name == "pyyaml" else []}
            for name in pins
            if name in known
        ]
        gone = [{"name": n, "skip_reason": "not found on PyPI"} for n in pins if n not in known]
        code = 1 if "pyyaml" in known else 0
        return Completed(code, json.dumps({"dependencies": there + gone}).encode(), b"")

    return run


def test_a_private_package_is_named_and_the_others_are_audited(
    tmp_path: Path, server: Server
) -> None:
    run = answering(tmp_path, {"pyyaml": "5.3", "fine": "1.0"})
    found = audited(tmp_path, server, "fine==1.0\nOurs==2.0\n", run=run)
    assert [f.rule for f in found] == ["dependencies/unauditable", "dependencies/audited"]
    assert found[0].message == "ours cannot be audited: not found on PyPI"
    assert (found[0].location and found[0].location.line) == 2
    assert found[1].message.startswith("1 version audited")


def test_an_index_that_has_nothing_has_errored(tmp_path: Path, server: Server) -> None:
    with pytest.raises(GateError, match="does not report"):
        audited(tmp_path, server, "fine==1.0\n", run=answering(tmp_path, {}))


REPORT = {"dependencies": [{"name": "a", "version": "1", "vulns": []}], "fixes": []}
FOUND = {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X"}]}]}


@pytest.mark.parametrize(
    ("code", "stdout", "stderr", "words"),
    [
        (2, "", "usage", "exit code 2"),
        (0, "", "", "gave no report"),
        (1, "", "Traceback (most recent call last)", "gave no report"),
        (0, "[]", "", "gave no report"),
        (0, json.dumps(REPORT) * 2, "", "gave no report"),
        (1, json.dumps(REPORT), "", "contradicts"),
        (0, json.dumps(FOUND), "", "contradicts"),
        (0, json.dumps(REPORT), "OSV vuln entry 'X' is missing 'affected' list", "left out"),
    ],
)
def test_answers_that_do_not_add_up_have_errored(
    code: int, stdout: str, stderr: str, words: str
) -> None:
    with pytest.raises(GateError, match=words):
        pip_audit._report(Completed(code, stdout.encode(), stderr.encode()))
    assert pip_audit._report(Completed(0, json.dumps(REPORT).encode(), b"")).dependencies


def test_warnings_do_not_drown_what_went_wrong() -> None:
    said = "WARNING:pip_audit._cli:hash your pins\nERROR:pip_audit._cli:black: not found on PyPI\n"
    error = _advisories.refused("pip-audit", "gave no report", said, "see")
    assert error.message == "pip-audit gave no report\npip_audit._cli:black: not found on PyPI"
    alone = _advisories.refused("pip-audit", "gave no report", "WARNING:a:b\n", "see")
    assert alone.message.endswith("WARNING:a:b")
