"""The rules of the gate `secrets`: one for every detector of detect-secrets."""

from __future__ import annotations

import re

from mlgate.core.gate import Rule
from mlgate.core.words import Level

_MEND = (
    "take it out, revoke it where it was issued, and read it from the environment; "
    "if it is none: `# pragma: allowlist secret` at the end of the line"
)
_SURE = (
    *("Artifactory Credentials", "AWS Access Key", "Azure Storage Account access key"),
    *("Basic Auth Credentials", "Cloudant Credentials", "Discord Bot Token", "GitHub Token"),
    *("GitLab Token", "IBM Cloud IAM Key", "IBM COS HMAC Credentials", "JSON Web Token"),
    *("Mailchimp Access Key", "NPM tokens", "OpenAI Token", "Private Key", "PyPI Token"),
    *("SendGrid API Key", "Slack Token", "SoftLayer Credentials", "Square OAuth Secret"),
    *("Stripe Access Key", "Telegram Bot Token", "Twilio API Key"),
)
VAGUE = (
    *("Public IP (ipv4)", "Hex High Entropy String", "Base64 High Entropy String"),
    "Secret Keyword",
)
"""Types that are guesses; the further to the left, the wilder."""


def slug(kind: str) -> str:
    """`AWS Access Key` -> `aws-access-key`."""
    return re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")


def level(kind: str) -> Level:
    """A guess warns, what has the form of one issuer's key is an error."""
    return Level.WARNING if kind in VAGUE else Level.ERROR


rules: dict[str, Rule] = {
    slug(kind): Rule(f"A file holds what detect-secrets takes for: {kind}.", _MEND, level(kind))
    for kind in sorted((*_SURE, *VAGUE))
} | {
    "not-judged": Rule(
        "A file was too large to be searched for secrets, or detect-secrets stumbled over it.",
        "keep such files out of git (dvc add), or put the path under the gate's exclude",
    ),
    "own-plugin": Rule(
        "The baseline names detectors of the repository's own: code under judgement, not run.",
        "run them by a gate of kind command: detect-secrets-hook --baseline .secrets.baseline",
    ),
}
