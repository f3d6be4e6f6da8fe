"""The `service` gate against a small real HTTP model server that works, and that fails."""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from model_server import ModelServer, serving

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.finding import Finding
from mlgate.core.words import Result, Stage
from mlgate.gates import service as gate
from mlgate.gates._service_answers import difference
from mlgate.gates._service_http import Client, Target
from mlgate.runner.workshop import Workshop

PREDICT = {
    "path": "/predict",
    "body": {"instances": [{"x": 1}, {"x": 2.5}]},
    "expect": {"predictions": [2, 5]},
}
Ask = Callable[..., list[Finding]]


@pytest.fixture
def stated(tmp_path: Path) -> Iterator[Ask]:
    workshop = Workshop(str(tmp_path), dict(os.environ), jobs=1)

    def ask(server: ModelServer | str, files: Any = (), **options: Any) -> list[Finding]:
        url = server if isinstance(server, str) else server.url
        found = testing.check(
            gate, tmp_path, dict(files), kind="service", stage=Stage.PROMOTE, network=True,
            options={"url": url, **options}, worker=workshop.worker,
        )  # fmt: skip
        return [finding for finding in found if isinstance(finding, Finding)]

    yield ask
    workshop.close()


def only(found: list[Finding]) -> Finding:
    (finding,) = found
    return finding


def by_rule(found: list[Finding]) -> dict[str, Result]:
    return {f.rule.removeprefix("service/"): f.result for f in found}


# --- declared requests ---------------------------------------------------------------------------


def test_a_right_answer_passes_with_its_time(stated: Ask) -> None:
    with serving() as server:
        found = only(stated(server, requests=[PREDICT]))
    assert (found.result, found.rule) == (Result.PASS, "service/answer")
    assert found.measurement is not None and 0 < (found.measurement.value or 0) < 5
    assert server.seen[0][3] == PREDICT["body"]


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("wrong", "$.predictions[0] is 3, not 2 ± 1e-09"),
        ("failing", "answers 500, not 200: out of memory for"),
        ("html", "answers with what is no JSON: <html>sign in</html>"),
        ("nan", "answers with what is no JSON"),
        ("truncated", "breaks off after 17 of 1,000 bytes"),
        ("closed", "closes the connection"),
        ("garbage", "does not speak HTTP"),
        ("hanging", "does not answer within 0.5 s"),
        ("dripping", "does not answer within 0.5 s"),
        ("next_door", "answers 307, not 200"),
    ],
)
def test_a_failing_answer_fails(stated: Ask, mode: str, words: str) -> None:
    with serving(mode) as server:
        found = only(stated(server, requests=[PREDICT], answer_within="500ms"))
    assert (found.result, found.rule) == (Result.FAIL, "service/answer")
    assert found.message.startswith("POST /predict ") and words in found.message


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("elsewhere", "redirects to http://127.0.0.2:1/predict, which was not named"),
        ("huge", "answers with more than 16 MB"),
    ],
)
def test_what_is_not_the_service_is_an_error(stated: Ask, mode: str, words: str) -> None:
    with serving(mode) as server, pytest.raises(GateError, match=words) as caught:
        stated(server, requests=[PREDICT])
    assert caught.value.hint


def test_no_server_is_an_error_with_the_mend(stated: Ask) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(GateError, match=f"no service at {url}: connection refused") as caught:
            stated(url, requests=[PREDICT])
    assert caught.value.hint == "start it, or correct `url` in the policy"


def test_a_server_without_tls_is_an_error(stated: Ask) -> None:
    with serving() as server, pytest.raises(GateError, match="does not speak TLS"):
        stated(server.url.replace("http:", "https:"), requests=[PREDICT])


def test_offline_is_an_error(tmp_path: Path) -> None:
    options = {"url": "http://127.0.0.1:1", "health": "/health"}
    with pytest.raises(GateError, match="offline") as caught:
        testing.check(gate, tmp_path, {}, kind="service", options=options, network=False)
    assert "--offline" in (caught.value.hint or "")


def test_bodies_answers_and_schemas_come_from_files(stated: Ask) -> None:
    schema = {"type": "object", "properties": {"predictions": {"items": {"maximum": 4}}}}
    files = {
        "ask.json": json.dumps(PREDICT["body"]),
        "expect.json": json.dumps(PREDICT["expect"]),
        "schema.json": json.dumps(schema),
    }
    asked = {"path": "/predict", "file": "ask.json"}
    with serving() as server:
        right = only(stated(server, files, requests=[{**asked, "expect_file": "expect.json"}]))
        broken = only(stated(server, files, requests=[{**asked, "schema": "schema.json"}]))
        with pytest.raises(GateError, match=r"none.json is not in the"):
            stated(server, files, requests=[{**asked, "schema": "none.json"}])
        for odd in ('{"type": 3}', "[1]", "5", "null"):
            with pytest.raises(GateError, match=r"odd.json is no JSON Schema"):
                stated(
                    server, {**files, "odd.json": odd}, requests=[{**asked, "schema": "odd.json"}]
                )
    assert right.result is Result.PASS
    assert broken.result is Result.FAIL
    assert "$.predictions[1] does not meet the schema: 5.0 is greater" in broken.message


