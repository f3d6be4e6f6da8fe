"""The `tests` gate drives the real pytest; every way to a false green has a test."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from waiting import eventually, is_running

from mlgate.core.errors import GateError, ToolMissing
from mlgate.core.finding import Finding
from mlgate.core.gate import Environment
from mlgate.core.words import Level, Result
from mlgate.gates import tests as gate
from mlgate.testing import check, context

GOOD = "def test_a():\n    assert True\n\n\ndef test_b():\n    assert 1 + 1 == 2\n"


def findings(folder: Path, files: dict[str, str], **options: Any) -> list[Finding]:
    """The gate's findings; third-party plug-ins are off, for speed, unless `plugins` is given."""
    if not options.pop("plugins", False):
        options["env"] = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | options.get("env", {})
    return [f for f in check(gate, folder, files, options=options) if isinstance(f, Finding)]


def only(rule: str, found: list[Finding]) -> Finding:
    matching = [f for f in found if f.rule == rule]
    assert len(matching) == 1, found
    return matching[0]


def test_passing_tests_are_counted(tmp_path: Path) -> None:
    body = GOOD + (
        "import pytest\n"
        "@pytest.mark.skip\ndef test_c(): ...\n"
        "@pytest.mark.xfail\ndef test_d(): assert 0\n"
    )
    found = findings(tmp_path, {"tests/test_x.py": body})
    assert [f.rule for f in found] == ["tests/passed"]
    assert found[0].result is Result.PASS
    assert found[0].message.startswith("2 passed, 1 xfailed, 1 skipped (pytest ")
    assert found[0].measurement is not None
    assert (found[0].measurement.value, found[0].measurement.n) == (2, 4)


def test_a_failing_test_is_named_with_line_and_message(tmp_path: Path) -> None:
    body = "def test_a():\n    x = 2\n    assert x == 3, 'ouch'\n"
    found = findings(tmp_path, {"tests/test_x.py": body})
    failed = only("tests/failed", found)
    assert failed.location is not None
    assert (failed.location.path, failed.location.line) == ("tests/test_x.py", 3)
    assert failed.level is Level.ERROR
    assert "tests/test_x.py::test_a" in failed.message
    assert "ouch" in failed.message
    assert only("tests/passed", found).message.startswith("1 failed")


def test_a_failure_below_the_test_points_into_the_test(tmp_path: Path) -> None:
    files = {
        "code.py": "",
        "lib.py": "def f():\n    raise ValueError('deep')\n",
        "test_x.py": "import lib\n\ndef test_a():\n    lib.f()\n",
    }
    failed = only("tests/failed", findings(tmp_path, files))
    assert failed.location is not None
    assert (failed.location.path, failed.location.line) == ("test_x.py", 4)


def test_messages_are_bounded_and_harmless(tmp_path: Path) -> None:
    body = "def test_a():\n    raise ValueError('\\x1b[31m\\n::error::x' + 'y' * 9000)\n"
    failed = only("tests/failed", findings(tmp_path, {"test_x.py": body}))
    assert len(failed.message) < 1000
    assert "\x1b" not in failed.message
    assert "\n::error" not in failed.message


def test_broken_fixtures_and_subtests_fail(tmp_path: Path) -> None:
    body = (
        "import pytest, unittest\n"
        "@pytest.fixture\ndef f():\n    yield\n    raise OSError\n"
        "def test_teardown(f): ...\n"
        "class T(unittest.TestCase):\n"
        "    def test_sub(self):\n        with self.subTest(): assert 0\n"
        "        with self.subTest(): assert 1\n"
    )
    found = findings(tmp_path, {"test_x.py": body})
    assert "test_teardown" in only("tests/error", found).message
    assert "test_sub" in only("tests/failed", found).message


def test_a_file_that_cannot_be_collected_is_an_error_finding(tmp_path: Path) -> None:
    files = {"test_x.py": GOOD, "own/__init__.py": "", "test_y.py": "import own.nowhere\n"}
    broken = only("tests/error", findings(tmp_path, files))
    assert broken.location is not None
    assert broken.location.path == "test_y.py"
    assert "own.nowhere" in broken.message


