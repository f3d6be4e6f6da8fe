"""No false alarm: what the libraries themselves save is harmless, however it is saved."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tarfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor, NearestNeighbors
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from mlgate.artifacts.content import scan_file
from mlgate.artifacts.outcome import Limits

ROWS = np.random.default_rng(0).random((60, 3))
LABELS = (ROWS[:, 0] > 0.5).astype(int)
FRAME = pd.DataFrame(ROWS, columns=list("abc")).assign(t=["u", "v"] * 30)
FRAME = FRAME.assign(day=pd.date_range("2026-01-01", periods=60), kind=pd.Categorical(["x"] * 60))

OTHERS = [
    AdaBoostClassifier(n_estimators=3), BaggingClassifier(n_estimators=3), BayesianRidge(),
    BernoulliNB(), CalibratedClassifierCV(), ElasticNet(), ExtraTreesRegressor(3), GaussianNB(),
    GaussianMixture(), HuberRegressor(), KMeans(2, n_init=1), Lasso(),
    LinearDiscriminantAnalysis(), LinearRegression(), LinearSVC(), LocalOutlierFactor(novelty=True),
    MLPClassifier(max_iter=2000, tol=0.01, random_state=0), MiniBatchKMeans(2),
    NearestNeighbors(), OneVsRestClassifier(SVC()),
    PCA(2), QuantileTransformer(n_quantiles=5), Ridge(), RidgeClassifier(), SimpleImputer(),
    StackingClassifier([("a", GaussianNB())]), TruncatedSVD(2), VotingClassifier([("a", SVC())]),
    RandomizedSearchCV(Ridge(), {"alpha": [0.1, 1, 2]}, n_iter=2),
]  # fmt: skip
ESTIMATORS = [
    RandomForestClassifier(5), GradientBoostingClassifier(n_estimators=3),
    HistGradientBoostingClassifier(max_iter=3), IsolationForest(n_estimators=3), SVC(),
    KNeighborsClassifier(algorithm="kd_tree"), KNeighborsClassifier(algorithm="ball_tree"),
    make_pipeline(StandardScaler(), FunctionTransformer(np.sinh), LogisticRegression()),
    GridSearchCV(SGDClassifier(), {"alpha": [0.1, 0.2]}, scoring=["accuracy", "f1"], refit="f1"),
    GaussianProcessRegressor(optimizer=None), *OTHERS,
]  # fmt: skip
VALUES = [
    *(estimator.fit(ROWS, LABELS) for estimator in ESTIMATORS),
    IsotonicRegression().fit(ROWS[:, 0], LABELS),
    make_pipeline(
        ColumnTransformer([("o", OneHotEncoder(), ["t"]), ("n", StandardScaler(), ["a"])]),
        DecisionTreeClassifier(),
    ).fit(FRAME, LABELS),
    TfidfVectorizer().fit(["a good one", "another one"]),
    FRAME, FRAME["a"], FRAME.set_index(["t", "a"]), pd.Timestamp("2026-01-01", tz="UTC"),
    scipy.sparse.csr_matrix(ROWS), scipy.sparse.csc_array(ROWS), np.random.default_rng(1),
    np.asfortranarray(ROWS), np.zeros((400, 400)), np.array([{}, None], object), np.float32(1),
    np.zeros(3, [("a", "f4"), ("b", "O")]), np.zeros(3, [("a", "f4"), ("b", "i8")]),
    np.array(["2026"], "M8[D]"), np.array(["text"]), {1, 2}, b"bytes", 1 << 80, 1.5, "x" * 100_000,
]  # fmt: skip


def alarms(path: Path) -> list[str]:
    scan = scan_file(str(path), path.name, Limits(), frozenset())
    assert scan.formats or scan.problems
    return [problem.message for problem in scan.problems.values()]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_saved_by_pickle_and_joblib(tmp_path: Path, value: object) -> None:
    path = tmp_path / "model"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path.write_bytes(pickle.dumps(value, protocol))
        assert alarms(path) == [], protocol
    joblib.dump(value, path)
    assert alarms(path) == []


@pytest.mark.parametrize("form", ["zlib", "gzip", "bz2", "lzma", "xz", "lz4"])
@pytest.mark.parametrize("value", [VALUES[0], np.zeros(3, [("a", "O")])], ids=["forest", "objects"])
def test_saved_by_joblib_compressed(tmp_path: Path, form: str, value: object) -> None:
    joblib.dump(value, tmp_path / "model", compress=(form, 3))
    assert alarms(tmp_path / "model") == []


def test_saved_by_numpy(tmp_path: Path) -> None:
    for value in (ROWS, np.array([{}], object), np.zeros(3, [("a", "f4"), ("b", "2i8")]),
                  np.float64(1), np.array(["ü"]), np.zeros((0, 3))):  # fmt: skip
        np.save(tmp_path / "a.npy", value)
        assert alarms(tmp_path / "a.npy") == []
    np.savez(tmp_path / "b.npz", a=ROWS, b=np.array([{}], object))
    np.savez_compressed(tmp_path / "c.npz", a=ROWS)
    with tarfile.open(tmp_path / "d.tar", "w") as archive:
        archive.add(tmp_path / "b.npz", "b.npz")
    assert alarms(tmp_path / "d.tar") == []
    assert alarms(tmp_path / "b.npz") + alarms(tmp_path / "c.npz") == []


BOOSTERS = """
import numpy as np, pickle, joblib, xgboost, lightgbm, skops.io, skl2onnx, safetensors.numpy
from sklearn.ensemble import RandomForestClassifier
x = np.random.rand(80, 3); y = (x[:, 0] > .5).astype(int)
one = xgboost.XGBClassifier(n_estimators=3).fit(x, y)
two = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(x, y)
for name, model in {"x": one, "l": two, "xb": one.get_booster(), "lb": two.booster_}.items():
    joblib.dump(model, name + ".joblib"); pickle.dump(model, open(name + ".pkl", "wb"))