def test_a_schema_makes_nobody_fetch_anything(stated: Ask) -> None:
    with serving() as server:
        schema = json.dumps({"$ref": f"{server.url}/schema.json"})
        asked = {**PREDICT, "schema": "schema.json"}
        with pytest.raises(GateError):
            stated(server, {"schema.json": schema}, requests=[asked])
        assert [path for _, path, _, _ in server.seen] == ["/predict"]


def test_health_and_version(stated: Ask) -> None:
    version = {"path": "/version", "field": "model.version", "equals": "1.4.0"}
    with serving() as server:
        assert set(by_rule(stated(server, health="/health", version=version)).values()) == {
            Result.PASS
        }
        other = only(stated(server, version={**version, "equals": "1.5.0"}))
        assert other.message.endswith("/version runs 1.4.0, not 1.5.0")
        lost = only(stated(server, version={**version, "field": "model.commit"}))
        assert (lost.result, "/version answers without model.commit" in lost.message) == (
            Result.FAIL,
            True,
        )
        text = {"path": "/version.txt", "equals": "1.4.0"}
        assert only(stated(server, version=text)).result is Result.PASS
        with pytest.raises(GateError, match="to equal the commit, and there is none"):
            stated(server, version={**version, "equals": "{commit}"})
    with serving("ill") as server:
        assert only(stated(server, health="/health")).message.endswith("/health answers 503: ok")


# --- secrets -------------------------------------------------------------------------------------


