"""Kinds of personal data, how each looks in a text, and what proves it.

Patterns are of the RE2 subset, so that engines look for them; what proves is Python. Many numbers
without punctuation have a right check digit by chance: `chance` says how often, so that a gate can
tell a column of card numbers from one of ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from msgspec import Struct

from mlgate.tables import _identity_numbers as numbers

Name: TypeAlias = Literal["email", "phone", "iban", "card", "national-id", "ip", "address"]

_SPACED = str.maketrans("", "", " .-/")


class Kind(Struct, frozen=True, kw_only=True):
    """One form of personal data."""

    name: Name
    form: str
    """Which of several: the country and the number's name; else the name again."""
    pattern: str
    proof: Callable[[str], bool] | None = None
    """Of the text without spaces and dashes, in capitals."""
    chance: float = 0.0
    """How often an arbitrary number of this form passes `proof`."""

    def proven(self, text: str) -> bool:
        """True if what the pattern found is of this kind."""
        return self.proof is None or self.proof(text.translate(_SPACED).upper())


class Sighting(Struct, frozen=True):
    """What one text holds of a kind."""

    form: str
    bare: bool
    """True if it looks like any other number, which may be right by chance."""
    proven: bool


def _phone(digits: str) -> bool:
    return 9 <= sum(c.isdigit() for c in digits) <= 15


def _public(address: str) -> bool:
    """False for what is nobody's address: private, loopback, documentation."""
    import ipaddress

    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


_STREETS = (
    r"\b\d{1,5} (?:[A-Z][a-z]+\.? ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard"
    r"|Blvd|Court|Ct|Square|Terrace|Crescent|Way|Highway|Parkway)\b"
    r"|\b[A-ZÄÖÜ][a-zäöüß-]+(?:straße|strasse|str\.|weg|platz|allee|gasse|straat|laan|plein|gatan"
    r"|vägen|katu) \d{1,4}[a-z]?\b"
    r"|\b\d{1,4},? (?:bis |ter )?(?:rue|avenue|boulevard|chemin|impasse|place|allée) (?:d[eu] "
    r"|de la |des |d')?[A-ZÉÈ]\pL+"
    r"|\b(?:Calle|Avenida|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua|Largo) (?:\pL+ ){0,3}[A-Z]\pL+,?"
    r" (?:n\.? ?º? ?)?\d{1,4}\b"
)
_V6 = r"\b(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4}){1,6}\b"

