"""Untrusted text, made fit to be shown."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlgate.core.text import counted, plain, shown

WICKED = st.lists(
    st.one_of(
        st.text(alphabet=st.characters(), max_size=4),
        st.sampled_from(
            ["\x1b", "\x1b[", "\x1b]8;;", "\x07", "\x9b", "31m", "::", ":", "##", "#", "[", "vso["]
            + ["\n", "\r", "\r\n", " ", "\t", "\u2028", "\u202e", "\ud800", "\udce9", "error::x"]
        ),
    ),
    max_size=12,
).map("".join)
_COMMAND = re.compile(r"^\s*::|##\[|##vso\[", re.MULTILINE)


def has_controls(text: str) -> bool:
    return any((ord(c) < 32 and c not in "\t\n") or 127 <= ord(c) < 160 for c in text)


@given(WICKED)
def test_plain_text_is_plain(text: str) -> None:
    done = plain(text)
    assert plain(done) == done
    assert not has_controls(done)
    assert not any(_COMMAND.search(line) for line in done.splitlines())
    done.encode("utf-8")


@given(WICKED)
def test_a_shown_path_is_one_plain_line(path: str) -> None:
    done = shown(path)
    assert shown(done) == done
    assert len(done.splitlines()) <= 1 and done.isprintable()
    assert not _COMMAND.search(done)
    done.encode("utf-8")


@given(st.text(alphabet=st.characters(whitelist_categories=("L", "N", "P", "Zs")), max_size=40))
def test_ordinary_text_is_left_alone(text: str) -> None:
    if "::" not in text and "##" not in text:
        assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1bPq~\x1b\\x", "x"),
        ("a\x1b", "a\ufffd"),
        ("\x1b\x1b[0m[31m", "\ufffd[31m"),
        ("a\rb", "a\ufffdb"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("::error::x", ": :error::x"),
        ("x\n  ::set-output name=a::b", "x\n  : :set-output name=a::b"),
        ("std::vector", "std::vector"),
        ("a ##vso[task.complete]", "a # #vso[task.complete]"),
        ("##[error]x", "# #[error]x"),
        ("###[x]", "## #[x]"),
        ("# heading ## two", "# heading ## two"),
        ("ab\u202ecd\u2066", "ab\ufffdcd\ufffd"),
        ("a\u2028::error::x", "a\ufffd::error::x"),
        ("caf\udce9", "caf\\udce9"),
        ("日本 é", "日本 é"),
    ],
)
def test_plain(text: str, safe: str) -> None:
    assert plain(text) == safe


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("a/b c.py", "a/b c.py"),
        ("caf\udce9.py", "caf\\xe9.py"),
        ("new\nline", "new\\nline"),
        ("\u202etxt.py", "\\u202etxt.py"),
        ("::error::x.py", "\\x3a:error::x.py"),
        ("a/##vso[x]", "a/\\x23#vso[x]"),
        ("\ud800", "\\ud800"),
    ],
)
def test_shown(path: str, safe: str) -> None:
    assert shown(path) == safe


@pytest.mark.parametrize("text", ["\n" * 200_000, "\x1b[" * 100_000, " " * 200_000, "#" * 200_000])
def test_long_text_takes_no_long_time(text: str) -> None:
    began = time.process_time()
    plain(text)
    assert time.process_time() - began < 5


def test_counted() -> None:
    assert [counted(n, "file") for n in (0, 1, 2104)] == ["0 files", "1 file", "2,104 files"]
    assert counted(2, "entry", "entries") == "2 entries"
