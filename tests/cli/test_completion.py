from __future__ import annotations

import pytest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_prints_the_script_of_the_shell(mlgate, shell):
    ran = mlgate("completion", shell)
    assert ran.code == 0
    assert f"_MLGATE_COMPLETE={shell}_complete" in ran.out


def test_another_shell_is_refused(mlgate):
    assert mlgate("completion", "tcsh").code == 2


def test_completes_the_gates_of_the_policy(git, started, tmp_path):
    (tmp_path / "mlgate.toml").write_text("[gates.files]\n")
    words = "mlgate check --gate fi"
    environ = {"_MLGATE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "3"}
    assert started(cwd=tmp_path, **environ).out == "plain,files\n"


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("mlgate che", "check"),
        ("mlgate check --sta", "--stage"),
        ("mlgate check --format js", "json"),
    ],
)
def test_completes(started, words, offered):
    ran = started(
        _MLGATE_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(words.count(" "))
    )
    assert offered in [line.partition(",")[2] for line in ran.out.splitlines()], ran
