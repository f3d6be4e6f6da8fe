"""Safety's recorded output and real exit codes, replayed by a stand-in; and Safety itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.gate import Completed, Tool
from mlgate.gates import dependencies as gate
from mlgate.testing import check, context

RECORDED = (Path(__file__).parent / "recorded" / "safety_check.txt").read_text()
"""What safety 3.8.1 printed for pyyaml==5.3 and requests==2.30.0, exit code 64."""
REQUIREMENTS = "pyyaml==5.3\nrequests==2.30.0\n"

STAND_IN = """
import os, sys
assert sys.argv[1:3] == ["check", "-r"] and sys.argv[4:6] == ["--output", "json"], sys.argv
assert not [name for name in os.environ if name.startswith(("SAFETY_", "PIP_"))]
assert os.listdir() == ["requirements.txt"]
sys.stdout.write(open({said!r}).read())
sys.stderr.write({errors!r})
sys.exit({code})
"""


def replayed(
    tmp_path: Path, code: int, said: str, errors: str = "", requirements: str = REQUIREMENTS
) -> list[Finding]:
    """The gate's findings where `safety` says just this."""
    (tmp_path / "said").write_text(said)
    script = tmp_path / "safety.py"
    said_path = os.fspath(tmp_path / "said")
    script.write_text(STAND_IN.format(said=said_path, errors=errors, code=code))
    tool = Tool(name="safety", version="3.8.1", argv=(sys.executable, str(script)))
    found = check(
        gate,
        tmp_path / "tree",
        {"requirements.txt": requirements},
        options={"tool": "safety"},
        network=True,
        tool=lambda _: tool,
    )
    return [f for f in found if isinstance(f, Finding)]


def edited(**changes: Any) -> str:
    """The recorded output with other values in its report."""
    start, end = RECORDED.index("{"), RECORDED.rindex("}") + 1
    report = json.loads(RECORDED[start:end]) | changes
    return RECORDED[:start] + json.dumps(report) + RECORDED[end:]


def test_a_report_between_banners_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFETY_DATA_API_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1")
    assert "DEPRECATED" in RECORDED.partition("{")[0]
    assert "DEPRECATED" in RECORDED.rpartition("}")[2]
    found = replayed(tmp_path, 64, RECORDED)
    assert [f.rule for f in found] == ["dependencies/CVE-2020-1747", "dependencies/audited"]
    assert found[0].message == "pyyaml==5.3: PyYAML bad (38100); fixed in 5.3.1"
    assert found[1].message == "2 versions audited against safety 3.8.1"


@pytest.mark.parametrize(
    ("code", "errors", "words"),
    [
        (1, "Traceback (most recent call last):\nhttpx.ConnectError: no", "httpx.ConnectError"),
        (65, "", "its key is invalid"),
        (66, "", "too many requests"),
        (67, "", "local database"),
        (68, "", "cannot fetch its database"),
        (69, "", "malformed"),
        (70, "", "exit code 70"),
        (2, "usage", "exit code 2"),
    ],
)
def test_exit_codes_of_trouble_have_errored(
    tmp_path: Path, code: int, errors: str, words: str
) -> None:
    for said in ("", RECORDED):
        with pytest.raises(GateError, match=words) as caught:
            replayed(tmp_path, code, said, errors)
        assert caught.value.hint


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        (0, "", "no reports"),
        (64, "", "no reports"),
        (64, RECORDED[: len(RECORDED) // 2], "no reports"),
        (64, "<html></html>", "no reports"),
        (64, RECORDED * 2, "2 reports"),
        (64, RECORDED + "{}", "2 reports"),
        (64, "{}", "another form"),
        (0, RECORDED, "contradicts"),
        (64, edited(vulnerabilities=[]), "contradicts"),
        (0, edited(vulnerabilities=[]), "does not report pyyaml"),
        (64, edited(ignored_vulnerabilities=[{}]), "policy of its own"),
        (64, edited(scanned_packages={}), "2 dependencies not audited"),
    ],
)
def test_answers_that_do_not_add_up_have_errored(
    tmp_path: Path, code: int, said: str, words: str
) -> None:
    with pytest.raises(GateError, match=words):
        replayed(tmp_path, code, said)


