"""Teams of a class session, what they scratch, what they say of each other. Names stay in the identity table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped, short


class ClassTeam(Scoped):
    """A team of a session. `version` grows with everything that only this team sees."""

    __tablename__ = "class_team"
    __table_args__ = (UniqueConstraint("class_session_id", "number"),)

    class_session_id: Mapped[int] = mapped_column(ForeignKey("class_session.id"))
    uuid: Mapped[str] = short(36, unique=True)
    number: Mapped[int]
    name: Mapped[str] = short(80)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class ClassTeamMember(Scoped):
    """Who is in which team: a learner is in one of a session."""

    __tablename__ = "class_team_member"
    __table_args__ = (
        UniqueConstraint("class_session_id", "person_id"),
        Index("ix_class_team_member_team_id", "team_id"),
        Index("ix_class_team_member_person_id", "person_id"),
    )

    class_session_id: Mapped[int] = mapped_column(ForeignKey("class_session.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("class_team.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


class ClassTeamCheck(Scoped):
    """A team check: the individual test, then the same items by the team. `items` are as they were asked.

    `is_on_stage` says that learners see it. Evidence that was taken back stays so while `taken_back_at` is set;
    `recording` counts how often that was, so that what is counted again is another event.
    """

    __tablename__ = "class_team_check"
    __table_args__ = (UniqueConstraint("class_session_id", "number"),)

    class_session_id: Mapped[int] = mapped_column(ForeignKey("class_session.id"))
    uuid: Mapped[str] = short(36, unique=True)
    number: Mapped[int]
    state: Mapped[str] = short(20)
    items: Mapped[list[Any]]
    is_on_stage: Mapped[bool] = mapped_column(default=False)
    recording: Mapped[int] = mapped_column(default=0)
    taken_back_at: Mapped[datetime | None]
    individual_opened_at: Mapped[datetime | None]
    individual_closed_at: Mapped[datetime | None]
    team_opened_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ClassTeamAnswer(Scoped):
    """What a seat answered alone to the item of a `number`: one row, the last before closing counts."""

    __tablename__ = "class_team_answer"
    __table_args__ = (
        UniqueConstraint("check_id", "seat_id", "number"),
        Index("ix_class_team_answer_seat_id", "seat_id"),
    )

    check_id: Mapped[int] = mapped_column(ForeignKey("class_team_check.id"))
    seat_id: Mapped[int] = mapped_column(ForeignKey("class_seat.id"))
    number: Mapped[int]
    option: Mapped[str] = short(64)
    score: Mapped[str] = short(16)
    answered_at: Mapped[datetime]
    event: Mapped[str | None] = short(36)


class ClassScratch(Scoped):
    """An option that a team has scratched, as the `place`-th of its item. It is never changed and never deleted."""

    __tablename__ = "class_scratch"
    __table_args__ = (
        UniqueConstraint("check_id", "team_id", "number", "option"),
        UniqueConstraint("check_id", "team_id", "number", "place"),
    )

    check_id: Mapped[int] = mapped_column(ForeignKey("class_team_check.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("class_team.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    number: Mapped[int]
    place: Mapped[int]
    option: Mapped[str] = short(64)
    scratched_at: Mapped[datetime]


class ClassCardPoints(Scoped):
    """The points of an item on a team's paper card, as the teacher typed them."""

    __tablename__ = "class_card_points"
    __table_args__ = (UniqueConstraint("check_id", "team_id", "number"),)

    check_id: Mapped[int] = mapped_column(ForeignKey("class_team_check.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("class_team.id"))
    number: Mapped[int]
    points: Mapped[int]
    typed_at: Mapped[datetime]


class ClassAppeal(Scoped):
    """What a team says against an item, once, and what the teacher answered, once.

    Both are under the data key of `person_id`, who wrote it. `decision` is empty, `accept` or `decline`.
    """

    __tablename__ = "class_appeal"
    __table_args__ = (
        UniqueConstraint("check_id", "team_id", "number"),
        Index("ix_class_appeal_person_id", "person_id"),
    )

    check_id: Mapped[int] = mapped_column(ForeignKey("class_team_check.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("class_team.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    uuid: Mapped[str] = short(36, unique=True)
    number: Mapped[int]
    text_sealed: Mapped[str | None]
    decision: Mapped[str] = short(8, default="")
    reason_sealed: Mapped[str | None]
    written_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class ClassTeamScore(Scoped):
    """What a team check was worth for a member who was there, and the uuid of its evidence."""

    __tablename__ = "class_team_score"
    __table_args__ = (UniqueConstraint("check_id", "person_id"),)

    check_id: Mapped[int] = mapped_column(ForeignKey("class_team_check.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("class_team.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    score: Mapped[str] = short(16)
    event: Mapped[str | None] = short(36)


class ClassGroupTask(Scoped):
    """Group work of a session's teams: `open` to ratings, then `closed`; after `deadline_at` it takes none either.

    `low` and `high` are decimals between which factors lie, `penalty` what silence costs in points of a hundred.
    """

    __tablename__ = "class_group_task"
    __table_args__ = (UniqueConstraint("class_session_id", "number"),)

    class_session_id: Mapped[int] = mapped_column(ForeignKey("class_session.id"))
    uuid: Mapped[str] = short(36, unique=True)
    number: Mapped[int]
    title: Mapped[str] = short(120)
    state: Mapped[str] = short(8)
    low: Mapped[str] = short(8)
    high: Mapped[str] = short(8)
    penalty: Mapped[int]
    deadline_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ClassGroupProduct(Scoped):
    """What the product of a team is worth, in per cent; `approved_at` once its marks count."""

    __tablename__ = "class_group_product"
    __table_args__ = (UniqueConstraint("task_id", "team_id"),)

    task_id: Mapped[int] = mapped_column(ForeignKey("class_group_task.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("class_team.id"))
    product: Mapped[int | None]
    approved_at: Mapped[datetime | None]


class ClassPeerRating(Scoped):
    """What a member gave a mate, or oneself: 0 to 5. `comment_sealed` is under the data key of who it is about."""

    __tablename__ = "class_peer_rating"
    __table_args__ = (
        UniqueConstraint("task_id", "rater_id", "ratee_id"),
        Index("ix_class_peer_rating_rater_id", "rater_id"),
        Index("ix_class_peer_rating_ratee_id", "ratee_id"),
    )

    task_id: Mapped[int] = mapped_column(ForeignKey("class_group_task.id"))
    rater_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ratee_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    points: Mapped[int]
    comment_sealed: Mapped[str | None]
    rated_at: Mapped[datetime]


class ClassGroupMark(Scoped):
    """An approved mark of a member, as it was computed then, and the uuid of its evidence."""

    __tablename__ = "class_group_mark"
    __table_args__ = (
        UniqueConstraint("task_id", "person_id"),
        Index("ix_class_group_mark_team_id", "team_id"),
    )

    task_id: Mapped[int] = mapped_column(ForeignKey("class_group_task.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("class_team.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    factor: Mapped[str] = short(8)
    penalty: Mapped[int]
    mark: Mapped[str] = short(8)
    event: Mapped[str | None] = short(36)
