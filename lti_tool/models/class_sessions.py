"""Class sessions: who came, what was asked, how everybody voted. Names stay in the identity table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Id, Scoped, short
from qualoop.classroom.session import ClassTitle, PlanStep


class ClassSession(Scoped):
    """One hour in the room of a course: `planned`, `open` or `closed`.

    `version` grows with everything that learners see. `code` leads
    learners here while it is not closed, `screen_key` the projector; tokens of the roll call are made with `roll_key`.
    `poll_id` is the poll on the stage, `timer_at` when the timer ends, `step` which of the plan is on.
    """

    __tablename__ = "class_session"
    __table_args__ = (Index("ix_class_session_context_id", "context_id", "state"),)

    uuid: Mapped[str] = short(36, unique=True)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    flipped_unit_id: Mapped[int | None] = mapped_column(ForeignKey("flipped_unit.id"))
    title: Mapped[str] = short(200)
    title_language: Mapped[str | None] = short(8)
    title_other: Mapped[str | None] = short(200)
    state: Mapped[str] = short(8)
    code: Mapped[str | None] = short(6, unique=True)
    screen_key: Mapped[str] = short(43, unique=True)
    roll_key: Mapped[str] = short(64)
    plan: Mapped[list[Any]]
    step: Mapped[int] = mapped_column(default=0)
    notes: Mapped[str] = mapped_column(default="")
    low_share: Mapped[int]
    high_share: Mapped[int]
    late_minutes: Mapped[int]
    poll_id: Mapped[int | None] = mapped_column(Id)
    version: Mapped[int] = mapped_column(default=1)
    starts_at: Mapped[datetime | None]
    timer_at: Mapped[datetime | None]
    roll_opened_at: Mapped[datetime | None]
    roll_late_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def titles(self) -> ClassTitle:
        """Return the title in both languages."""
        return ClassTitle(self.title, self.title_language, self.title_other)

    def title_in(self, language: str) -> str:
        """Return the title in a language, else in the one that it has."""
        return self.titles[language]

    def steps_in(self, language: str) -> list[PlanStep]:
        """Return the steps of the plan as they are shown in a language."""
        return [PlanStep(**step).in_language(language) for step in self.plan]


class ClassDevice(Scoped):
    """A browser that came without a launch, known by a cookie of its course.

    `is_confirmed` says that it is `person_id`'s by a pairing code, for the whole course. A row that waits for its
    pairing has `pairing_hash` and no secret yet.
    """

    __tablename__ = "class_device"

    uuid: Mapped[str] = short(36, unique=True)
    secret_hash: Mapped[str] = short(64)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    is_confirmed: Mapped[bool]
    pairing_hash: Mapped[str | None] = short(64, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ClassSeat(Scoped):
    """Somebody in a session: a learner (`slot` person:ID), or a device that is nobody's for sure (device:ID).

    An unconfirmed seat counts apart and is no evidence. `checked_at` is the first scan, `way` how it came, `mark` what
    the teacher set by hand, `attendance_event` the uuid of the evidence of it.
    """

    __tablename__ = "class_seat"
    __table_args__ = (
        UniqueConstraint("class_session_id", "slot"),
        Index("ix_class_seat_person_id", "person_id"),
    )

    class_session_id: Mapped[int] = mapped_column(ForeignKey("class_session.id"))
    slot: Mapped[str] = short(32)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("class_device.id"))
    is_confirmed: Mapped[bool]
    joined_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    way: Mapped[str] = short(8, default="")
    mark: Mapped[str] = short(8, default="")
    code_tries: Mapped[int] = mapped_column(default=0)
    name_tries: Mapped[int] = mapped_column(default=0)
    attendance_event: Mapped[str | None] = short(36)


class ClassPoll(Scoped):
    """A question of a session. `question` is the item as it was asked, and whether anything in it is right or wrong.

    `activity_key`, `content_hash` and `part` name what its evidence is of; without them there is none.
    """

    __tablename__ = "class_poll"
    __table_args__ = (UniqueConstraint("class_session_id", "number"),)

    class_session_id: Mapped[int] = mapped_column(ForeignKey("class_session.id"))
    uuid: Mapped[str] = short(36, unique=True)
    number: Mapped[int]
    state: Mapped[str] = short(16)
    question: Mapped[dict[str, Any]]
    activity_key: Mapped[str | None] = short(64)
    content_hash: Mapped[str | None] = short(64)
    part: Mapped[str | None] = short(64)
    first_opened_at: Mapped[datetime | None]
    first_closed_at: Mapped[datetime | None]
    second_opened_at: Mapped[datetime | None]
    second_closed_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ClassVote(Scoped):
    """The vote of a seat in a round: one row, the last before closing counts.

    `response` holds keys or a number; what was typed freely stands in `text_sealed`, under the learner's data key.
    `score` is a decimal, None where nothing is right or wrong; `event` the uuid of its evidence.
    """

    __tablename__ = "class_vote"
    __table_args__ = (
        UniqueConstraint("class_poll_id", "round", "class_seat_id"),
        Index("ix_class_vote_class_seat_id", "class_seat_id"),
    )

    class_poll_id: Mapped[int] = mapped_column(ForeignKey("class_poll.id"))
    class_seat_id: Mapped[int] = mapped_column(ForeignKey("class_seat.id"))
    round: Mapped[int]
    response: Mapped[list[Any]]
    text_sealed: Mapped[str | None]
    score: Mapped[str | None] = short(16)
    cast_at: Mapped[datetime]
    event: Mapped[str | None] = short(36)
