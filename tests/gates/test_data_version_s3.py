"""The same questions about an S3 remote, on loopback, reached through the project's dvc."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dvc_scenarios import NOT_ON_S3, SCENARIOS, Scenario, dvc_on_s3
from dvc_world import World, build, dvc_says, failing, listing, noted
from projects import bare

pytestmark = pytest.mark.heavy

_KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
_POLICY = f"""[environment]
pass_env = {list(_KEYS)}
[gates.data-version]
"""


class Server:
    """An S3 server of this test's own."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            try:
                urllib.request.urlopen(self.url, timeout=5).read()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the S3 server did not start")

    def client(self) -> Any:
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def keys(self, bucket: str = "data") -> dict[str, int]:
        found = self.client().list_objects_v2(Bucket=bucket).get("Contents", [])
        return {item["Key"]: item["Size"] for item in found}

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def seed(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server.client().create_bucket(Bucket="data")
    with pytest.MonkeyPatch.context() as patch:
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "A Person")
            patch.setenv(f"GIT_{role}_EMAIL", "person@example.org")
        world = build(tmp_path_factory.mktemp("s3") / "seed")
        world.environ = {
            **_KEYS,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        world.dvc(
            "remote add -f -d shared s3://data/top",
            f"remote modify shared endpointurl {server.url}",
            "push -q",
        )
        world.put({"mlgate.toml": _POLICY})
        world.commit("a remote on S3")
        yield world


def _checked(world: World, server: Server | None, *args: str, **environ: str) -> dict[str, Any]:
    before = listing(world.project / ".dvc"), server.keys() if server else None
    verdict = world.check("merge", *args, **environ)
    assert (listing(world.project / ".dvc"), server.keys() if server else None) == before
    return verdict


def _key(world: World, content: bytes) -> str:
    return f"top/{world.object(content).relative_to(world.remote).as_posix()}"


def test_everything_pushed(seed: World, server: Server, tmp_path: Path) -> None:
    verdict = _checked(seed.copy(tmp_path / "w"), server)
    assert (verdict["outcome"], failing(verdict)) == ("passed", set())
    assert "5 objects looked for in shared" in verdict["judged"]


def test_a_clone_without_data_fetches_only_the_manifest(
    seed: World, server: Server, tmp_path: Path
) -> None:
    verdict = _checked(seed.copy(tmp_path / "w").forget_data(), server)
    assert (verdict["outcome"], failing(verdict)) == ("passed", set())
    assert "5 objects" in verdict["judged"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [(b"id,y\n1,0\n2,1\n", "not-in-remote"), (b"second\n", "members-missing")],
)
def test_an_object_that_is_not_there(
    seed: World, server: Server, tmp_path: Path, content: bytes, rule: str
) -> None:
    key, client = _key(seed, content), server.client()
    client.delete_object(Bucket="data", Key=key)
    try:
        verdict = _checked(seed.copy(tmp_path / "w").forget_data(), server)
    finally:
        client.put_object(Bucket="data", Key=key, Body=content)
    assert (verdict["outcome"], failing(verdict)) == ("failed", {rule})


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """As the matrix has it: the remote is a directory."""
    with pytest.MonkeyPatch.context() as patch:
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "A Person")
            patch.setenv(f"GIT_{role}_EMAIL", "person@example.org")
        yield build(tmp_path_factory.mktemp("local") / "seed")


@pytest.mark.parametrize(
    "scenario", [s for s in SCENARIOS if s.name not in NOT_ON_S3], ids=lambda s: s.name
)
def test_scenario_on_s3(
    local: World, seed: World, server: Server, tmp_path: Path, scenario: Scenario
) -> None:
    """The same project with what its remote holds in a bucket, which this machine's own
    configuration names: the same outcome for the same reasons; and DVC's as the table has it."""
    world = local.copy(tmp_path / "world")
    scenario.does(world)
    bucket = f"scenario-{SCENARIOS.index(scenario)}"
    _moved(world, server, bucket)
    before = listing(world.project / ".dvc"), server.keys(bucket)
    verdict = world.check(scenario.stage, *scenario.args)
    assert (listing(world.project / ".dvc"), server.keys(bucket)) == before
    assert (verdict["outcome"], failing(verdict)) == (scenario.outcome, set(scenario.rules)), [
        (f["rule"], f["message"]) for f in verdict["findings"]
    ] + [verdict["reason"]]
    assert dvc_says(world) == dvc_on_s3(scenario.name)