@pytest.mark.parametrize("name", ["test_y.py", "conftest.py"])
def test_an_environment_without_what_the_tests_import_is_at_fault(
    tmp_path: Path, name: str
) -> None:
    files = {"test_x.py": GOOD, name: "import nowhere_at_all\n"}
    with pytest.raises(GateError, match="lacks nowhere_at_all"):
        findings(tmp_path, files)


def test_options_reach_pytest(tmp_path: Path) -> None:
    files = {
        "a/test_x.py": "import os\ndef test_a(): assert os.environ['WORD'] == 'yes'\n",
        "b/test_y.py": "def test_b(): assert 0\n",
        "a/test_z.py": "def test_slow(): assert 0\n",
    }
    found = findings(tmp_path, files, paths=["a"], args=["-k", "not slow"], env={"WORD": "yes"})
    assert only("tests/passed", found).message.startswith("1 passed, 1 deselected")


def test_the_tree_comes_first_on_the_path_and_the_launcher_is_not_on_it(tmp_path: Path) -> None:
    body = (
        "import sys, os\n"
        "def test_a():\n"
        "    assert os.path.samefile(sys.path[0], os.getcwd()) or os.getcwd() in sys.path\n"
        "    assert not [p for p in sys.path if p.endswith('_launch')]\n"
        "    import black_or_so\n"
    )
    files = {"tests/test_x.py": body, "black_or_so.py": ""}
    assert only("tests/passed", findings(tmp_path, files)).message.startswith("1 passed")


def test_git_and_credentials_are_kept_from_the_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("MY_SECRET_TOKEN", "x")
    body = (
        "import os\n"
        "def test_a():\n    assert 'GIT_DIR' not in os.environ\n"
        "def test_b():\n    os.environ['MY_SECRET_TOKEN']\n"
    )
    found = findings(tmp_path, {"test_x.py": body})
    assert "test_b" in only("tests/failed", found).message
    note = only("tests/withheld", found)
    assert "MY_SECRET_TOKEN" in note.message
    assert note.help is not None
    assert '"MY_SECRET_TOKEN"' in note.help
    assert note.level is Level.NOTE


def test_nothing_is_written_into_the_tree(tmp_path: Path) -> None:
    body = GOOD + (
        "from hypothesis import given, strategies as st\n"
        "@given(st.integers())\ndef test_h(n): assert n == n\n"
        "def test_t(tmp_path): (tmp_path / 'x').write_text('y')\n"
    )
    found = findings(tmp_path, {"tests/test_x.py": body}, plugins=True)
    assert [f.rule for f in found] == ["tests/passed"]
    assert [p.name for p in tmp_path.rglob("*")] == ["tests", "test_x.py"]


def test_what_tests_write_into_the_tree_is_named(tmp_path: Path) -> None:
    body = "def test_a():\n    open('left.txt', 'w').close()\n    open('kept', 'a').write('x')\n"
    found = findings(tmp_path, {"test_x.py": body, "kept": "", "other": ""})
    note = only("tests/wrote", found)
    assert note.level is Level.NOTE
    assert note.message.endswith(": kept, left.txt")


# Ways to a false green


def errored(folder: Path, files: dict[str, str], **options: Any) -> GateError:
    with pytest.raises(GateError) as caught:
        findings(folder, files, **options)
    return caught.value


def test_no_tests_have_errored(tmp_path: Path) -> None:
    assert "no tests were collected" in errored(tmp_path, {"test_x.py": "x = 1\n"}).message


def test_all_skipped_have_errored(tmp_path: Path) -> None:
    body = "import pytest\npytestmark = pytest.mark.skip\n" + GOOD
    assert "skipped" in errored(tmp_path, {"test_x.py": body}).message


def test_ending_the_process_early_has_errored(tmp_path: Path) -> None:
    body = GOOD + "def test_c():\n    import os; os._exit(0)\n"
    assert "without the report" in errored(tmp_path, {"test_x.py": body}).message


