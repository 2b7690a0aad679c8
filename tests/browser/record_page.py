"""The pages that show levels and the evidence behind them: a learner's record, and a learner's page for the teacher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from playwright.sync_api import FrameLocator, Locator, Page

from tests.browser.lesson_page import LessonPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the evidence, as it is shown."""

    question: str
    score: str
    hints: str


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A page with knowledge points, their levels and the evidence."""

    shown: Page | FrameLocator

    @classmethod
    def opened_from(cls, lesson: LessonPage) -> Self:
        """Go from the lesson to the learner's own record."""
        lesson.shown.locator(".q-tab[href$='record/']").click()
        lesson.shown.locator(".q-page-head").wait_for()
        return cls(lesson.shown)

    def point(self, code: str) -> Locator:
        """Return the cell of a knowledge point in the map."""
        named = self.shown.locator(".q-point-name", has_text=code)
        return self.shown.locator(".q-kp", has=named)

    def level(self, code: str) -> Locator:
        """Return the level of a knowledge point."""
        return self.point(code).locator(".q-figure-level")

    def evidence(self, code: str) -> list[Entry]:
        """Open the page of a knowledge point and return the evidence behind its level, newest first."""
        self.point(code).locator(".q-point-name a").click()
        rows = self.shown.locator(".q-entry")
        rows.first.wait_for()
        return [_entry(row) for row in rows.all()]


def _entry(row: Locator) -> Entry:
    score, _, hints, _ = row.locator("dd").all_inner_texts()
    return Entry(question=row.locator(".q-entry-question").inner_text(), score=score, hints=hints)
