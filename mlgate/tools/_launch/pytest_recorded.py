"""Runs pytest in the project's interpreter and seals what happened into a JUnit report.

Started as a script, by any Python from 3.8 on. The request (where the report goes, and a key) comes
on standard input, so neither arguments nor environment tell it to the tests; pytest's arguments do.
The report is written once, after pytest has returned, and carries a MAC under that key: a test that
ends the process early leaves no report, and one that writes a report of its own cannot sign it.

The limit: tests run in this very process. Code that sets out to search the interpreter's memory, or
a `conftest.py` that rewrites outcomes as they are made, cannot be seen from in here.
"""

from __future__ import annotations

import glob
import hashlib
import hmac
import io
import json
import os
import re
import sys
from typing import Any
from xml.etree import ElementTree

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST = 4000


def main() -> int:
    """Run pytest as the request says; the exit code is pytest's."""
    request = json.loads(sys.stdin.buffer.readline())
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if p and os.path.abspath(p) != here]
    try:
        import pytest
    except ImportError:
        return _seal(request, {"unusable": "missing"}, [], 4)
    if _below(pytest.__file__, request["top"]) and not _below(pytest.__file__, sys.prefix):
        return _seal(request, {"unusable": "shadowed"}, [], 4)
    sys.path.insert(0, os.getcwd())  # as `python -m pytest` has it, but after pytest itself
    work = request.get("work")
    if work:
        sys.path[:0] = _counterparts(work, request["top"])
    sys.argv[:] = [pytest.__file__, *request["args"]]
    recorder = _recorder(pytest, request["top"])
    code, covered = _run(pytest, recorder, request)
    facts = {
        "version": pytest.__version__,
        "collected": len(recorder.collected),
        "deselected": recorder.deselected,
        "coverage": covered,
        "elsewhere": _elsewhere(work, request["top"]) if work else None,
    }
    return _seal(request, facts, [*recorder.broken, *recorder.cases.values()], code)


def _counterparts(work: str, top: str) -> list[str]:
    """The folders of the tree that is judged, for those of the work tree from which an editable
    install would import; `src` also where it hooks the import otherwise."""
    found = [os.path.join(os.getcwd(), "src")]
    for entry in sys.path:
        if _below(entry, work) and not _below(entry, sys.prefix) and not _below(entry, top):
            relative = os.path.relpath(os.path.realpath(entry), os.path.realpath(work))
            found.append(os.path.join(top, relative))
    return [folder for folder in found if os.path.isdir(folder)]


def _elsewhere(work: str, top: str) -> str | None:
    """A module that came from the work tree, although another tree is judged."""
    for name, module in sorted(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if not isinstance(path, str) or _below(path, sys.prefix) or _below(path, top):
            continue
        if _below(path, work):
            return f"{name} ({os.path.relpath(os.path.realpath(path), os.path.realpath(work))})"
    return None


def _below(path: str, folder: str) -> bool:
    return os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)


def _run(pytest: Any, recorder: Any, request: dict[str, Any]) -> tuple[int, float | None]:
    """Pytest's exit code, and the percentage of code covered where it was asked for."""
    if not request["coverage"]:
        return int(pytest.main(request["args"], plugins=[recorder])), None
    import coverage

    meter = None
    if request["coverage"] == "coverage":
        meter = coverage.Coverage(source=request["source"] or None)
        meter.start()
    code = int(pytest.main(request["args"], plugins=[recorder]))
    if meter is not None:
        meter.stop()
        meter.save()
    return code, _covered(coverage)


def _covered(coverage: Any) -> float | None:
    """The total percentage, from the data that the run left; None if it left none."""
    data = coverage.Coverage()
    try:
        if glob.glob(glob.escape(os.environ["COVERAGE_FILE"]) + ".*"):
            data.combine()
        else:
            data.load()
        omit = [*(data.get_option("report:omit") or []), os.path.abspath(__file__)]
        return float(data.report(file=io.StringIO(), ignore_errors=True, omit=omit))
    except coverage.CoverageException:
        return None


