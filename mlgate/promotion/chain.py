"""The chain: records that each name the one before, and what they say of every alias."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mlgate.core.text import plain
from mlgate.promotion import record as records
from mlgate.promotion.errors import Broken
from mlgate.promotion.record import MOVING, PROVING, ROLLBACK, Act, Statement

if TYPE_CHECKING:
    from mlgate.signing.dsse import Envelope
    from mlgate.signing.keys import PublicKey


class Link(Struct, frozen=True, kw_only=True):
    """A record in its place."""

    digest: str
    statement: Statement
    envelope: Envelope
    notes: tuple[str, ...] = ()
    """What was mended when it had been appended."""

    @property
    def act(self) -> Act:
        """What was done."""
        return self.statement.predicate


class Chain(Struct, frozen=True, kw_only=True):
    """All records of a model, oldest first; every one names the one before."""

    model: str
    links: tuple[Link, ...] = ()

    @property
    def head(self) -> str | None:
        """What the next record must name."""
        return self.links[-1].digest if self.links else None

    def moves(self, alias: str) -> list[Link]:
        """The records that moved `alias`."""
        return [one for one in self.links if one.act.alias == alias and one.act.action in MOVING]

    @property
    def aliases(self) -> dict[str, str]:
        """Alias to version: what the registry has to show."""
        return {one.act.alias: one.act.version for one in self.links if one.act.action in MOVING}

    def proof(self, alias: str, version: str) -> Link | None:
        """The newest record by which gates let `version` through to `alias`."""
        proving = [one for one in self.moves(alias) if one.act.action in PROVING]
        return next((one for one in reversed(proving) if one.act.version == version), None)

    def before(self, alias: str) -> str | None:
        """The version to roll back to: the one that stood there before this one came, however
        often that was rolled back already."""
        stack: list[str] = []
        for link in self.moves(alias):
            if link.act.action == ROLLBACK and link.act.version in stack:
                del stack[stack.index(link.act.version) + 1 :]
            elif stack[-1:] != [link.act.version]:
                stack.append(link.act.version)
        return stack[-2] if len(stack) > 1 else None


def read(model: str, stored: Sequence[bytes]) -> Chain:
    """The chain of `stored` records. Raises `Broken`, naming the first record that does not fit."""
    links: list[Link] = []
    for number, raw in enumerate(stored, 1):
        try:
            statement, envelope = records.opened(raw)
        except ValueError as error:
            raise Broken(f"tampered record: number {number} of {model}: {error}", _MEND) from None
        act = statement.predicate
        if (act.model, act.number) != (model, number):
            raise Broken(
                f"broken chain: what stands as record {number} of {model} was made as record "
                f"{act.number} of {plain(act.model)}",
                _MEND,
            )
        if act.previous != (links[-1].digest if links else None):
            cause = f"record {number - 1} was changed, or one was taken out"
            raise Broken(
                f"broken chain: record {number} of {model} does not follow the record before it"
                + (f"; {cause}" if links else ""),
                _MEND,
            )
        digest = records.digest(raw)
        links.append(Link(digest=digest, statement=statement, envelope=envelope))
    return Chain(model=model, links=tuple(links))


_MEND = "bring the records back from a copy that verifies (another clone, a backup of the registry)"


def trust(chain: Chain, signers: Iterable[PublicKey]) -> None:
    """Raises `Broken` where the newest record is not by one of `signers`.

    That one vouches for all before it, which it names by their digests: signers may leave.
    """
    from mlgate.signing import dsse

    keys = list(signers)
    if not chain.links or dsse.signers(chain.links[-1].envelope, keys):
        return
    link, known = chain.links[-1], {key.fingerprint for key in keys}
    hinted = [plain(one.keyid) for one in link.envelope.signatures]
    number, model = link.act.number, chain.model
    if any(one in known for one in hinted):
        raise Broken(
            f"tampered record: number {number} of {model} is not what its key signed", _MEND
        )
    raise Broken(
        f"wrong key: record {number} of {model} is signed by {', '.join(hinted) or 'nobody'}, "
        "which no signer of the policy is",
        "if its signer has left, let a present one judge and sign anew: "
        f"mlgate admit {model}@{link.act.alias} --key FILE",
    )
