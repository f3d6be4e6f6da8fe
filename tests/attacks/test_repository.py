"""A repository that attacks the one who checks it: nothing of it runs, nothing of it commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import NamedTuple

import pytest
from projects import mlgate

CLEAN = '"""Nothing to object to."""\n\nNUMBER = 1\n'
POLICY = "[gates.format]\n[gates.lint]\n[gates.security]\n[gates.files]\n[gates.notebook]\n"
STANDARD = ("json", "click", "msgspec", "tokenize", "ast", "logging", "tomllib", "typing")


@pytest.fixture
def trap(tmp_path):
    """Code that leaves a trace if it ever runs, and the trace."""
    trace = tmp_path / "trace"
    return f"open({str(trace)!r}, 'a').write(__name__ + ' ')\n", trace


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def checked(project, *args):
    """`mlgate check` as its script on PATH starts it."""
    return ran(project, "check", "--no-cache", *args)


def ran(project, *args):
    program = os.path.join(os.path.dirname(sys.executable), "mlgate")
    env = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    done = subprocess.run([program, *args], cwd=project.folder, env=env, capture_output=True)
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


PLACED = {
    "packages": (
        *("black/__init__.py", "black/__main__.py", "flake8/__main__.py", "pyflakes/__init__.py"),
        "mlgate/__init__.py",
    ),
    "modules": (
        *("flake8.py", "bandit.py", "pycodestyle.py", "mlgate.py", "conftest.py", "setup.py"),
        *("sitecustomize.py", "usercustomize.py", "evil.pth"),
    ),
    "standard": tuple(f"{name}.py" for name in STANDARD),
}
"""Names of traps; in no group does one hide another from Python's search."""


@pytest.mark.parametrize("stage", ["merge", "commit"])
@pytest.mark.parametrize("names", PLACED.values(), ids=PLACED)
def test_modules_of_the_repository_do_not_run(project, trap, names, stage):
    code, trace = trap
    traps = dict.fromkeys(names, "import sys; " + code)
    project.put({"mlgate.toml": POLICY, "a.py": CLEAN, **traps}).commit()
    project.put({"b.py": CLEAN}).git("add", "-A")
    ended = checked(project, "--stage", stage, "--all")
    assert ended.code in (0, 1), ended
    assert not trace.exists(), trace.read_text()


def test_the_folder_is_no_place_to_import_from(project, trap):
    """Nor under `python -m mlgate`, for which Python puts it first."""
    code, trace = trap
    traps = dict.fromkeys(("json.py", "click.py", "msgspec.py", "yaml.py"), code)
    project.put({"mlgate.toml": "[gates.files]\n", **traps}).commit()
    assert mlgate(("check",), project.folder, dict(os.environ)).code == 0
    assert not trace.exists(), trace.read_text()


def test_modules_beside_where_it_is_started_do_not_run(project, trap):
    """In a folder of the repository, as its script on PATH starts it."""
    code, trace = trap
    for name in STANDARD:
        project.put({f"sub/{name}.py": code})
    project.put({"mlgate.toml": POLICY, "a.py": CLEAN}).commit()
    program = os.path.join(os.path.dirname(sys.executable), "mlgate")
    done = subprocess.run([program, "check"], cwd=project.folder / "sub", capture_output=True)
    assert done.returncode in (0, 1), done
    assert not trace.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".bandit", "[bandit]\nplugins = evil\n"),
        ("setup.cfg", "[options.entry_points]\nflake8.extension = EVL = evil:Plugin\n"),
        ("pyproject.toml", "[project]\nname = 'x'\n[project.entry-points.'flake8.extension']\n"),
        ("x.egg-info/entry_points.txt", "[flake8.extension]\nEVL = evil:Plugin\n"),
        ("x-1.dist-info/entry_points.txt", "[flake8.extension]\nEVL = evil:Plugin\n"),
    ],
)
def test_what_would_register_a_plug_in_does_not(project, trap, name, content):
    code, trace = trap
    project.put({"mlgate.toml": POLICY, "a.py": CLEAN, "evil.py": code, name: content})
    project.put({"x-1.dist-info/METADATA": "Name: x\nVersion: 1\n"}).commit()
    checked(project)
    assert not trace.exists()


