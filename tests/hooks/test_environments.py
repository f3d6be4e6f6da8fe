"""The hooks in the environments that pre-commit and prek make for them: slow, so apart."""

from __future__ import annotations

import pytest
from test_runners import CLEAN, POLICY, UNUSED, Hooked

pytestmark = pytest.mark.heavy


def test_a_hook_brings_its_tools(hooked: Hooked) -> None:
    """`additional_dependencies: [".[code]"]` is resolved in the hook's own repository."""
    hooked.use("mlgate")
    hooked.stage({"mlgate.toml": POLICY, "a.py": UNUSED})
    failed = hooked("run", PATH_ONLY_SYSTEM="1")
    assert failed.code == 1, failed.text
    assert "F401" in failed.text
    hooked.stage({"a.py": CLEAN})
    passed = hooked("run", PATH_ONLY_SYSTEM="1")
    assert passed.code == 0, passed.text