def _moved(world: World, server: Server, bucket: str) -> None:
    client = server.client()
    client.create_bucket(Bucket=bucket)
    for path in world.remote.rglob("*"):
        if path.is_file():
            key = f"top/{path.relative_to(world.remote).as_posix()}"
            client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
    world.remote.rename(world.folder / "moved")
    keys = ("access_key_id = testing", "secret_access_key = testing", "region = us-east-1")
    lines = [f"url = s3://{bucket}/top", f"endpointurl = {server.url}", *keys]
    text = "".join(f"    {line}\n" for line in lines)
    world.put({".dvc/config.local": f"['remote \"shared\"']\n{text}"})


def test_an_object_that_was_cut_off(seed: World, server: Server, tmp_path: Path) -> None:
    content = b"id,y\n1,0\n2,1\n"
    key, client = _key(seed, content), server.client()
    client.put_object(Bucket="data", Key=key, Body=content[:4])
    try:
        verdict = _checked(seed.copy(tmp_path / "w"), server)
    finally:
        client.put_object(Bucket="data", Key=key, Body=content)
    assert (verdict["outcome"], failing(verdict)) == ("failed", {"remote-damaged"})


def test_many_objects_are_listed(seed: World, server: Server, tmp_path: Path) -> None:
    world = seed.copy(tmp_path / "w")
    world.put({f"data/many/{n}.txt": f"{n}\n" for n in range(400)})
    world.dvc("add -q data/many", "push -q")
    world.commit()
    assert _checked(world, server)["outcome"] == "passed"
    server.client().delete_object(Bucket="data", Key=_key(world, b"7\n"))
    verdict = _checked(world, server)
    assert failing(verdict) == {"members-missing"}
    assert "7.txt" in str(verdict["findings"])


def test_the_commit_that_is_judged_says_where_its_remote_is(
    seed: World, server: Server, tmp_path: Path
) -> None:
    world = seed.copy(tmp_path / "w").edit(".dvc/config", "s3://data/top", "s3://nowhere/top")
    verdict = world.check("merge", "--base", "HEAD", CI="true", GITHUB_ACTIONS="true")
    assert (verdict["outcome"], failing(verdict)) == ("passed", set())
    assert "5 objects looked for in shared" in verdict["judged"]


def test_a_table_behind_a_pointer_is_brought_from_s3(
    seed: World, server: Server, tmp_path: Path
) -> None:
    world = seed.copy(tmp_path / "w").forget_data()
    asked = '[gates.data]\ntable = "data/table.csv"\nrows = { min = 3 }\n'
    world.put({"mlgate.toml": world.read("mlgate.toml") + asked})
    before = listing(world.project / ".dvc"), server.keys()
    verdict = world.check("merge", kind="data")
    assert failing(verdict) == {"rows"} and "2 rows" in str(verdict["findings"]), verdict
    assert (listing(world.project / ".dvc"), server.keys()) == before


def test_a_bucket_that_does_not_exist(seed: World, tmp_path: Path) -> None:
    world = seed.copy(tmp_path / "w").edit(".dvc/config", "s3://data/top", "s3://nowhere/top")
    verdict = _checked(world, None)
    assert verdict["outcome"] == "errored" and "no bucket" in verdict["reason"]
    assert "dvc remote modify shared url" in verdict["help"]


def test_no_credentials(seed: World, tmp_path: Path) -> None:
    world = seed.copy(tmp_path / "w").put({"mlgate.toml": "[gates.data-version]\n"})
    verdict = _checked(world, None, HOME=str(tmp_path))
    assert verdict["outcome"] == "errored" and "no credentials" in verdict["reason"]
    assert "pass_env" in verdict["help"]


def test_a_server_that_is_down(seed: World, tmp_path: Path, server: Server) -> None:
    world = seed.copy(tmp_path / "w").edit(".dvc/config", server.url, "http://127.0.0.1:9")
    verdict = _checked(world, None)
    assert verdict["outcome"] == "errored" and verdict["exit_code"] == 3
    assert "cannot be reached" in verdict["reason"]


