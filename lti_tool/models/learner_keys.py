"""The data keys of learners: what is written freely about one is readable with its key only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped, short


class LearnerKey(Scoped):
    """The data key of one learner, encrypted under the installation's secret; None once it was destroyed.

    The row stays when the key is destroyed: an erased learner never gets a second one.
    """

    __tablename__ = "learner_key"
    __table_args__ = (UniqueConstraint("organisation_id", "learner"),)

    learner: Mapped[str] = short(36)
    key_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]
