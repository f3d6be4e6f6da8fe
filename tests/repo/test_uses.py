from __future__ import annotations

import time

import pytest

from mlgate.repo import snapshots
from mlgate.repo.uses import Use, look


@pytest.fixture
def found(project):
    """What is found in files written, as their staged content."""

    def looked(files):
        for name, content in files.items():
            project.write(name, content)
        project.git("add", "-A")
        for name in files:
            project.write(name, "other content")
        return look(snapshots.index(project.found()))

    return looked


def one(found, files):
    result = found(files)
    assert result.notes == ()
    assert len(result.uses) == 1, result.uses
    return result.uses[0]


PRE_COMMIT = r"""
exclude: ^vendor/
default_stages: [pre-commit]
repos:
- repo: https://github.com/psf/black-pre-commit-mirror
  rev: 24.1.0
  hooks:
  - id: black
    args: [--line-length, 100]
    exclude: '^docs/'
- repo: https://github.com/PyCQA/flake8.git
  rev: v7.0.0
  hooks:
  - id: flake8
    additional_dependencies: [flake8-bugbear==24.1.17, Flake8-pyproject]
    files: ^src/
    stages: [push]
- repo: git@github.com:pre-commit/mirrors-mypy
  rev: v1.8.0
  hooks: [{id: mypy, stages: [manual]}]
- repo: https://github.com/pre-commit/pre-commit-hooks
  rev: main
  hooks: [{id: trailing-whitespace}, {id: check-yaml, args: [--unsafe]}]
- repo: local
  hooks:
  - {id: tests, entry: poetry run pytest -x, language: system}
  - {id: mine, entry: ./check.sh, language: system}
- repo: https://github.com/someone/else
  hooks: [{id: black}]
"""


def test_pre_commit(found):
    where = ".pre-commit-config.yaml"
    vendor = ("^vendor/",)
    assert found({where: PRE_COMMIT}).uses == (
        Use(
            tool="black",
            where=where,
            args=("--line-length", "100"),
            version="24.1.0",
            excludes=("^vendor/", "^docs/"),
            hook_id="black",
            stage="commit",
        ),
        Use(
            tool="flake8",
            where=where,
            version="7.0.0",
            excludes=vendor,
            plugins=("flake8-bugbear==24.1.17", "Flake8-pyproject"),
            files="^src/",
            hook_id="flake8",
            stage="push",
        ),
        Use(
            tool="mypy",
            where=where,
            version="1.8.0",
            excludes=vendor,
            hook_id="mypy",
            stage="manual",
        ),
        Use(
            tool="pre-commit-hooks",
            where=where,
            excludes=vendor,
            hook_id="trailing-whitespace",
            stage="commit",
        ),
        Use(
            tool="pre-commit-hooks",
            where=where,
            args=("--unsafe",),
            excludes=vendor,
            hook_id="check-yaml",
            stage="commit",
        ),
        Use(
            tool="pytest",
            where=where,
            args=("-x",),
            excludes=vendor,
            hook_id="tests",
            stage="commit",
        ),
    )


def test_lefthook(found):
    config = (
        "pre-commit:\n  parallel: true\n  commands:\n    style:\n"
        "      run: uv run black --check {staged_files}\n"
        "pre-push:\n  jobs:\n    - {name: tests, run: pytest -q}\n"
    )
    assert found({"lefthook.yml": config}).uses == (
        Use(tool="black", where="lefthook.yml", args=("--check",), hook_id="style", stage="commit"),
        Use(tool="pytest", where="lefthook.yml", args=("-q",), hook_id="tests", stage="push"),
    )


