"""The script for cron retrains on 1, and on it alone."""

from __future__ import annotations

import pytest
from executors import TEMPLATES, run

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize(("content", "code", "retrains"), [("", 0, 0), ("  ", 1, 1), (None, 2, 0)])
def test_cron_retrains_on_one_alone(change, offline, content, code, retrains):
    gates = "[gates.nothing]\n" if content is None else '[gates.files]\nstages = ["monitor"]\n'
    change.write(mlgate_DOT_toml=gates, b_DOT_py=f"y = 2{content or ''}\n").commit("m")
    change.git("push", "-q", "--set-upstream", "origin", "feature")
    ended, out = run(
        TEMPLATES / "cron" / "monitor.sh", "touch", "retrained", cwd=change.folder, env=offline
    )
    assert ended == (0 if retrains else code), out
    assert (change.folder / "retrained").exists() is bool(retrains), out


def test_cron_does_not_retrain_where_the_clone_cannot_be_renewed(change, offline):
    change.git("remote", "set-url", "origin", "/nowhere")
    ended, _ = run(
        TEMPLATES / "cron" / "monitor.sh", "touch", "retrained", cwd=change.folder, env=offline
    )
    assert ended == 3
    assert not (change.folder / "retrained").exists()
