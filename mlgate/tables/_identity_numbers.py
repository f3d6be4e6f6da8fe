"""Check digits of numbers that name a person, an account or a card: each from its issuer's rule.

A check takes the number without spaces, dots and dashes, in capitals; its pattern has seen to the
length and the kinds of characters.
"""

from __future__ import annotations

from collections.abc import Sequence

_VERHOEFF = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_TURNS = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3,
         6, 8, 12, 14, 16, 10, 22, 25, 24, 23],
        strict=True,
    )
)  # fmt: skip
_MONTHS = "ABCDEHLMPRST"
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28,
    "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23,
    "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
    "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
    "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: cards, Canadian and Swedish numbers."""
    total = sum(map(int, digits[-1::-2]))
    return (total + sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])) % 10 == 0


def card(digits: str) -> bool:
    """A payment card: its issuer's range and length, and Luhn's digit."""
    two, four, size = int(digits[:2]), int(digits[:4]), len(digits)
    ranges = (
        (digits[0] == "4" and size in (13, 16, 19)),
        (51 <= two <= 55 or 2221 <= four <= 2720) and size == 16,
        two in (34, 37) and size == 15,
        (four == 6011 or two in (64, 65)) and size in (16, 19),
        3528 <= four <= 3589 and size == 16,
        two in (36, 38, 39) and size == 14,
        two == 62 and 16 <= size <= 19,
    )
    return any(ranges) and len(set(digits)) > 1 and luhn(digits)


def iban(number: str) -> bool:
    """ISO 13616: the country's length, and 1 as the remainder by 97."""
    if _IBAN_LENGTHS.get(number[:2]) != len(number):
        return False
    return int("".join(str(int(c, 36)) for c in number[4:] + number[:4])) % 97 == 1


def us_ssn(digits: str) -> bool:
    """A social security number that may have been issued; it has no check digit."""
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and (
        digits[5:] != "0000"
    )  # fmt: skip


def uk_nino(number: str) -> bool:
    """A national insurance number: prefixes that are issued; it has no check digit."""
    return number[:2] not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def _weighed(digits: str, weights: Sequence[int]) -> int:
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False))


def uk_nhs(digits: str) -> bool:
    """NHS number: 11 less the remainder by 11."""
    check = 11 - _weighed(digits, range(10, 1, -1)) % 11
    return check != 10 and check % 11 == int(digits[9]) and len(set(digits)) > 1


def es_dni(number: str) -> bool:
    """DNI and NIE: the letter of the remainder by 23."""
    digits = str("XYZ".find(number[0])) + number[1:8] if number[0] in "XYZ" else number[:8]
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23] == number[8]


def it_codice_fiscale(number: str) -> bool:
    """Codice fiscale: a month, and the letter of the sum by 26."""
    even = sum(int(c) if c.isdigit() else ord(c) - 65 for c in number[1:15:2])
    total = even + sum(_ODD[c] for c in number[0:15:2])
    return number[8] in _MONTHS and chr(65 + total % 26) == number[15]


def fr_nir(number: str) -> bool:
    """Numero de securite sociale: 97 less the remainder by 97; Corsica counts as 19 and 18."""
    digits = number.replace("2A", "19").replace("2B", "18")
    return digits.isdigit() and 97 - int(digits[:13]) % 97 == int(digits[13:])


def de_steuer_id(digits: str) -> bool:
    """Steuerliche Identifikationsnummer: ISO 7064 mod 11,10; some digit comes twice or thrice."""
    product = 10
    for digit in digits[:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return len(set(digits[:10])) in (8, 9) and (11 - product) % 10 == int(digits[10])


def nl_bsn(digits: str) -> bool:
    """Burgerservicenummer: the test of eleven."""
    weighed = _weighed(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1))
    return weighed % 11 == 0 and len(set(digits)) > 1


def be_number(digits: str) -> bool:
    """Rijksregisternummer: 97 less the remainder by 97, with a 2 before it from 2000 on."""
    heads = (int(digits[:9]), int("2" + digits[:9]))
    return _date(digits[2:4], digits[4:6]) and int(digits[9:]) in (97 - h % 97 for h in heads)


def pl_pesel(digits: str) -> bool:
    """PESEL: weights 1 3 7 9; the month holds the century."""
    weighed = _weighed(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1))
    return weighed % 10 == 0 and _date(str(int(digits[2:4]) % 20), digits[4:6])


def se_personnummer(digits: str) -> bool:
    """Personnummer: a date of birth, and Luhn's digit over the last ten."""
    ten = digits[-10:]
    return _date(ten[2:4], ten[4:6]) and luhn(ten)


def fi_hetu(number: str) -> bool:
    """Henkilotunnus: a date of birth, and the character of the remainder by 31."""
    digits = number[:6] + number[-4:-1]
    marks = "0123456789ABCDEFHJKLMNPRSTUVWXY"  # pragma: allowlist secret - an alphabet
    mark = marks[int(digits) % 31]
    return _date(number[2:4], number[:2]) and mark == number[-1]


def br_cpf(digits: str) -> bool:
    """CPF: two digits by 11."""
    for size in (9, 10):
        check = _weighed(digits[:size], range(size + 1, 1, -1)) * 10 % 11 % 10
        if check != int(digits[size]):
            return False
    return len(set(digits)) > 1


def in_aadhaar(digits: str) -> bool:
    """Aadhaar: Verhoeff's digit."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF[check][int(_TURNS[place % 8][int(digit)])])
    return check == 0 and digits[0] not in "01"


def cn_resident(number: str) -> bool:
    """Resident identity number: a date of birth, and ISO 7064 mod 11,2."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    mark = "10X98765432"[_weighed(number[:17], weights) % 11]
    return _date(number[10:12], number[12:14]) and mark == number[17]


def ca_sin(digits: str) -> bool:
    """Social insurance number: Luhn's digit."""
    return digits[0] not in "08" and luhn(digits)


def _date(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31
