"""What `mlgate ci init` writes: the templates of a CI, marked with version and digest."""

from __future__ import annotations

import os
import re

from msgspec import Struct

from mlgate import __version__
from mlgate.cli._formats import write_whole
from mlgate.core import parts
from mlgate.core.digests import digest_of
from mlgate.core.errors import UsageError
from mlgate.core.text import shown

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PLUGIN = ".buildkite/plugins/mlgate-buildkite-plugin/"
_EXAMPLES = ("code-scanning", "comment", "merge-queue", "monitor", "monorepo", "promote")
_FILES: dict[str, dict[str, dict[str, str]]] = {
    "github": {
        "gate": {".github/workflows/mlgate.yml": "github/examples/pull-request.yml"},
        **{
            name: {f".github/workflows/mlgate-{name}.yml": f"github/examples/{name}.yml"}
            for name in _EXAMPLES
        },
    },
    "gitlab": {"gate": {".gitlab/mlgate.yml": "gitlab/mlgate.yml"}},
    "jenkins": {"gate": {"mlgate.Jenkinsfile": "jenkins/Jenkinsfile"}},
    "azure": {"gate": {".azure/mlgate.yml": "azure/mlgate.yml"}},
    "buildkite": {
        "gate": {
            _PLUGIN + name: f"buildkite/mlgate-buildkite-plugin/{name}"
            for name in ("plugin.yml", "hooks/post-command", "hooks/pre-exit")
        }
    },
    "codebuild": {"gate": {"mlgate.buildspec.yml": "codebuild/buildspec.yml"}},
}
"""Provider, template, path in the repository: path among the templates."""
_SIGNS = {
    "github": (".github/workflows",),
    "gitlab": (".gitlab-ci.yml",),
    "jenkins": ("Jenkinsfile",),
    "azure": ("azure-pipelines.yml", ".azure-pipelines"),
    "buildkite": (".buildkite",),
    "codebuild": ("buildspec.yml",),
}
_OTHERS = {
    ".circleci/config.yml": "CircleCI",
    ".travis.yml": "Travis CI",
    "bitbucket-pipelines.yml": "Bitbucket Pipelines",
    ".drone.yml": "Drone",
    ".woodpecker.yml": "Woodpecker",
    ".semaphore": "Semaphore",
    "appveyor.yml": "AppVeyor",
    "cloudbuild.yaml": "Cloud Build",
}
"""Files of CIs that have no template."""
_LINE = (
    'python3 -m venv "$HOME/mlgate" && "$HOME/mlgate/bin/pip" install \'mlgate[code]\' && '
    '"$HOME/mlgate/bin/mlgate" check --deepen'
)
_THEN = {
    "github": "commit it; then require the check `gate` of the workflow `mlgate`",
    "gitlab": "add to .gitlab-ci.yml: include: [{local: .gitlab/mlgate.yml}]",
    "jenkins": "name it as the job's script path, or move its stage `mlgate` into your Jenkinsfile",
    "azure": "add to the end of a job's steps: - template: /.azure/mlgate.yml",
    "buildkite": f"add to a step: plugins: [./{_PLUGIN[:-1]}: {{stage: merge}}]",
    "codebuild": "name it as the project's buildspec, or move its lines to the end of yours",
}
_MARK = re.compile(r"^(?:#|//) Written by `mlgate ci init` (\S+), digest ([0-9a-f]{16}).*\n", re.M)
_PLACEHOLDER = "OWNER/mlgate"
_NOWHERE = "@" + "0" * 40
_STEP = re.compile(
    r"^(?P<at> *)uses: OWNER/mlgate/ci-templates/github@0{40}\n(?P=at)with:\n"
    r"(?P<inputs>(?:(?P=at)  .*\n)+)",
    re.MULTILINE,
)
_INPUT = re.compile(r"^( *)([\w-]+):", re.MULTILINE)
_ACTION = re.compile(r"[\w.-]+/[\w.-]+@[\w./-]+")


class File(Struct, frozen=True):
    """A file to be written."""

    provider: str
    path: str
    content: str


def planned(
    root: str, provider: str | None, names: tuple[str, ...], action: str | None
) -> list[File]:
    """What the templates `names` of a CI come to. Raises `UsageError`."""
    chosen = provider or _detected(root)
    if chosen not in _FILES:
        raise UsageError(f"no CI is called {chosen!r}", parts.nearest(chosen, tuple(_FILES)))
    if action is not None and not _ACTION.fullmatch(action):
        raise UsageError(f"--action {action} is not OWNER/REPO@COMMIT", "name the full commit id")
    found = []
    for name in names:
        if name not in _FILES[chosen]:
            known = tuple(_FILES[chosen])
            raise UsageError(f"{chosen} has no template {name!r}", parts.nearest(name, known))
        for path, source in _FILES[chosen][name].items():
            found.append(File(chosen, path, _marked(_filled(_read(source), name, action))))
    return found


