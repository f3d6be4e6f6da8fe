"""Protects the policy from the change under judgement: what it alters, and what binds instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from mlgate.core import parts
from mlgate.core.errors import PolicyError, UsageError
from mlgate.core.text import shown
from mlgate.policy import tool_config
from mlgate.policy.alterations import Alteration, between, leaves
from mlgate.policy.check import validate
from mlgate.policy.model import OWN, GatePolicy, Policy
from mlgate.policy.read import reader
from mlgate.runner import policies
from mlgate.runner.memo import SUFFIX, Protected
from mlgate.runner.watches import Watch, watches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlgate.core.snapshot import Snapshot
    from mlgate.repo.changes import Change
    from mlgate.runner.session import Session

_EMPTY = policies.Resolved(Policy(source=None, digest="").guarded(), {})
_NAMES = frozenset({"mlgate.toml", "pyproject.toml"})


class Protection:
    """The change of the policy, and what is judged under the base's because of it."""

    def __init__(self, session: Session, head: Mapping[str, Any]) -> None:
        self._session = session
        self._head = policies.Resolved(session.policy, session.homes)
        self.base: policies.Resolved | None = self._head
        """The base's policy; None where it has none."""
        self._base_options: Mapping[str, Any] = head
        self._head_options = head
        self.alterations: tuple[Alteration, ...] = ()
        self._compare()

    @property
    def record(self) -> Protected | None:
        """What the run and its memo need; None where the head's policy binds alone."""
        if not self.alterations:
            return None
        base = (self.base or _EMPTY).policy
        return Protected(
            own=base.own,
            twins=tuple(self._twins()),
            waivers=self._waivers(),
            subject=self._subject(),
            signers=base.protect.signers,
        )

    def options(self) -> dict[str, Any]:
        """The options of the twins, by their names."""
        return {name + SUFFIX: options for name, options in self._base_options.items()}

    def subject_of(self, twin: str) -> Snapshot | None:
        """The head's files under the base's tool configuration, where that was altered."""
        from mlgate.runner.mixture import Mixture

        name = twin.removesuffix(SUFFIX)
        files = {
            path: old for one in self.alterations if name in one.gates for path, old in one.files
        }
        base = self._session.binding.base
        if not files or base is None:
            return None
        sources = {path: old for path, old in files.items() if old is not None}
        head = self._session.subject
        ours = [path for path in head.files if path not in files]
        return Mixture(head, base, from_base=sources, from_head=ours)

    # -- what differs ----------------------------------------------------------------------------

    def _compare(self) -> None:
        base = self._session.binding.base
        if base is None:
            return
        found: list[Alteration] = []
        if self._touched():
            try:
                self.base = _resolved(self._session, base)
                self._base_options = validate(self.base.policy) if self.base else {}
            except PolicyError as error:
                found = [_unreadable(error)]
                self.base, self._base_options = _EMPTY, validate(_EMPTY.policy)
            if self.base is None:
                return
            if not found:
                source = self._head.policy.source or self.base.policy.source or ""
                found = between(self.base.policy.plain(), self._plain_head(), source)
        if self.base is not None:
            found += _merged(self._of_files(base))
        self.alterations = tuple(found)

    def _plain_head(self) -> dict[str, Any]:
        """The head's policy; an empty one where it was removed, whatever is adopted instead."""
        return (_EMPTY if self._session.adopted else self._head).policy.plain()

    def _touched(self) -> list[str]:
        """The files of the policy itself that the change touches."""
        read = [self._head.policy, *(policy for _, policy in self._head.homes.values())]
        labels = {file.label for policy in read for file in policy.files}
        return [
            path
            for change in self._session.binding.changes
            for path in _paths(change)
            if shown(path) in labels or path.rpartition("/")[2] in _NAMES
        ]

    def _of_files(self, base: Snapshot) -> Iterator[Alteration]:
        """Alterations of tool configuration, allow-lists, scripts and signers' keys."""
        known = self.base.policy if self.base else self._head.policy
        gates = {gate.name for gate in known.gates}
        watched = [
            Watch("", paths=frozenset(known.keys)),
            *(watches(self.base, self._base_options) if self.base else ()),
            *(w for w in watches(self._head, self._head_options) if w.gate in gates),
        ]
        for change in self._session.binding.changes:
            for path in _paths(change):
                for watch in watched:
                    if watch.concerns(path):
                        yield from self._of_file(base, path, watch)

    def _of_file(self, base: Snapshot, path: str, watch: Watch) -> Iterator[Alteration]:
        before, after = (_settings(where, path, watch) for where in (base, self._session.subject))
        files = ((path, path if path in base.files else None),)
        for one in leaves((), before, after, shown(path), (watch.gate,) if watch.gate else ()):
            yield replace(one, remark=watch.remark, files=files)

    # -- what binds ------------------------------------------------------------------------------

    def _twins(self) -> Iterator[GatePolicy]:
        """The base's gates that are altered, under names of their own."""
        altered = {name for one in self.alterations for name in one.gates}
        asked = self._session.request.gates
        for gate in self.base.policy.gates if self.base else ():
            stages = gate.stages
            if stages is None:
                stages = tuple(parts.load("gates", gate.kind).stages)
            wanted = not asked or {gate.name, gate.kind} & set(asked)
            if gate.name not in altered or gate.kind == OWN or not wanted:
                continue
            if self._session.stage in stages:
                needs = tuple(n + SUFFIX if n in altered else n for n in gate.needs)
                yield replace(gate, name=gate.name + SUFFIX, needs=needs)

    def homes(self) -> dict[str, tuple[str, Policy]]:
        """Where each twin stands: its project's folder, and the base's policy."""
        if self.base is None:
            return {}
        root = ("", self.base.policy)
        return {
            gate.name + SUFFIX: self.base.homes.get(gate.name, root)
            for gate in self.base.policy.gates
        }

    def _waivers(self) -> dict[str, Any]:
        from mlgate.runner.terms import accepted

        if self.base is None:
            return {}
        bound = {name: accepted(policy.waivers) for name, (_, policy) in self.homes().items()}
        for gate in self._head.policy.gates:
            head = self._session.policy_of(gate)
            base = self.base.homes.get(gate.name, ("", self.base.policy))[1]
            bound[gate.name] = accepted(_common(head, base))
        return bound

    def _subject(self) -> str:
        """SHA-256 over the alterations, and over the commit that last touched their files, so that
        what was approved once and taken back is not approved again."""
        import hashlib

        from mlgate.repo import history

        files = {path for one in self.alterations for path, _ in one.files}
        paths = sorted({*self._touched(), *files})
        base = self._session.binding.base
        last = base and history.last_change(self._session.repo, str(base.commit), paths)
        said = [(one.place, one.key, one.before, one.after) for one in self.alterations]
        return hashlib.sha256(msgspec.json.encode([last, said])).hexdigest()


