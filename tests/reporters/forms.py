"""What every format's text must be, by its schema, grammar or limits: `check(name, text)`."""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from pathlib import Path

import jsonschema
import xmlschema
from defusedxml import ElementTree
from markdown_it import MarkdownIt
from pages import safe
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from mlgate.core import parts
from mlgate.core.gate import Rule
from mlgate.core.report import Report

HERE = Path(__file__).parent
FORMATS = {
    "azure": "txt",
    "buildkite": "md",
    "checkstyle": "xml",
    "code-scanning": "sarif",
    "codequality": "json",
    "github": "txt",
    "html": "html",
    "junit": "xml",
    "markdown": "md",
    "openmetrics": "txt",
    "sarif": "sarif",
    "sonarqube": "json",
}
RULES = {
    "lint/F401": Rule("an import that nothing uses", "remove the import"),
    "model/roc-auc": Rule("the area under the ROC curve", "train a better model"),
}


def render(name: str, report: Report) -> str:
    """As the command line does it."""
    from msgspec.structs import replace

    reporter = parts.load("reporters", name)
    if getattr(reporter, "needs_rules", False):
        report = replace(report, rules=RULES)
    return reporter.render(report)


@functools.cache
def _json_schema(name: str) -> jsonschema.protocols.Validator:
    schema = json.loads((HERE / "schemas" / name).read_text(encoding="utf-8"))
    if name.startswith("sarif"):  # the final standard renamed it, section 3.35.3
        suppression = schema["definitions"]["suppression"]["properties"]
        suppression["status"] = suppression.pop("state")
    kind = jsonschema.validators.validator_for(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


@functools.cache
def _xml_schema(name: str) -> xmlschema.XMLSchema10:
    return xmlschema.XMLSchema10(str(HERE / "schemas" / name))


def check(name: str, text: str) -> None:
    """Fail unless `text` is what readers of this format accept."""
    text.encode("utf-8")
    assert "\x1b" not in text
    _CHECKS[name](text)


def _sarif(text: str) -> None:
    form = json.loads(text)
    _json_schema("sarif-2.1.0.json").validate(form)
    (run,) = form["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    assert len(run["results"]) <= 25_000
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert (result["kind"] == "fail") == (result["level"] != "none"), "section 3.27.10"
        place = result["locations"][0]["physicalLocation"]
        assert re.fullmatch(r"[\w./%~-]+", place["artifactLocation"]["uri"], re.ASCII)


def _junit(text: str) -> None:
    tree = ElementTree.fromstring(text)
    _xml_schema("junit-10.xsd").validate(tree)
    for suite in [tree, *tree]:
        for tag, count in (("failure", "failures"), ("error", "errors"), ("testcase", "tests")):
            assert len(list(suite.iter(tag))) == int(suite.get(count))


def _checkstyle(text: str) -> None:
    tree = ElementTree.fromstring(text)
    _xml_schema("checkstyle.xsd").validate(tree)
    names = [file.get("name") for file in tree]
    assert len(names) == len(set(names))


def _codequality(text: str) -> None:
    entries = json.loads(text)
    _json_schema("codequality.json").validate(entries)
    assert max(Counter(entry["fingerprint"] for entry in entries).values(), default=1) == 1


def _sonarqube(text: str) -> None:
    form = json.loads(text)
    _json_schema("sonarqube.json").validate(form)
    rules = [rule["id"] for rule in form["rules"]]
    assert len(rules) == len(set(rules))
    assert {issue["ruleId"] for issue in form["issues"]} == set(rules)


_WORKFLOW_COMMAND = re.compile(
    r"::(error|warning|notice) ((?:\w+=[^,:\r\n]*,)*title=[^,:\r\n]*)::[^\r\n]*"
)
_LOGGING_COMMAND = re.compile(
    r"##vso\[task\.logissue type=(error|warning);(?:\w+=[^;\]\r\n]*;)*code=[^;\]\r\n]*;\][^\r\n]*"
)


def _commands(text: str, pattern: re.Pattern[str]) -> None:
    found = [pattern.fullmatch(line) for line in text.split("\n")[:-1]]
    assert all(found), text
    counts = Counter(match[1] for match in found if match)
    assert max(counts.values(), default=0) <= 10


def _openmetrics(text: str) -> None:
    families = list(text_string_to_metric_families(text))
    assert families
    for family in families:
        labels = [tuple(sorted(sample.labels.items())) for sample in family.samples]
        assert len(labels) == len(set(labels)), family.name


def _markdown(text: str, limit: int) -> None:
    assert len(text.encode()) <= limit
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)
    inline = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in [*tokens, *inline]}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "s_open", "fence"}
    for child in inline:
        if child.type == "text":
            assert not re.search(r"[@#!$~|<>\\]|://|www\.", child.content), child.content
    assert kinds >= {"heading_open", "paragraph_open"}
    _tables(text)


def _tables(text: str) -> None:
    """Every row has the columns of its head."""
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        rows = [line.count("|") for line in table.splitlines()]
        assert len(set(rows)) == 1, table
        assert len(rows) >= 3


def _html(text: str) -> None:
    page = safe(text)
    assert len(page.all("h1")) == 1
    for row in re.findall(r"<tr>.*?</tr>", text, re.DOTALL):
        assert row.startswith("<tr><th "), "the first cell names its row"


_CHECKS = {
    "html": _html,
    "sarif": _sarif,
    "code-scanning": _sarif,
    "junit": _junit,
    "checkstyle": _checkstyle,
    "codequality": _codequality,
    "sonarqube": _sonarqube,
    "github": lambda text: _commands(text, _WORKFLOW_COMMAND),
    "azure": lambda text: _commands(text, _LOGGING_COMMAND),
    "openmetrics": _openmetrics,
    "markdown": lambda text: _markdown(text, 30_000),
    "buildkite": lambda text: _markdown(text, 1024 * 1024),
}