KINDS = (
    Kind(name="email", form="email",
         pattern=r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"),
    Kind(name="iban", form="iban", proof=numbers.iban,
         pattern=r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"),
    Kind(name="card", form="card", proof=numbers.card, chance=0.1,
         pattern=r"\b[2-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,4}(?:[ -]?\d{1,3})?\b"
         r"|\b3[47]\d{2}[ -]?\d{6}[ -]?\d{5}\b"),
    Kind(name="national-id", form="US social security number", proof=numbers.us_ssn,
         pattern=r"\b\d{3}-\d{2}-\d{4}\b"),
    Kind(name="national-id", form="UK national insurance number", proof=numbers.uk_nino,
         pattern=r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"),
    Kind(name="national-id", form="UK NHS number", proof=numbers.uk_nhs, chance=0.1,
         pattern=r"\b\d{3} ?\d{3} ?\d{4}\b"),
    Kind(name="national-id", form="Spanish DNI or NIE", proof=numbers.es_dni,
         pattern=r"\b(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z]\b"),
    Kind(name="national-id", form="Italian codice fiscale", proof=numbers.it_codice_fiscale,
         pattern=r"\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b"),
    Kind(name="national-id", form="French NIR", proof=numbers.fr_nir, chance=0.011,
         pattern=r"\b[12] ?\d{2} ?[01]\d ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}\b"),
    Kind(name="national-id", form="German tax id", proof=numbers.de_steuer_id, chance=0.1,
         pattern=r"\b[1-9]\d ?\d{3} ?\d{3} ?\d{3}\b"),
    Kind(name="national-id", form="Dutch BSN", proof=numbers.nl_bsn, chance=0.1,
         pattern=r"\b\d{9}\b"),
    Kind(name="national-id", form="Belgian national number", proof=numbers.be_number, chance=0.021,
         pattern=r"\b\d{2}[.]?\d{2}[.]?\d{2}-?\d{3}[.]?\d{2}\b"),
    Kind(name="national-id", form="Polish PESEL", proof=numbers.pl_pesel, chance=0.1,
         pattern=r"\b\d{11}\b"),
    Kind(name="national-id", form="Swedish personnummer", proof=numbers.se_personnummer,
         chance=0.1, pattern=r"\b(?:19|20)?\d{6}[-+]?\d{4}\b"),
    Kind(name="national-id", form="Finnish henkilötunnus", proof=numbers.fi_hetu,
         pattern=r"\b\d{6}[-+A]\d{3}[0-9A-FHJ-NPR-Y]\b"),
    Kind(name="national-id", form="Brazilian CPF", proof=numbers.br_cpf, chance=0.012,
         pattern=r"\b\d{3}\.?\d{3}\.?\d{3}-?\d{2}\b"),
    Kind(name="national-id", form="Indian Aadhaar", proof=numbers.in_aadhaar, chance=0.1,
         pattern=r"\b[2-9]\d{3} ?\d{4} ?\d{4}\b"),
    Kind(name="national-id", form="Chinese identity number", proof=numbers.cn_resident,
         chance=0.1, pattern=r"\b[1-9]\d{5}(?:19|20)\d{9}[0-9X]\b"),
    Kind(name="national-id", form="Canadian SIN", proof=numbers.ca_sin, chance=0.1,
         pattern=r"\b\d{3}[ -]?\d{3}[ -]?\d{3}\b"),
    Kind(name="phone", form="phone", proof=_phone,
         pattern=r"(?:\+|\b00)[1-9]\d{0,2}[ ./-]?(?:\(0?\d{1,4}\)[ ./-]?)?\d(?:[ ./-]?\d){6,12}\b"
         r"|\(?\b[2-9]\d{2}\)?[ .-][2-9]\d{2}[ .-]\d{4}\b"
         r"|\b0\d{1,4}[ /]\d{3,4} ?\d{2,4}(?: \d{2,4})?\b|\b0\d(?:[ .]\d{2}){4}\b"),
    Kind(name="ip", form="ip", proof=None,
         pattern=r"\b(?:\d{1,3}\.){3}\d{1,3}\b|" + _V6),
    Kind(name="address", form="address", pattern=_STREETS),
)  # fmt: skip

_PYTHON = {
    kind.form: re.compile(kind.pattern.replace(r"\pL", r"[^\W\d_]"),
                          0 if kind.form == "address" else re.ASCII)
    for kind in KINDS
}  # fmt: skip
_DIGITS = re.compile(r"\d(?:[ ./-]{0,2}\d){7}", re.ASCII)


def chosen(names: Iterable[str]) -> tuple[Kind, ...]:
    """The kinds of those names."""
    wanted = set(names)
    return tuple(kind for kind in KINDS if kind.name in wanted)


def sightings(text: str, kinds: Iterable[Kind]) -> list[Sighting]:
    """What a text holds of each kind; of several of one kind the most certain."""
    numbered = _DIGITS.search(text) is not None
    found = []
    for kind in kinds:
        if (kind.name == "email" and "@" not in text) or (kind.chance and not numbered):
            continue
        best: Sighting | None = None
        sure = []
        for match in _PYTHON[kind.form].finditer(text):
            one = Sighting(kind.form, _bare(kind, match[0]), _proven(kind, match[0]))
            if best is None or (one.proven, not one.bare) > (best.proven, not best.bare):
                best = one
            if one.proven and not one.bare:
                sure.append(match[0])
        for part in sure:  # the digits of an account are no telephone number besides
            text = text.replace(part, "#")
        if best is not None:
            found.append(best)
    return found


def _bare(kind: Kind, text: str) -> bool:
    """True for digits that look like any other number, spaces between them or not."""
    weak = kind.chance >= 0.05 and kind.name == "national-id"
    return kind.chance > 0 and (weak or text.isalnum())


def _proven(kind: Kind, text: str) -> bool:
    return _public(text) if kind.name == "ip" else kind.proven(text)