def test_access_denied(seed: World, tmp_path: Path, denying: str, server: Server) -> None:
    world = seed.copy(tmp_path / "w").edit(".dvc/config", server.url, denying)
    verdict = _checked(world, None)
    assert verdict["outcome"] == "errored" and "denied" in verdict["reason"]


def test_a_server_that_never_answers(seed: World, tmp_path: Path, server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        world = seed.copy(tmp_path / "w").edit(".dvc/config", server.url, url)
        world.put({"mlgate.toml": _POLICY + 'timeout = "8s"\n'}).commit()
        verdict = _checked(world, None)
    assert verdict["outcome"] == "errored" and verdict["exit_code"] == 3
    assert "did not answer" in verdict["reason"] and "timeout" in verdict["help"]


@pytest.fixture
def denying() -> Iterator[str]:
    """A server that says 403 to everything."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Denying(BaseHTTPRequestHandler):
        def _deny(self) -> None:
            body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = _deny  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    running = HTTPServer(("127.0.0.1", 0), Denying)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def test_a_fork_may_be_left_open(seed: World, tmp_path: Path) -> None:
    policy = _POLICY + 'unreachable = "inconclusive"\n'
    world = seed.copy(tmp_path / "w").put({"mlgate.toml": policy})
    world.edit(".dvc/config", "s3://data/top", "s3://nowhere/top")
    head = world.commit()
    event = tmp_path / "event.json"
    names = (
        '{"pull_request": {"head": {"repo": {"full_name": "%s"}},'
        ' "base": {"repo": {"full_name": "us/it"}}}}'
    )
    fork = {
        "GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event), "GITHUB_SHA": head,
    }  # fmt: skip
    event.write_text(names % "them/it")
    assert world.check("merge", "--base", "HEAD", **fork)["outcome"] == "inconclusive"
    event.write_text(names % "us/it")
    assert world.check("merge", "--base", "HEAD", **fork)["outcome"] == "errored"


def test_offline_is_said(seed: World, tmp_path: Path) -> None:
    world = seed.copy(tmp_path / "w")
    verdict = _checked(world, None, "--offline")
    assert verdict["outcome"] == "errored" and "--offline" in verdict["reason"]
    (world.project / "mlgate.toml").unlink()
    adopted = _checked(world, None)
    assert adopted["outcome"] == "passed" and "not-asked" in noted(adopted)


def test_without_dvc_it_says_how_to_install_it(seed: World, tmp_path: Path) -> None:
    world = seed.copy(tmp_path / "w")
    env = str(bare(tmp_path / "e"))
    verdict = _checked(world, None, VIRTUAL_ENV=env, PATH=os.environ["PATH"])
    assert verdict["outcome"] == "errored" and "dvc is not installed" in verdict["reason"]
    assert "dvc[s3]" in verdict["help"]


@pytest.fixture
def versioned(seed: World, server: Server, tmp_path: Path) -> World:
    """A project whose remote keeps the cloud's own versions, with a file and a folder pushed."""
    client = server.client()
    client.create_bucket(Bucket="kept")
    client.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    world = seed.copy(tmp_path / "versioned")
    world.git("rm", "-q", "--cached", "dvc.yaml", "dvc.lock", "metrics.json")
    for name in ("dvc.yaml", "dvc.lock", "metrics.json"):
        (world.project / name).unlink()
    world.dvc(
        "remote modify shared url s3://kept/top", "remote modify shared version_aware true",
        "push -q",
    )  # fmt: skip
    world.commit("cloud versions")
    return world


def test_versions_that_the_cloud_keeps(versioned: World, server: Server) -> None:
    against = ("--base", "HEAD")
    verdict = versioned.check("merge", *against)
    assert (verdict["outcome"], failing(verdict)) == ("passed", set()), verdict
    assert "3 objects looked for in shared" in verdict["judged"]
    client = server.client()
    held = client.list_object_versions(Bucket="kept", Prefix="top/data/images")["Versions"]
    client.delete_object(Bucket="kept", Key=held[0]["Key"], VersionId=held[0]["VersionId"])
    verdict = versioned.check("merge", *against)
    assert failing(verdict) == {"not-in-remote"} and "data/images/" in str(verdict["findings"])
    text = versioned.read("data/table.csv.dvc")
    versioned.put({"data/table.csv.dvc": text.partition("  cloud:")[0]})
    assert failing(versioned.check("merge", *against)) == {"not-in-remote", "version-id"}


_EXPORT = """stages:
  export:
    cmd: python -c "1"
    deps: ["remote://plain/in.csv"]
    outs:
    - "remote://plain/out.csv": {cache: false}
    - "remote://plain/folder": {cache: false}
"""


@pytest.fixture
def external(seed: World, server: Server, tmp_path: Path) -> World:
    """A stage whose output, folder and dependency are in a bucket, and imports that nobody
    downloaded: by their etag, and by the version that the cloud keeps."""
    client = server.client()
    for bucket in ("plain", "versions"):
        client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    for name in ("in.csv", "out.csv", "folder/a.csv", "folder/deep/b.csv", "later.csv"):
        client.put_object(Bucket="plain", Key=name, Body=name.encode())
    client.put_object(Bucket="versions", Key="kept.csv", Body=b"kept")
    world = seed.copy(tmp_path / "external")
    world.put({"out/dvc.yaml": _EXPORT})
    world.dvc(
        "remote add plain s3://plain", f"remote modify plain endpointurl {server.url}",
        "remote add versions s3://versions", f"remote modify versions endpointurl {server.url}",
        "import-url -q --no-download remote://plain/later.csv later.csv",
        "import-url -q --version-aware remote://versions/kept.csv kept.csv",
        "commit -q -f out/dvc.yaml:export",
    )  # fmt: skip
    world.commit("what lies outside")
    return world


def _asked(world: World, server: Server, *args: str) -> dict[str, Any]:
    """The verdict; nothing is written to the project or a bucket."""
    buckets = ("plain", "versions", "data")
    before = listing(world.project), [server.keys(bucket) for bucket in buckets]
    verdict = world.check("merge", "--base", "HEAD", *args)
    assert (listing(world.project), [server.keys(bucket) for bucket in buckets]) == before
    return verdict


def test_what_lies_outside_is_asked_as_dvc_status_asks(external: World, server: Server) -> None:
    verdict = _asked(external, server)
    assert (verdict["outcome"], failing(verdict)) == ("passed", set()), verdict
    said = [f["message"] for f in verdict["findings"] if f["rule"].endswith("/external")]
    assert len(said) == 5 and sum("`dvc status`" in one for one in said) == 4, said
    status = "status --json out/dvc.yaml:export"
    assert external.dvc(status)[0].out.strip() == "{}"
    client = server.client()
    client.put_object(Bucket="plain", Key="in.csv", Body=b"others")
    client.put_object(Bucket="plain", Key="later.csv", Body=b"others")
    client.put_object(Bucket="plain", Key="folder/deep/b.csv", Body=b"others")
    client.delete_object(Bucket="plain", Key="out.csv")
    held = client.list_object_versions(Bucket="versions")["Versions"]
    client.put_object(Bucket="versions", Key="kept.csv", Body=b"newer")
    verdict = _asked(external, server)
    found = sorted(f["message"] for f in verdict["findings"] if f["result"] == "fail")
    assert failing(verdict) == {"external-changed", "stale-lock", "not-in-source"}, found
    assert {one.rpartition("remote://plain/")[2] for one in found} == {
        "folder has changed since", "out.csv is not there any more", "in.csv has changed since",
        "later.csv, where later.csv.dvc comes from, has changed since",
    }  # fmt: skip
    theirs = external.dvc(status)[0].out
    assert all(name in theirs for name in ("plain/in.csv", "plain/out.csv", "plain/folder"))
    client.delete_object(Bucket="versions", Key="kept.csv", VersionId=held[0]["VersionId"])
    said = [f["message"] for f in _asked(external, server)["findings"] if f["result"] == "fail"]
    assert any("lacks 1 version: remote://versions/kept.csv" in one for one in said), said
    verdict = _asked(external, server, "--offline")
    assert verdict["outcome"] == "errored" and "--offline" in verdict["reason"]
    external.edit(".dvc/config", "s3://plain", "s3://nowhere")
    verdict = _asked(external, server)
    assert verdict["outcome"] == "errored" and "no bucket" in verdict["reason"]
    assert "dvc remote modify plain url" in verdict["help"]
