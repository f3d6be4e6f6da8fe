from __future__ import annotations

import os
import sys

import pytest

from mlgate import testing
from mlgate.core.errors import GateError
from mlgate.core.gate import Tool
from mlgate.core.words import Level
from mlgate.gates import format as gate

UGLY = 'x = {  "a":1 }\n'


def test_names_the_file_the_line_and_the_difference(ask):
    (finding,) = ask("format", {"a.py": "import os\n\n" + UGLY, "b.py": "x = 1\n"})
    assert (finding.rule, finding.location.path, finding.location.line) == (
        "format/black",
        "a.py",
        3,
    )
    assert finding.level is Level.WARNING
    assert finding.message.splitlines() == [
        "1 line would change",
        '-x = {  "a":1 }',
        '+x = {"a": 1}',
    ]
    assert finding.help == "mlgate fix"


def test_the_difference_stays_short(ask):
    (finding,) = ask("format", {"a.py": "x =  1\n" * 100})
    assert len(finding.message.splitlines()) == 13
    assert finding.message.splitlines()[0] == "100 lines would change"
    assert finding.message.splitlines()[-1].endswith("more")


def test_each_run_of_lines_is_a_finding(ask):
    code = "a =  1\nb = 2\nc = [\n  1,\n]\ndef f(): pass\n"
    found = ask("format", {"a.py": code})
    assert [(f.location.line, f.location.end_line) for f in found] == [
        (1, None),
        (4, None),
        (6, None),
    ]
    assert found[2].message.splitlines() == [
        "4 lines would change",
        "-def f(): pass",
        "+",
        "+",
        "+def f():",
        "+    pass",
    ]


def test_lines_that_are_put_in_belong_to_the_one_that_follows(ask):
    (found,) = ask("format", {"a.py": "a = 1\ndef f():\n    pass\n"})
    assert (found.location.line, found.location.end_line) == (2, None)


def test_writes_nothing_into_the_tree(ask):
    ask("format", {"a.py": UGLY, "b.py": "x = (\n"})
    assert sorted(p.name for p in ask.folder.rglob("*")) == ["a.py", "b.py"]
    assert (ask.folder / "a.py").read_text() == UGLY


@pytest.mark.parametrize(
    "content",
    [b"x = (\n", b"\0\1\2", b"\xff\xfe", "# coding: utf-8\nx = '\xe9'\n".encode("latin-1")],
    ids=["syntax", "binary", "utf-16", "wrong cookie"],
)
def test_what_cannot_be_parsed_is_a_finding_beside_the_others(ask, content):
    found = ask("format", {"a.py": UGLY, "b.py": content, "c.py": UGLY})
    assert [f.rule for f in found] == ["format/black", "format/syntax-error", "format/black"]
    assert found[1].level is Level.ERROR
    assert found[1].location.path == "b.py"


@pytest.mark.parametrize(
    "content",
    [b"", b"x = 1\r\n", b"\xef\xbb\xbfx = 1\n", b"x = 1\n\x0c\ny = 1\n"],
    ids=["empty", "CRLF", "BOM", "form feed"],
)
def test_unusual_but_well_formatted(ask, content):
    assert ask("format", {"a.py": content}) == []


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"x =  1\r\ny = 1\r\n", 1),
        (b"\xef\xbb\xbfx =  1\n", 1),
        ("# coding: latin-1\nx =  '\xe9'\n".encode("latin-1"), 2),
        (b"x = 1\n\x0c\ny =  1\n", 3),
    ],
    ids=["CRLF", "BOM", "latin-1", "form feed"],
)
def test_unusual_and_ill_formatted(ask, content, line):
    assert ask.brief("format", {"a.py": content}) == [("format/black", "a.py", line)]


