"""What of a course still waits for a person when a class ends: an empty inbox is part of a class that is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session as Transaction

from lti_tool.services.observing import overview
from lti_tool.services.people.roles import Permission
from lti_tool.services.sheets import course_inbox
from lti_tool.views.guards import Session, runtime
from lti_tool.views.teaching import link_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One inbox of a course that is not empty: its name (`class_inbox.html` words it), how much, and where."""

    name: str
    count: int
    address: str


def read_inboxes(reading: Transaction, session: Session) -> Sequence[Waiting]:
    """Return the inboxes of the course in which something waits, those alone that the reader may open."""
    link = link_of(session)
    paper = course_inbox.count_waiting(reading, link)
    sheets = url_for("sheets.show", launch=session.uuid, _anchor="back")
    found = [
        Waiting(name="unread", count=paper.unread, address=sheets),
        Waiting(name="unrecorded", count=paper.unrecorded, address=sheets),
        Waiting(name="unclear", count=paper.unclear, address=sheets),
        Waiting(name="rows", count=paper.rows, address=url_for("marks_files.show", launch=session.uuid)),
    ]
    if session.may(Permission.MARK):
        seen = overview.count_waiting(reading, link, secret=runtime().settings.secret_key)
        observed = url_for("observing.show", launch=session.uuid, _anchor="waiting")
        found.append(Waiting(name="conflicts", count=seen.conflicts, address=observed))
        found.append(Waiting(name="captures", count=seen.kept, address=observed))
    return [each for each in found if each.count]
