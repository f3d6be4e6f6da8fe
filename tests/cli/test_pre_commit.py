from __future__ import annotations

import pytest
import yaml

from mlgate.cli import _pre_commit
from mlgate.core.errors import UsageError

CONFIG = """\
# our hooks
default_stages: [pre-commit]
repos:
  # formatting
  - repo: https://example.org/black
    rev: 24.1.0
    hooks:
      - id: black  # the formatter
        args: [--line-length=100]

  # basics
  - repo: https://example.org/basics
    rev: v4
    hooks:
      - id: trailing-whitespace
      - id: keep-me
        args:
          - --one
          - --two
      # a word on the last one
      - id: end-of-file-fixer
        exclude: |
          (?x)^(
            a|b
          )$
ci:
  skip: [black]
"""


def ids(content):
    return [hook["id"] for _, hook in _pre_commit.entries(yaml.safe_load(content))]


def test_the_entry_is_added_as_the_last_of_repos():
    after = _pre_commit.with_entry(CONFIG)
    assert ids(after) == [*ids(CONFIG), "mlgate", "mlgate-push"]
    for line in CONFIG.splitlines():
        assert line in after.splitlines()
    assert after.index("mlgate-push") < after.index("ci:")


@pytest.mark.parametrize(
    "content",
    [
        "repos:\n- repo: local\n  hooks:\n  - id: a\n",
        "repos:\n- repo: local\n  hooks:\n  - id: a",
        "repos:\r\n    - repo: local\r\n      hooks:\r\n          - id: a\r\n",
        "repos:\n- repo: local\n  hooks: [{id: a}]\n\n# the end\n",
        "repos:   # all of them\n\n  - repo: local\n    hooks:\n    - id: a\nfail_fast: true\n",
    ],
)
def test_the_entry_takes_the_layout_of_the_file(content):
    after = _pre_commit.with_entry(content)
    assert ids(after) == ["a", "mlgate", "mlgate-push"]
    assert ("\r\n" in content) == ("\r\n" in after)
    assert after.count("\r\n") in (0, after.count("\n"))


@pytest.mark.parametrize(
    "content",
    [
        "repos: []\n",
        "{repos: [{repo: local, hooks: [{id: a}]}]}\n",
        "repos: [\n]\n",
        "a: 1\n",
        "a: [",
    ],
)
def test_what_cannot_be_edited_safely_is_refused(content):
    with pytest.raises(UsageError):
        _pre_commit.with_entry(content)


def test_hooks_are_removed_and_nothing_else():
    after = _pre_commit.without(CONFIG, {"trailing-whitespace", "end-of-file-fixer"})
    assert ids(after) == ["black", "keep-me"]
    for kept in ("# our hooks", "# basics", "- --two", "# a word on the last one", "skip: [black]"):
        assert kept in after
    assert "(?x)" not in after


def test_a_repository_without_hooks_goes_too():
    after = _pre_commit.without(CONFIG, {"black"})
    assert "example.org/black" not in after
    assert "# basics" in after


def test_all_may_go():
    after = _pre_commit.without("repos:\n- repo: local\n  hooks:\n  - id: a\n", {"a"})
    assert yaml.safe_load(after) == {"repos": []}


def test_hooks_in_flow_style_are_not_touched():
    with pytest.raises(UsageError, match="edit safely"):
        _pre_commit.without("repos:\n- repo: local\n  hooks: [{id: a}, {id: b}]\n", {"a"})


def test_who_calls_mlgate():
    assert not _pre_commit.calls(yaml.safe_load(CONFIG))
    assert len(_pre_commit.calls(yaml.safe_load(_pre_commit.with_entry(CONFIG)))) == 1


def test_an_unreadable_file_is_told(tmp_path):
    (tmp_path / _pre_commit.FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="cannot be read"):
        _pre_commit.text(str(tmp_path))
    assert _pre_commit.read(str(tmp_path)) == {}
