"""A platform's requests for content, each open for one teacher until it is answered or too old."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped, short


class DeepLink(Scoped):
    """What one Deep Linking request opened: bound to registration, deployment, person and context.

    `request` is what the platform takes and where the answer goes; `answer`, once there is one, the items, and the
    nonce under which they were sent. `answered_at` is set once: a second answer repeats the first.
    """

    __tablename__ = "deep_link"

    uuid: Mapped[str] = short(36, unique=True)
    secret_hash: Mapped[str] = short(64)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    roles: Mapped[str] = short(128)
    language: Mapped[str] = short(16)
    request: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
