"""Promotes again and again, as one of several processes: `writer.py FOLDER KEY ALIAS TIMES`."""

from __future__ import annotations

import os
import sys

from mlgate.core.words import Stage
from mlgate.promotion import planned, promote
from mlgate.promotion.house import House
from mlgate.registries._registry import Moved
from mlgate.runner.request import Request
from mlgate.runner.session import open_session
from mlgate.signing import keys


def main(folder: str, key_path: str, versions: tuple[str, str], times: int) -> None:
    request = Request(start=folder, stage=Stage.PROMOTE, version="HEAD")
    house = House(open_session(request, os.environ), "churn")
    key = keys.secret(key_path)
    done = lost = 0
    while done < times:
        try:
            held = house.registry.read("churn").aliases["production"]
            wanted = versions[0] if held == versions[1] else versions[1]
            plan = planned.plan(house, "production", wanted, first=False, dry=True)
            if plan.done:
                continue
            promote.conclude(house, plan, None, (), key)
        except Moved:
            lost += 1
            continue
        done += 1
    print(done, lost)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], (sys.argv[3], sys.argv[4]), int(sys.argv[5]))
