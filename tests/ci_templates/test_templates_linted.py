"""The templates are clean to the strictest of their linters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from executors import ROOT, TEMPLATES, program, run

pytestmark = pytest.mark.heavy
WORKFLOWS = sorted(
    [*(ROOT / ".github" / "workflows").glob("*.yml"), *TEMPLATES.glob("github/examples/*.yml")]
)
ACTION = TEMPLATES / "github" / "action.yml"
SCRIPTS = [
    TEMPLATES / "gate.sh",
    TEMPLATES / "cron" / "monitor.sh",
    *sorted(TEMPLATES.glob("buildkite/*/hooks/*")),
]
SCHEMAS = Path(__file__).with_name("schemas")
OURS = [
    (
        "buildspec.json",
        "codebuild/buildspec.yml",
        {
            "on-failure: ABORT": "on-failure: STOP",
            "commands:": "command:",
            "file-format: JUNITXML": "file-format: JUNIT",
            "base-directory:": "base-dir:",
            "version: 0.2": "version: 0.3",
            "  build:": "  builds:",
        },
    ),
    (
        "plugin.json",
        "buildkite/mlgate-buildkite-plugin/plugin.yml",
        {"type: string": "type: text", "author:": "autor:", "properties:": "property:"},
    ),
]
_AZURE = ("--regex-variant", "nonunicode", "--data-transform", "azure-pipelines")


def audit(*paths, cwd=ROOT):
    quiet = ("--offline", "--no-progress", "--no-config", "--persona=auditor")
    return run(program("zizmor"), *quiet, *paths, cwd=cwd)


def conforms(schema, *paths, how=()):
    return run(
        program("check-jsonschema"), "--builtin-schema", f"vendor.{schema}", *how, *paths, cwd=ROOT
    )


def test_zizmor_has_nothing_to_say_even_as_an_auditor():
    code, out = audit(*WORKFLOWS, ACTION)
    assert code == 0, out
    assert "No findings to report" in out


def test_zizmor_would_say_something(tmp_path):
    bad = tmp_path / "bad.yml"
    bad.write_text((WORKFLOWS[0]).read_text().replace("persist-credentials: false", ""))
    assert audit(bad)[0] != 0


def test_what_zizmor_is_told_to_overlook_is_justified():
    for path in WORKFLOWS:
        for said in re.findall(r"# zizmor: ignore\[[\w-]+\](.*)", path.read_text()):
            assert len(said.split()) > 4, path


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_conforms(path):
    code, out = conforms("github-workflows", path)
    assert code == 0, out


def test_the_action_conforms():
    code, out = conforms("github-actions", ACTION)
    assert code == 0, out


@pytest.mark.parametrize("name", ["azure/mlgate.yml", "azure/example.yml"])
def test_azure_conforms(name):
    code, out = conforms("azure-pipelines", TEMPLATES / name, how=_AZURE)
    assert code == 0, out


def test_buildkite_conforms():
    code, out = conforms("buildkite", TEMPLATES / "buildkite" / "pipeline.yml")
    assert code == 0, out


@pytest.mark.parametrize(("schema", "path", "misspelt"), OURS, ids=lambda one: str(one)[-14:])
def test_what_has_no_public_schema_conforms_to_one_after_its_reference(
    schema, path, misspelt, tmp_path
):
    argv = (program("check-jsonschema"), "--schemafile", SCHEMAS / schema)
    code, out = run(*argv, TEMPLATES / path, cwd=ROOT)
    assert code == 0, out
    text = (TEMPLATES / path).read_text()
    for good, bad in misspelt.items():
        assert good in text
        wrong = tmp_path / "wrong.yml"
        wrong.write_text(text.replace(good, bad, 1))
        code, out = run(*argv, wrong, cwd=ROOT)
        assert code == 1, (bad, out)


def test_gitlab_conforms_once_its_inputs_are_filled_in(tmp_path):
    header, body = (TEMPLATES / "gitlab" / "mlgate.yml").read_text().split("\n---\n")
    inputs = yaml.safe_load(header)["spec"]["inputs"]
    for name, one in inputs.items():
        body = body.replace(f"$[[ inputs.{name} ]]", str(one["default"]))
    assert "$[[" not in body
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(body)
    code, out = conforms("gitlab-ci", path, how=("--data-transform", "gitlab-ci"))
    assert code == 0, out


def test_a_misspelt_key_would_be_found(tmp_path):
    path = tmp_path / "bad.yml"
    path.write_text(WORKFLOWS[0].read_text().replace("runs-on:", "run-on:"))
    assert conforms("github-workflows", path)[0] != 0


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say(path):
    code, out = run(
        program("shellcheck"),
        "--shell=sh",
        "--enable=all",
        "--exclude=SC2250,SC2312,SC2310,SC2292",
        path,
        cwd=ROOT,
    )
    assert code == 0, out
