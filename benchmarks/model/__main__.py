"""`python -m benchmarks.model [--quick]`: the error rates of the model gate, as Markdown tables."""

from __future__ import annotations

import argparse

from benchmarks.model import bounds, families, paired


def main() -> None:
    """Print every table; the long grid takes most of an hour."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows and draws: minutes")
    quick = parser.parse_args().quick
    print("## Accuracy on the same rows, exact\n")
    grid = (500, 2_000) if quick else (500, 2_000, 10_000)
    print(paired.table(list(paired.cells(grid, (0.05, 0.10, 0.20)))), flush=True)
    draws = 2_000 if quick else 20_000
    for clusters in (None, 100):
        rows = 500 if clusters is None else 1_000
        inside = f", {clusters} clusters" if clusters else ""
        print(f"\n## One-sided bounds at 5 %, {draws:,} draws of {rows:,} rows{inside}\n")
        print(bounds.table(list(bounds.misses(draws, rows, clusters=clusters))), flush=True)
    print(f"\n## Families, {draws:,} draws\n")
    print(f"50 slices of 200 rows: any false fail {families.any_slice(draws, 200):.2%}")
    failed, passed = families.any_use(draws, 2_000)
    print(f"32 uses of 2,000 rows: any false fail {failed:.2%}, any false pass {passed:.2%}")
    for metric in ("f1", "roc_auc"):
        _of_families(metric, min(draws, 4_000))


def _of_families(metric: str, draws: int) -> None:
    found = families.any_slice_of(metric, draws, 500)
    failed, passed = families.any_use_of(metric, draws, 2_000)
    print(f"by {metric}, 10 % prevalence, {draws:,} draws: 50 slices of 500 rows, any false fail "
          f"{found:.2%}; 32 uses of 2,000 rows, any false fail {failed:.2%}, "
          f"any false pass {passed:.2%}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
