"""Competencies of a Moodle: the way there, what matches, what was rated."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Id, Scoped, short


class MoodleService(Scoped):
    """The web services of one registration's Moodle.

    The token is encrypted under the installation's secret, None once it was forgotten. ``falls`` says whether ratings go
    down again, ``language`` the one of the notes, ``framework`` the ID number of the only framework that counts. ``report``
    is what the last matching found, ``failure`` the code of what kept it from it, ``findings`` what the last check found.
    ``recheck_at`` is when everybody is looked at again.
    """

    __tablename__ = "moodle_service"
    __table_args__ = (UniqueConstraint("registration_id"),)

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    token_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    token_at: Mapped[datetime | None]
    falls: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = short(16, default="en")
    framework: Mapped[str | None] = short(100)
    report: Mapped[dict[str, Any]]
    matched_at: Mapped[datetime | None]
    failure: Mapped[str | None] = short(48)
    failed_at: Mapped[datetime | None]
    findings: Mapped[list[Any]]
    checked_at: Mapped[datetime | None]
    recheck_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class MoodleMatch(Scoped):
    """A knowledge point and the competency with its code as ID number.

    ``competent`` and ``not_yet`` are indices of the competency's scale, from 1, with the names that the site gave them.
    The row stays when there is no match any more, with ``is_current`` off: what was rated hangs on it.
    """

    __tablename__ = "moodle_match"
    __table_args__ = (UniqueConstraint("registration_id", "code"),)

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    code: Mapped[str] = short(64)
    competency_id: Mapped[int] = mapped_column(Id)
    title: Mapped[str] = short(100)
    competent: Mapped[int]
    not_yet: Mapped[int | None]
    competent_name: Mapped[str] = short(100, default="")
    not_yet_name: Mapped[str] = short(100, default="")
    is_current: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime]


class MoodleRating(Scoped):
    """The rating of a person that Moodle acknowledged last, and of which competency."""

    __tablename__ = "moodle_rating"
    __table_args__ = (UniqueConstraint("match_id", "person_id"),)

    match_id: Mapped[int] = mapped_column(ForeignKey("moodle_match.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    competency_id: Mapped[int] = mapped_column(Id)
    grade: Mapped[int]
    sent_at: Mapped[datetime]