def _recorder(pytest: Any, top: str) -> Any:
    """A plug-in that keeps the outcome of every test, also of those that xdist's workers run."""

    class Recorder:
        def __init__(self) -> None:
            self.collected: set[str] = set()
            self.deselected = 0
            self.broken: list[dict[str, Any]] = []
            self.cases: dict[str, dict[str, Any]] = {}
            self.root = top

        def pytest_configure(self, config: Any) -> None:
            self.root = str(config.rootpath)

        def pytest_deselected(self, items: list[Any]) -> None:
            self.deselected += len(items)

        @pytest.hookimpl(tryfirst=True)  # type: ignore[untyped-decorator]
        def pytest_collection_finish(self, session: Any) -> None:
            self.collected.update(item.nodeid for item in session.items)

        @pytest.hookimpl(optionalhook=True)  # type: ignore[untyped-decorator]
        def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
            self.collected.update(ids)

        def pytest_collectreport(self, report: Any) -> None:
            if report.failed:
                place = _place(report, self.root, top)
                self.broken.append({"id": report.nodeid, "outcome": "error", **place})

        def pytest_runtest_logreport(self, report: Any) -> None:
            outcome = _outcome(report)
            if outcome is None:
                return
            case = self.cases.setdefault(report.nodeid, {"id": report.nodeid, "time": 0.0})
            case["time"] += getattr(report, "duration", 0.0)
            if _RANK[outcome] > _RANK[case.get("outcome")]:
                case.update({"outcome": outcome, **_place(report, self.root, top)})

    return Recorder()


# The worst phase of a test is its outcome.
_RANK = {None: 0, "passed": 1, "xpassed": 2, "skipped": 3, "xfailed": 4, "error": 5, "failed": 6}


def _outcome(report: Any) -> str | None:
    """What one phase says of its test; None if nothing yet."""
    expected = hasattr(report, "wasxfail")
    if report.outcome == "failed":
        return "failed" if report.when == "call" else "error"
    if hasattr(report, "context"):  # a subtest: only its failure is its test's
        return None
    if report.outcome == "skipped":
        return "xfailed" if expected else "skipped"
    if report.outcome == "passed" and report.when == "call":
        return "xpassed" if expected else "passed"
    return None


def _place(report: Any, root: str, top: str) -> dict[str, Any]:
    """Message, file (relative to `top`) and line, counted from 1, of what a report tells."""
    location = getattr(report, "location", None) or (report.nodeid.partition("::")[0], None, "")
    path = os.path.join(root, location[0])
    line = None if location[1] is None else location[1] + 1
    longrepr = getattr(report, "longrepr", None)
    for entry in getattr(getattr(longrepr, "reprtraceback", None), "reprentries", ()):
        spot = getattr(entry, "reprfileloc", None)
        if spot is not None and os.path.join(root, spot.path) == path:
            line = spot.lineno
    crash = getattr(longrepr, "reprcrash", None)
    message = str(crash.message if crash is not None else longrepr or "")
    said = [row[1:].strip() for row in message.splitlines() if row.startswith("E  ")]
    message = ("\n".join(said) or message) if report.failed else ""
    return {"file": os.path.relpath(path, top), "line": line, "message": message[:_LONGEST]}


def _seal(request: dict[str, Any], facts: dict[str, Any], cases: list[Any], code: int) -> int:
    """Write the report with its MAC in front, in one step."""
    content = _junit({**facts, "exit": code}, cases)
    mac = hmac.new(bytes.fromhex(request["key"]), content, hashlib.sha256).hexdigest()
    partial = request["report"] + ".partial"
    with open(partial, "wb") as file:
        file.write(mac.encode() + b"\n" + content)
    os.replace(partial, request["report"])
    return code


def _junit(facts: dict[str, Any], cases: list[dict[str, Any]]) -> bytes:
    suite = ElementTree.Element("testsuite", name="pytest", tests=str(len(cases)))
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in facts.items():
        if value is not None:
            ElementTree.SubElement(properties, "property", name=name, value=str(value))
    for case in cases:
        suite.append(_case(case))
    top = ElementTree.Element("testsuites")
    top.append(suite)
    content: bytes = ElementTree.tostring(top, encoding="utf-8")
    return content


def _case(case: dict[str, Any]) -> ElementTree.Element:
    names = {"name": case["id"], "file": case["file"], "time": f"{case.get('time', 0.0):.3f}"}
    if case["line"] is not None:
        names["line"] = str(case["line"])
    element = ElementTree.Element("testcase", {k: _legal(v) for k, v in names.items()})
    outcome = case["outcome"]
    tag = {"failed": "failure", "error": "error", "skipped": "skipped", "xfailed": "skipped"}
    if outcome in tag:
        message = _legal(case["message"])
        ElementTree.SubElement(element, tag[outcome], type=outcome, message=message)
    elif outcome == "xpassed":
        ElementTree.SubElement(element, "system-out").text = outcome
    return element


def _legal(text: str) -> str:
    """`text` without what XML cannot hold."""
    return _ILLEGAL.sub("\ufffd", text)


if __name__ == "__main__":
    sys.exit(main())
