"""The templates for Jenkins, Azure Pipelines, Buildkite, CodeBuild and cron do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from executors import TEMPLATES, on_path, package, run
from tried import REPORTS

pytestmark = pytest.mark.heavy
DSL = Path(__file__).with_name("pipeline.groovy")
HOSTILE = "'; touch $PWNED; $(touch $PWNED) `touch $PWNED`"


def jenkins(project, environ, inputs=None):
    """Jenkins' Jenkinsfile, or with `inputs` the library's step."""
    groovy = package("npm-groovy-lint") / "lib" / "java" / "groovy" / "lib"
    source = TEMPLATES / "jenkins" / ("Jenkinsfile" if inputs is None else "vars/mlgate.groovy")
    argv = [on_path("java"), "-cp", f"{groovy}/*", "groovy.ui.GroovyMain", DSL, source]
    argv += [f"{name}={value}" for name, value in (inputs or {}).items()]
    told = {"JENKINS_URL": "http://x", "CHANGE_TARGET": "main", "CHANGE_ID": "7"}
    told |= {"MLGATE_INSTALL": ""} if inputs is None else {}
    return run(*argv, cwd=project.folder, env=environ | told)


def azure(project, environ, inputs=None):
    """Azure's steps: template expressions filled in, then what is bash run, as the agent does."""
    form = yaml.safe_load((TEMPLATES / "azure" / "mlgate.yml").read_text())
    given = {one["name"]: str(one["default"]) for one in form["parameters"]}
    given |= {"install": "", **(inputs or {})}
    for one in form["parameters"]:
        assert given[one["name"]] in one.get("values", [given[one["name"]]])
    code, said = 0, ""
    for step in form["steps"]:
        filled = _filled(step, given)
        if "bash" in filled:
            env = environ | filled["env"] | {"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": "/tmp"}
            env |= {"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"}
            code, out = run("bash", "-c", filled["bash"], cwd=project.folder, env=env)
        else:
            assert filled["condition"] == "succeededOrFailed()"
            assert filled["continueOnError"] is True
            out = f"{filled['task']} {sorted(filled['inputs'].values(), key=str)}\n"
        said += out
    return code, said


def _filled(node, given):
    if isinstance(node, dict):
        return {key: _filled(value, given) for key, value in node.items()}
    if isinstance(node, str):
        return re.sub(r"\$\{\{ parameters\.(\w+) \}\}", lambda m: given[m[1]], node)
    return node


def buildkite(project, environ, inputs=None):
    """The step's commands as the agent runs them after it has filled variables in."""
    step = yaml.safe_load((TEMPLATES / "buildkite" / "pipeline.yml").read_text())["steps"][0]
    for command in step["commands"]:
        assert not re.search(r"(?<!\$)\$(?!\$)", command), "the agent would fill it in"
    script = "\n".join(step["commands"]).replace("$$", "$")
    env = environ | _buildkite(environ) | step["env"] | {"MLGATE_INSTALL": ""}
    env |= {f"MLGATE_{name.upper()}": value for name, value in (inputs or {}).items()}
    return run("bash", "-e", "-c", script, cwd=project.folder, env=env)


def plugin(project, environ, inputs=None):
    """The plugin's hooks, with an agent that only notes what it is asked."""
    hooks = TEMPLATES / "buildkite" / "mlgate-buildkite-plugin" / "hooks"
    given = {"install": "", **(inputs or {})}
    env = environ | _buildkite(environ)
    env |= {f"BUILDKITE_PLUGIN_MLGATE_{name.upper()}": value for name, value in given.items()}
    code, out = run(hooks / "post-command", cwd=project.folder, env=env)
    assert run(hooks / "pre-artifact", cwd=project.folder, env=env)[0] == 0
    return code, out


def _buildkite(environ):
    agent = Path(environ["HOME"]) / "bin" / "buildkite-agent"
    agent.parent.mkdir(parents=True, exist_ok=True)
    agent.write_text('#!/bin/sh\necho "$@" >> "$HOME/asked"\ncat > /dev/null\nexit 1\n')
    agent.chmod(0o755)
    return {
        "PATH": f"{agent.parent}:{environ['PATH']}",
        "BUILDKITE": "true",
        "BUILDKITE_PULL_REQUEST": "7",
        "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main",
    }