one.save_model("x.json"); one.save_model("x.ubj"); two.booster_.save_model("l.txt")
forest = RandomForestClassifier(3).fit(x, y)
skops.io.dump(forest, "f.skops"); skops.io.dump(one, "x.skops"); skops.io.dump(two, "l.skops")
raw = skl2onnx.to_onnx(forest, x[:1].astype("f4")).SerializeToString()
open("f.onnx", "wb").write(raw)
safetensors.numpy.save_file({"a": np.zeros((2, 3), "f4"), "b": np.zeros(4, "i8")}, "s.safetensors")
"""
TORCH = """
import torch
m = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))
torch.save(m.state_dict(), "sd.pt")
torch.save(m.state_dict(), "old.pt", _use_new_zipfile_serialization=False)
o = torch.optim.Adam(m.parameters()); m(torch.rand(5, 3)).sum().backward(); o.step()
net = torch.nn.Sequential(
    torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.GELU(), torch.nn.MaxPool2d(2),
    torch.nn.Flatten(), torch.nn.Linear(8, 8), torch.nn.LayerNorm(8), torch.nn.Dropout(0.5),
    torch.nn.TransformerEncoderLayer(8, 2), torch.nn.Upsample(scale_factor=2), torch.nn.Softmax(1),
)
torch.save(net, "whole.pt")
torch.save(net, "whole_old.pt", _use_new_zipfile_serialization=False)
torch.save({"m": m.state_dict(), "o": o.state_dict(), "half": torch.zeros(3).half(), "epoch": 1,
            "p": torch.nn.Parameter(torch.zeros(2)), "sparse": torch.eye(3).to_sparse(),
            "t": torch.float32, "f8": torch.zeros(2).to(torch.float8_e4m3fn)}, "ck.pt")
