"""The keys of a `service` gate: where it runs, what it must answer, and how fast."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mlgate.core.duration import PATTERN, seconds
from mlgate.core.patterns import later

Text = Annotated[str, Meta(min_length=1)]
Path = Annotated[str, Meta(extra_json_schema={"pattern": r"^/[!-~]*$"})]
Duration = Annotated[str, Meta(pattern=PATTERN)]
Share = Annotated[float, Meta(ge=0, lt=1)]
Positive = Annotated[float, Meta(gt=0)]
Header = Annotated[str, Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]

_PATH = later(r"/[!-~]*")
_URL = later(r"https?://[^\s/?#@\\]+(/[!-~]*)?\Z")
_LONGEST_LOAD = 600.0


def _check(path: str | None, key: str = "path") -> None:
    """Raises `ValueError` with the edit that mends a path that is none below the service's root."""
    if path is None or _PATH.fullmatch(path):
        return
    from urllib.parse import quote

    mended = "/" + quote(path.lstrip("/"), safe="/?&=%~:@!$'()*+,;")
    raise ValueError(f'`{key}` begins with / and holds ASCII without spaces: {key} = "{mended}"')


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request and the answer that it must get."""

    path: Path
    """Below the gate's `url`: `/predict`."""
    method: Literal["GET", "POST", "PUT"] | None = None
    """POST where there is a body, else GET."""
    body: Any = None
    """What is sent, as JSON."""
    file: Text | None = None
    """What is sent, as a file of the repository."""
    status: Annotated[int, Meta(ge=200, le=599)] = 200
    """The status that the answer must have."""
    expect: Any = None
    """What the answer must hold: objects may have more keys, all else must be equal."""
    expect_file: Text | None = None
    """The same, as a JSON file of the repository."""
    tolerance: Annotated[float, Meta(ge=0)] = 1e-9
    """By how much numbers may differ from those of `expect`; of those beyond 1, that share."""
    schema: Text | None = None
    """A JSON Schema in the repository that the answer must meet."""

    def __post_init__(self) -> None:
        _check(self.path)
        if self.body is not None and self.file:
            raise ValueError("give `body` or `file`, not both")
        if self.expect is not None and self.expect_file:
            raise ValueError("give `expect` or `expect_file`, not both")


class Version(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The endpoint that tells which version runs."""

    path: Path
    """Below the gate's `url`: `/version`."""
    field: str = ""
    """Where in the answer it stands: `model.version`; empty for the whole answer."""
    equals: Text
    """What must stand there; `{commit}` is the commit that is judged."""

    def __post_init__(self) -> None:
        _check(self.path)


class Load(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The declared requests, over and over, for a while."""

    concurrency: Annotated[int, Meta(ge=1, le=64)] = 2
    """How many requests may be under way at once."""
    duration: Duration = "10s"
    """How long it goes on, ten minutes at most."""
    rate: Annotated[float, Meta(gt=0, le=1000)] = 50.0
    """How many requests a second are sent at most."""
    p50: Duration | None = None
    """What half of the answers must take at most."""
    p95: Duration | None = None
    """What 95 % of the answers must take at most."""
    p99: Duration | None = None
    """What 99 % of the answers must take at most."""
    errors: Share = 0.01
    """The share of requests that may fail or be answered wrongly."""
    throughput: Positive | None = None
    """How many right answers a second there must be at least."""

    def __post_init__(self) -> None:
        if not 0 < seconds(self.duration) <= _LONGEST_LOAD:
            raise ValueError("`duration` must be more than nothing and at most 10m")
        if self.throughput is not None and self.throughput >= self.rate:
            raise ValueError("`throughput` can only be reached with a higher `rate`")

    @property
    def bounds(self) -> dict[str, float]:
        """The quantiles that are bounded, in seconds."""
        given = {"p50": self.p50, "p95": self.p95, "p99": self.p99}
        return {name: seconds(most) for name, most in given.items() if most is not None}


class Batch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows of which the service must say what the batch predictions say."""

    table: Text
    """The rows: a file, a folder, or a pattern."""
    features: Annotated[tuple[Text, ...], Meta(min_length=1)]
    """The columns that are sent."""
    prediction: Text
    """The column with the batch prediction."""
    predictions: Text | None = None
    """The table that holds it, where it is another one; its rows are found by `id`."""
    id: Text | None = None
    """The column that both tables share."""
    rows: Annotated[int, Meta(ge=1, le=10_000)] = 100
    """How many rows are asked about, spread evenly over the table."""
    path: Path
    """Below the gate's `url`: `/predict`."""
    body: Any = "$row"
    """What is sent: `"$row"` stands for the row as an object, `"$values"` for its values."""
    answer: str = ""
    """Where in the answer the prediction stands: `predictions.0.score`."""
    tolerance: Annotated[float, Meta(ge=0)] = 1e-6
    """By how much numbers may differ; of those beyond 1, that share."""

    def __post_init__(self) -> None:
        _check(self.path)
        if self.predictions and not self.id:
            raise ValueError("`predictions` needs `id`, the column that both tables share")


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a `service` gate."""

    url: Text
    """The service: `https://churn.staging.example.com`. Nothing else is ever asked."""
    headers: dict[Header, str] = {}
    """Sent with every request; `${NAME}` stands for an environment variable, for what is secret:
    `Authorization = "Bearer ${CHURN_TOKEN}"`."""
    answer_within: Duration = "5s"
    """How long one answer may take until it counts as none."""
    health: Path | None = None
    """An endpoint that must answer with a status from 200 to 299."""
    version: Version | None = None
    """The endpoint that tells which version runs."""
    requests: tuple[Asked, ...] = ()
    """Requests and the answers that they must get."""
    load: Load | None = None
    """Asks the declared requests over and over, and judges errors and times; gentle by default."""
    batch: Batch | None = None
    """Rows of which the service must say what the batch predictions say."""

    def __post_init__(self) -> None:
        _check(self.health, "health")
        if not (self.health or self.version or self.requests or self.batch):
            raise ValueError("nothing to ask: give `requests`, `health`, `version` or `batch`")
        if self.load and not self.requests:
            raise ValueError("`load` needs `requests` to send")
        if "?" in self.url or "#" in self.url:
            raise ValueError("`url` is the service's root: leave out what follows ? and #")
        if not _URL.match(self.url):
            raise ValueError("`url` must be http:// or https:// with a host, without a password")
        if not 0 < seconds(self.answer_within) <= 300:
            raise ValueError("`answer_within` must be more than nothing and at most 5m")
