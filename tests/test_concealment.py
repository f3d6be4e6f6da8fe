"""A secret that was found stands in no report and in no store."""

from __future__ import annotations

import os
from pathlib import Path

from projects import Project


def test_a_password_that_bandit_quotes_is_not_repeated(project: Project) -> None:
    project.put({"mlgate.toml": '[gates.security]\nlevel = "note"\n'})
    project.put({"a.py": 'password = "hunter2hunter2"\n'}).commit()
    for form in ("text", "json"):
        ended = project.run("check", "--format", form)
        assert ended.code == 1 and "B105" in ended.out, ended
        assert "hunter2hunter2" not in ended.out


def test_a_secret_is_never_repeated(project: Project) -> None:
    key = "AKIA" + "R7Q2ZK5WX4TNB6VE"
    cell = '{"cells": [{"cell_type": "code", "execution_count": null, "metadata": {}, "outputs": '
    cell += '[{"name": "stdout", "output_type": "stream", "text": ["' + key + '"]}], "source": []}]'
    project.put(
        {
            "mlgate.toml": "[gates.secrets]\n",
            "a.py": f'AWS_ACCESS_KEY_ID = "{key}"\n',
            "b.ipynb": cell + ', "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        }
    ).commit()
    for form in ("text", "json"):
        ended = project.run("check", "--format", form)
        assert ended.code == 1 and "aws-access-key" in ended.out, ended
        assert "a.py" in ended.out and "b.ipynb" in ended.out
        assert key not in ended.out + ended.err
    store = Path(os.environ["MLGATE_CACHE_DIR"])
    held = b"".join(file.read_bytes() for file in store.iterdir())
    assert b"aws-access-key" in held
    assert key.encode() not in held
