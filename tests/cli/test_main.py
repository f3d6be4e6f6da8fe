from __future__ import annotations

import json
import subprocess
import sys

import pytest
from surroundings import clean_environ

from mlgate.cli import _group
from mlgate.core import errors, parts
from mlgate.core.errors import BaseNotFound, PolicyError


@pytest.fixture
def raising(monkeypatch):
    """Makes `mlgate check` raise what is given."""

    def use(error):
        import click

        @click.command()
        def command():
            raise error

        monkeypatch.setattr(_group._Commands, "get_command", lambda *_: command)

    return use


def test_without_arguments_the_help_is_shown(mlgate):
    ran = mlgate()
    assert ran.code == 0
    assert ran.out == mlgate("--help").out
    assert "Usage: mlgate" in ran.out


def test_help_names_every_command_with_a_summary(mlgate):
    lines = {line.split()[0]: line for line in mlgate("--help").out.splitlines() if line.strip()}
    for name in parts.names("cli"):
        assert len(lines[name].split()) > 3, f"{name} has no summary"


@pytest.mark.parametrize("name", parts.names("cli"))
def test_every_command_explains_itself(mlgate, name):
    ran = mlgate(name, "--help")
    assert ran.code == 0
    assert f"Usage: mlgate {name}" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


def loaded(*args):
    """The modules that a call of mlgate imports."""
    code = (
        "import sys; from mlgate.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('\\n' + ' '.join(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True)
    return set(run.stdout.splitlines()[-1].split())


@pytest.fixture(scope="module")
def with_click():
    code = "import sys, click; print(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return set(run.stdout.split())


@pytest.mark.parametrize("args", [["--help"], ["--version"]])
def test_help_imports_hardly_more_than_click(with_click, args):
    extra = loaded(*args) - with_click
    assert "importlib.metadata" not in extra
    assert not {name for name in extra if name.startswith("mlgate.cli.") and "._" not in name}
    assert len(extra) <= 15, sorted(extra)


def test_help_of_check_leaves_the_heavy_libraries_alone():
    heavy = {"rich", "yaml", "pathspec", "packaging", "importlib.metadata", "subprocess", "json"}
    assert not loaded("check", "--help") & heavy


def test_version(mlgate):
    from mlgate import __version__

    assert mlgate("--version") == (0, f"mlgate {__version__}\n", "")


def test_unknown_command_names_the_nearest(mlgate):
    assert mlgate("chek") == (
        errors.MISUSED,
        "",
        "error: no command is called 'chek'\n mend: did you mean 'check'?\n",
    )


def test_unknown_option_is_misuse(mlgate):
    ran = mlgate("check", "--stag", "push")
    assert ran.code == errors.MISUSED
    assert "--stage" in ran.err
    assert "mlgate check --help" in ran.err


def test_an_error_is_two_lines_and_its_exit_code(mlgate, raising):
    raising(BaseNotFound("origin/main is not here", "git fetch origin main"))
    assert mlgate("check") == (
        3,
        "",
        "error: origin/main is not here\n mend: git fetch origin main\n",
    )


def test_all_problems_of_a_policy_are_shown(mlgate, raising):
    raising(PolicyError(["mlgate.toml:1: one", "mlgate.toml:2: two"]))
    ran = mlgate("check")
    assert ran.code == 2
    assert ran.err == "error: mlgate.toml:1: one\n       mlgate.toml:2: two\n"


def test_untrusted_text_cannot_steer_the_terminal(mlgate, raising):
    raising(PolicyError(["\x1b[2Jgone", "::error::forged"]))
    err = mlgate("check").err
    assert "gone" in err
    assert "\x1b" not in err
    assert "::error" not in err


def test_interrupted(mlgate, raising):
    raising(KeyboardInterrupt())
    ran = mlgate("check")
    assert ran.code == 130
    assert ran.err.strip().count("\n") == 0


def test_a_defect_says_how_to_report_it(mlgate, raising, monkeypatch):
    monkeypatch.delenv("MLGATE_DEBUG", raising=False)
    raising(ZeroDivisionError("by zero"))
    ran = mlgate("check")
    assert ran.code == 3
    assert "Traceback" not in ran.err
    assert "MLGATE_DEBUG=1" in ran.err
    monkeypatch.setenv("MLGATE_DEBUG", "1")
    assert "Traceback" in mlgate("check").err


def test_a_closed_pipe_is_no_error_to_talk_about():
    run = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m mlgate --help | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
    )
    assert run.stderr == ""
    assert run.stdout.strip() in ("0", "141")


def test_what_was_printed_is_all_there_when_the_program_ends(tmp_path):
    """Though it ends without Python's own ending: into a pipe, with its code, folders removed."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for number in range(20):
        (tmp_path / f"f{number}.py").write_text("x = 1   \n" * 100)
    (tmp_path / "mlgate.toml").write_text("[gates.files]\n")
    scratch = tmp_path.with_name("scratch")
    scratch.mkdir()
    run = subprocess.run(
        [sys.executable, "-m", "mlgate", "check", "--format", "json"],
        cwd=tmp_path,
        env=clean_environ(TMPDIR=str(scratch), MLGATE_CACHE_DIR=str(tmp_path.with_name("store"))),
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert len(json.loads(run.stdout)["verdicts"][0]["findings"]) == 2_000
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("where", "code", "said"),
    [(">&-", 0, ""), (">&- 2>&-", 0, ""), (">/dev/full", 3, "No space left"), ("<&-", 0, "")],
)
def test_streams_that_are_closed_or_full(where, code, said):
    run = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m mlgate gates {where}"],
        env=clean_environ(),
        capture_output=True,
        text=True,
    )
    assert run.returncode == code, run.stderr
    assert (said in run.stderr) if said else (run.stderr == "")
    assert "broke" not in run.stderr