def test_a_secret_is_sent_and_never_shown(stated: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = 's3cr"et-' + "x" * 200
    monkeypatch.setenv("CHURN_TOKEN", secret)
    headers = {"Authorization": "Bearer ${CHURN_TOKEN}"}
    with serving("failing") as server:
        found = only(stated(server, requests=[PREDICT], headers=headers))
        load = {"duration": "200ms"}
        loaded = stated(server, requests=[PREDICT], headers=headers, load=load)
    assert server.seen[0][2]["Authorization"] == f"Bearer {secret}"
    assert found.message.endswith("out of memory for Bearer ***")
    assert "s3cr" not in msgspec.json.encode([found, *loaded]).decode()


def test_a_missing_secret_is_named(stated: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"Authorization": "Bearer ${CHURN_TOKEN}"}
    with serving() as server:
        monkeypatch.delenv("CHURN_TOKEN", raising=False)
        with pytest.raises(GateError, match="CHURN_TOKEN is not set"):
            stated(server, requests=[PREDICT], headers=headers)
        monkeypatch.setenv("CHURN_TOKEN", "first\nSecond: line")
        with pytest.raises(GateError, match="CHURN_TOKEN holds what no header can") as caught:
            stated(server, requests=[PREDICT], headers=headers)
    assert "Second" not in str(caught.value)
    assert server.seen == []


# --- load ----------------------------------------------------------------------------------------


def test_a_quick_service_passes_under_load(stated: Ask) -> None:
    load = {"duration": "1500ms", "rate": 400, "p95": "2s", "errors": 0.05, "throughput": 20}
    with serving() as server:
        found = stated(server, requests=[PREDICT], load=load)
    assert {f.result for f in found} == {Result.PASS}, found
    p95 = next(f.measurement for f in found if f.message.startswith("p95"))
    assert p95 is not None and p95.n and p95.low is not None and p95.high is not None
    assert p95.low <= (p95.value or 0) <= p95.high <= 2 and p95.method == "order statistics"


def test_the_load_is_bounded(stated: Ask) -> None:
    load = {"duration": "600ms", "rate": 50, "concurrency": 3}
    with serving() as server:
        stated(server, requests=[PREDICT], load=load)
    assert 5 < len(server.seen) <= 31  # one is the declared request itself
    with serving("slow") as server:
        found = stated(server, requests=[PREDICT], load={**load, "rate": 1000})
    assert server.most_at_once <= 3
    assert by_rule(found)["throughput"] is Result.PASS


def test_a_slow_service_fails(stated: Ask) -> None:
    load = {"duration": "1s", "rate": 100, "p50": "20ms", "throughput": 60, "errors": 0.2}
    with serving("slow") as server:
        found = stated(server, requests=[PREDICT], load=load)
    failed = [f.message.split()[0] for f in found if f.result is Result.FAIL]
    assert failed[0] == "p50" and by_rule(found)["throughput"] is Result.FAIL


def test_too_few_answers_leave_it_open(stated: Ask) -> None:
    load = {"duration": "400ms", "rate": 50, "p99": "3s"}
    with serving() as server:
        found = stated(server, requests=[PREDICT], load=load)
    p99 = next(f for f in found if f.message.startswith("p99"))
    errors = next(f for f in found if f.rule == "service/errors")
    assert (p99.result, p99.measurement and p99.measurement.needed) == (Result.OPEN, 299)
    assert (errors.result, errors.measurement and errors.measurement.needed) == (Result.OPEN, 299)
    assert errors.help and 'duration = "6s"' in errors.help


@pytest.mark.parametrize("mode", ["failing", "wrong", "truncated", "closed"])
def test_failures_under_load_count(stated: Ask, mode: str) -> None:
    load = {"duration": "1s", "rate": 100, "p95": "1s", "errors": 0.01}
    with serving(mode, every=4) as server:
        found = stated(server, requests=[{**PREDICT}], load=load)
    errors = next(f for f in found if f.rule == "service/errors")
    assert errors.result is Result.FAIL and "failed: " in errors.message
    p95 = next(f for f in found if f.message.startswith("p95"))
    assert p95.result is Result.FAIL  # what fails at once is not quick


def test_a_service_that_is_down_is_left_alone(stated: Ask) -> None:
    load = {"duration": "5s", "rate": 1000}
    with serving("failing") as server:
        found = stated(server, requests=[PREDICT], load=load)
    _, errors = found  # times and throughput of a load that was given up say nothing
    assert "ended early" in errors.message and len(server.seen) < 40


def test_a_service_that_goes_down_fails_however_well_it_began(stated: Ask) -> None:
    load = {"duration": "20s", "rate": 1000, "errors": 0.9, "p50": "4s"}
    with serving() as server:

        def break_down() -> None:
            while len(server.seen) < 100:
                time.sleep(0.01)
            server.mode = "failing"

        threading.Thread(target=break_down, daemon=True).start()
        found = stated(server, requests=[PREDICT], load=load)
    _, errors = found
    assert errors.measurement is not None and (errors.measurement.high or 1) < 0.9
    assert (errors.result, "as the service is down" in errors.message) == (Result.FAIL, True)


def test_a_redirect_under_load_is_an_error(stated: Ask) -> None:
    load = {"duration": "2s", "rate": 100}
    with serving("elsewhere", every=5) as server, pytest.raises(GateError, match="redirects to"):
        stated(server, requests=[PREDICT], load=load)


# --- batch predictions ---------------------------------------------------------------------------

BATCH = {
    "table": "rows.csv",
    "features": ["x", "plan"],
    "prediction": "p",
    "path": "/predict",
    "body": {"instances": ["$row"]},
    "answer": "predictions.0",
}


def table(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def rows(number: int, **wrong: float) -> list[dict[str, Any]]:
    made = [{"id": f"c{i}", "x": i / 4, "plan": "basic", "p": i / 2} for i in range(number)]
    for name, value in wrong.items():
        made[int(name[1:])]["p"] = value
    return made


def test_the_service_says_what_the_batch_says(stated: Ask) -> None:
    with serving() as server:
        found = only(stated(server, {"rows.csv": table(rows(250))}, batch={**BATCH, "rows": 50}))
    assert (found.result, found.rule) == (Result.PASS, "service/batch"), found.message
    assert found.measurement is not None and found.measurement.n == 50
    assert [body["instances"][0] for _, _, _, body in server.seen][:2] == [
        {"x": 0.0, "plan": "basic"},
        {"x": 1.25, "plan": "basic"},
    ]


def test_a_difference_is_named(stated: Ask) -> None:
    files = {"rows.csv": table(rows(20, r3=9.0, r5=7.25))}
    with serving() as server:
        found = only(stated(server, files, batch={**BATCH, "id": "id"}))
    assert found.result is Result.FAIL
    assert found.message == (
        "18 of 20 rows are answered as the batch predicts them"
        "; id c3: the service says 1.5, the batch 9.0; id c5: the service says 2.5, the batch 7.25"
    )


def test_predictions_of_another_table_are_found_by_id(stated: Ask) -> None:
    made = rows(30)
    apart = {**BATCH, "id": "id", "predictions": "predictions.csv"}
    files = {
        "rows.csv": table([{k: v for k, v in row.items() if k != "p"} for row in made]),
        "predictions.csv": table([{"id": r["id"], "p": r["p"]} for r in reversed(made)]),
    }
    with serving() as server:
        assert only(stated(server, files, batch=apart)).result is Result.PASS
        for other in (made[:-1], [*made, made[0]]):
            files["predictions.csv"] = table([{"id": r["id"], "p": r["p"]} for r in other])
            with pytest.raises(GateError, match="exactly one prediction in predictions"):
                stated(server, files, batch=apart)


@pytest.mark.parametrize("mode", ["failing", "html", "truncated"])
def test_rows_without_an_answer_fail_and_end_early(stated: Ask, mode: str) -> None:
    with serving(mode) as server:
        found = only(stated(server, {"rows.csv": table(rows(50))}, batch=BATCH))
    assert found.result is Result.FAIL and found.message.startswith("0 of 10 rows")


def test_a_column_that_is_missing_is_an_error(stated: Ask) -> None:
    with serving() as server, pytest.raises(GateError, match="has no column 'q'"):
        stated(server, {"rows.csv": table(rows(5))}, batch={**BATCH, "prediction": "q"})


# --- options and comparison ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "https://user:pass@host", "health": "/"}, "url"),
        ({"url": "ftp://host", "health": "/"}, "url"),
        ({"url": "http://host?x=1", "health": "/"}, "url"),
        ({"url": "http://host/a?x=1", "health": "/"}, "url"),
        ({"url": "http://host"}, "nothing to ask"),
        ({"url": "http://host", "health": "/", "load": {}}, "`load` needs `requests`"),
        ({"url": "http://host", "health": "/a b"}, "health"),
        ({"url": "http://host", "requests": [{"path": "/", "body": 1, "file": "a"}]}, "not both"),
        ({"url": "http://host", "requests": [{"path": "/"}], "load": {"duration": "1h"}}, "10m"),
        (
            {"url": "http://host", "requests": [{"path": "/"}], "load": {"throughput": 60}},
            "higher `rate`",
        ),
        ({"url": "http://host", "health": "/", "headers": {"A:": "b"}}, "headers"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(options, gate.Options)


@pytest.mark.parametrize(
    ("found", "expected", "words"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, None),
        ({"a": 1.05}, {"a": 1.0}, None),
        ({"a": 1050}, {"a": 1000}, None),
        ({"a": 1.2}, {"a": 1.0}, "$.a is 1.2, not 1.0 ± 0.1"),
        ({"a": True}, {"a": 1}, "$.a is true, not 1 ± 0.1"),
        ({}, {"a": None}, "$.a is missing"),
        ([1, 2], [1], "$ is [1,2], not a list of 1"),
        ("a", {"a": 1}, '$ is "a", not an object'),
        ([{"a": "x"}], [{"a": "y"}], '$[0].a is "x", not "y"'),
    ],
)
def test_a_subset_with_tolerance(found: Any, expected: Any, words: str | None) -> None:
    target = Target("http://host", {}, 1.0)
    assert difference(found, expected, 0.1, target) == words


def test_a_kept_connection_that_was_closed_is_no_failure(stated: Ask) -> None:
    with serving() as server:
        server.idle = 0.05
        client = Client(Target(server.url, {}, 5.0))
        answers = []
        for _ in range(3):
            answers.append(client.ask("GET", "/version").status)
            time.sleep(0.3)
        client.close()
    assert answers == [200, 200, 200]


@pytest.mark.parametrize(
    "url", ["churn.example.com", "ftp://x", "https://me:secret@x", "http://x?y"]
)
def test_a_url_that_is_none_is_told_in_words(url: str) -> None:
    with pytest.raises(ValueError, match=r"`url` (must be http|is the service)"):
        gate.Options(url=url, health="/health")


@pytest.mark.parametrize(
    ("options", "mended"),
    [
        ({"requests": [{"path": "predict"}]}, 'path = "/predict"'),
        ({"requests": [{"path": "/pre dict"}]}, 'path = "/pre%20dict"'),
        ({"version": {"path": "version", "equals": "1"}}, 'path = "/version"'),
        ({"health": "health"}, 'health = "/health"'),
        ({"batch": {"table": "t.csv", "features": ["x"], "prediction": "p", "path": "x"}}, '"/x"'),
    ],
)
def test_a_path_that_is_none_is_answered_with_the_edit(
    options: dict[str, Any], mended: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match="begins with / and holds ASCII") as told:
        msgspec.convert({"url": "http://127.0.0.1:9", **options}, gate.Options)
    assert mended in str(told.value)