def state(root: str, file: File) -> str:
    """`current`, `missing`, `older` (as an earlier version wrote it) or `changed` (by somebody)."""
    try:
        with open(os.path.join(root, file.path), encoding="utf-8") as there:
            content = there.read()
    except FileNotFoundError:
        return "missing"
    except (OSError, UnicodeDecodeError):
        return "changed"
    if content == file.content:
        return "current"
    mark = _MARK.search(content)
    untouched = mark and _digest(content.replace(mark[0], "", 1)) == mark[2]
    return "older" if untouched else "changed"


def refuse(states: dict[str, str], upgrade: bool) -> None:
    """Raises `UsageError` before anything is written over that should stay."""
    for path, found in states.items():
        if found == "changed":
            raise UsageError(
                f"{shown(path)} is not as mlgate wrote it",
                "move your changes elsewhere and remove it, or keep it as it is",
            )
        if found == "older" and not upgrade:
            raise UsageError(
                f"{shown(path)} was written by another version, or with other options",
                "mlgate ci init --upgrade renews it",
            )


def write(root: str, file: File) -> None:
    """Write one file, whole, and executable if it is a script."""
    path = os.path.join(os.path.realpath(root), file.path)
    folder = os.path.dirname(path)
    if os.path.realpath(folder) != os.path.abspath(folder):
        raise UsageError(f"{shown(file.path)} would lie behind a link", "remove the link")
    os.makedirs(folder, exist_ok=True)
    write_whole(path, file.content)
    if file.content.startswith("#!"):
        os.chmod(path, 0o755)  # noqa: S103 - run by CI  # nosec B103 - run by CI


def then(provider: str) -> str:
    """What remains to be done by hand."""
    return _THEN[provider]


def _detected(root: str) -> str:
    found = [
        name
        for name, signs in _SIGNS.items()
        if any(os.path.exists(os.path.join(root, sign)) for sign in signs)
    ]
    others = [sign for sign in _OTHERS if os.path.exists(os.path.join(root, sign))]
    if others and not found:
        raise UsageError(
            f"{others[0]} is of {_OTHERS[others[0]]}, for which there is no template",
            f"add to the end of a job: {_LINE}",
        )
    if len(found) != 1:
        seen = " and ".join(found) if found else "no CI"
        raise UsageError(
            f"the repository's files speak of {seen}",
            f"mlgate ci init --provider NAME, one of: {', '.join(_FILES)}",
        )
    return found[0]


def _read(source: str) -> str:
    """A template: beside the package where it was installed, in the checkout otherwise."""
    for folder in (_PACKAGE, os.path.dirname(_PACKAGE)):
        path = os.path.join(folder, "ci-templates", *source.split("/"))
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                return file.read()
    raise UsageError("this mlgate came without its CI templates", "pip install mlgate")


def _filled(text: str, name: str, action: str | None) -> str:
    """The placeholder filled in: with a repository, or with the lines that its action runs."""
    if action is not None:
        repository, _, ref = action.partition("@")
        return text.replace(_NOWHERE, f"@{ref}").replace(_PLACEHOLDER, repository)
    text = _STEP.sub(_inlined, text)
    if _PLACEHOLDER in text:
        raise UsageError(
            f"the template {name!r} needs a repository to take the workflow from",
            f"mlgate ci init {name} --action OWNER/REPO@COMMIT",
        )
    return text


def _inlined(step: re.Match[str]) -> str:
    at = step["at"]
    environ = _INPUT.sub(lambda m: f"{m[1]}MLGATE_{m[2].upper()}:", step["inputs"])
    lines = [
        f"{at}  {line}" if line.strip() else line for line in _read("gate.sh").splitlines(True)
    ]
    return f"{at}shell: sh\n{at}env:\n{environ}{at}run: |\n{''.join(lines)}"


def _marked(text: str) -> str:
    sign = "//" if text.startswith("//") else "#"
    mark = f"{sign} Written by `mlgate ci init` {__version__}, digest {_digest(text)}\n"
    first, end, rest = text.partition("\n")
    return f"{first}{end}{mark}{rest}" if first.startswith("#!") else mark + text


def _digest(text: str) -> str:
    return digest_of(text.encode()).hexdigest()[:16]
