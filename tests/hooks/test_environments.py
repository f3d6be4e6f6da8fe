"""The hooks in the environments that pre-commit and prek make for them: slow, so apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hooks.conftest import Hooked

pytestmark = pytest.mark.heavy
POLICY = "[gates.format]\n[gates.lint]\n[gates.security]\n[gates.secrets]\n"


def test_a_hook_brings_its_tools(hooked: Hooked) -> None:
    """`additional_dependencies: [".[code]"]` means the hook's own repository to both runners."""
    hooked.forget_tools()
    hooked.use("mlgate")
    hooked.stage({"mlgate.toml": POLICY, "a.py": "import os\n"})
    failed = hooked("run", "--verbose")
    assert failed.code == 1, failed.text
    assert "F401" in failed.text
    hooked.stage({"a.py": "NUMBER = 1\n"})
    passed = hooked("run", "--verbose")
    assert passed.code == 0, passed.text
    assert "4 gates passed" in passed.text