@pytest.mark.parametrize(
    ("path", "content", "tool", "where"),
    [
        ("pyproject.toml", "[tool.black]\n[tool.poetry]\n", "black", "pyproject.toml [tool.black]"),
        ("pyproject.toml", "[tool.ruff.lint]\n", "ruff", "pyproject.toml [tool.ruff]"),
        ("pyproject.toml", "[tool.pytest.ini_options]\n", "pytest", "pyproject.toml [tool.pytest]"),
        ("setup.cfg", "[metadata]\nname=x\n[flake8]\nmax=1\n", "flake8", "setup.cfg [flake8]"),
        ("setup.cfg", "[tool:pytest]\n", "pytest", "setup.cfg [tool:pytest]"),
        ("tox.ini", "[flake8]\n[testenv]\ndeps=black\n", "flake8", "tox.ini [flake8]"),
        (".flake8", "[flake8]\n", "flake8", ".flake8"),
        (".pylintrc", "", "pylint", ".pylintrc"),
        (".secrets.baseline", "{}", "detect-secrets", ".secrets.baseline"),
    ],
)
def test_configuration_speaks_for_its_tool(found, path, content, tool, where):
    assert one(found, {path: content}) == Use(tool=tool, where=where)


def test_requirements_do_not(found):
    files = {
        "requirements-dev.txt": "black==24.1\n",
        "pyproject.toml": "[project]\ndependencies=['flake8']",
    }
    assert found(files).uses == ()


def test_tox_commands(found):
    use = one(
        found, {"tox.ini": "[testenv:lint]\ncommands =\n  pip install bandit\n  bandit -r src\n"}
    )
    assert use == Use(tool="bandit", where="tox.ini [testenv:lint]", args=("-r", "src"))


def test_makefile_recipes_only(found):
    makefile = (
        "black: flake8\nX = mypy .\nlint:\n\t@$(PYTHON) -m black --check \\\n"
        "\t  src && echo pylint\n\t-uv run flake8 src > out.txt\n"
    )
    assert found({"Makefile": makefile}).uses == (
        Use(tool="black", where="Makefile:4", args=("--check", "src")),
        Use(tool="flake8", where="Makefile:6", args=("src",)),
    )


def test_nox_is_read_and_not_run(found, tmp_path):
    trap = f"open({str(tmp_path / 'trap')!r}, 'w')\n"
    nox = trap + 'session.install("black")\nsession.run("python", "-m", "black", "--check", *x)\n'
    use = one(found, {"noxfile.py": nox})
    assert use == Use(tool="black", where="noxfile.py:3", args=("--check",))
    assert not (tmp_path / "trap").exists()


def test_github_and_gitlab(found):
    workflow = (
        "on: push\njobs:\n  a:\n    steps:\n    - uses: psf/black@stable\n"
        "    - run: |\n        pip install flake8\n"
        "        uvx bandit==1.7.9 -r src; coverage run -m pytest -x\n"
    )
    gitlab = (
        "a:\n  extends: !reference [b, c]\n"
        "  script:\n    - python3.11 -m mypy pkg\n    - !reference [x, y]\n"
    )
    where = ".github/workflows/ci.yml"
    assert found({where: workflow, ".gitlab-ci.yml": gitlab}).uses == (
        Use(tool="mypy", where=".gitlab-ci.yml", args=("pkg",), stage="ci"),
        Use(tool="black", where=where, stage="ci"),
        Use(tool="bandit", where=where, args=("-r", "src"), version="1.7.9", stage="ci"),
        Use(tool="coverage", where=where, args=("run", "-m", "pytest", "-x"), stage="ci"),
        Use(tool="pytest", where=where, args=("-x",), stage="ci"),
    )


@pytest.mark.parametrize(
    "script",
    [
        "pip install black",
        "uv add black",
        "echo black",
        "ls black/",
        "cat 'black",
        "# black .",
        "apt-get install -y pytest",
        "git commit -m black",
        "uv pip install black",
    ],
)
def test_a_tools_name_is_not_its_use(found, script):
    assert found({".gitlab-ci.yml": f"a:\n  script:\n  - {script!r}\n"}).uses == ()


LAUGHS = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(20)
)
MERGES = b"a: &a {x: 1, y: 2}\n" + b"".join(
    b"%c: &%c {<<: [*%c, *%c]}\n" % (98 + n, 98 + n, 97 + n, 97 + n) for n in range(24)
)


