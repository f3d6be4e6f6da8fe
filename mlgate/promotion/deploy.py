"""Runs what the policy wants run after a promotion; each command leaves a record."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlgate import process
from mlgate.core.errors import GateError
from mlgate.promotion import planned, promote, record
from mlgate.registries._registry import Moved

if TYPE_CHECKING:
    from mlgate.promotion.chain import Chain
    from mlgate.promotion.house import House
    from mlgate.signing.keys import SecretKey

_ATTEMPTS = 20
_NOT_STARTED = 127
_PATIENCE = 3600.0


def owed(house: House, chain: Chain, alias: str) -> tuple[tuple[str, ...], ...]:
    """The commands of `on_promote` that did not end well since the alias moved last: a run was
    killed before them, or one failed."""
    moves = chain.moves(alias)
    since = chain.links[moves[-1].act.number :] if moves else ()
    ran = [one.act.command for one in since if one.act.alias == alias]
    well = {one.argv for one in ran if one is not None and one.exit_code == 0}
    return tuple(argv for argv in house.terms.on_promote if argv not in well)


def run(
    house: House, done: planned.Plan, key: SecretKey, commands: Sequence[tuple[str, ...]]
) -> Iterator[tuple[record.Ran, str]]:
    """Each command that was run, with what it said; one that fails ends it."""
    for argv in commands:
        ran, said = _run(house, done, argv)
        _recorded(house, done, key, ran)
        yield ran, said
        if ran.exit_code:
            return


def _run(house: House, done: planned.Plan, argv: tuple[str, ...]) -> tuple[record.Ran, str]:
    environment = house.session.policy.environment
    env = process.project_environment(
        house.session.environ,
        environment.pass_env,
        {
            "MLGATE_MODEL": house.model,
            "MLGATE_ALIAS": done.alias,
            "MLGATE_VERSION": done.version.name,
            "MLGATE_COMMIT": done.commit,
        },
    )
    try:
        ended = process.run(
            [*environment.run, *argv],
            cwd=os.path.join(house.repo.root, house.project),
            env=env,
            timeout=_PATIENCE,
        )
    except GateError as error:
        said = f"{error.message}\n".encode()
        code, duration = _NOT_STARTED, 0.0
    else:
        said, code, duration = ended.stdout + ended.stderr, ended.returncode, ended.duration
    ran = record.Ran(
        argv=argv, exit_code=code, duration=duration, output=hashlib.sha256(said).hexdigest()
    )
    return ran, said.decode("utf-8", "replace")


def _recorded(house: House, done: planned.Plan, key: SecretKey, ran: record.Ran) -> None:
    """Append what was run; that it ran stays true whoever promotes meanwhile, so it is tried
    until it stands."""
    for attempt in range(_ATTEMPTS):
        held, chain = house.read()
        after = replace(done, held=held, chain=chain, action=record.COMMAND, new=False)
        try:
            promote.append(house, after, key, done.bytes, {"command": ran})
            return
        except Moved:
            if attempt == _ATTEMPTS - 1:
                raise