def codebuild(project, environ, inputs=None):
    """The phases of the buildspec, one shell for all commands."""
    form = yaml.safe_load((TEMPLATES / "codebuild" / "buildspec.yml").read_text())
    assert form["version"] == 0.2
    assert form["phases"]["build"]["on-failure"] == "ABORT"
    commands = [line for phase in form["phases"].values() for line in phase["commands"]]
    told = {"CODEBUILD_BUILD_ID": "x:1", "CODEBUILD_WEBHOOK_TRIGGER": "pr/7"}
    told |= {"CODEBUILD_WEBHOOK_BASE_REF": "refs/heads/main", "MLGATE_INSTALL": ""}
    env = environ | form["env"]["variables"] | told
    env |= {f"MLGATE_{name.upper()}": value for name, value in (inputs or {}).items()}
    script = "\n".join(f"{command.rstrip()} || exit $?" for command in commands)
    return run("sh", "-c", script, cwd=project.folder, env=env)


EVERY = [jenkins, azure, buildkite, plugin, codebuild]


def kept(project):
    folder = project.folder / "mlgate-out"
    code = (folder / "exit-code.env").read_text().strip().removeprefix("MLGATE_EXIT_CODE=")
    return int(code), {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("ci", EVERY)
def test_the_verdict_is_the_exit_code_and_the_reports_are_kept(ci, change, offline):
    code, out = ci(change, offline)
    assert (code, kept(change)) == (0, (0, REPORTS)), out
    assert "merge base with origin/main" in out
    change.write(b_DOT_py="y = 2   \n").commit("bad")
    code, out = ci(change, offline)
    assert (code != 0, kept(change)) == (True, (1, REPORTS)), out
    assert "trailing-whitespace" in out


@pytest.mark.parametrize("ci", EVERY)
def test_a_base_that_is_missing_is_could_not_tell(ci, change, offline):
    change.git("remote", "set-url", "origin", "/nowhere")
    change.git("update-ref", "-d", "refs/remotes/origin/main")
    change.git("branch", "-D", "main")
    code, out = ci(change, offline)
    assert (code != 0, kept(change)[0]) == (True, 3), out


@pytest.mark.parametrize("ci", [ci for ci in EVERY if ci is not jenkins])
@pytest.mark.parametrize("name", ["base", "project", "install"])
def test_inputs_are_never_code(ci, name, change, offline):
    code, out = ci(change, offline, {name: HOSTILE})
    assert not Path(offline["PWNED"]).exists(), out
    if name != "project":
        assert code != 0, out
        assert kept(change)[0] == 3, out


def test_the_library_of_jenkins_does_the_same(change, offline):
    code, out = jenkins(change, offline, {"install": "", "stage": "merge"})
    assert (code, kept(change)) == (0, (0, REPORTS)), out
    assert "junit mlgate-out/junit.xml" in out
    code, out = jenkins(change, offline, {"install": "", "base": HOSTILE})
    assert (code != 0, kept(change)[0]) == (True, 3), out
    assert not Path(offline["PWNED"]).exists(), out
    code, out = jenkins(change, offline, {"install": "", "stge": "merge"})
    assert code != 0
    assert "unknown stge" in out


@pytest.mark.parametrize(("content", "code", "retrains"), [("", 0, 0), ("  ", 1, 1), (None, 2, 0)])
def test_cron_retrains_on_one_alone(change, offline, content, code, retrains):
    gates = "[gates.nothing]\n" if content is None else '[gates.files]\nstages = ["monitor"]\n'
    change.write(mlgate_DOT_toml=gates, b_DOT_py=f"y = 2{content or ''}\n").commit("m")
    change.git("push", "-q", "--set-upstream", "origin", "feature")
    ended, out = run(
        TEMPLATES / "cron" / "monitor.sh", "touch", "retrained", cwd=change.folder, env=offline
    )
    assert ended == (0 if retrains else code), out
    assert (change.folder / "retrained").exists() is bool(retrains), out


def test_cron_does_not_retrain_where_the_clone_cannot_be_renewed(change, offline):
    change.git("remote", "set-url", "origin", "/nowhere")
    ended, _ = run(
        TEMPLATES / "cron" / "monitor.sh", "touch", "retrained", cwd=change.folder, env=offline
    )
    assert ended == 3
    assert not (change.folder / "retrained").exists()