"""
OLDER = """
import joblib, numpy as np, pandas as pd
from sklearn.cluster import BisectingKMeans, FeatureAgglomeration
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import *
from sklearn.linear_model import PoissonRegressor, SGDRegressor, TweedieRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, SplineTransformer, StandardScaler
x = np.random.default_rng(0).random((60, 4)); y = (x[:, 0] > .5).astype(int)
frame = pd.DataFrame(x, columns=list("abcd")).assign(t=["u", "v"] * 30)
made = [
    ColumnTransformer([("o", OneHotEncoder(), ["t"])], remainder=StandardScaler()).fit(frame),
    GridSearchCV(GradientBoostingClassifier(n_estimators=2), {"max_depth": [1, 2]}).fit(x, y),
    KNeighborsClassifier(algorithm="ball_tree", metric="canberra").fit(x, y),
    *(one.fit(x, y) for one in (
        GradientBoostingRegressor(n_estimators=2), HistGradientBoostingClassifier(max_iter=2),
        HistGradientBoostingRegressor(max_iter=2), PoissonRegressor(), TweedieRegressor(),
        SGDRegressor(loss="huber"), BisectingKMeans(2), FeatureAgglomeration(),
        SplineTransformer(), RandomForestClassifier(2))),
    LabelEncoder().fit(y),
]
for number, model in enumerate(made):
    joblib.dump(model, f"{number}-{type(model).__name__}.joblib")
"""
CATBOOST = """
import pickle, numpy as np
from catboost import CatBoost, CatBoostClassifier, CatBoostRegressor
x = np.random.rand(60, 3); y = (x[:, 0] > .5).astype(int)
told = {"iterations": 2, "verbose": 0, "allow_writing_files": False}
for model in (CatBoost(told), CatBoostClassifier(**told), CatBoostRegressor(**told)):
    pickle.dump(model.fit(x, y), open(type(model).__name__ + ".pkl", "wb"))
"""


@pytest.mark.parametrize(
    "name",
    ["_loss:CyHalfBinomialLoss", "_loss:__pyx_unpickle_CyHalfSquaredError",
     "sklearn._loss._loss:__pyx_unpickle_CyHalfPoissonLoss",
     "sklearn.compose._column_transformer:_RemainderColsList",
     "sklearn.metrics._dist_metrics:CanberraDistance", "catboost.core:CatBoostClassifier"],
)  # fmt: skip
def test_what_other_releases_call(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(f"c{name.replace(':', chr(10))}\n(tR.".encode())
    assert alarms(path) == []


def test_a_class_that_older_torch_asks_for_by_id(tmp_path: Path) -> None:
    """As `torch.save(model, ..., _use_new_zipfile_serialization=False)` writes a layer."""
    head = b"".join(pickle.dumps(one, 2) for one in (0x1950A86A20F9469CFC6C, 1001, {}))
    layer = "(Vmodule\nctorch.nn.modules.{0}\nV{0}.py\nVclass\ntQ)\x81}}b."
    path = tmp_path / "layer.pt"
    for name, told in (("linear\nLinear", 0), ("linear\nNone", 1), ("rnn\nLSTM", 1)):
        body = layer.format(name).replace("V" + name, "Vsource").encode("latin-1")
        path.write_bytes(head + b"\x80\x02" + body + b"\x80\x02].")
        assert len(alarms(path)) == told, alarms(path)


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("packages", "script"),
    [("scikit-learn==1.2.2 numpy<2 pandas<2.2", OLDER),
     ("scikit-learn==1.5.2 numpy<2.3 pandas<3", OLDER),
     ("catboost", CATBOOST),
     ("xgboost lightgbm scikit-learn skops skl2onnx onnx safetensors joblib", BOOSTERS),
     ("torch==2.13.0 numpy", TORCH)],
    ids=["sklearn-1.2", "sklearn-1.5", "catboost", "boosters", "torch"],
)  # fmt: skip
def test_saved_by_others(tmp_path: Path, packages: str, script: str) -> None:
    folder, made = tmp_path / "venv", tmp_path / "made"
    made.mkdir()
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", folder], check=True)
    install = [*uv, "pip", "install", "-q", "--python", folder / "bin/python", *packages.split()]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"not installable here: {done.stderr.strip().splitlines()[-1:]}")
    subprocess.run([folder / "bin/python", "-W", "ignore", "-c", script], cwd=made, check=True)
    found = {path.name: alarms(path) for path in made.iterdir()}
    assert len(found) >= 3
    assert {name: told for name, told in found.items() if told} == {}
