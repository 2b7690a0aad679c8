"""That observations of a course wait for a person stands in the organisation's inbox, once, until none does."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import InboxItem
from lti_tool.services.mechanisms import inbox
from lti_tool.services.observing.ledger import Course, Standing, read_standing
from lti_tool.services.observing.outcomes import needs_person

REASON: Final = "observations-waiting"
_TEACHER: Final = "teacher"
_DONE: Final = "dismiss"


def note_waiting(session: Session, course: Course, standing: Standing, *, now: datetime) -> None:
    """Put into the inbox that something of a course waits, or close it there where nothing does any more.

    ``standing`` is what was just settled; the whole course is read only where it may be that nothing waits any more.
    """
    item = session.scalar(
        select(InboxItem).where(
            InboxItem.organisation_id == course.organisation_id,
            InboxItem.reason == REASON,
            InboxItem.subject == str(course.context_id),
            InboxItem.state == inbox.OPEN,
        )
    )
    if any(needs_person(each, standing) for each in standing.seen):
        if item is None:
            inbox.put(
                session,
                organisation_id=course.organisation_id,
                reason=REASON,
                subject=str(course.context_id),
                details={"context": course.context_id},
                owner_role=_TEACHER,
                actions=[_DONE],
                now=now,
            )
        return
    if item is not None:
        whole = read_standing(session, course)
        if not any(needs_person(each, whole) for each in whole.seen):
            inbox.resolve(session, course.organisation_id, item.id, action=_DONE, now=now)
