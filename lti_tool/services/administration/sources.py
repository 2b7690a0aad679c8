"""Sites that send evidence, as administrators see them: when they were heard of last, what waits, and their keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import (
    Registration,
    Source,
    SourceEvidence,
    SourceKey,
    SourceLearner,
    SourceRequest,
    SourceScore,
)
from lti_tool.services.administration.administration import Action, AdminMissingError, Desk
from lti_tool.services.sources import sources
from lti_tool.services.sources.sources import NewKey, SourceMissingError

REFUSED: Final = '"outcome":"refused"'
"""How a stored answer says it of an event; answers are kept for a day (`source_requests.KEPT`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One site. ``heard_at`` is the time of its last request, None where none is known; ``waiting`` are events whose
    content nobody has registered, ``refused`` events that were refused within the last day.
    """

    source: Source
    keys: Sequence[SourceKey]
    platform: str | None
    heard_at: datetime | None
    learners: int
    waiting: int
    refused: int

    @property
    def good_keys(self) -> Sequence[SourceKey]:
        """Return the keys that sign."""
        return [key for key in self.keys if key.revoked_at is None]


def list_sources(session: Session, organisation_id: int) -> Sequence[SourceLine]:
    """Return the sites of the organisation, those that may send first."""
    lines = [_line(session, organisation_id, *row) for row in sources.listed(session, organisation_id)]
    return sorted(lines, key=lambda line: (line.source.revoked_at is not None, line.source.key))


def rotate(desk: Desk, source_id: int | None, secret: str) -> tuple[Source, NewKey]:
    """Make a further key of a site; raise AdminMissingError. Its secret is told this once."""
    source = _get(desk, source_id)
    try:
        made = sources.rotate(desk.session, source, secret=secret, now=desk.now)
    except SourceMissingError as error:
        raise AdminMissingError from error
    desk.note(Action.SOURCE_KEY_MADE, source.key, key=made.kid, ended=made.retired or "")
    return source, made


def revoke(desk: Desk, source_id: int | None, kid: str) -> None:
    """End one key of a site, or where ``kid`` is empty the site with all of them; raise AdminMissingError."""
    source = _get(desk, source_id)
    try:
        sources.revoke(desk.session, source, kid=kid or None, now=desk.now)
    except SourceMissingError as error:
        raise AdminMissingError from error
    desk.note(Action.SOURCE_KEY_REVOKED if kid else Action.SOURCE_REVOKED, source.key, key=kid)


def _get(desk: Desk, source_id: int | None) -> Source:
    """Return a site of the desk's organisation."""
    found = desk.session.scalar(
        select(Source).where(Source.id == source_id, Source.organisation_id == desk.organisation_id)
    )
    if found is None:
        raise AdminMissingError
    return found


def _line(session: Session, organisation_id: int, source: Source, keys: Sequence[SourceKey]) -> SourceLine:
    requests, scores = (
        session.scalar(select(func.max(moment)).where(table.organisation_id == organisation_id, of == source.id))
        for table, of, moment in (
            (SourceRequest, SourceRequest.source_id, SourceRequest.received_at),
            (SourceScore, SourceScore.source_id, SourceScore.updated_at),
        )
    )
    platform = session.get(Registration, source.registration_id) if source.registration_id else None
    return SourceLine(
        source=source,
        keys=keys,
        platform=(platform.name or platform.issuer) if platform else None,
        heard_at=max((at for at in (requests, scores) if at is not None), default=None),
        learners=_count(session, organisation_id, SourceLearner, source),
        waiting=_count(session, organisation_id, SourceEvidence, source),
        refused=_refused(session, organisation_id, source),
    )


def _count(session: Session, organisation_id: int, table: type[SourceLearner | SourceEvidence], source: Source) -> int:
    query = select(func.count()).select_from(table)
    return session.scalar(query.where(table.organisation_id == organisation_id, table.source_id == source.id)) or 0


def _refused(session: Session, organisation_id: int, source: Source) -> int:
    """Count in the database how often stored answers say so: they are too long to be read for it."""
    shorter = func.length(func.replace(SourceRequest.answer, REFUSED, ""))
    missing = func.sum(func.length(SourceRequest.answer) - shorter)
    of_source = (SourceRequest.organisation_id == organisation_id, SourceRequest.source_id == source.id)
    found = session.scalar(select(missing).where(*of_source, SourceRequest.answer.contains(REFUSED, autoescape=True)))
    return int(found or 0) // len(REFUSED)
