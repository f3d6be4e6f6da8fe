"""GitHub's workflows executed by act, in host mode: no container, no network of its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from executors import ROOT, program, run
from projects import Project

COMMIT = "0" * 40
_USES = re.compile(r"uses: ([\w.-]+/[\w.-]+)(?:/[\w./-]+)?@(\S+)")
_STUBS = {
    "actions/setup-python": "true",
    "actions/upload-artifact": 'test -z "${BROKEN:-}"; mkdir -p "$KEPT/$NAME"; '
    'cp -R "$FOLDER/." "$KEPT/$NAME/"',
    "actions/download-artifact": 'mkdir -p "$FOLDER" && cp -R "$KEPT/$NAME/." "$FOLDER/"',
    "github/codeql-action": 'cp "$SARIF" "$KEPT/uploaded.sarif"',
}


class Acted(NamedTuple):
    """What became of a workflow."""

    code: int
    """0, or 1 where a job failed."""
    out: str
    kept: Path
    """The folder of the artefacts, one folder each."""

    def exit_code(self, artefact: str = "mlgate") -> int:
        """mlgate's own, from the artefact."""
        text = (self.kept / artefact / "exit-code.env").read_text()
        return int(text.removeprefix("MLGATE_EXIT_CODE="))


class Act:
    """Runs workflows on a repository, with the actions of others replaced by stubs."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._folder = folder
        self._kept = folder / "kept"
        self._environ = {**environ, "KEPT": str(self._kept)}
        self._ours = folder / "ours"
        for name in ("ci-templates", ".github"):
            shutil.copytree(ROOT / name, self._ours / name)
        for path in self._ours.glob(".github/workflows/*.yml"):
            path.write_text(
                path.read_text()
                .replace("uses: $/", "uses: OWNER/mlgate/")
                .replace("ci-templates/github\n", f"ci-templates/github@{COMMIT}\n")
            )

    def __call__(
        self, project: Project, workflow: str, event: str, payload: Any, **secrets: str
    ) -> Acted:
        """Run the text of a workflow for `event`."""
        shutil.rmtree(self._kept, ignore_errors=True)
        self._kept.mkdir()
        place = self._folder / "workflow.yml"
        place.write_text(workflow)
        told = self._folder / "event.json"
        told.write_text(json.dumps(payload))
        code, out = run(
            program("act"),
            event,
            *(
                "--workflows",
                place,
                "--eventpath",
                told,
                "--platform",
                "ubuntu-latest=-self-hosted",
            ),
            *(f"--secret={name}" for name in secrets),
            *self._replaced(workflow),
            cwd=project.folder,
            env=self._environ | secrets,
        )
        return Acted(code, out, self._kept)

    def _replaced(self, workflow: str) -> list[str]:
        """Each action that is used, by the folder that stands for it."""
        texts = [workflow, *(p.read_text() for p in self._ours.glob(".github/workflows/*.yml"))]
        found = {use for text in texts for use in _USES.findall(text)}
        given = []
        for name, ref in sorted(found):
            if name != "actions/checkout":
                place = self._ours if name == "OWNER/mlgate" else self._stub(name)
                given += ["--local-repository", f"{name}@{ref}={place}"]
        return given

    def _stub(self, name: str) -> Path:
        place = self._folder / "stubs" / name
        inner = place / "upload-sarif" if name == "github/codeql-action" else place
        inner.mkdir(parents=True, exist_ok=True)
        step = {
            "shell": "bash",
            "run": _STUBS[name],
            "env": {
                "NAME": "${{ inputs.name }}",
                "FOLDER": "${{ inputs.path }}",
                "SARIF": "${{ inputs.sarif_file }}",
            },
        }
        inputs = ("name", "path", "python-version", "if-no-files-found", "sarif_file", "category")
        form = {
            "name": name,
            "description": "stands for it",
            "inputs": {key: {"description": key, "required": False} for key in inputs},
            "runs": {"using": "composite", "steps": [step]},
        }
        (inner / "action.yml").write_text(yaml.safe_dump(form))
        return place


def pull_request(project: Project, head: str = "us/project", number: int = 7) -> dict[str, Any]:
    """The event of a pull request from `head` into the main branch of us/project."""
    tip = project.git("rev-parse", "HEAD").strip()
    branch = project.git("rev-parse", "--abbrev-ref", "HEAD").strip()
    known = subprocess.run(
        ["git", "rev-parse", "origin/main"], cwd=project.folder, capture_output=True, text=True
    )
    return {
        "number": number,
        "action": "synchronize",
        "repository": {"full_name": "us/project", "default_branch": "main"},
        "pull_request": {
            "number": number,
            "title": "$(touch $PWNED) ${{ github.token }}",
            "head": {
                "ref": branch,
                "sha": tip,
                "repo": {"full_name": head, "fork": head != "us/project"},
            },
            "base": {
                "ref": "main",
                "sha": known.stdout.strip() or "1" * 40,
                "repo": {"full_name": "us/project", "fork": False},
            },
        },
    }
