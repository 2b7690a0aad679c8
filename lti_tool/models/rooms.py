"""Rooms in which the teams of a class play one market. Decisions are a team's, and no row of them names who made them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Id, Scoped, short


class MarketRoom(Scoped):
    """One market at a link: its world's key, and how far it is; of several rooms of a link the newest counts.

    ``played`` rounds are closed, the next may be decided on while ``is_open``. ``size`` is how many advertisers there are,
    bots among them; each of ``shocks`` is one of the engine's, by the round in which it begins.
    """

    __tablename__ = "market_room"
    __table_args__ = (Index("ix_market_room_resource_link_id", "resource_link_id"),)

    uuid: Mapped[str] = short(36, unique=True)
    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("content_version.id"))
    key: Mapped[str] = short(64)
    teams: Mapped[int]
    size: Mapped[int]
    rounds: Mapped[int]
    played: Mapped[int] = mapped_column(default=0)
    is_open: Mapped[bool] = mapped_column(default=False)
    is_over: Mapped[bool] = mapped_column(default=False)
    shocks: Mapped[list[Any]]
    ghost_room_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime]


class RoomSeat(Scoped):
    """Which team somebody is in; teams count from 1."""

    __tablename__ = "room_seat"
    __table_args__ = (UniqueConstraint("room_id", "person_id"), Index("ix_room_seat_person_id", "person_id"))

    room_id: Mapped[int] = mapped_column(ForeignKey("market_room.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    team: Mapped[int]


class RoomRole(Scoped):
    """Who alone decides the components of a role in a team."""

    __tablename__ = "room_role"
    __table_args__ = (UniqueConstraint("room_id", "team", "role"), Index("ix_room_role_person_id", "person_id"))

    room_id: Mapped[int] = mapped_column(ForeignKey("market_room.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    team: Mapped[int]
    role: Mapped[str] = short(32)


class RoomPart(Scoped):
    """One component of a team's decision for a round, packed; ``version`` counts its saves from 1."""

    __tablename__ = "room_part"
    __table_args__ = (UniqueConstraint("room_id", "round", "team", "component"),)

    room_id: Mapped[int] = mapped_column(ForeignKey("market_room.id"))
    round: Mapped[int]
    team: Mapped[int]
    component: Mapped[str] = short(64)
    version: Mapped[int]
    decision: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]


class RoomRound(Scoped):
    """A closed round: the decisions with which it was played; all figures follow from them and the room's key."""

    __tablename__ = "room_round"
    __table_args__ = (UniqueConstraint("room_id", "round"),)

    room_id: Mapped[int] = mapped_column(ForeignKey("market_room.id"))
    round: Mapped[int]
    document: Mapped[dict[str, Any]]
    closed_at: Mapped[datetime]


class RoomTeam(Scoped):
    """What a team calls itself; a team without a row has its number for a name."""

    __tablename__ = "room_team"
    __table_args__ = (UniqueConstraint("room_id", "team"),)

    room_id: Mapped[int] = mapped_column(ForeignKey("market_room.id"))
    team: Mapped[int]
    name: Mapped[str] = short(40)