@pytest.mark.parametrize(
    "content",
    [
        b"a: [",
        b"a: \xff\xff",
        b"a: " + b"[" * 30_000,
        b"!!python/object/apply:os.system [id]",
        b"a: 2024-13-45",
        b"? [a]\n: b\n? {c: d}\n: e",
        MERGES,
        b"# " + b"x" * (2 << 20),
    ],
)
@pytest.mark.parametrize("path", [".pre-commit-config.yaml", ".gitlab-ci.yml"])
def test_what_cannot_be_read_is_left_out_with_a_note(found, path, content):
    started = time.monotonic()
    result = found({path: content, ".flake8": ""})
    assert [use.tool for use in result.uses] == ["flake8"]
    (note,) = result.notes
    assert note.startswith(f"{path} is not read: ")
    assert "\n" not in note
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("content", [b"[", b"\xff", b"a = 1\na = 2", b"x = " + b"[" * 30_000])
@pytest.mark.parametrize("path", ["pyproject.toml", "setup.cfg"])
def test_other_formats_that_cannot_be_read(found, path, content):
    result = found({path: content})
    assert result.uses == ()
    assert path == "setup.cfg" or len(result.notes) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"3",
        b"[1, 2]",
        b"repos: 3",
        b"repos: [3, {hooks: 3}, {hooks: [3]}]",
        LAUGHS,
        b"jobs: {a: {steps: [1, {run: [x]}]}}",
        b"a: {script: {b: c}}",
        b"pre-commit: {commands: []}",
    ],
)
def test_yaml_of_another_shape_says_nothing(found, content):
    paths = (".pre-commit-config.yaml", ".gitlab-ci.yml", "lefthook.yml", ".github/workflows/a.yml")
    result = found(dict.fromkeys(paths, content))
    assert result == ((), ())


def test_aliases_that_stand_for_endless_lists(found):
    black = b"https://github.com/psf/black"
    hooks = b"repos: [{repo: %s, rev: *t, hooks: [{id: *t, args: *t, entry: *t}]}]\n" % black
    local = b"repos: [{repo: local, hooks: [{id: a, entry: *t}]}, {repo: *t, hooks: [{id: a}]}]\n"
    jobs = b"jobs: {a: {steps: [{run: *t, uses: *t}]}}\npre-commit: {jobs: [{run: *t, name: *t}]}\n"
    (use,) = found({".pre-commit-config.yaml": LAUGHS + hooks}).uses
    assert (use.hook_id, use.version, use.args) == ("", None, ())
    others = {".pre-commit-config.yaml": LAUGHS + local, "lefthook.yml": LAUGHS + jobs}
    assert found({**others, ".github/workflows/a.yml": LAUGHS + jobs}).uses == ()


def test_links_and_odd_rev_are_left_alone(project):
    (project.path / "pyproject.toml").symlink_to("/etc/passwd")
    project.write(
        ".pre-commit-config.yaml",
        "repos: [{repo: https://github.com/psf/black, rev: 3, "
        "hooks: [{id: 1, args: [1, 2.5, x]}]}]",
    )
    project.git("add", "-A")
    (use,) = look(snapshots.work_tree(project.found())).uses
    assert (use.version, use.hook_id, use.args) == ("3", "1", ("1", "2.5", "x"))


@pytest.mark.parametrize(
    ("kinds", "pattern"),
    [("[html, svg]", r"\.(html|svg)$"), ("[jupyter]", r"\.(ipynb)$"), ("[]", None)],
)
def test_kinds_of_files_that_a_hook_leaves_out(found, kinds, pattern):
    source = "https://github.com/pre-commit/pre-commit-hooks"
    hook = f"{{id: end-of-file-fixer, exclude_types: {kinds}}}"
    config = f"repos:\n- repo: {source}\n  rev: v6.0.0\n  hooks: [{hook}]\n"
    assert one(found, {".pre-commit-config.yaml": config}).excludes == (
        (pattern,) if pattern else ()
    )
