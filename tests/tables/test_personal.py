"""Personal data in texts: what is recognised, what only looks like it, and how it is counted."""

from __future__ import annotations

import pytest
from tabled import Desk, parquet

from mlgate.tables import _personal_scan, personal
from mlgate.tables import aggregates as ask
from mlgate.tables._where import in_work_tree
from mlgate.tables.ask import ask as asked

ALL = tuple(dict.fromkeys(kind.name for kind in personal.KINDS))
RIGHT = {
    "email": "write to a.b+c@mail.example.com",
    "phone": "+49 30 1234567",
    "iban": "DE89 3704 0044 0532 0130 00",
    "card": "4111-1111-1111-1111",
    "US social security number": "123-45-6789",
    "UK national insurance number": "JM 22 33 44 B",
    "UK NHS number": "943 476 5919",
    "Spanish DNI or NIE": "12345678Z",
    "Italian codice fiscale": "RSSMRA85T10A562S",
    "French NIR": "1 85 05 78 006 084 91",
    "German tax id": "36574261809",
    "Dutch BSN": "111222333",
    "Belgian national number": "85.07.30-033.28",
    "Polish PESEL": "44051401359",
    "Swedish personnummer": "811218-9876",
    "Finnish henkilötunnus": "131052-308T",
    "Brazilian CPF": "111.444.777-35",
    "Indian Aadhaar": "2341 2341 2346",
    "Chinese identity number": "11010519491231002X",
    "Canadian SIN": "130 692 544",
    "ip": "from 8.8.8.8",
    "address": "10 Downing Street, London",
}
WRONG = {
    "email": "a@b",
    "phone": "2026-01-31 10:22:33",
    "iban": "DE88 3704 0044 0532 0130 00",
    "card": "4111-1111-1111-1112",
    "US social security number": "666-45-6789",
    "UK national insurance number": "GB 22 33 44 B",
    "UK NHS number": "943 476 5918",
    "Spanish DNI or NIE": "12345678A",
    "Italian codice fiscale": "RSSMRA85T10A562T",
    "French NIR": "1 85 05 78 006 084 90",
    "German tax id": "36574261808",
    "Dutch BSN": "111222334",
    "Belgian national number": "85.07.30-033.29",
    "Polish PESEL": "44051401358",
    "Swedish personnummer": "811218-9875",
    "Finnish henkilötunnus": "131052-308S",
    "Brazilian CPF": "111.444.777-36",
    "Indian Aadhaar": "2341 2341 2347",
    "Chinese identity number": "110105194912310021",
    "Canadian SIN": "130 692 545",
    "ip": "from 192.168.1.1",
    "address": "10 downing people",
}


def proven(text: str) -> set[str]:
    return {one.form for one in personal.sightings(text, personal.KINDS) if one.proven}


def test_every_form_has_its_cases() -> None:
    assert {kind.form for kind in personal.KINDS} == set(RIGHT) == set(WRONG)


@pytest.mark.parametrize("form", RIGHT)
def test_a_form_is_recognised_and_its_like_is_not(form: str) -> None:
    assert form in proven(RIGHT[form])
    assert form not in proven(WRONG[form])


@pytest.mark.parametrize(
    "text", ["Hauptstraße 12", "12 rue de la Paix", "Via Roma 10", "Calle Mayor 4",
             "2001:4860:4860::8888", "(415) 555-2671", "020 7946 0958"]
)  # fmt: skip
def test_further_forms(text: str) -> None:
    assert proven(text)


@pytest.mark.parametrize(
    "text", ["01/02/2026 10:30", "v1.2.3.4 of 2026", "127.0.0.1", "0.123456", "1,234,567.89",
             "the way 3", "a/b/c", "10:22:33", "", "SKU-2026-001"]
)  # fmt: skip
def test_what_is_no_personal_data(text: str) -> None:
    assert proven(text) == set()


def test_the_digits_of_an_account_are_no_telephone_number() -> None:
    assert proven(RIGHT["iban"]) == {"iban"}


def test_engine_and_python_see_the_same(desk: Desk) -> None:
    texts = [text.replace("'", "''") for text in (*RIGHT.values(), *WRONG.values())]
    union = " UNION ALL ".join(f"SELECT '{text}' AS t" for text in texts)
    parquet(desk.folder / "t.parquet", union)
    a = ask.Personal(column="t", kinds=ALL)
    found = asked(desk, in_work_tree(str(desk.folder), "t.parquet"), [a]).of(a)
    assert {row[0] for row in found if row[1] or row[4]} == set(RIGHT)


def test_a_few_cards_between_many_addresses_are_found(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_personal_scan, "_MOST", 200)
    parquet(desk.folder / "t.parquet", """SELECT CASE WHEN i % 1000 = 999
        THEN 'paid with 4111 1111 1111 1111' ELSE 'u' || i || '@example.com' END AS t
        FROM range(5000) t(i)""")  # fmt: skip
    a = ask.Personal(column="t", kinds=ALL)
    found = asked(desk, in_work_tree(str(desk.folder), "t.parquet"), [a]).of(a)
    counts = {row[0]: (row[1], row[-1]) for row in found}
    assert counts["card"] == (5, 1)
    assert counts["email"] == (5000, 0)