def test_ending_the_process_while_importing_has_errored(tmp_path: Path) -> None:
    assert (
        "without the report"
        in errored(tmp_path, {"conftest.py": "import os; os._exit(0)\n", "test_x.py": GOOD}).message
    )


def test_leaving_while_importing_has_errored(tmp_path: Path) -> None:
    files = {"conftest.py": "raise SystemExit(0)\n", "test_x.py": GOOD}
    assert "without the report" in errored(tmp_path, files).message


def test_a_pytest_of_the_trees_own_is_not_believed(tmp_path: Path) -> None:
    fake = "def main(args, plugins): return 0\nhookimpl = lambda **_: lambda f: f\n"
    files = {"pytest.py": fake, "test_x.py": GOOD + "def test_c(): assert 0\n"}
    only("tests/failed", findings(tmp_path, files))
    error = errored(tmp_path, files, env={"PYTHONPATH": "."})
    assert "stands in for pytest" in error.message


def test_a_conftest_that_removes_the_recorder_has_errored(tmp_path: Path) -> None:
    hook = (
        "def pytest_configure(config):\n"
        "    for plugin in config.pluginmanager.get_plugins():\n"
        "        if type(plugin).__name__ == 'Recorder':\n"
        "            config.pluginmanager.unregister(plugin)\n"
    )
    errored(tmp_path, {"conftest.py": hook, "test_x.py": GOOD})


def test_an_exit_handler_cannot_turn_failure_into_success(tmp_path: Path) -> None:
    body = "import atexit, os\natexit.register(os._exit, 0)\ndef test_a(): assert 0\n"
    only("tests/failed", findings(tmp_path, {"test_x.py": body}))


def test_a_process_that_ends_otherwise_than_pytest_has_errored(tmp_path: Path) -> None:
    body = "import atexit, os\natexit.register(os._exit, 7)\n" + GOOD
    assert "ended with 7" in errored(tmp_path, {"test_x.py": body}).message


def test_a_forged_report_is_refused(tmp_path: Path) -> None:
    body = GOOD + (
        "def test_forge():\n"
        "    import glob, os, tempfile\n"
        "    for folder in glob.glob(os.path.join(tempfile.gettempdir(), '*', '')):\n"
        "        if os.listdir(folder) == []:\n"
        "            with open(os.path.join(folder, 'junit.xml'), 'w') as file:\n"
        "                file.write('0' * 64 + '\\n<testsuites/>')\n"
        "    os._exit(0)\n"
    )
    private = tmp_path / "private"
    private.mkdir()
    tree = tmp_path / "tree"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(private))
        error = errored(tree, {"test_x.py": body}, env={"TMPDIR": str(private)})
    assert "not the one that was sealed" in error.message


def test_neither_arguments_nor_environment_tell_of_the_report(tmp_path: Path) -> None:
    body = (
        "import os, sys\n"
        "def test_a(request):\n"
        "    said = repr((sys.argv, dict(os.environ), vars(request.config.option)))\n"
        "    assert 'junit.xml' not in said\n"
        "    assert sys.stdin.read() == '' if not sys.stdin.isatty() else True\n"
    )
    found = findings(tmp_path, {"test_x.py": body}, args=["-s"])
    assert [f.rule for f in found] == ["tests/passed"]


def test_a_conftest_that_changes_the_exit_status_changes_nothing(tmp_path: Path) -> None:
    files = {
        "conftest.py": "def pytest_sessionfinish(session): session.exitstatus = 0\n",
        "test_x.py": "def test_a(): assert 0\n",
    }
    only("tests/failed", findings(tmp_path, files))


@pytest.mark.parametrize(
    "hook",
    [
        "def pytest_runtestloop(session): return True\n",
        "def pytest_runtest_protocol(item): return True\n",
        "def pytest_cmdline_main(config): return 0\n",
        "import pytest\ndef pytest_runtest_setup(item): pytest.exit('x', returncode=0)\n",
    ],
)
def test_a_conftest_that_runs_nothing_has_errored(tmp_path: Path, hook: str) -> None:
    errored(tmp_path, {"conftest.py": hook, "test_x.py": GOOD})


