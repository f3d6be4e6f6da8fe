from __future__ import annotations

import random
import string
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

from mlgate.tools import _detect_secrets_scan as scan
from mlgate.tools import detect_secrets

PLUGINS: list[Any] = [kind() for kind in get_mapping_from_secret_type_to_class().values()]
KEY = "AKIA" + "Q3EGRZ7XWJ5PLVKT"
TOKENS = (
    KEY, "ASIA" + "Q3EGRZ7XWJ5PLVKT", "AKC" + "p5ueFhzrk3rLa", "ghp_" + "a1B2" * 9,
    "glpat-" + "x" * 20, "GR1348941" + "y" * 22, "SG." + "a" * 22 + "." + "b" * 43,
    "xoxb-" + "12-34-ab", "XOXP-" + "12-34-AB", "sk_live_" + "0aB" * 8,
    "rk_live_" + "0aB" * 8, "SK" + "0a" * 16,
    "AC" + "0a" * 16, "0a" * 16 + "-us12", "12345678:" + "aB-" * 11 + "zz",
    "AccountKey=" + "aB0/" * 22,
    "https://someone:" + "hidden@host.example", "//registry.example/:_authToken=npm_" + "x9" * 18,
    "cloudant_apikey = '" + "0a" * 32 + "'", "CL_PASSWORD: '" + "x" * 24 + "'",
    "softlayer_token='" + "0a" * 32 + "'", "sl_key => '" + "0a" * 32 + "'",
    "ibm_cloud_iam_key='" + "aB_-" * 11 + "'", "cos_hmac_secret_access_key = '" + "0a" * 24 + "'",
    "aws_secret_key = '" + "aB0/" * 10 + "'", "-----BEGIN " + "RSA PRIVATE KEY-----",
    "PuTTY-User-Key-" + "File-2", "pypi-" + "AgEIcHlwaS5vcmc" + "a" * 70, "sq0csp-" + "a" * 43,
    "sk-" + "a" * 20 + "T3BlbkFJ" + "b" * 20, "M" + "a" * 23 + ".abcdef." + "x" * 27,
)  # fmt: skip


def lines_with(token: str, chance: random.Random) -> list[str]:
    """Numbers, words and `token`, some of it cut, in capitals or with what lies beside ASCII."""
    lines = []
    for _ in range(90):
        words = ["".join(chance.choices(string.ascii_letters + string.digits + ".:-_='\" ", k=12))]
        kind = chance.random()
        if kind < 0.2:
            words.append(token)
        elif kind < 0.3:
            words.append(token[: chance.randrange(len(token))])
        elif kind < 0.35:
            words.append(token.upper())
        elif kind < 0.37:
            words.append(token.replace("s", "\u017f").replace("k", "\u212a"))
        chance.shuffle(words)
        lines.append(chance.choice(" ,;").join(words))
    return lines


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token[:12])
def test_no_secret_is_lost_where_detectors_are_not_asked(token: str) -> None:
    """Beside every detector asked about every line."""
    chance = random.Random(token)
    scanner = scan._Scanner(PLUGINS)
    found = 0
    for _ in range(5):
        everybody = [(plugin, stems, entropy) for plugin, stems, _, entropy in scanner.plugins]
        for number, line in enumerate(lines_with(token, chance), 1):
            ours = scan._in_line(scanner._asked([line]), "a.csv", line, number)
            theirs = scan._in_line(everybody, "a.csv", line, number)
            assert {(s.type, s.secret_hash) for _, s, _ in ours} == {
                (s.type, s.secret_hash) for _, s, _ in theirs
            }
            sure = [s for p, s, entropy in theirs if not entropy and scan._needs(p)]
            found += bool(sure)
    assert found, "the token is one that a detector knows"


def test_detectors_are_not_asked_about_numbers() -> None:
    """What makes a table of numbers quick."""
    lines = [f"{i},{i / 7:.4f},{-i},abc" for i in range(64)]
    asked = {type(plugin).__name__ for plugin, *_ in scan._Scanner(PLUGINS)._asked(lines)}
    assert asked <= {
        "DiscordBotTokenDetector", "IPPublicDetector", "KeywordDetector",
        "HexHighEntropyString", "Base64HighEntropyString",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        (f"key = {KEY}", True), (f"a-{KEY}/x", True), (f"key{KEY}", True), (f"{KEY}{KEY}", False),
        ("CCTTTGAGGACAGCACCAAGAAGTGTGCAGGTACGTTCCCACCTGCC", False), (f"0{KEY} {KEY}", True),
    ],
)  # fmt: skip
def test_a_gene_is_no_key(line: str, is_found: bool) -> None:
    everybody = [
        (plugin, (), False) for plugin in PLUGINS if type(plugin).__name__ == "AWSKeyDetector"
    ]
    assert bool(scan._in_line(everybody, "a.csv", line, 1)) is is_found


def test_the_script_verifies_nothing_even_when_asked_to() -> None:
    path = "detect_secrets.filters.common.is_ignored_due_to_verification_policies"
    text = detect_secrets.Text("a.py", "a.py", "key = '" + "AKIA" + "Q3EGRZ7XWJ5PLVKT'\n")
    request = detect_secrets.Request(texts=[text], filters=[{"path": path, "min_level": 2}])
    done = subprocess.run(
        [sys.executable, "-I", detect_secrets.SCRIPT],
        input=msgspec.json.encode(request),
        capture_output=True,
        check=True,
    )
    answer = msgspec.json.decode(done.stdout, type=detect_secrets.Answer)
    assert [secret.type for secret in answer.found] == ["AWS Access Key"]
