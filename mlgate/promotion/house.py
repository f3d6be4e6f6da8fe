"""What a promotion stands on: the policy and the signers of the default branch, and a registry."""

from __future__ import annotations

import os
import time
from functools import cached_property, partial
from typing import TYPE_CHECKING

from mlgate.core import parts
from mlgate.core.errors import GateError, UsageError
from mlgate.core.text import shown
from mlgate.promotion import chain as chains
from mlgate.promotion import seen
from mlgate.promotion.errors import Refused
from mlgate.registries._registry import Held, Place, Registry, checked
from mlgate.repo import snapshots
from mlgate.sources.registry import asked

if TYPE_CHECKING:
    from mlgate.core.gate import Context
    from mlgate.core.snapshot import Snapshot
    from mlgate.policy.keys import ModelPolicy
    from mlgate.repo.stored import Stored
    from mlgate.runner.session import Session
    from mlgate.signing.keys import PublicKey

FOLDER = "folder"
_WAITS = (0.1, 0.4)
"""Seconds until what was perhaps half written is looked at again."""


class House:
    """One model, as the tip of the default branch says it is promoted."""

    def __init__(self, session: Session, model: str) -> None:
        self.session = session
        self.model = checked(model)
        self.repo = session.repo
        known = session.policy.models
        if model not in known:
            raise UsageError(
                f"the policy of the {self.tip.label} knows no model {model!r}",
                self._unread() or _nearest(model, list(known)),
            )
        self.terms: ModelPolicy = known[model]
        self.registry: Registry = self._registry()

    def _unread(self) -> str | None:
        """What to do about policies in folders that the root's policy does not name."""
        policies = sorted(path for path in self.tip.files if path.endswith("/mlgate.toml"))
        folders = [path.removesuffix("/mlgate.toml") for path in policies]
        loose = [folder for folder in folders if folder not in self.session.policy.projects]
        if not loose:
            return None
        return (
            f"{shown(loose[0])}/mlgate.toml is not read: name its folder in mlgate.toml at the "
            f'root, projects = ["{shown(loose[0])}"], on the default branch'
        )

    @property
    def tip(self) -> Stored:
        """The commit whose policy and signers count."""
        found = self.session.tip
        if found is None:  # the policy could not have been read without one
            raise UsageError("there is no default branch")
        return found

    def _registry(self) -> Registry:
        kind, _, rest = (self.terms.registry or FOLDER).partition(":")
        shop = self.session.workshop
        place = Place(
            repo=self.repo,
            environ=self.session.environ,
            remote=self.terms.remote,
            network=not self.session.request.offline,
            worker=partial(asked, shop.environment, shop.worker, timeout=_PATIENCE),
        )
        found: Registry = parts.load("registries", kind).registry(place, rest)
        return found

    @property
    def project(self) -> str:
        """The folder of the project whose policy names the model; empty for the root's."""
        return self.session.policy.model_folders.get(self.model, "")

    @property
    def asked(self) -> tuple[str, ...]:
        """The gates that a promotion asks: those that the policy names for the model, or else those
        of its stage, of the root and of the project that the model lies in. Empty for all of them.

        Raises `Refused` where other projects alone have any."""
        if self.terms.gates is not None or not self.session.homes:
            return self.terms.gates or ()
        from mlgate.runner.asked import staged

        path = f"{self.terms.path}/"
        homes = {gate.name: self.session.project_of(gate) for gate in self.session.gates}
        own = {"", self.project, *(home for home in homes.values() if path.startswith(f"{home}/"))}
        names = [name for name in staged(self.session)[0] if homes[name] in own]
        if not names:
            raise Refused(
                f"nothing was judged: {self.project or 'the root'} has no gate of stage promote",
                f'give it one, with `stages = ["promote"]`, or name others: [models.{self.model}] '
                "gates; on the default branch",
            )
        return tuple(names)

    def unkept(self) -> str | None:
        """The folder of a registry that lies in the work tree and that git neither holds nor
        ignores: a `git clean` would take the evidence away."""
        folder = self.registry.folder
        below = os.path.relpath(folder, self.repo.root) if folder else ".."
        if below.split(os.sep)[0] == "..":
            return None
        loose = ("ls-files", "--others", "--exclude-standard", "--directory", "-z", "--", below)
        return below.replace(os.sep, "/") if self.repo.git(*loose) else None

    def read(self) -> tuple[Held, chains.Chain]:
        """What the registry holds, with its chain as far as its links go. Raises `Broken`."""
        kept = seen.newest(self)
        held = self.registry.read(self.model)
        chain = chains.read(self.model, held.records)
        seen.still_there(self, chain, kept)
        return held, chain

    def read_at(self, alias: str) -> tuple[Held, chains.Chain]:
        """The same, looked at again where `alias` is not what the chain says: a remote shows a
        reader its refs one after another while somebody writes them at once."""
        for wait in _WAITS:
            held, chain = self.read()
            if not self.registry.atomic or held.aliases.get(alias) == chain.aliases.get(alias):
                return held, chain
            time.sleep(wait)
        return self.read()

    @cached_property
    def signers(self) -> list[PublicKey]:
        """The keys that the policy names, as they lie at the tip. Raises `GateError`."""
        from mlgate.signing import keys

        named = self.terms.signers or self.session.policy.protect.signers
        if not named:
            raise GateError(
                f"nobody may sign for {self.model}: the policy names no signers",
                f"mlgate keys new FILE, commit FILE.pub, and write [models.{self.model}] "
                'signers = ["FILE.pub"] on the default branch',
            )
        found: list[PublicKey] = []
        for path in named:
            entry = self.tip.files.get(path)
            if entry is None or not entry.is_file:
                raise GateError(
                    f"signers name {shown(path)}, which the {self.tip.label} does not have",
                    "commit the key's .pub file to the default branch",
                )
            found += keys.public(self.tip.read(path), path)
        return found

    def snapshot(self, commit: str) -> Snapshot:
        """The content of a version. Raises `GateError` where its commit is not here."""
        from mlgate.core.errors import RepositoryError

        for known in (self.session.subject, self.tip):
            if known.commit == commit:
                return known
        try:
            return snapshots.commit(self.repo, commit)
        except RepositoryError:
            raise GateError(
                f"the commit {commit[:12]} of {self.model} is not in this clone",
                f"git fetch origin {commit}",
            ) from None

    def context(self, subject: Snapshot) -> Context:
        """What sources are asked with."""
        from mlgate.core.gate import Context

        session, shop = self.session, self.session.workshop
        return Context(
            gate="promotion",
            kind="promotion",
            stage=session.stage,
            options=None,
            subject=subject,
            base=self.tip,
            files=tuple(subject.files),
            work=session.work,
            now=session.now,
            network=session.network,
            named=True,
            withheld=shop.withheld(),
            policies={"base": session.policy.plain()},
            tool=shop.tool,
            environment=shop.environment,
            run=shop.run,
            worker=shop.worker,
            store=session.store,
            progress=lambda _done, _total: None,
        )


def _nearest(model: str, known: list[str]) -> str:
    if known:
        return parts.nearest(model, known)
    return (
        f"write [models.{model}] with `registry` and `path` into mlgate.toml, and merge it into "
        "the default branch"
    )


_PATIENCE = 600.0
"""Seconds that a registry may take to answer."""


def split(name: str) -> tuple[str, str]:
    """`MODEL@ALIAS` in its parts. Raises `UsageError`."""
    model, at, alias = name.partition("@")
    if not at:
        raise UsageError(f"{shown(name)} names no alias", f"write {shown(name)}@production")
    return checked(model), checked(alias, "alias")