@pytest.mark.parametrize("addopts", ["--co", "--collect-only -q", "--setup-plan"])
def test_options_that_run_nothing_have_errored(tmp_path: Path, addopts: str) -> None:
    errored(tmp_path, {"pytest.ini": f"[pytest]\naddopts = {addopts}\n", "test_x.py": GOOD})


def test_the_shell_cannot_narrow_the_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k test_a")
    assert "2 passed" in only("tests/passed", findings(tmp_path, {"test_x.py": GOOD})).message


def test_a_project_that_is_not_installed_is_named_with_the_command(tmp_path: Path) -> None:
    files = {
        "conftest.py": "from importlib.metadata import version\n\nversion('wee-project')\n",
        "pyproject.toml": "[project]\nname = 'wee-project'\nversion = '1'\n",
        "test_x.py": GOOD,
    }
    error = errored(tmp_path, files)
    assert "lacks wee-project" in error.message
    assert "-m pip install -e ." in (error.hint or "")


@pytest.mark.parametrize(
    ("files", "options", "words"),
    [
        ({"test_x.py": GOOD}, {"paths": ["nowhere"]}, "could not begin"),
        ({"test_x.py": GOOD, "conftest.py": "1 +"}, {}, "could not begin"),
        ({"test_x.py": "def test_a(): raise KeyboardInterrupt\n"}, {}, "was interrupted"),
        (
            {"test_x.py": "import pytest\ndef test_a(): pytest.exit('x', returncode=42)\n"},
            {},
            "exit code 42",
        ),
        (
            {"test_x.py": GOOD, "conftest.py": "def pytest_collection_finish(): 1 / 0\n"},
            {},
            "broke down",
        ),
    ],
)
def test_other_exit_codes_have_errored(
    tmp_path: Path, files: dict[str, str], options: dict[str, object], words: str
) -> None:
    assert words in errored(tmp_path, files, **options).message


def test_an_exit_code_of_failure_without_a_failure_fails(tmp_path: Path) -> None:
    hook = "def pytest_sessionfinish(session): session.exitstatus = 1\n"
    found = findings(tmp_path, {"test_x.py": GOOD, "conftest.py": hook})
    assert only("tests/exit", found).level is Level.ERROR


def test_too_few_tests_fail(tmp_path: Path) -> None:
    few = only("tests/too-few", findings(tmp_path, {"test_x.py": GOOD}, min_tests=3))
    assert few.result is Result.FAIL
    assert few.measurement is not None
    assert few.measurement.at_least == 3
    only("tests/passed", findings(tmp_path, {"test_x.py": GOOD}, min_tests=2))


def test_tests_spread_over_processes_are_counted(tmp_path: Path) -> None:
    body = GOOD + "def test_c(): assert 0\n"
    found = findings(tmp_path, {"test_x.py": body}, args=["-p", "xdist", "-n", "2"])
    assert only("tests/passed", found).message.startswith("1 failed, 2 passed")
    assert only("tests/failed", found).location is not None


COVERED = {
    "lib.py": "def f(x):\n    if x:\n        return 1\n    return 2\n",
    "test_x.py": "import lib\ndef test_a(): assert lib.f(1) == 1\n",
}


@pytest.mark.parametrize(("least", "result"), [(75, Result.PASS), (76, Result.FAIL)])
def test_coverage_is_measured(tmp_path: Path, least: int, result: Result) -> None:
    coverage = {"min": least, "source": ["lib"]}
    found = only("tests/coverage", findings(tmp_path, COVERED, coverage=coverage))
    assert found.result is result
    assert found.measurement is not None
    assert found.measurement.value == pytest.approx(75)
    assert not list(tmp_path.glob(".coverage*"))