def test_a_package_that_it_leaves_out_has_errored(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="1 dependency not audited"):
        replayed(tmp_path, 64, RECORDED, requirements=REQUIREMENTS + "more==1.0\n")


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        (None, "cannot be read"),
        ({}, "how old"),
        ({"timestamp": "soon"}, "how old"),
        ({"timestamp": 0}, "days old"),
        ({"timestamp": 32503680000}, "days old"),
    ],
)
def test_a_local_database_must_be_young(
    tmp_path: Path, meta: dict[str, Any] | None, words: str
) -> None:
    base = tmp_path / "db"
    base.mkdir()
    if meta is not None:
        (base / "insecure.json").write_text(json.dumps({"meta": meta}))
    tool = Tool(name="safety", version="3.8.1", argv=("must-not-run",))
    with pytest.raises(GateError, match=words):
        check(
            gate,
            tmp_path / "tree",
            {"requirements.txt": REQUIREMENTS},
            options={"tool": "safety", "database": str(base)},
            network=True,
            tool=lambda _: tool,
        )


# Safety itself, in an environment of its own: its pins agree with few others.


@pytest.fixture(scope="module")
def safety(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a Safety that was installed for these tests."""
    folder = tmp_path_factory.mktemp("safety") / "venv"
    binaries = folder / ("Scripts" if os.name == "nt" else "bin")
    uv = shutil.which("uv", path=os.pathsep.join([sysconfig.get_path("scripts"), os.defpath]))
    if uv:
        installs = [
            [uv, "venv", "-q", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "-q", "--python", str(binaries / "python"), "safety>=3.2"],
        ]
    else:
        installs = [
            [sys.executable, "-m", "venv", str(folder)],
            [str(binaries / "python"), "-m", "pip", "install", "-q", "safety>=3.2"],
        ]
    for install in installs:
        ended = subprocess.run(install, capture_output=True, text=True, timeout=240)
        if ended.returncode:
            pytest.skip(f"Safety cannot be installed here: {ended.stderr.strip()[-300:]}")
    return os.fspath(binaries / "safety")


@pytest.fixture
def auth_server() -> Iterator[str]:
    """Answers what Safety asks its authentication host before it does anything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            names = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
            body = json.dumps({name: f"http://{self.headers['Host']}/{name}" for name in names})
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def local_database(folder: Path, now: datetime) -> str:
    """Schema 2.0.0, as `safety check --db` reads it, knowing PyYAML below 5.3.1."""
    folder.mkdir()
    meta = {"schema_version": "2.0.0", "timestamp": now.timestamp(), "base_domain": "https://x.y"}
    known = {"pyyaml": ["<5.3.1"]}
    (folder / "insecure.json").write_text(json.dumps({"meta": meta, "vulnerable_packages": known}))
    entry = {
        "specs": ["<5.3.1"],
        "advisory": "PyYAML bad",
        "ids": [{"type": "cve", "id": "CVE-2020-1747"}, {"type": "pyup", "id": "38100"}],
        "more_info_path": "/v/1",
        "transitive": False,
        "affected_versions": ["5.3"],
        "fixed_versions": ["5.3.1"],
        "vulnerability_id": "38100",
    }
    package = {
        "insecure_versions": ["5.3"],
        "secure_versions": ["5.3.1"],
        "latest_version": "5.3.1",
        "latest_version_without_known_vulnerabilities": "5.3.1",
        "more_info_path": "/p/1",
    }
    full = {
        "meta": meta | {"packages": {"pyyaml": package}},
        "vulnerable_packages": {"pyyaml": [entry]},
    }
    (folder / "insecure_full.json").write_text(json.dumps(full))
    return str(folder)


@pytest.mark.heavy
def test_safety_itself_against_a_loopback_server(
    tmp_path: Path, auth_server: str, safety: str
) -> None:
    now = datetime.now(UTC)
    steered = {
        "HOME": os.fspath(tmp_path),
        "SAFETY_AUTH_SERVER_URL": auth_server,
        "SAFETY_PLATFORM_API_BASE_URL": auth_server,
        "SAFETY_DATA_API_BASE_URL": auth_server,
    }
    plain = context(gate, tmp_path, options={"tool": "safety"})

    def run(*args: Any, **more: Any) -> Completed:
        return plain.run(*args, **(more | {"env": steered}))

    def findings(requirements: str) -> list[str]:
        found = check(
            gate,
            tmp_path / "tree",
            {"requirements.txt": requirements},
            options={"tool": "safety", "database": str(tmp_path / "db")},
            network=True,
            run=run,
            now=now + timedelta(seconds=1),
            tool=lambda _: Tool(name="safety", version="3", argv=(safety,)),
        )
        return [f.rule for f in found if isinstance(f, Finding)]

    local_database(tmp_path / "db", now)
    assert findings("requests==2.30.0\n") == ["dependencies/audited"]
    assert findings(REQUIREMENTS) == ["dependencies/CVE-2020-1747", "dependencies/audited"]