@pytest.mark.parametrize(
    "name", ["--config=x.py", "a b.py", "n\nl.py", "\udcff.py", "é.py", "-.py", "d/\x1b[31m.py"]
)
def test_unusual_names(ask, name):
    path = os.path.join(os.fspath(ask.folder), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(UGLY)
    assert ask.brief("format", {"ok.py": "x = 1\n"}) == [("format/black", name, 1)]


def test_a_huge_file_is_named_and_not_asked_about(ask):
    found = ask("format", {"big.py": "x = 1\n" * 400_000, "a.py": UGLY})
    assert [(f.rule, f.level) for f in found] == [
        ("format/not-judged", Level.ERROR),
        ("format/black", Level.WARNING),
    ]
    assert "larger than 2 MB" in found[0].message


def test_the_repository_s_configuration_holds(ask):
    pyproject = "[tool.black]\nline-length = 40\nskip-string-normalization = true\n"
    long = "x = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', 'c']\n"
    assert ask("format", {"a.py": long.replace("'", '"')}) == []
    assert ask.brief("format", {"pyproject.toml": pyproject, "a.py": long}) == [
        ("format/black", "a.py", 1)
    ]


@pytest.mark.parametrize("key", ["extend-exclude", "force-exclude", "exclude"])
@pytest.mark.parametrize("value", ["'/legacy/'", "'^/legacy/'", "'''\n/legacy/ # old\n'''"])
def test_what_the_configuration_excludes_is_not_judged(ask, key, value):
    files = {
        "pyproject.toml": f"[tool.black]\n{key} = {value}\n",
        "legacy/a.py": UGLY,
        "b.py": UGLY,
    }
    assert ask.brief("format", files) == [("format/black", "b.py", 1)]


def test_the_user_s_configuration_does_not_hold(ask, tmp_path):
    home = tmp_path / "home" / ".config"
    home.mkdir(parents=True)
    (home / "black").write_text("[tool.black]\nline-length = 20\n")
    (tmp_path / "pyproject.toml").write_text("[tool.black]\nline-length = 20\n")
    environ = {**os.environ, "HOME": str(home.parent), "XDG_CONFIG_HOME": str(home)}
    assert ask("format", {"a.py": "x = [1111111111111, 22222222222]\n"}, environ=environ) == []


def test_a_broken_configuration_is_an_error(ask):
    with pytest.raises(GateError, match=r"black .* refused its configuration"):
        ask("format", {"pyproject.toml": "[tool.black]\nline-length = [\n", "a.py": UGLY})


def test_the_repository_s_own_black_is_never_imported(ask):
    trap = "raise SystemExit(0)\n"
    files = dict.fromkeys(
        ["black.py", "black/__init__.py", "click.py", "sitecustomize.py", "usercustomize.py"], trap
    )
    assert ask.brief("format", {**files, "a.py": UGLY}) == [("format/black", "a.py", 1)]


def test_fix_offers_whole_contents_and_writes_nothing(ask):
    ask("format", {"a.py": UGLY, "b.py": "x = 1\n", "c.py": b"y =  1\r\n", "d.py": "x = (\n"})
    edits = list(gate.fix(testing.context(gate, ask.folder, kind="format")))
    assert [(e.path, e.before, e.after) for e in edits] == [
        ("a.py", UGLY.encode(), b'x = {"a": 1}\n'),
        ("c.py", b"y =  1\r\n", b"y = 1\r\n"),
    ]
    assert (ask.folder / "a.py").read_text() == UGLY


def test_arguments_of_the_policy(ask):
    options = {"args": ["--skip-string-normalization"]}
    assert ask("format", {"a.py": "x = 'a'\n"}, options=options) == []
    with pytest.raises(GateError, match="No such option"):
        ask("format", {"a.py": "x = 'a'\n"}, options={"args": ["--nonsense"]})


def test_a_configuration_named_in_the_arguments(ask):
    options = {"args": ["--config", "cfg/black.toml"]}
    files = {"cfg/black.toml": "[tool.black]\nline-length = 10\n", "a.py": "x = [111, 222]\n"}
    assert len(ask("format", files, options=options)) == 1
    with pytest.raises(GateError, match=r"cfg/none\.toml"):
        ask("format", files, options={"args": ["--config=cfg/none.toml"]})


def test_a_version_that_differs_from_the_policy_s(ask):
    options = {"version": "1.0"}
    with pytest.raises(GateError, match=r"the policy names black 1\.0, found is"):
        ask("format", {"a.py": UGLY}, options=options)
    assert len(ask("format", {"a.py": UGLY}, options=options, named=False)) == 1
    ctx = testing.context(gate, ask.folder, kind="format", options=options, named=False)
    assert "the repository uses 1.0" in gate.inputs(ctx).judged


def test_the_key_changes_with_all_that_decides(ask):
    ask("format", {"a.py": UGLY})

    def also(**more):
        return gate.inputs(testing.context(gate, ask.folder, **more)).also

    first = also()
    assert also() == first
    assert also(options={"args": ["--preview"]}) != first
    (ask.folder / "pyproject.toml").write_text("[tool.other]\n")
    assert also() == first
    (ask.folder / "pyproject.toml").write_text("[tool.black]\n")
    assert also() != first


def test_nothing_to_do(ask):
    assert gate.inputs(testing.context(gate, ask.folder)) is None


@pytest.mark.parametrize(
    ("program", "match"),
    [
        ("import sys; sys.exit(7)", "exit code 7"),
        ("print('rubbish')", "no answer"),
        ("print('{\"end\": true}')", "did not answer for every file"),
        ('print(\'{"name": "a.py"}\')', "exit code 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "exit code -9"),
        ("", "exit code 0"),
    ],
)
def test_a_formatter_that_misbehaves_never_passes(ask, tmp_path, program, match):
    ctx_tool = testing.context(gate, ask.folder).tool("black")
    import msgspec

    fake = msgspec.structs.replace(ctx_tool, argv=(sys.executable, "-c", program), entry=None)
    with pytest.raises(GateError, match=match):
        ask("format", {"a.py": UGLY}, tool=lambda name: fake)


def commanded(*argv):
    return lambda name: Tool(name=name, version="24.1", argv=argv, identity=b"")


def test_a_black_of_which_only_the_command_is_known(ask):
    pyproject = "[tool.black]\nline-length = 40\nextend-exclude = 'legacy/'\n"
    files = {"pyproject.toml": pyproject, "a.py": UGLY, "ok.py": "x = 1\n", "bad.py": "def\n"}
    files["legacy/old.py"] = UGLY
    found = ask.brief("format", files, tool=commanded(sys.executable, "-m", "black"))
    assert found == ask.brief("format", files)
    assert [rule for rule, _, _ in found] == ["format/black", "format/syntax-error"]


def test_a_command_that_is_no_black(ask):
    with pytest.raises(GateError, match="exit code 1"):
        ask("format", {"a.py": UGLY}, tool=commanded(sys.executable, "-c", "raise SystemExit(1)"))
