from __future__ import annotations

import subprocess
import sys

import msgspec

from mlgate.tools import detect_secrets


def test_the_script_verifies_nothing_even_when_asked_to() -> None:
    path = "detect_secrets.filters.common.is_ignored_due_to_verification_policies"
    text = detect_secrets.Text("a.py", "a.py", "key = '" + "AKIA" + "Q3EGRZ7XWJ5PLVKT'\n")
    request = detect_secrets.Request(texts=[text], filters=[{"path": path, "min_level": 2}])
    done = subprocess.run(
        [sys.executable, "-I", detect_secrets.SCRIPT],
        input=msgspec.json.encode(request),
        capture_output=True,
        check=True,
    )
    answer = msgspec.json.decode(done.stdout, type=detect_secrets.Answer)
    assert [secret.type for secret in answer.found] == ["AWS Access Key"]
