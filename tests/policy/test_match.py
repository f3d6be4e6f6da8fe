from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlgate.policy.match import complaint, matcher, select, under

PIECES = ["a", "b", "ab", "a.py", "*", "**", "***", "*.py", "?", "??", "[ab]", "[!a]", "a*", "*b"]
PIECES += ["\\a", "[a-b]*", "a b", "[", "a\\", "\\*", "a**b", ".*", "[[:alpha:]]", "[]a]", "[^b]"]
PIECES += ["é", "[é]", "\\!a", "#a", "[a-", "[[:x:]]", "[\\]]", "a**", "**a"]
NAMES = ["a", "b", "ab", "a.py", "b.py", "a b", "*", "a\n", "xaby", ".a", "é", "[", "a\\", "]"]
NAMES += ["\udc80a", "!a", "#a", " a", "a "]

bodies = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("/".join)
patterns = st.tuples(
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/"]),
    bodies,
    st.sampled_from(["", "", "/"]),
    st.sampled_from(["", "", "", " ", "\\ "]),
).map("".join)
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

Ignored = Callable[..., set[str]]


@pytest.fixture
def ignored(tmp_path: Path) -> Ignored:
    """What git itself ignores under patterns in a folder's `.gitignore`."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    def ask(lines: list[str], files: list[str], folder: str = "") -> set[str]:
        (tmp_path / folder).mkdir(exist_ok=True, parents=True)
        (tmp_path / folder / ".gitignore").write_bytes("\n".join(lines).encode() + b"\n")
        ran = subprocess.run(
            ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "--stdin", "-z"],
            input=b"\0".join(path.encode("utf-8", "surrogateescape") for path in files),
            capture_output=True,
        )
        names = ran.stdout.split(b"\0")[:-1]
        return {name.decode("utf-8", "surrogateescape") for name in names}

    return ask


@quick
@given(lines=st.lists(patterns, min_size=1, max_size=4), files=st.lists(paths, max_size=40))
def test_matches_what_git_ignores(ignored, lines, files):
    assert matcher(tuple(lines))(files) == ignored(lines, files)


@quick
@given(lines=st.lists(patterns, min_size=1, max_size=3), files=st.lists(paths, max_size=20))
def test_patterns_under_a_folder_mean_what_a_gitignore_there_means(ignored, lines, files):
    below = [f"x/y z/{path}" for path in files] + files
    found = matcher(under("x/y z", lines))(below)
    assert found == ignored(lines, below, "x/y z")


def test_selects_in_order():
    held = ["b.py", "vendor/c.py", "a.md", "a.py"]
    assert select(held, ("*.py",), ("vendor/",)) == ["b.py", "a.py"]
    assert select(held, (), ()) == held
    assert select(held, ("*.py", "!a.py"), ()) == ["b.py", "vendor/c.py"]


@pytest.mark.parametrize(
    ("pattern", "fine"),
    [
        *[("vendor/", True), ("*.py", True), ("!a", True), (r"\#a", True), ("**/x", True)],
        *[("", False), (" ", False), ("/", False), ("!", False), ("#a", False), ("./a", False)],
        *[("../a", False), ("a/./b", False), ("[a", False), ("a\\", False), ("a\nb", False)],
    ],
)
def test_says_what_is_no_pattern(pattern, fine):
    assert (complaint(pattern) is None) == fine


def test_what_is_no_pattern_matches_nothing():
    assert matcher(())(["a"]) == matcher(("[a",))(["a", "[a"]) == matcher(("#a",))(["#a"]) == set()
