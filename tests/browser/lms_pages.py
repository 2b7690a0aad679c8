"""The pages of the demo LMS, as a person uses them."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page

from tests.browser.demo_process import Demo
from tests.browser.lesson_page import LessonPage

# A grade arrives by the worker, and the page looks for it by itself every few seconds.
ARRIVAL_MS = 30_000

AMARA, SIYUAN, DANIEL, YUTONG, SOFIA = "21", "22", "23", "24", "25"
HELEN, WENBO = "11", "12"


@dataclass(frozen=True, slots=True, kw_only=True)
class LmsPages:
    """One person at the LMS, in one tab of one browser."""

    page: Page
    demo: Demo
    language: str = "en"

    def log_in(self, user: str) -> None:
        """Choose the language of the pages, and log in with a click on one's card."""
        self.page.goto(self.demo.lms)
        self.page.locator(f".languages button[value='{self.language}']").click()
        self.page.locator(f"button[name=user][value='{user}']").click()
        self.page.wait_for_url("**/course/")

    def open_lesson(self, key: str) -> LessonPage:
        """Open an activity of the course as a learner; the tool shows it in the frame."""
        self.open_activity(key)
        return LessonPage.opened(self.page.frame_locator("#launch"), self.language)

    def open_activity(self, key: str) -> None:
        """Open the page of an activity, whatever the tool shows in its frame."""
        self.page.goto(f"{self.demo.lms}/course/activities/{key}")

    def open_in_window(self) -> Page:
        """Open the activity of this page in a window of its own and return that."""
        with self.page.expect_popup() as opened:
            self.page.locator(".activity-actions a.button").click()
        return opened.value

    def open_in_window_without_script(self) -> Page:
        """Open the activity in a window where the forms between LMS and tool take a press of a button."""
        window = self.open_in_window()
        window.get_by_role("button", name="Continue").click()
        window.wait_for_url("**/lti/auth?**")
        window.get_by_role("button", name="Continue").click()
        return window

    def own_grade(self, key: str) -> Locator:
        """Return where the gradebook shows a student the own grade for an activity."""
        self.page.goto(f"{self.demo.lms}/course/grades")
        return self.page.locator("tr", has=self.page.locator(f"a[href$='/{key}']")).locator("strong")

    def class_grade(self, key: str, name: str) -> Locator:
        """Return where the gradebook shows a teacher somebody's grade for an activity."""
        self.page.goto(f"{self.demo.lms}/course/grades")
        column = self.page.locator(f"th a[href$='/{key}']").evaluate("link => link.closest('th').cellIndex")
        return self.page.locator("tbody tr", has_text=name).locator("th, td").nth(column).locator("strong")