ODD = [
    "--config=evil.toml.py",
    "-x.py",
    "a\nb.py",
    "a\x1b[31mb.py",
    "::error::x.py",
    "-rf",
    "@a.py",
]
FORMATS = ["text", "json"]


@pytest.mark.parametrize("shape", FORMATS)
def test_odd_names_are_names(project, shape):
    files = dict.fromkeys(ODD, "import os\nx = 1   \n")
    project.put({"mlgate.toml": "[gates.files]\n[gates.lint]\n", **files}).commit()
    ended = checked(project, "--format", shape)
    assert ended.code == 1, ended
    assert "\x1b" not in ended.out + ended.err
    assert not any(row.lstrip().startswith("::") for row in (ended.out + ended.err).splitlines())
    if shape == "json":
        verdicts = json.loads(ended.out)["verdicts"]
        found = {f["location"]["path"] for v in verdicts for f in v["findings"] if f["location"]}
        assert len(found) == len(ODD), found


def test_names_that_are_no_text(project):
    raw = os.path.join(os.fsencode(project.folder), b"caf\xe9 --x.py")
    project.put({"mlgate.toml": "[gates.files]\n[gates.lint]\n[gates.format]\n"})
    with open(raw, "wb") as file:
        file.write(b"import os\nx = 1   \n")
    ended = checked(project, "--format", "json")
    assert ended.code == 1
    paths = {
        f["location"]["path"]
        for v in json.loads(ended.out)["verdicts"]
        for f in v["findings"]
        if f["location"]
    }
    assert paths == {"caf\\xe9 --x.py"}


SPOKEN = "\x1b[2J\x1b]0;title\x07::error::forged\n::set-output name=x::y\n##vso[task.complete]"


@pytest.mark.parametrize("shape", FORMATS)
def test_what_a_tool_says_commands_nothing(project, shape):
    script = f"import sys\nprint({SPOKEN!r})\nsys.exit(1)\n"
    run = json.dumps([sys.executable, "-I", "say.py"])
    policy = f'[gates.own]\nkind = "command"\nrun = {run}\nstages = ["merge"]\n'
    project.put({"mlgate.toml": policy, "say.py": script}).commit()
    ended = checked(project, "--format", shape)
    assert ended.code in (1, 3), ended
    said = ended.out + ended.err
    assert "\x1b" not in said and "\x07" not in said
    assert not any(row.lstrip().startswith(("::", "##vso")) for row in said.splitlines())


def test_source_that_is_shown_commands_nothing(project):
    source = '"""A."""\nimport os  # \x1b[2J\n::error::forged\n'
    project.put({"mlgate.toml": "[gates.lint]\n[gates.format]\n", "a.py": source}).commit()
    ended = checked(project)
    assert ended.code == 1
    assert "\x1b" not in ended.out
    assert not any(row.lstrip().startswith("::") for row in ended.out.splitlines())


def test_a_policy_behind_a_link(project, tmp_path):
    (tmp_path / "outside.toml").write_text("")
    (project.folder / "mlgate.toml").symlink_to(tmp_path / "outside.toml")
    project.put({"a.py": "import os\n"}).commit()
    ended = checked(project)
    assert ended.code == 2, ended
    assert "link" in ended.err


@pytest.mark.parametrize("path", ["../outside.toml", "/etc/hostname", "linked/outside.toml"])
def test_a_policy_that_extends_what_lies_outside(project, tmp_path, path):
    (tmp_path / "outside.toml").write_text("new_only = true\n")
    (project.folder / "linked").symlink_to(tmp_path)
    project.put({"mlgate.toml": f'extends = ["{path}"]\n[gates.files]\n'}).commit()
    ended = checked(project)
    assert ended.code == 2, ended
    assert "Traceback" not in ended.err


