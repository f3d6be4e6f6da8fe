"""One way to run the template of every CI: what its agent would do, or the program that acts it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from acted import Act, pull_request
from executors import TEMPLATES, on_path, package, run
from local import include, merge_request, pipeline
from projects import Project

DSL = Path(__file__).with_name("pipeline.groovy")
THEIRS = "https://example.org/them/project.git"


class Ran(NamedTuple):
    """What became of the job."""

    code: int
    """0, or what the CI makes of a step that failed."""
    out: str
    kept: Path
    """The folder of the reports."""

    def exit_code(self) -> int:
        """mlgate's own."""
        text = (self.kept / "exit-code.env").read_text()
        return int(text.removeprefix("MLGATE_EXIT_CODE="))

    def reports(self) -> set[str]:
        return {path.name for path in self.kept.iterdir()}


Runner = Callable[[Project, dict[str, str], Mapping[str, str], bool], Ran]
"""A project, the environment of its agent, inputs, and whether the change comes from a fork. Where
the environment has `BROKEN`, nothing can be uploaded."""


def github(project: Project, environ: dict[str, str], inputs: Mapping[str, str], fork: bool) -> Ran:
    """The example for pull requests, through act."""
    text = (TEMPLATES / "github" / "examples" / "pull-request.yml").read_text()
    given = {"stage": "merge", "install": "", **inputs}
    lines = "".join(f"          {name}: {json.dumps(value)}\n" for name, value in given.items())
    text = text.replace("          stage: merge\n", lines)
    act = Act(project.folder.parent / "act", environ)
    event = pull_request(project, head="them/project" if fork else "us/project")
    acted = act(project, text, "pull_request", event)
    return Ran(acted.code, acted.out, acted.kept / "mlgate")


def gitlab(project: Project, environ: dict[str, str], inputs: Mapping[str, str], fork: bool) -> Ran:
    """The includable file, through gitlab-ci-local."""
    given = {"install": "", **inputs}
    text = yaml.safe_dump({"include": [{"local": ".gitlab/mlgate.yml", "inputs": given}]})
    told = merge_request(project, source="2" if fork else "1")
    include(project, text)
    return _here(project, pipeline(project, environ, **told))


def jenkins(
    project: Project, environ: dict[str, str], inputs: Mapping[str, str], fork: bool
) -> Ran:
    """The Jenkinsfile, which takes no inputs."""
    assert not inputs
    return _groovy(project, environ | {"MLGATE_INSTALL": ""}, "Jenkinsfile", {}, fork)


def library(
    project: Project, environ: dict[str, str], inputs: Mapping[str, str], fork: bool
) -> Ran:
    """The step of Jenkins' shared library."""
    return _groovy(project, environ, "vars/mlgate.groovy", {"install": "", **inputs}, fork)


def _groovy(
    project: Project, environ: dict[str, str], name: str, inputs: Mapping[str, str], fork: bool
) -> Ran:
    groovy = package("npm-groovy-lint") / "lib" / "java" / "groovy" / "lib"
    short = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]  # for a JVM that lives for seconds
    argv = [on_path("java"), *short, "-cp", f"{groovy}/*", "groovy.ui.GroovyMain", DSL]
    argv += [TEMPLATES / "jenkins" / name, *(f"{key}={value}" for key, value in inputs.items())]
    told = {"JENKINS_URL": "http://x", "CHANGE_TARGET": "main", "CHANGE_ID": "7"}
    told |= {"CHANGE_FORK": "them"} if fork else {}
    return _here(project, run(*argv, cwd=project.folder, env=environ | told))


def azure(project: Project, environ: dict[str, str], inputs: Mapping[str, str], fork: bool) -> Ran:
    """The steps: template expressions filled in, then run as the agent does."""
    form = yaml.safe_load((TEMPLATES / "azure" / "mlgate.yml").read_text())
    given = {one["name"]: str(one["default"]) for one in form["parameters"]}
    given |= {"install": "", **inputs}
    for one in form["parameters"]:
        assert given[one["name"]] in one.get("values", [given[one["name"]]])
    told = {"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": "/tmp"}
    told |= {"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"}
    told |= {"SYSTEM_PULLREQUEST_ISFORK": str(fork)}
    code, said = 0, ""
    for step in _filled(form["steps"], given):
        if code and step.get("condition") != "succeededOrFailed()":
            continue
        if "bash" in step:
            env = environ | step["env"] | told
            ended, out = run("bash", "-c", step["bash"], cwd=project.folder, env=env)
        else:
            ended, out = int("BROKEN" in environ), f"{step['task']} {step['inputs']}\n"
        said += out
        code = code or (0 if step.get("continueOnError") else ended)
    return _here(project, (code, said))


