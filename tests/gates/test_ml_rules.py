"""The rules `ML1xx`: each with what it must find and what only looks like it."""

from __future__ import annotations

import pytest

from mlgate.core.errors import GateError
from mlgate.gates import _ml_rules, security

DANGEROUS = {
    "ML101": [
        "import joblib\njoblib.load(p)",
        "import joblib as j\nj.load(p)",
        "from joblib import load as l\nl(p)",
        "from sklearn.externals import joblib\njoblib.load(p)",
        "import joblib\ngetattr(joblib, 'load')(p)",
        "import joblib\nload = joblib.load\nload(p)",
        "import importlib\nimportlib.import_module('joblib').load(p)",
        "try:\n    import joblib\nexcept ImportError:\n    joblib = None\njoblib.load(p)",
        "def f():\n    import joblib\n    return joblib.load(p)",
        "import joblib\nclass A:\n  def f(self):\n    with open(p) as f:\n      joblib.load(f)",
        "import joblib\nx = [joblib.load(p) for p in ps]",
    ],
    "ML102": [
        "import numpy as np\nnp.load(p, allow_pickle=True)",
        "from numpy import load\nload(p, None, True)",
    ],
    "ML103": [
        "AutoModel.from_pretrained(n, trust_remote_code=True)",
        "load_dataset(n, **{'trust_remote_code': True})",
    ],
    "ML104": [
        "import cloudpickle\ncloudpickle.load(f)",
        "import cloudpickle as pickle\npickle.loads(b)",
        "from dill import load_session\nload_session(p)",
        "import dill\ngetattr(dill, 'loads')(b)",
        "import joblib.externals.cloudpickle as c\nc.loads(b)",
    ],
    "ML105": [
        "import mlflow\nmlflow.pyfunc.load_model('https://x/m')",
        "import mlflow.sklearn\nmlflow.sklearn.load_model(model_uri='s3://b/m')",
        "from mlflow.pyfunc import load_model\nload_model(f'gs://{b}/m')",
        "from mlflow import pytorch as p\nURI = 'http://x'\np.load_model(URI)",
        "import mlflow\nmlflow.pyfunc.load_model('dbfs:/m')",
    ],
    "ML106": [
        "df.query(text, engine='python')",
        "df.eval(f'a > {x}', engine='python')",
        "import pandas as pd\npd.eval(text)",
        "df.query('@__builtins__', engine='python')",
    ],
    "ML107": ["df.query('name.str.len() > 3', engine='python')"],
}

HARMLESS = [
    "import joblib\njoblib.dump(x, p)",
    "import json\njson.load(p)",
    "from mylib import joblib\njoblib.load(p)",
    "from . import joblib\njoblib.load(p)",
    "def f(joblib):\n    return joblib.load(p)",
    "import joblib\njoblib = Mine()\njoblib.load(p)",
    "self.joblib.load(p)",
    "import joblib\nx = 'joblib.load(p)'",
    "import numpy as np\nnp.load(p)",
    "import numpy as np\nnp.load(p, allow_pickle=False)",
    "import numpy as np\nnp.save(p, x, allow_pickle=True)",
    "from mylib import load\nload(p, allow_pickle=True)",
    "f(trust_remote_code=False)",
    "f(trust_remote_code=flag)",
    "def f(trust_remote_code=True): ...",
    "{'trust_remote_code': False}",
    "import cloudpickle\ncloudpickle.dumps(x)",
    "import mlflow\nmlflow.pyfunc.load_model('models:/churn/3')",
    "import mlflow\nmlflow.pyfunc.load_model('model')",
    "import mlflow\nmlflow.pyfunc.load_model(uri)",
    "from mine import mlflow\nmlflow.pyfunc.load_model('https://x')",
    "df.query('a > 1')",
    "df.query(text)",
    "session.query(User)",
    "client.query(f'select {x}', engine='duckdb')",
    "import pandas as pd\npd.eval('1 + 1')",
    "model.eval()",
    "",
]


def rules(tmp_path, code, heed=True):
    file = tmp_path / "a.py"
    file.write_text(code)
    return [fact["rule"] for fact in _ml_rules.judge(str(file), heed)]


@pytest.mark.parametrize(
    ("rule", "code"), [(rule, code) for rule, codes in DANGEROUS.items() for code in codes]
)
def test_finds(tmp_path, rule, code):
    assert rules(tmp_path, code) == [rule]
    assert f"security/{rule}" in security.rules


@pytest.mark.parametrize("code", HARMLESS)
def test_leaves_lookalikes_alone(tmp_path, code):
    assert rules(tmp_path, code) == []


@pytest.mark.parametrize(
    ("comment", "silent"),
    [
        ("# nosec", True),
        ("# nosec: ML101", True),
        ("#nosec B301, ML101 - digest checked above", True),
        ("# nosec B301", False),
        ("# nosecurity", False),
        ("# a comment on nosec", False),
    ],
)
def test_nosec(tmp_path, comment, silent):
    code = f"import joblib\njoblib.load(p)  {comment}\n"
    assert rules(tmp_path, code) == ([] if silent else ["ML101"])
    assert rules(tmp_path, code, heed=False) == ["ML101"]
    long = f"import joblib\njoblib.load(\n    p,  {comment}\n)\n"
    assert rules(tmp_path, long) == ([] if silent else ["ML101"])


def test_the_gate_states_them_with_place_and_mend(ask):
    found = ask("security", {"a.py": "import joblib\n\nm = joblib.load(\n    'm'\n)\n"})
    (finding,) = found
    assert finding.rule == "security/ML101"
    place = finding.location
    assert (place.path, place.line, place.column, place.end_line) == ("a.py", 3, 5, 5)
    assert "skops" in finding.help


def test_what_bandit_says_already_is_not_said_twice(ask):
    found = ask("security", {"a.py": "import dill\ndill.load(f)\n"})
    assert [f.rule for f in found] == ["security/B403", "security/B301"]


@pytest.mark.parametrize(
    ("config", "args"),
    [
        ({"pyproject.toml": '[tool.bandit]\nexclude_dirs = ["old"]\n'}, []),
        ({".bandit": "[bandit]\nexclude = ./old\n"}, []),
        ({"bandit.yaml": "exclude_dirs: [old/]\n"}, []),
        ({}, ["-x", "old"]),
        ({}, ["--exclude=./old/*"]),
    ],
)
def test_what_bandit_excludes_is_excluded_here(ask, config, args):
    code = "import joblib\njoblib.load(p)\n"
    files = {**config, "old/a.py": code, "b.py": code}
    found = ask.brief("security", files, options={"args": args})
    assert found == [("security/ML101", "b.py", 2)]


@pytest.mark.parametrize("program", ["", "print('rubbish')", 'print(\'{"name": "a.py"}\')'])
def test_rules_that_do_not_end_are_an_error(ask, tmp_path, monkeypatch, program):
    script = tmp_path / "script.py"
    script.write_text(program)
    monkeypatch.setattr(security, "_SCRIPT", str(script))
    with pytest.raises(GateError, match="mlgate rules"):
        ask("security", {"a.py": "x = 1\n"})
