"""How a teacher paces the graded runs of a practice project at one link, and what the class is told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped


class PracticeRounds(Scoped):
    """Which rounds of graded runs are open at a link; a link without a row holds nothing back.

    ``opened`` counts the rounds that are open, from the first, where ``by_teacher`` says that a teacher opens them;
    ``dates`` has a moment (microseconds since 1970, or null) by round at which it opens by itself, ``closes`` one at which it
    is over. Each of ``shocks`` has a round (from 1) and the engine's word. ``shows_class`` says whether learners see how the class did; ``version`` counts
    changes, so that a page from before is told apart.
    """

    __tablename__ = "practice_rounds"

    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"), unique=True)
    by_teacher: Mapped[bool]
    opened: Mapped[int]
    dates: Mapped[list[Any]]
    closes: Mapped[list[Any]]
    shocks: Mapped[list[Any]]
    shows_class: Mapped[bool]
    version: Mapped[int]
