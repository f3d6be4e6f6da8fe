"""`mlgate check --rows FILE`: every row that made a data gate fail, as Parquet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlgate.cli._opened import opened
from mlgate.core.errors import GateError, UsageError
from mlgate.core.text import counted, shown
from mlgate.core.words import Outcome

if TYPE_CHECKING:
    from mlgate.core.report import Report
    from mlgate.policy.model import GatePolicy
    from mlgate.runner.request import Request
    from mlgate.runner.session import Session


def checked(file: str) -> str:
    """The file's absolute path. Raises `UsageError` where it cannot be written."""
    path = os.path.abspath(file)
    if not path.endswith(".parquet"):
        raise UsageError(f"{shown(file)} is no Parquet file by its name", "--rows rows.parquet")
    folder = os.path.dirname(path)
    if not os.access(folder, os.W_OK) or os.path.isdir(path):
        raise UsageError(f"{shown(file)} cannot be written", "name a file in a folder of yours")
    return path


def write(report: Report, request: Request, path: str) -> Iterator[str]:
    """Write the rows of each data gate that failed, and say so; of several gates, each its own
    file, named after it."""
    failed = {v.gate for v in report.verdicts if v.kind == "data" and v.outcome is Outcome.FAILED}
    with opened(
        stage=request.stage, base=request.base, project=request.project, offline=request.offline
    ) as session:
        gates = [gate for gate in session.policy.gates if gate.kind == "data"]
        if not gates:
            raise UsageError("the policy has no data gate", "--rows writes rows of their tables")
        for gate in gates:
            if gate.name in failed:
                yield _written(session, gate, _named(path, gate.name) if len(gates) > 1 else path)
    if not failed:
        yield "no data gate failed: no rows written"


def _named(path: str, gate: str) -> str:
    return f"{path.removesuffix('.parquet')}.{gate.replace('/', '-')}.parquet"


def _written(session: Session, gate: GatePolicy, path: str) -> str:
    """Write one gate's rows, whole or not at all."""
    from tempfile import TemporaryDirectory

    from mlgate.gates import _data_failing
    from mlgate.policy.check import validate
    from mlgate.runner import plan

    job = plan.make_job(session, gate, validate(session.policy)[gate.name])
    if job.ctx is None or job.error is not None:
        raise GateError(f"{gate.name}: {job.error or job.skipped}", job.help)
    with TemporaryDirectory(prefix=".mlgate-rows-", dir=os.path.dirname(path)) as folder:
        made = os.path.join(folder, "rows.parquet")
        count = _data_failing.write(job.ctx, made)
        if count is None:
            return f"{gate.name}: failed, but not by single rows: none written"
        os.replace(made, path)
    return f"{gate.name}: {counted(count, 'failing row')} written to {shown(path)}"
