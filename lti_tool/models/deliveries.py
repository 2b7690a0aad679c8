"""The mechanisms that are built once: outbox, inbox, import, long job."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped, short


class LineItem(Scoped):
    """A grade column of a platform that a resource link reports to."""

    __tablename__ = "line_item"
    __table_args__ = (UniqueConstraint("resource_link_id"),)

    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    url: Mapped[str | None]
    lineitems_url: Mapped[str | None]
    scopes: Mapped[str]
    score_maximum: Mapped[int] = mapped_column(default=100)
    compared_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class AccessToken(Scoped):
    """A cached access token, keyed by registration, client, token address and scopes (S29)."""

    __tablename__ = "access_token"
    __table_args__ = (UniqueConstraint("registration_id", "client_id", "token_url", "scopes"),)

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    client_id: Mapped[str] = short()
    token_url: Mapped[str]
    scopes: Mapped[str]
    token_encrypted: Mapped[bytes]
    expires_at: Mapped[datetime]


class OutboxRow(Scoped):
    """Something that must reach another system: one row per (channel, target, subject), coalesced.

    `dismissed_rev` is the `rev` whose failure somebody has put aside: whatever changes afterwards counts anew.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("channel", "target", "subject"),
        Index("ix_outbox_state_next_at", "state", "next_at"),
    )

    channel: Mapped[str] = short(32)
    target: Mapped[int]
    subject: Mapped[int]
    rev: Mapped[int] = mapped_column(default=1)
    sent_rev: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = short(16)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    lease: Mapped[str | None] = short(36)
    last_timestamp: Mapped[datetime | None]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    seen_value: Mapped[str | None] = short(64)
    seen_at: Mapped[datetime | None]
    dismissed_rev: Mapped[int | None]
    updated_at: Mapped[datetime]


class Delivery(Scoped):
    """One try to deliver an outbox row, written before the request goes out."""

    __tablename__ = "delivery"

    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"), index=True)
    rev: Mapped[int]
    value: Mapped[str] = short(64)
    timestamp: Mapped[datetime]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = short(16)
    status: Mapped[int | None]
    detail: Mapped[str | None]


class InboxItem(Scoped):
    """Something that needs a person: why, who owns it, until when, what they may do."""

    __tablename__ = "inbox_item"
    __table_args__ = (UniqueConstraint("organisation_id", "reason", "subject"),)

    reason: Mapped[str] = short(48)
    subject: Mapped[str] = short(160)
    details: Mapped[dict[str, Any]]
    owner_role: Mapped[str] = short(32)
    actions: Mapped[list[Any]]
    state: Mapped[str] = short(16, default="open")
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str | None]


class ImportRun(Scoped):
    """One import: what was read, its diff in words, whether it was applied or undone."""

    __tablename__ = "import_run"

    uuid: Mapped[str] = short(36, unique=True)
    kind: Mapped[str] = short(32)
    source: Mapped[str] = short()
    state: Mapped[str] = short(16)
    diff: Mapped[list[Any]]
    undo: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]


class Job(Scoped):
    """Long work: how far it is, whether somebody asked it to stop, where it goes on."""

    __tablename__ = "job"

    uuid: Mapped[str] = short(36, unique=True)
    kind: Mapped[str] = short(32)
    state: Mapped[str] = short(16)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[dict[str, Any]]
    message: Mapped[str] = mapped_column(default="")
    interrupt: Mapped[bool] = mapped_column(default=False)
    leased_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
