"""Every CI comes to the same verdict on the same change, and keeps the same reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from runners import RUNNERS
from scenes import HOSTILE, SCENES
from test_templates_alike import EMBEDDING
from tried import REPORTS

pytestmark = pytest.mark.heavy
_BY_ITSELF = {"gitlab", "codebuild"}
"""Their service uploads after the job, no step of ours: there is nothing to break."""
_SHOWN = {
    "github": "::warning file=b.py,line=1",
    "azure": "##vso[task.logissue type=warning;sourcepath=b.py",
}
_NOT_TAKEN = {"gitlab", "jenkins"}
"""GitLab refuses such inputs before there is a job; Jenkins' pipeline has none."""


def test_every_template_is_tried():
    assert set(RUNNERS) == set(EMBEDDING)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name.replace(" ", "-"))
@pytest.mark.parametrize("ci", RUNNERS)
def test_the_verdict_is_the_same_everywhere(ci, scene, change, offline):
    if scene.broken and ci in _BY_ITSELF:
        pytest.skip("its service uploads after the job, whose verdict stands by then")
    project = scene.prepare(change)
    environ = offline | ({"BROKEN": "yes"} if scene.broken else {})
    ran = RUNNERS[ci](project, environ, {}, scene.fork)
    assert (ran.code != 0) == (scene.code != 0), ran.out
    assert scene.said in ran.out
    assert not Path(offline["PWNED"]).exists(), ran.out
    if scene.broken and ci == "github":
        assert not ran.kept.exists()
        return
    assert (ran.exit_code(), ran.reports()) == (scene.code, REPORTS), ran.out
    report = json.loads((ran.kept / "report.json").read_text())
    assert report["exit_code"] == scene.code
    told = [one["outcome"] for one in report["verdicts"] if one["gate"] != "policy"]
    assert told == [scene.outcome]
    if scene.code == 1 and scene.outcome == "failed" and scene.name != "hostile names":
        assert _SHOWN.get(ci, "") in ran.out, ran.out


@pytest.mark.parametrize("ci", [ci for ci in RUNNERS if ci not in _NOT_TAKEN])
@pytest.mark.parametrize("name", ["base", "project", "install"])
def test_inputs_are_never_code(ci, name, change, offline):
    ran = RUNNERS[ci](change, offline, {name: HOSTILE}, False)
    assert not Path(offline["PWNED"]).exists(), ran.out
    assert ran.code != 0, ran.out
    assert ran.exit_code() in (2, 3), ran.out


@pytest.mark.parametrize("ci", ["buildkite", "buildkite plugin"])
def test_buildkite_is_asked_for_the_annotation_and_the_artefacts(ci, change, offline):
    ran = RUNNERS[ci](change, offline, {}, False)
    assert ran.code == 0, ran.out
    asked = (Path(offline["HOME"]) / "asked").read_text().splitlines()
    assert asked[0].startswith("buildkite-agent annotate --context mlgate-")
    assert asked[1:] == ["buildkite-agent artifact upload mlgate-out/*"]


def test_jenkins_library_knows_its_inputs_and_shows_the_reports(change, offline):
    ran = RUNNERS["jenkins library"](change, offline, {"stage": "merge"}, False)
    assert (ran.code, ran.exit_code()) == (0, 0), ran.out
    assert "junit mlgate-out/junit.xml" in ran.out
    ran = RUNNERS["jenkins library"](change, offline, {"stge": "merge"}, False)
    assert ran.code != 0
    assert "unknown stge" in ran.out
