"""Learners who review each other's work: how that is done at a link, samples they rated, reviews, what these say together.

Levels are of a pseudonym and stay. Whatever anybody wrote about a learner's work is under that learner's key.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped, short


class PeerSetup(Scoped):
    """How learners review each other's work at a link, if ``is_on``.

    ``reviews`` is how many each gives and each work gets, ``samples`` how many are rated first, ``hours`` how long a
    reviewer has. ``effect`` is `advise`, `propose` or `stand`, the last with at least ``enough`` reviewers who agree.
    ``apart``: not within one group of the course.
    """

    __tablename__ = "peer_setup"

    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"), unique=True)
    is_on: Mapped[bool]
    reviews: Mapped[int]
    samples: Mapped[int]
    hours: Mapped[int]
    effect: Mapped[str] = short(16)
    enough: Mapped[int]
    apart: Mapped[bool]
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    changed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    updated_at: Mapped[datetime]


class PeerSample(Scoped):
    """What somebody gave a sample at a link: levels by row, once and for all, since staff's are shown right after.

    ``judged`` is as in a mark's revision; ``hash`` identifies the rubric that it is by.
    """

    __tablename__ = "peer_sample"
    __table_args__ = (UniqueConstraint("resource_link_id", "person_id", "sample"),)

    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    sample: Mapped[str] = short(64)
    hash: Mapped[str] = short(64)
    judged: Mapped[dict[str, Any]]
    rated_at: Mapped[datetime]


class PeerReview(Scoped):
    """One work given to one reviewer, and what came of it. ``revision`` counts saves, ``done_at`` is when it was handed in.

    ``standing`` is empty, `flagged` by the author, then `kept` or `out` as staff decided. The three sealed texts are the
    reviewer's comments, why the author flagged it, and why staff decided so.
    """

    __tablename__ = "peer_review"
    __table_args__ = (
        UniqueConstraint("submission_id", "person_id"),
        Index("ix_peer_review_person_id", "person_id"),
    )

    uuid: Mapped[str] = short(36, unique=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    revision: Mapped[int] = mapped_column(default=0)
    judged: Mapped[dict[str, Any]]
    comments_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    assigned_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    standing: Mapped[str] = short(16, default="")
    flag_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    settled_at: Mapped[datetime | None]


class PeerScore(Scoped):
    """What the reviews of a work say together, as last worked out; from the release on it stays as it is.

    ``rows`` are those of `qualoop.assessment.peer_marks`; ``stands`` where it is a mark without a marker.
    """

    __tablename__ = "peer_score"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), unique=True)
    rows: Mapped[list[Any]]
    stands: Mapped[bool]
    updated_at: Mapped[datetime]