def test_a_folder_behind_a_link_is_not_entered(project, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("import os\n")
    project.put({"mlgate.toml": "[gates.lint]\n", "a.py": CLEAN})
    (project.folder / "linked").symlink_to(outside)
    project.commit()
    ended = checked(project, "--format", "json")
    assert ended.code == 0, ended
    assert "secret" not in ended.out


def test_a_committed_environment_is_refused(project, trap):
    _code, trace = trap
    python = "#!/bin/sh\necho ran >> '" + str(trace) + "'\n"
    project.put({"mlgate.toml": POLICY, "a.py": CLEAN})
    project.put({".venv/pyvenv.cfg": "home = /usr\n", ".venv/bin/python": python})
    (project.folder / ".venv/bin/python").chmod(0o755)
    project.git("add", "-f", "-A")
    project.git("commit", "-q", "-m", "one")
    ended = checked(project)
    assert ended.code in (2, 3), ended
    assert ".venv" in ended.out + ended.err
    assert "git rm" in ended.out + ended.err
    assert not trace.exists()


def test_a_version_that_the_repository_requires(project):
    """It decides for itself that black cannot run: that is an error, never a pass."""
    project.put({"pyproject.toml": "[tool.black]\nrequired-version = '1.0'\n"})
    project.put({"mlgate.toml": "[gates.format]\n", "a.py": "x = 'a'\n"}).commit()
    ended = checked(project)
    assert ended.code == 3, ended
    assert "version" in ended.out


def test_flake8_plug_ins_of_the_repository_run_where_it_configures_them(project, trap):
    """`local-plugins` is configuration: it is part of the policy, and protected as such."""
    code, trace = trap
    plugin = f"{code}\nclass Plugin:\n    def __init__(self, tree):\n        pass\n\n"
    plugin += "    def run(self):\n        return iter(())\n"
    config = "[flake8]\n[flake8:local-plugins]\nextension =\n  EVL = evil:Plugin\npaths = .\n"
    project.put({"mlgate.toml": "[gates.lint]\n", ".flake8": config})
    project.put({"a.py": CLEAN, "evil.py": plugin}).commit()
    ended = checked(project)
    assert ended.code in (0, 1, 3), ended
    assert trace.exists() or ended.code == 3


def test_a_plug_in_of_the_repository_that_changes_is_asked_again(project, tmp_path, monkeypatch):
    """Its code decides as much as the version of a tool does."""
    monkeypatch.setenv("MLGATE_CACHE_DIR", str(tmp_path / "store"))
    plugin = (
        "class Plugin:\n    name = version = '1'\n\n"
        "    def __init__(self, tree):\n        pass\n\n    def run(self):\n"
    )
    config = "[flake8]\nignore = E,W\n[flake8:local-plugins]\nextension =\n  XVL = own:Plugin\n"
    project.put({"mlgate.toml": "[gates.lint]\n", ".flake8": config + "paths = .\n"})
    project.put({"a.py": CLEAN, "own.py": plugin + "        return iter(())\n"}).commit()
    assert ran(project, "check").code == 0
    project.put({"own.py": plugin + "        yield 1, 0, 'XVL001 found', type(self)\n"})
    ended = ran(project, "check")
    assert ended.code == 1, ended
    assert "XVL001" in ended.out
    assert "a.py" in ended.out


@pytest.mark.parametrize(
    ("gate", "tool", "files"),
    [
        ("lint", "pylint", {".pylintrc": "[MAIN]\ninit-hook=exec(open('evil.txt').read())\n"}),
        ("types", "mypy", {"mypy.ini": "[mypy]\nplugins = evil.py\n"}),
    ],
)
def test_hooks_in_a_tool_s_configuration(project, trap, gate, tool, files):
    """What runs does so only because the committed configuration names it; see docs/security."""
    code, _ = trap
    project.put({"mlgate.toml": f"[gates.{gate}]\ntool = '{tool}'\n", "a.py": CLEAN, **files})
    project.put({"evil.txt": code, "evil.py": "def plugin(version):\n    raise SystemExit(0)\n"})
    project.commit()
    ended = checked(project, "--gate", gate)
    assert ended.code in (0, 1, 3), ended
