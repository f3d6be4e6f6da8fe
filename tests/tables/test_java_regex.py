"""Regular expressions of RE2 as Java reads them: DuckDB's RE2 is the oracle, Spark answers."""

from __future__ import annotations

import random
from collections.abc import Iterator

import duckdb
import pytest

from mlgate.tables._java_regex import java
from mlgate.tables._spark_otherwise import Otherwise

ATOMS = [
    "a", "b", "k", "S", "é", "ß", "σ", "日", "_", " ", "-", ".", r"\.", r"\n", r"\t", r"\v",
    r"\x0B", r"\x{17F}", r"\101", r"\-", r"\Qa.b\E", r"\Q\E", "{", "}", ",", "]", "&&", "~", "i",
    "I", r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", r"\pL", r"\PL", r"\p{Lu}", r"\P{Lu}", r"\p{^N}",
    "[[:alpha:]]", "[[:^alpha:]]", "[[:space:]]", "[[:word:]-]", "[^[:punct:]]", "[a-c]", "[^a-c]",
    "[]a]", "[^]a]", "[a&&b]", "[a[b]", r"[\d-z]", r"[^\W\d]", r"[\S]", r"[^\PL]", r"[a\PL]",
    r"[^a\PL\d]", "[é-ü]", "[a-z]", "[A-k]", "[-a]", "[^\n]", r"[\]\\]",
]  # fmt: skip
PLACES = ["^", "$", r"\b", r"\A", r"\z", "(?i)", "(?m)", "(?s)", "(?-i)", "(?is-m)", "(?U)"]
REPEATS = ["", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,}", "{0,2}?", "{,2}", "{x"]
GROUPS = ["(%s)", "(?:%s)", "(?P<n%d>%s)", "(?i:%s)", "(?m:%s)", "(?-s:%s)", "(?s:%s)"]
SIGNS = [*"abcikszABIKSZ019_-.{},]&~\\", " ", "\n", "\r", "\t", "\x0b", "\x0c", "\x85", "\u2028",
         *"éßẞσςΣµμſKİıǅ日٣\u0345🙂ü"]  # fmt: skip


def written(chance: random.Random, depth: int = 2) -> str:
    pieces = []
    for number in range(chance.randint(1, 4)):
        kind = chance.random()
        if kind < 0.2:
            pieces.append(chance.choice(PLACES))
            continue
        if kind < 0.35 and depth:
            group = chance.choice(GROUPS)
            inner = written(chance, depth - 1)
            named = (chance.randrange(10**9), inner) if "%d" in group else inner
            pieces.append(group % named + chance.choice(REPEATS))
            continue
        atom = chance.choice(ATOMS)
        pieces.append(atom + ("" if atom == "\\Q\\E" else chance.choice(REPEATS)))
        if number and chance.random() < 0.1:
            pieces.append("|")
    return "".join(pieces)


def taken(patterns: list[str]) -> Iterator[str]:
    """Those that RE2 reads."""
    with duckdb.connect() as connection:
        for pattern in patterns:
            try:
                connection.execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()
            except duckdb.Error:
                continue
            yield pattern


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (r"^a.b$", r"(?:\A)a[^\n]b(?:\z)"),
        (r"\$[$]|[]$]", r"\x{24}\x{24}|[\x{24}\x{5D}]"),
        ("(?m)^a$", r"(?:)(?:\A|(?<=\n))a(?:\z|(?=\n))"),
        ("[[:alpha:]]+", "[A-Za-z]+"),
        ("[a&&b[c]", r"[\x{26}\x{5B}a-c]"),
        (r"(?i)K", r"(?:)[Kk\x{212A}]"),
        (r"(?P<n>x{2,})", "(?:x{2,})"),
        (r"\p{Greek}\pC", r"[\p{IsGreek}][\p{Cc}\p{Cf}\p{Co}]"),
        ("(?i)i", "(?:)[Ii]"),
    ],
)
def test_what_java_reads_otherwise_is_spelt_out(ours: str, theirs: str) -> None:
    assert java(ours) == theirs


@pytest.mark.parametrize("regex", [r"a\C", r"(?i)\p{Greek}"])
def test_what_java_has_no_word_for_is_refused(regex: str) -> None:
    with pytest.raises(Otherwise):
        java(regex)


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_java_finds_what_re2_finds() -> None:
    pytest.importorskip("pyspark")
    from mlgate.tables._spark_session import session

    chance = random.Random(20)
    patterns = [*ATOMS, *(f"(?i){a}" for a in ATOMS), *(written(chance) for _ in range(350))]
    known = [*taken(list(dict.fromkeys(patterns)))]
    assert len(known) > 300
    texts = ["", *SIGNS, *("".join(chance.choices(SIGNS, k=chance.randint(2, 9)))
                           for _ in range(30))]  # fmt: skip
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT p, list(regexp_matches(t, p) ORDER BY n) FROM (SELECT unnest(?) AS p),"
            " (SELECT unnest(?) AS t, generate_subscripts(?, 1) AS n) GROUP BY p",
            [known, texts, texts],
        ).fetchall()
    wanted = dict(found)
    spark = session({"master": "local[2]"})
    asked = spark.createDataFrame([(p, java(p)) for p in known], "p string, j string")
    asked = asked.crossJoin(spark.createDataFrame([(texts,)], "ts array<string>"))
    rows = asked.selectExpr("p", "transform(ts, t -> t rlike j) AS told").collect()
    assert len(rows) == len(known)
    wrong = [
        (row.p, java(row.p), text, theirs)
        for row in rows
        for text, ours, theirs in zip(texts, row.told, wanted[row.p], strict=True)
        if ours != theirs
    ]
    assert not wrong, wrong[:20]
