"""Makes what gates yield fit for store and report: safe text, shown paths, fingerprints, lines."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from mlgate.core.digests import digest_of
from mlgate.core.errors import GateError
from mlgate.core.finding import Figure, Finding, Location
from mlgate.core.snapshot import Snapshot
from mlgate.core.text import plain, shown

_LONGEST = 10_000
_DRAWN = 64 << 10
"""Bytes of figures of a batch; what is beyond is not shown."""


class Facts:
    """The findings and figures of one batch, in the order in which the gate stated them."""

    def __init__(
        self, subject: Snapshot, conceals: bool, spans: bool = False, identifies: bool = False
    ) -> None:
        self.findings: list[tuple[str | None, Finding]] = []
        """Each with the snapshot's path it belongs to."""
        self.figures: list[Figure] = []
        self._room = _DRAWN
        self._subject = subject
        self._conceals = conceals
        self._spans = spans
        self._identifies = identifies
        self._lines: dict[str, list[str]] = {}

    def add(self, stated: Iterable[Finding | Figure]) -> None:
        """Take in what a gate yields."""
        for fact in stated:
            if isinstance(fact, Figure):
                self._draw(fact)
            else:
                path = fact.location.path if fact.location else None
                self.findings.append((path, self._fit(fact)))

    def _draw(self, figure: Figure) -> None:
        size = sum(9 * len(column) + len(name) for name, column in figure.columns.items())
        if size <= self._room:
            self._room -= size
            columns = {plain(name): column for name, column in figure.columns.items()}
            self.figures.append(replace(figure, title=plain(figure.title)[:200], columns=columns))

    def _fit(self, finding: Finding) -> Finding:
        location = finding.location
        # What a gate conceals goes into no report and no store, not even as the digest of a line.
        seen = location is not None and not self._conceals
        before, line, after, *inside = self._around(location) if seen and location else ("",) * 3
        around = () if self._identifies else (before, line, after, *inside)
        text = location.text if location else None
        if location is not None:
            if text is None and location.cell is None and "\n" not in finding.message:
                text = "" if _is_binary(line) else line.rstrip()
            location = replace(
                location,
                path=shown(location.path),
                text=None if self._conceals or not text else plain(text)[:_LONGEST],
            )
        return replace(
            finding,
            message=plain(finding.message)[:_LONGEST],
            help=None if finding.help is None else plain(finding.help)[:_LONGEST],
            location=location,
            fingerprint=fingerprint(finding, *around),
        )

    def _around(self, location: Location) -> tuple[str, ...]:
        """The source line of a location between the ones before and after it, then the others that
        the finding is about."""
        if location.line is None or location.cell is not None:
            return "", location.text or "", ""
        if location.path not in self._lines:
            try:
                content = self._subject.read(location.path)
            except (GateError, KeyError):
                content = b""
            self._lines[location.path] = _lines_of(content)
        lines = self._lines[location.path]
        at = location.line - 1
        last = max(location.end_line or 0, location.line) if self._spans else location.line
        near = (lines[i] if 0 <= i < len(lines) else "" for i in (at - 1, at, last))
        return (*near, *lines[location.line : last])


def _is_binary(line: str) -> bool:
    """True for what tells nobody anything: a fourth of it is no text, or a zero byte is in it."""
    return "\0" in line or line.count("\ufffd") * 4 > len(line)


def _lines_of(content: bytes) -> list[str]:
    """Lines as tools count them: a form feed or a Unicode separator ends none."""
    text = content.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def fingerprint(finding: Finding, *lines: str) -> str:
    """Rule and normalised source line with its neighbours; the message where there is no line."""
    parts = [" ".join(line.split()) for line in lines]
    if not any(parts):
        told = finding.fingerprint or finding.message
        parts = [told, finding.location.path if finding.location else ""]
    text = "\0".join([finding.rule, *parts])
    return digest_of(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
