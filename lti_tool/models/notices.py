"""Up to when a person has seen the notices. What they say is derived from the ledger and the links, never stored."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped


class NoticeSeen(Scoped):
    """What came up to `seen_to` is no news for this person; `seen_before` is what stood there before, to take it back."""

    __tablename__ = "notice_seen"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    seen_to: Mapped[datetime | None]
    seen_before: Mapped[datetime | None]