def _filled(node: Any, given: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, given) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, given) for value in node]
    if isinstance(node, str):
        return re.sub(r"\$\{\{ parameters\.(\w+) \}\}", lambda m: given[m[1]], node)
    return node


def buildkite(
    project: Project, environ: dict[str, str], inputs: Mapping[str, str], fork: bool
) -> Ran:
    """The step's commands as the agent runs them after it has filled variables in."""
    step = yaml.safe_load((TEMPLATES / "buildkite" / "pipeline.yml").read_text())["steps"][0]
    assert "artifact_paths" not in step, "an upload that fails would fail the step"
    for command in step["commands"]:
        assert not re.search(r"(?<!\$)\$(?!\$)", command), "the agent would fill it in"
    script = "\n".join(step["commands"]).replace("$$", "$")
    env = environ | _agent(environ, fork) | step["env"] | {"MLGATE_INSTALL": ""} | _named(inputs)
    return _here(project, run("bash", "-e", "-c", script, cwd=project.folder, env=env))


def plugin(project: Project, environ: dict[str, str], inputs: Mapping[str, str], fork: bool) -> Ran:
    """The hooks of Buildkite's plugin, in the agent's order; the last one always runs."""
    hooks = TEMPLATES / "buildkite" / "mlgate-buildkite-plugin" / "hooks"
    assert {path.name for path in hooks.iterdir()} == {"post-command", "pre-exit"}
    given = {"install": "", **inputs}
    env = environ | _agent(environ, fork)
    env |= {f"BUILDKITE_PLUGIN_MLGATE_{name.upper()}": value for name, value in given.items()}
    code, out = run(hooks / "post-command", cwd=project.folder, env=env)
    last, more = run(hooks / "pre-exit", cwd=project.folder, env=env)
    return _here(project, (code or last, out + more))


def _agent(environ: dict[str, str], fork: bool) -> dict[str, str]:
    """Buildkite's agent only says what it is asked."""
    agent = Path(environ["HOME"]) / "bin" / "buildkite-agent"
    agent.parent.mkdir(parents=True, exist_ok=True)
    agent.write_text('#!/bin/sh\necho "buildkite-agent $*" >> "$HOME/asked"\ncat > /dev/null\n')
    agent.chmod(0o755)
    if "BROKEN" in environ:
        agent.write_text(agent.read_text() + "exit 1\n")
    ours = "https://example.org/us/project.git"
    return {
        "PATH": f"{agent.parent}:{environ['PATH']}",
        "BUILDKITE": "true",
        "BUILDKITE_REPO": ours,
        "BUILDKITE_PULL_REQUEST": "7",
        "BUILDKITE_PULL_REQUEST_REPO": THEIRS if fork else ours,
        "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main",
    }


def codebuild(
    project: Project, environ: dict[str, str], inputs: Mapping[str, str], fork: bool
) -> Ran:
    """The phases of the buildspec, one shell for all commands; it tells nothing of forks."""
    form = yaml.safe_load((TEMPLATES / "codebuild" / "buildspec.yml").read_text())
    assert form["version"] == 0.2
    assert form["phases"]["build"]["on-failure"] == "ABORT"
    commands = [line for phase in form["phases"].values() for line in phase["commands"]]
    told = {"CODEBUILD_BUILD_ID": "x:1", "CODEBUILD_WEBHOOK_TRIGGER": "pr/7"}
    told |= {"CODEBUILD_WEBHOOK_BASE_REF": "refs/heads/main", "MLGATE_INSTALL": ""}
    env = environ | form["env"]["variables"] | told | _named(inputs)
    script = "\n".join(f"{command.rstrip()} || exit $?" for command in commands)
    return _here(project, run("sh", "-c", script, cwd=project.folder, env=env))


def _named(inputs: Mapping[str, str]) -> dict[str, str]:
    return {f"MLGATE_{name.upper()}": value for name, value in inputs.items()}


def _here(project: Project, ended: tuple[int, str]) -> Ran:
    return Ran(*ended, project.folder / "mlgate-out")


RUNNERS: dict[str, Runner] = {
    "github": github,
    "gitlab": gitlab,
    "jenkins": jenkins,
    "jenkins library": library,
    "azure": azure,
    "buildkite": buildkite,
    "buildkite plugin": plugin,
    "codebuild": codebuild,
}
"""As the templates are called in `test_templates_alike.EMBEDDING`."""
