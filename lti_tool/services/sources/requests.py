"""Signed requests of sources: verified, limited in number, and taken only once.

The id of a request is stored in the transaction of what it does, with its answer. So the same request sent again (the
answer was lost on the way) is answered as before, and does nothing; another request under the same id is refused.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from lti_tool.db import Database, Prepared, micros
from lti_tool.services.sources import sources
from lti_tool.services.sources.api_errors import KeyUnknownError, RequestReplayedError, TooManyRequestsError
from lti_tool.services.sources.sources import KnownSource
from qualoop.exchange import Signing, verify_request

KEPT: Final = timedelta(days=1)
"""How long ids are kept: far longer than a signature is good, so that a late repeat still gets its answer."""
PER_SECOND: Final = 20.0
BURST: Final = 100.0
"""Requests of one source that one process takes: at once, and on and on."""
SPAN: Final = timedelta(seconds=10)
MOST_IN_SPAN: Final = int(BURST + PER_SECOND * SPAN.total_seconds())
"""Requests of one source that all processes together take in a span: what one of them would take alone."""
MOST_SOURCES: Final = 1024

_TAKE = Prepared(
    text(
        "INSERT INTO source_request (organisation_id, source_id, request_id, digest, received_at) "
        "VALUES (:organisation_id, :source_id, :request_id, :digest, :now) "
        "ON CONFLICT (source_id, request_id) DO NOTHING RETURNING id"
    )
)
_BEFORE = Prepared(
    text(
        "SELECT digest, status, answer FROM source_request WHERE organisation_id = :organisation_id "
        "AND source_id = :source_id AND request_id = :request_id"
    )
)
_ANSWERED = Prepared(
    text(
        "UPDATE source_request SET status = :status, answer = :answer WHERE organisation_id = :organisation_id "
        "AND source_id = :source_id AND request_id = :request_id"
    )
)
_RECENT = Prepared(
    text(
        "SELECT count(*) FROM source_request WHERE organisation_id = :organisation_id AND source_id = :source_id "
        "AND received_at > :since"
    )
)
_PURGE = Prepared(text("DELETE FROM source_request WHERE received_at < :before"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request that a source has signed; ``digest`` is of method, address and body."""

    source: KnownSource
    request_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: the status, and the body as JSON text."""

    status: int
    body: str


class Meter:
    """How many requests of each source one process takes: a bucket for each. Thread-safe."""

    def __init__(self, per_second: float = PER_SECOND, burst: float = BURST) -> None:
        self._rate = per_second
        self._burst = burst
        self._lock = threading.Lock()
        self._buckets: OrderedDict[int, tuple[float, datetime]] = OrderedDict()

    def take(self, source_id: int, now: datetime) -> None:
        """Count a request; raise TooManyRequestsError."""
        with self._lock:
            left, since = self._buckets.pop(source_id, (self._burst, now))
            left = min(self._burst, left + max(0.0, (now - since).total_seconds()) * self._rate)
            self._buckets[source_id] = (left - 1.0 if left >= 1.0 else left, now)
            if len(self._buckets) > MOST_SOURCES:
                self._buckets.popitem(last=False)
        if left < 1.0:
            raise TooManyRequestsError


def authenticate(
    database: Database, method: str, target: str, body: bytes, *, signing: Signing, secret: str, now: datetime
) -> SignedRequest:
    """Return the request where a source has signed it; raise KeyUnknownError or a SignedRequestError.

    Raises TooManyRequestsError where the processes of the tool together have taken too many of the source.
    """
    with database.snapshot() as connection:
        found = sources.find_signer(connection, signing.key, secret=secret)
        recent = _recent(connection, found[0], now) if found is not None else 0
    if found is None:
        raise KeyUnknownError
    source, key_secret = found
    verify_request(method, target, body, signing=signing, secrets=(key_secret,), now=now)
    if recent >= MOST_IN_SPAN:
        raise TooManyRequestsError
    digest = hashlib.sha256(f"{method} {target}\n".encode() + body).hexdigest()
    return SignedRequest(source=source, request_id=signing.request_id, digest=digest)


def _recent(connection: Connection, source: KnownSource, now: datetime) -> int:
    """Return how many requests of a source were taken in the last span, by whichever process."""
    keys = {"organisation_id": source.organisation_id, "source_id": source.id}
    row = _RECENT.one(connection, {**keys, "since": micros(now - SPAN)})
    return int(row[0]) if row is not None else 0


def take(connection: Connection, request: SignedRequest, now: datetime) -> Answer | None:
    """Take a request in the transaction of what it does; return its answer where it was taken before.

    Two of one id at once: the second waits for the first. Raises RequestReplayedError for another request under the
    same id, and for what was only read.
    """
    keys = _keys(request)
    if _TAKE.one(connection, {**keys, "digest": request.digest, "now": micros(now)}) is not None:
        return None
    before = _BEFORE.one(connection, keys)
    if before is None or before[0] != request.digest or before[2] is None:
        raise RequestReplayedError
    return Answer(status=int(before[1]), body=before[2])


def keep_answer(connection: Connection, request: SignedRequest, answer: Answer) -> None:
    """Keep what is answered, in the same transaction."""
    _ANSWERED.run(connection, {**_keys(request), "status": answer.status, "answer": answer.body})


def purge_requests(connection: Connection, now: datetime) -> None:
    """Forget requests that are so old that their signature is no longer good anyway."""
    _PURGE.run(connection, {"before": micros(now - KEPT)})


def _keys(request: SignedRequest) -> dict[str, object]:
    source = request.source
    return {"organisation_id": source.organisation_id, "source_id": source.id, "request_id": request.request_id}