def test_coverage_follows_the_projects_own_settings(tmp_path: Path) -> None:
    for name, omitted, percent in (("a", "nothing", 100 * 5 / 6), ("b", "lib.py", 100)):
        files = COVERED | {".coveragerc": f"[report]\nomit = {omitted}\n"}
        found = only("tests/coverage", findings(tmp_path / name, files, coverage={"min": 1}))
        assert found.measurement is not None
        assert found.measurement.value == pytest.approx(percent)


def test_no_coverage_data_has_errored(tmp_path: Path) -> None:
    files = COVERED | {".coveragerc": "[run]\ninclude = nothing/*\n"}
    assert "coverage data" in errored(tmp_path, files, coverage={"min": 1}).message


def test_pytest_missing_names_the_install_line(tmp_path: Path) -> None:
    (tmp_path / "env" / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "uv.lock").write_text("version = 1\n")
    environment = Environment(
        origin="project environment", prefix=str(tmp_path / "env"), python=sys.executable
    )
    ctx = context(gate, tree, environment=lambda: environment)
    with pytest.raises(ToolMissing) as caught:
        list(gate.check(ctx, ()))
    assert caught.value.hint == "uv add --dev pytest"


def test_another_version_of_pytest_has_errored(tmp_path: Path) -> None:
    error = errored(tmp_path, {"test_x.py": GOOD}, version="1.0")
    assert "names pytest 1.0" in error.message
    assert "pytest==1.0" in (error.hint or "")


def test_a_project_of_a_monorepo_is_run_in_its_own_folder(tmp_path: Path) -> None:
    files = {"a/lib.py": "", "a/test_x.py": "import lib\ndef test_a(): assert 0\n", "test_y.py": ""}
    found = [f for f in check(gate, tmp_path, files, project="a") if isinstance(f, Finding)]
    location = only("tests/failed", found).location
    assert location is not None
    assert (location.path, location.line) == ("a/test_x.py", 2)


def test_a_python_without_pytest_is_told_by_the_launcher(tmp_path: Path) -> None:
    environment = Environment(origin="x", prefix="", python="-I", run=(sys.executable, "-S"))
    ctx = context(gate, tmp_path, environment=lambda: environment)
    with pytest.raises(ToolMissing) as caught:
        list(gate.check(ctx, ()))
    assert "-m pip install pytest" in (caught.value.hint or "")


def test_a_hang_ends_at_the_time_limit_with_all_its_processes(tmp_path: Path) -> None:
    body = (
        "import subprocess, sys, time\n"
        "def test_a():\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "    open('pid', 'w').write(str(child.pid))\n"
        "    child.wait()\n"
    )
    (tmp_path / "test_x.py").write_text(body)
    ctx = context(gate, tmp_path)

    def hurried(*args: object, **more: object) -> object:
        return ctx.run(*args, **(more | {"timeout": 6}))  # type: ignore[arg-type]

    with pytest.raises(GateError, match="did not end within"):
        list(gate.check(context(gate, tmp_path, run=hurried), ("test_x.py",)))
    pid = int((tmp_path / "pid").read_text())
    assert eventually(lambda: not is_running(pid))


def test_detect_adopts_what_the_repository_has(tmp_path: Path) -> None:
    assert gate.detect(context(gate, tmp_path)) is None
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(GOOD)
    found = gate.detect(context(gate, tmp_path))
    assert found is not None
    assert found.options == {"paths": ["tests"]}
    assert found.blocking
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    found = gate.detect(context(gate, tmp_path))
    assert found is not None
    assert (found.evidence, found.options) == ("pyproject.toml configures pytest", {})


def test_inputs_are_never_stored(tmp_path: Path) -> None:
    inputs = gate.inputs(context(gate, tmp_path))
    assert inputs is not None
    assert inputs.also is None


def test_the_gate_never_reads_outside(tmp_path: Path) -> None:
    """A test below the tree that stands for a link out of it has no location to be annotated."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "test_o.py").write_text("def test_a(): assert 0\n")
    tree = tmp_path / "tree"
    found = findings(tree, {"test_x.py": GOOD}, paths=[os.fspath(outside)])
    assert only("tests/failed", found).location is None
