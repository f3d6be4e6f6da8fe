"""What a scan comes to: problems, names, and the budget that a hostile file may use up."""

from __future__ import annotations

from msgspec import Struct

from mlgate.core.patterns import later

SKLEARN = "_sklearn_version"
"""The key by which scikit-learn notes its version in an estimator's state, as the last one
(`sklearn/base.py`, `BaseEstimator.__getstate__`)."""
_VERSION = later(r"\d{1,4}\.\d{1,4}[\w.+]{0,20}")
_MOST_VERSIONS = 8


class Limits(Struct, frozen=True, kw_only=True):
    """What one file may cost; a limit reached refuses the file."""

    opcodes: int = 20_000_000
    """Pickle opcodes, over all streams of the file; values, where it is JSON or the like."""
    unpacked: int = 64 << 30
    """Bytes that come out of its archives and compressed streams."""
    ratio: int = 100
    """Unpacked over packed bytes, once more than `slack` bytes were unpacked."""
    slack: int = 64 << 20
    members: int = 100_000
    """Members of its archives."""
    depth: int = 6
    """Archives and streams inside one another."""


class Problem(Struct, frozen=True):
    """One thing for which a file is refused."""

    rule: str
    """Without its kind: `unknown-name`."""
    message: str
    where: str = ""
    """The member of an archive, `outer.zip/inner.pkl`; empty for the file itself."""
    name: str | None = None
    """`module:name`, where a line of the policy could allow it."""


class Refused(Exception):
    """The scan of these bytes cannot go on, and they are not to be loaded."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


def malformed(message: str) -> Refused:
    """Bytes that a loader may read otherwise than we do."""
    return Refused("malformed", message)


class Scan:
    """The running account of one file."""

    def __init__(self, limits: Limits, allow: frozenset[str] = frozenset()) -> None:
        self.limits = limits
        self.allow = allow
        self.problems: dict[tuple[str, str, str], Problem] = {}
        self.formats: dict[str, None] = {}
        """What was recognised, outermost first."""
        self.sklearn: dict[str, None] = {}
        """Versions of scikit-learn that saved estimators in it."""
        self.opcodes = 0
        self._values = 0
        self._unpacked = 0
        self._members = 0

    def state(self, problem: Problem) -> None:
        """Take up a problem, once."""
        self.problems.setdefault((problem.rule, problem.name or problem.message, problem.where),
                                 problem)  # fmt: skip

    def recognised(self, form: str) -> None:
        """Note a format."""
        self.formats.setdefault(form)

    def saved_by(self, version: object) -> None:
        """Note what an estimator gives as the scikit-learn that saved it."""
        few = len(self.sklearn) < _MOST_VERSIONS
        if few and type(version) is str and _VERSION.fullmatch(version):
            self.sklearn.setdefault(version)

    def values(self, count: int) -> None:
        """Count values of JSON and the like, which cost what opcodes do."""
        self._values += count
        if self._values > self.limits.opcodes:
            raise Refused("limit", f"it holds more than {self.limits.opcodes:,} values")

    def member(self) -> None:
        """Count a member of an archive."""
        self._members += 1
        if self._members > self.limits.members:
            raise Refused("limit", f"it holds more than {self.limits.members:,} members")

    def unpacked(self, size: int, total: int, packed: int) -> None:
        """Count `size` more unpacked bytes, of a stream that came to `total` out of `packed`."""
        self._unpacked += size
        if self._unpacked > self.limits.unpacked:
            raise Refused("limit", f"more than {self.limits.unpacked:,} bytes come out of it")
        if total > self.limits.slack and total > self.limits.ratio * max(packed, 1):
            raise Refused(
                "limit",
                f"it unpacks to more than {self.limits.ratio} times its size: a decompression bomb",
            )
