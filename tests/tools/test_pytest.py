"""The sealed report: what is read from it, and what is not believed."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.gate import Environment
from mlgate.tools import _find
from mlgate.tools import pytest as tool

KEY = b"k" * 32
JUNIT = b"""<testsuites><testsuite name="pytest" tests="3"><properties>
<property name="exit" value="1"/><property name="collected" value="3"/>
<property name="version" value="9.0"/><property name="coverage" value="87.5"/></properties>
<testcase name="t::a" file="t.py" time="0.100" line="3"/>
<testcase name="t::b" file="t.py" time="0.000"><failure type="failed" message="no"/></testcase>
<testcase name="t::c" file="t.py" time="0.000"><system-out>xpassed</system-out></testcase>
</testsuite></testsuites>"""


def sealed(folder: Path, content: bytes, key: bytes = KEY) -> str:
    path = folder / "junit.xml"
    mac = hmac.new(key, content, hashlib.sha256).hexdigest().encode()
    path.write_bytes(mac + b"\n" + content)
    return str(path)


def test_a_sealed_report_is_read(tmp_path: Path) -> None:
    session = tool.read_report(sealed(tmp_path, JUNIT), KEY)
    assert (session.exit, session.collected, session.version) == (1, 3, "9.0")
    assert session.coverage == 87.5
    assert [(c.id, c.outcome, c.line, c.message) for c in session.cases] == [
        ("t::a", "passed", 3, ""),
        ("t::b", "failed", None, "no"),
        ("t::c", "xpassed", None, ""),
    ]


def test_a_report_that_was_not_sealed_with_the_key_is_refused(tmp_path: Path) -> None:
    for path in (
        sealed(tmp_path, JUNIT, key=b"other"),
        str(tmp_path / "nowhere"),
    ):
        with pytest.raises(GateError):
            tool.read_report(path, KEY)
    path = sealed(tmp_path, JUNIT)
    content = Path(path).read_bytes()
    for changed in (content.replace(b'"1"', b'"0"'), content[:-1], b"", b"\n", content[65:]):
        Path(path).write_bytes(changed)
        with pytest.raises(GateError, match="sealed"):
            tool.read_report(path, KEY)


def test_a_sealed_report_that_is_no_xml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="cannot be read"):
        tool.read_report(sealed(tmp_path, JUNIT[:-5]), KEY)


def test_pytest_is_found_only_where_it_is_installed(tmp_path: Path) -> None:
    assert tool.find([_find.own_environment()], {}).version == pytest.__version__
    empty = Environment(origin="x", prefix=str(tmp_path), python="python")
    with pytest.raises(ToolMissing):
        tool.find([empty], {})
