"""Administrators: the one-time links that let them in, their sessions, and what they changed.

Rows without an organisation are an operator's, who works on the whole installation.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Base, short


class AdminLink(Base):
    """A link that lets one person in once; the token is stored as its hash."""

    __tablename__ = "admin_link"

    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    token_hash: Mapped[str] = short(64, unique=True)
    role: Mapped[str] = short(32)
    name: Mapped[str] = short()
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AdminSession(Base):
    """Somebody who is signed in to the administration pages; the cookie's secret is stored as its hash.

    `organisation_id` is the organisation whose pages are open: an administrator's own for good, whichever an operator
    chose last. `seen_at` is when a page was last asked for, to the minute.
    """

    __tablename__ = "admin_session"

    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    uuid: Mapped[str] = short(36, unique=True)
    secret_hash: Mapped[str] = short(64, unique=True)
    role: Mapped[str] = short(32)
    name: Mapped[str] = short()
    language: Mapped[str | None] = short(16)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AdminChange(Base):
    """One change: who made it (`session_uuid` is None on the command line), what was done to what, when.

    `details` are short facts in plain JSON; never a name of a learner, a token or a key.
    """

    __tablename__ = "admin_change"
    __table_args__ = (Index("ix_admin_change_organisation_id", "organisation_id", "id"),)

    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    session_uuid: Mapped[str | None] = short(36)
    name: Mapped[str] = short()
    action: Mapped[str] = short(48)
    subject: Mapped[str] = short()
    details: Mapped[dict[str, Any]]
    at: Mapped[datetime]
