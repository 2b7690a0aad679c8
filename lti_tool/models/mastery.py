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
from typing import Annotated, Any, ClassVar, TypeAlias

from sqlalchemy import Double, LargeBinary, String, UniqueConstraint
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
    """A row of one generation of one organisation; its key is that of its subject, and rows are kept in its order."""

    __abstract__ = True
    __table_args__ = ({"sqlite_with_rowid": False},)
    metadata = Base.metadata
    type_annotation_map: ClassVar[dict[Any, Any]] = {**Base.type_annotation_map, float: Double, bytes: LargeBinary}

    # In front of the columns of the tables: the key begins with the generation.
    organisation_id: Mapped[int] = mapped_column(Id, sort_order=-2)
    generation_id: Mapped[int] = mapped_column(Id, primary_key=True, sort_order=-1)


# What a state is of: parts of its key, in the order of the columns.
Learner: TypeAlias = Annotated[str, mapped_column(String(36), primary_key=True)]
Code: TypeAlias = Annotated[str, mapped_column(String(64), primary_key=True)]
Item: TypeAlias = Annotated[str, mapped_column(String(160), primary_key=True)]
Rater: TypeAlias = Annotated[str, mapped_column(String(64), primary_key=True)]


class MasteryLearner(Cached):
    """General ability g, form of the day h (mean and variance each), responses so far."""

    __tablename__ = "mastery_learner"

    learner: Mapped[Learner]
    g: Mapped[float]
    v_g: Mapped[float]
    h: Mapped[float]
    v_h: Mapped[float]
    responses: Mapped[float]


class MasteryMemory(Cached):
    """What a learner knows of one knowledge point: slow (m) and fast (f) memory, n touches.

    ``at`` is the last touch in seconds since 1970, ``responses`` the learner's count of responses then, ``items`` the
    number of distinct items met, ``forms`` a bit for each form of evidence met, in the order of `EvidenceForm`.
    ``competent_at`` is since when the status has been competent, None where it is not.
    """

    __tablename__ = "mastery_memory"

    learner: Mapped[Learner]
    code: Mapped[Code]
    m: Mapped[float]
    v_m: Mapped[float]
    f: Mapped[float]
    v_f: Mapped[float]
    n: Mapped[float]
    at: Mapped[float]
    responses: Mapped[float]
    items: Mapped[int]
    forms: Mapped[int]
    competent_at: Mapped[datetime | None]


class MasteryItem(Cached):
    """The difficulty of an item, known by activity and part."""

    __tablename__ = "mastery_item"

    item: Mapped[Item]
    b: Mapped[float]
    v_b: Mapped[float]


class MasteryPoint(Cached):
    """The difficulty of a knowledge point."""

    __tablename__ = "mastery_point"

    code: Mapped[Code]
    c: Mapped[float]
    v_c: Mapped[float]


class MasteryRater(Cached):
    """The severity of a rater; strict is positive."""

    __tablename__ = "mastery_rater"

    rater: Mapped[Rater]
    s: Mapped[float]
    v_s: Mapped[float]


class MasteryMeeting(Cached):
    """How often a learner has met an item, over all attempts: ``count`` times, below zero while no meeting weighed anything."""

    __tablename__ = "mastery_meeting"

    learner: Mapped[Learner]
    item: Mapped[Item]
    count: Mapped[int]


class MasteryUpdate(Cached):
    """Why mastery moved: the numbers of the update that one event caused (see services.explanations)."""

    __tablename__ = "mastery_update"

    learner: Mapped[Learner]
    event_seq: Mapped[int] = mapped_column(Id, primary_key=True)
    codes: Mapped[str]
    numbers: Mapped[bytes]
