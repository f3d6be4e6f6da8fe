"""Models go out, go back and are admitted by the templates of GitHub and GitLab, executed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from acted import Act
from executors import TEMPLATES
from local import include, pipeline
from released import Released
from tried import requirement

pytestmark = pytest.mark.heavy
WANTED = "mlgate[code,sign,dvc,data,model]==0.1.0"
REPOSITORY = {"full_name": "us/project", "default_branch": "main"}


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("released") / "house"
    Released(folder)
    return folder


@pytest.fixture
def released(furnished, tmp_path):
    return Released(shutil.copytree(furnished, tmp_path / "house", symlinks=True))


class GitHub:
    """The example, as people start it and as tags start it."""

    def __init__(self, folder, environ):
        self._act = Act(folder / "act", environ)
        text = (TEMPLATES / "github" / "examples" / "promote.yml").read_text()
        self._workflow = text.replace(WANTED, requirement("sign"))

    def by_hand(self, released, action, key=True, **inputs):
        given = {"action": action, "model": "churn", "to": "production", **inputs}
        event = {"repository": REPOSITORY, "ref": "refs/heads/main", "inputs": given}
        secret = released.secret() if key else {}
        clone = released.cloned()
        return self._act(clone, self._workflow, "workflow_dispatch", event, **secret)[:2]

    def tagged(self, released, tag):
        event = {"repository": REPOSITORY, "ref": f"refs/tags/{tag}"}
        return self._act(released.cloned(tag), self._workflow, "push", event)[:2]


class GitLab:
    """The example's manual jobs, and its pipeline of a tag."""

    def __init__(self, folder, environ):
        self._environ = environ
        text = (TEMPLATES / "gitlab" / "examples" / "gitlab-ci.yml").read_text()
        self._pipeline = text.replace(WANTED, requirement("sign"))

    def by_hand(self, released, action, key=True, model="churn", to="production"):
        clone = released.cloned("origin/main")
        include(clone, self._pipeline, commit=False)
        told = {"CI_PIPELINE_SOURCE": "web", "CI_COMMIT_BRANCH": "main", "MODEL": model, "TO": to}
        told |= released.secret() if key else {}
        code, out = pipeline(clone, self._environ, action, **told)
        warned = re.search(r"^\S+ finished in .* WARN (\d+)", out, re.M)
        return int(warned[1]) if warned else code, out  # a manual job may fail: it warns

    def tagged(self, released, tag):
        clone = released.cloned(tag)
        include(clone, self._pipeline, commit=False)
        told = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_TAG": tag, "CI_COMMIT_BRANCH": ""}
        return pipeline(clone, self._environ, **told)


@pytest.fixture(params=[GitHub, GitLab])
def ci(request, tmp_path, offline):
    return request.param(tmp_path, offline)


def test_a_model_goes_out_and_goes_back(ci, released):
    released.model("two")
    code, out = ci.by_hand(released, "promote")
    assert code == 0, out
    told = released.verified()
    assert (told.code, "v0.0.2" in told.out) == (0, True), told.out + told.err
    code, out = ci.by_hand(released, "rollback")
    assert code == 0, out
    told = released.verified()
    assert (told.code, "v0.0.1" in told.out) == (0, True), told.out + told.err


def test_a_worse_model_stays_where_it_is(ci, released):
    released.model("two", accuracy=0.5)
    code, out = ci.by_hand(released, "promote")
    assert code == 1, out
    assert "accuracy" in out
    assert "v0.0.1" in released.verified().out


def test_without_its_key_nothing_goes_out(ci, released):
    released.model("two")
    code, out = ci.by_hand(released, "promote", key=False)
    assert code != 0, out
    assert "MLGATE_KEY" in out
    assert "v0.0.1" in released.verified().out


def test_names_are_never_code(ci, released, offline):
    hostile = "'; touch $PWNED; $(touch $PWNED) `touch $PWNED` \" --first"
    code, out = ci.by_hand(released, "promote", model=hostile, to=hostile)
    assert code != 0, out
    assert "is no name for a model" in out
    assert not Path(offline["PWNED"]).exists()


@pytest.mark.parametrize("tag", ["churn@v0.0.2", "churn#production#2"])
def test_a_tag_is_admitted_by_the_gates_alone(ci, released, tag):
    released.model("two", accuracy=0.5)
    if "#" in tag:
        released.tagged("churn@v0.0.2")
    code, out = ci.tagged(released, released.tagged(tag))
    assert code == 1, out
    assert "accuracy" in out


def test_what_was_proven_is_admitted(ci, released):
    code, out = ci.tagged(released, "churn@v0.0.1")
    assert code == 0, out
