"""The cached states of the mastery engine: dropped at any time, and made again from the ledger by a replay.

Every row belongs to a *generation*, one computation of mastery from the ledger; one generation of an organisation is
adopted. Numbers are those of the engine (docs/mastery.md, the model): means in logits, variances in logit², doubles bit
for bit as they were computed, counts as doubles too where the engine computes with them.

The tables of a generation are keyed by what is looked up, and on SQLite they *are* that key's index (WITHOUT ROWID):
every further index would be one more page to write for every answer. They have no foreign keys: PostgreSQL would lock
the organisation's row for every answer.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, Integer, LargeBinary, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from lti_tool.models.base import Base, Id, Scoped, short


class MasteryGeneration(Scoped):
    """One computation of mastery from the ledger; adoption moves the pointer to it.

    It names everything that its states were computed with, so that no state ever mixes versions: the model, the ids of
    constants and weights, the ``platform`` whose floating-point library computed it, ``tags`` (the newest tag set known
    to it, by the sequence number of its adoption), the status ``policy``, and the ``regime`` (`live`: difficulties move
    with every event).
    """

    __tablename__ = "mastery_generation"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)

    number: Mapped[int]
    state: Mapped[str] = short(16)
    model: Mapped[str] = short(32)
    constants: Mapped[str] = short(32)
    weights: Mapped[str] = short(32)
    platform: Mapped[str] = short(128)
    tags: Mapped[str] = short(64)
    policy: Mapped[str] = short(64)
    regime: Mapped[str] = short(16)
    through_seq: Mapped[int] = mapped_column(Id)
    created_at: Mapped[datetime]


class Cached(DeclarativeBase):
    """A row of one generation of one organisation; its key is that of its subject."""

    __abstract__ = True
    metadata = Base.metadata
    type_annotation_map = Base.type_annotation_map

    organisation_id: Mapped[int] = mapped_column(Id)
    generation_id: Mapped[int] = mapped_column(Id)


def _keyed(*columns: str) -> tuple[PrimaryKeyConstraint, dict[str, bool]]:
    """Return the table arguments of rows that are kept in the order of their key."""
    return PrimaryKeyConstraint("generation_id", *columns), {"sqlite_with_rowid": False}


def _number() -> Mapped[float]:
    return mapped_column(Double)


class MasteryLearner(Cached):
    """General ability g, form of the day h (mean and variance each), responses so far."""

    __tablename__ = "mastery_learner"
    __table_args__ = _keyed("learner")

    learner: Mapped[str] = short(36)
    g: Mapped[float] = _number()
    v_g: Mapped[float] = _number()
    h: Mapped[float] = _number()
    v_h: Mapped[float] = _number()
    responses: Mapped[float] = _number()


class MasteryMemory(Cached):
    """What a learner knows of one knowledge point: slow (m) and fast (f) memory, n touches.

    ``at`` is the last touch in seconds since 1970, ``responses`` the learner's count of responses then, ``items`` the
    number of distinct items met, ``forms`` a bit for each form of evidence met, in the order of `EvidenceForm`.
    ``competent_at`` is since when the status has been competent, None where it is not.
    """

    __tablename__ = "mastery_memory"
    __table_args__ = _keyed("learner", "code")

    learner: Mapped[str] = short(36)
    code: Mapped[str] = short(64)
    m: Mapped[float] = _number()
    v_m: Mapped[float] = _number()
    f: Mapped[float] = _number()
    v_f: Mapped[float] = _number()
    n: Mapped[float] = _number()
    at: Mapped[float] = _number()
    responses: Mapped[float] = _number()
    items: Mapped[int]
    forms: Mapped[int]
    competent_at: Mapped[datetime | None]


class MasteryItem(Cached):
    """The difficulty of an item, known by activity and part."""

    __tablename__ = "mastery_item"
    __table_args__ = _keyed("item")

    item: Mapped[str] = short(160)
    b: Mapped[float] = _number()
    v_b: Mapped[float] = _number()


class MasteryPoint(Cached):
    """The difficulty of a knowledge point."""

    __tablename__ = "mastery_point"
    __table_args__ = _keyed("code")

    code: Mapped[str] = short(64)
    c: Mapped[float] = _number()
    v_c: Mapped[float] = _number()


class MasteryRater(Cached):
    """The severity of a rater; strict is positive."""

    __tablename__ = "mastery_rater"
    __table_args__ = _keyed("rater")

    rater: Mapped[str] = short(64)
    s: Mapped[float] = _number()
    v_s: Mapped[float] = _number()


class MasteryMeeting(Cached):
    """How often a learner has met an item, over all attempts."""

    __tablename__ = "mastery_meeting"
    __table_args__ = _keyed("learner", "item")

    learner: Mapped[str] = short(36)
    item: Mapped[str] = short(160)
    count: Mapped[int] = mapped_column(Integer)


class MasteryUpdate(Cached):
    """Why mastery moved: the numbers of the update that one event caused (see services.mastery_cache.Why)."""

    __tablename__ = "mastery_update"
    __table_args__ = _keyed("learner", "event_seq")

    learner: Mapped[str] = short(36)
    event_seq: Mapped[int] = mapped_column(Id)
    codes: Mapped[str]
    numbers: Mapped[bytes] = mapped_column(LargeBinary)
