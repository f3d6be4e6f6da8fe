"""`python -m benchmarks.model [--quick]`: the error rates of the model gate, as Markdown tables."""

from __future__ import annotations

import argparse
import sys

from benchmarks.model import rates


def main() -> int:
    """Print every table and what was promised; exit with 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows and draws: minutes")
    kept = True
    for row in rates.rows(parser.parse_args().quick):
        print(f"{row.what}: {row.ours} ({row.budget}{'' if row.met else ', NOT KEPT'})", flush=True)
        kept = kept and row.met
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