def _resolved(session: Session, base: Snapshot) -> policies.Resolved | None:
    try:
        found = policies.resolve(reader(base), base, session.project)
    except UsageError:  # the project is new
        return _EMPTY
    return found and found._replace(policy=found.policy.guarded())


def _paths(change: Change) -> tuple[str, ...]:
    old = change.old_path
    return (change.path,) if old in (None, change.path) else (change.path, str(old))


def _settings(where: Snapshot, path: str, watch: Watch) -> dict[str, Any]:
    entry = where.files.get(path)
    if entry is None or not entry.is_file:
        return {}
    if not watch.sections:
        return {"content": entry.id[:12]}
    return tool_config.settings(path, where.read(path), watch.sections)


def _unreadable(error: PolicyError) -> Alteration:
    before = f"unreadable at the base: {error.problems[0]}"
    return Alteration(place="policy", key="", before=before, after="(read)")


def _merged(found: Iterable[Alteration]) -> list[Alteration]:
    """The same alteration seen for several gates, once."""
    one_each: dict[tuple[str, str], Alteration] = {}
    for one in found:
        other = one_each.get((one.place, one.key))
        if other is not None:
            gates = tuple(dict.fromkeys([*other.gates, *one.gates]))
            remark = other.remark and one.remark
            one = replace(other, gates=gates, remark=remark)
        one_each[one.place, one.key] = one
    return list(one_each.values())


def _common(head: Policy, base: Policy) -> list[Any]:
    """The head's waivers that the base has too, the stricter of the two."""
    left = list(base.waivers)
    common = []
    for waiver in head.waivers:
        for old in left:
            if (old.rule, old.path) == (waiver.rule, waiver.path):
                left.remove(old)
                most, until = min(old.max, waiver.max), min(old.until, waiver.until)
                common.append(replace(waiver, max=most, until=until))
                break
    return common
