"""Makes the pictures of docs/images: a real run of a small project, in a terminal and as a page.

python docs/screenshots.py          needs mlgate[code,data,model,report], playwright and chromium
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES = Path(__file__).parent / "images"
SCREEN = {"width": 1200, "height": 900}
POLICY = """\
[gates.format]

[gates.lint]

[gates.customers]
kind = "data"
table = "data/customers.csv"
rows = { min = 5_000 }
unique = ["customer"]
[gates.customers.columns.age]
nulls = { max = 0.02 }
between = [18, 110]
[gates.customers.columns.income]
nulls = { max = 0.02 }
[gates.customers.columns.tenure]
nulls = { max = 0.02 }

[gates.drift]
table = "data/customers.csv"
against = "data/reference.csv"
ignore = ["customer"]

[gates.churn]
kind = "model"
task = "binary"
predictions = "eval/predictions.csv"
id = "customer"
label = "churned"
score = "p_churn"
slices = ["plan"]
[[gates.churn.require]]
metric = "roc_auc"
min = 0.80
max_drop = 0.01
[[gates.churn.require]]
metric = "log_loss"
max = 0.60
"""
TRAIN = """\
\"\"\"Train the churn model.\"\"\"

import os
import json


def load(path):
    with open(path) as file:
        return json.load(file)
"""
ROWS = 6_000


def build(folder: Path) -> None:
    """A repository whose branch brings a worse model, older customers, an unused import."""
    random = np.random.default_rng(7)
    for name in ("data", "eval", "src"):
        (folder / name).mkdir(parents=True)
    write(folder / "mlgate.toml", POLICY)
    write(folder / "src/train.py", TRAIN.replace("import os\n", ""))
    write(folder / "data/reference.csv", customers(random, older=0.0))
    write(folder / "data/customers.csv", customers(random, older=0.0))
    label, truth = labels(random)
    write(folder / "eval/predictions.csv", predictions(random, label, truth, noise=0.9))
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "First model")
    for run in range(6):
        git(folder, "checkout", "-q", "-B", "retrain")
        noise = 0.8 + 0.03 * run
        write(folder / "eval/predictions.csv", predictions(random, label, truth, noise=noise))
        commit(folder, f"Retrain, run {run + 1}")
        check(folder)
    write(folder / "src/train.py", TRAIN)
    write(folder / "data/customers.csv", customers(random, older=4.0))
    write(folder / "eval/predictions.csv", predictions(random, label, truth, noise=1.15))
    commit(folder, "Newer customers, smaller model")


def customers(chance: np.random.Generator, older: float) -> str:
    age = np.clip(chance.normal(44 + older, 12, ROWS), 18, 100).round(1)
    income = chance.lognormal(10.4, 0.5, ROWS).round()
    tenure = chance.gamma(2, 14, ROWS).round()
    shown_age = [f"{a}" if chance.random() > (0.035 if older else 0.01) else "" for a in age]
    lines = [
        f"{i},{a},{b:.0f},{c:.0f}"
        for i, (a, b, c) in enumerate(zip(shown_age, income, tenure, strict=True))
    ]
    return "\n".join(["customer,age,income,tenure", *lines, ""])


def labels(chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    truth = chance.normal(-0.7, 1.6, ROWS)
    return chance.random(ROWS) < 1 / (1 + np.exp(-truth)), truth


def predictions(
    chance: np.random.Generator, label: np.ndarray, truth: np.ndarray, noise: float
) -> str:
    said = 1 / (1 + np.exp(-(truth + chance.normal(0, noise, ROWS))))
    plans = ["basic", "family", "premium", "student"]
    lines = [
        f"{i},{plans[i * 7 % 13 % 4]},{int(y)},{p:.5f}"
        for i, (y, p) in enumerate(zip(label, said, strict=True))
    ]
    return "\n".join(["customer,plan,churned,p_churn", *lines, ""])


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def git(folder: Path, *args: str) -> None:
    person = ["-c", "user.name=A Person", "-c", "user.email=person@example.org"]
    subprocess.run(["git", *person, *args], cwd=folder, check=True)  # nosec B607 - the one on PATH


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


def check(folder: Path, *args: str, **environ: str) -> str:
    """The text of `mlgate check`, whatever its verdict."""
    store = {"MLGATE_CACHE_DIR": str(folder.parent / "store")}
    done = subprocess.run(
        [sys.executable, "-m", "mlgate", "check", "--base", "main", *args],
        cwd=folder,
        env={**os.environ, **store, **environ},
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, 1):
        sys.exit(f"mlgate check ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def picture_of_text(text: str, path: Path) -> None:
    """A terminal, drawn by rich."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=104, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ mlgate check", style="bold"))
    console.print(Text.from_ansi(text.rstrip()))
    drawn = console.export_svg(title="mlgate check")
    write(path, "".join(f"{line.rstrip()}\n" for line in drawn.splitlines()))


def pictures_of_page(page: Path) -> None:
    """What chromium shows of the head of a page, in both themes, and of the numbers of a model."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("error: there is no chromium\n mend: apt-get install chromium")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, theme in (("report.png", "light"), ("report-dark.png", "dark")):
            shown = browser.new_page(viewport=SCREEN, device_scale_factor=1.5, color_scheme=theme)
            shown.goto(page.as_uri())
            shown.screenshot(path=IMAGES / name)
            if theme == "light":
                picture_of_model(shown, IMAGES / "report-model.png")
        browser.close()


def picture_of_model(shown: Page, path: Path) -> None:
    """The part of the gate `churn`, down to where its findings are listed."""
    part = shown.locator("section.gate", has=shown.locator("h2", has_text="churn"))
    around = part.bounding_box()
    findings = part.locator("h3", has_text="Findings").bounding_box()
    if around is None or findings is None:
        sys.exit("error: the page shows no gate `churn` with findings")
    whole = {**around, "height": findings["y"] - around["y"] - 16}
    shown.screenshot(path=path, full_page=True, clip=whole)


def main() -> None:
    """Build, check, take the pictures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--keep", type=Path, help="build the project in this folder and keep it")
    keep: Path | None = asked.parse_args().keep
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        top = keep or Path(scratch)
        build(top / "churn")
        page = top / "report.html"
        said = check(
            top / "churn", "--format", "text", "--format", f"html:{page}",
            FORCE_COLOR="1", COLUMNS="104",
        )  # fmt: skip
        picture_of_text(said, IMAGES / "terminal.svg")
        pictures_of_page(page)


if __name__ == "__main__":
    main()
