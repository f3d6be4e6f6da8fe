"""Where the tests run in a tree laid out apart, the project's code comes from that tree."""

from __future__ import annotations

import sys

import pytest
from projects import bare

TEST = "from thing import VALUE\n\n\ndef test_it():\n    assert VALUE == 'committed'\n"


@pytest.fixture
def installed(project):
    """A project with a `src` folder, installed editably into an environment of its own."""
    project.put(
        {
            "mlgate.toml": '[gates.tests]\nstages = ["push"]\n',
            ".gitignore": ".venv/\n",
            "src/thing/__init__.py": "VALUE = 'committed'\n",
            "tests/test_thing.py": TEST,
        }
    ).commit()
    venv = bare(project.folder / ".venv")
    (site,) = venv.glob("lib/*/site-packages")
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "ours.pth").write_text(ours + "\n")
    dist = site / "pytest-8.0.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest\nVersion: 8.0\n")
    (site / "thing.pth").write_text(f"{project.folder}/src\n")
    return project


def push(project):
    env = {"VIRTUAL_ENV": str(project.folder / ".venv"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return project.run("check", "--stage", "push", "--gate", "tests", **env)


def test_the_committed_code_is_tested(installed):
    """The work tree holds other code, from which the editable install would import."""
    installed.put({"src/thing/__init__.py": "VALUE = 'loose'\n"})
    ended = push(installed)
    assert ended.code == 0, ended
    assert "✓ tests" in ended.out


def test_code_from_the_work_tree_is_an_error(installed):
    """The commit lacks a module that the work tree has: a green run would not hold elsewhere."""
    test = "from thing import VALUE\nfrom generated import MORE\n" + TEST.partition("\n")[2]
    installed.put({"tests/test_thing.py": test}).commit()
    installed.put({"lib/generated.py": "MORE = 1\n", "src/thing/__init__.py": "VALUE = 'loose'\n"})
    (site,) = installed.folder.glob(".venv/lib/*/site-packages")
    (site / "more.pth").write_text(f"{installed.folder}/lib\n")
    ended = push(installed)
    assert ended.code == 3, ended
    assert "tests imported generated" in ended.out
    assert "(lib/generated.py)" in ended.out
