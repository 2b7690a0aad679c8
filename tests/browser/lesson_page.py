"""A lesson on a page, as a learner uses it: by the words that stand there, with the mouse, one thing after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from playwright.sync_api import FrameLocator, Locator, Page, expect

from lti_tool.views.host import catalogue
from qualoop.assessment import Hotspot, Item, Matching, NumberItem, Ordering, ShortText
from qualoop.content_packages import inline_html
from tests.browser.lessons import Answer

ACTIVITY = "qualoop-activity"
HTML_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class LessonPage:
    """A lesson in the frame of a course page, or in a window of its own."""

    shown: Page | FrameLocator
    language: str = "en"

    @classmethod
    def opened(cls, shown: Page | FrameLocator, language: str = "en") -> Self:
        """Return the lesson as soon as it is there."""
        lesson = cls(shown, language)
        lesson.title.wait_for()
        return lesson

    @property
    def title(self) -> Locator:
        """Return the title of the lesson."""
        return self.shown.locator(f"{ACTIVITY} h1")

    @property
    def step(self) -> Locator:
        """Return the title of the step."""
        return self.shown.locator(".q-step-title")

    @property
    def feedback(self) -> Locator:
        """Return what the last answer led to."""
        return self.shown.locator(".q-feedback .q-notice")

    def words(self, english: str) -> str:
        """Return what stands on the page for words of the interface."""
        return catalogue(self.language).gettext(english)

    def button(self, english: str) -> Locator:
        """Return the button with these words."""
        return self.shown.locator(ACTIVITY).get_by_role("button", name=self.words(english), exact=True)

    def press(self, english: str) -> None:
        """Press a button and wait until what it sent is answered."""
        self.button(english).click()
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is on its way."""
        expect(self.shown.locator(ACTIVITY)).not_to_have_attribute("data-sending", "")

    def go_to_question(self, number: int) -> None:
        """Go to a question by the list of steps."""
        self._go_to(self.words("Question %(number)s") % {"number": number})

    def go_to_summary(self) -> None:
        """Go to the last page of the lesson by the list of steps."""
        self._go_to(self.words("Summary"))

    def go_to_result(self) -> None:
        """Go to the last page of a lesson that was handed in."""
        self._go_to(self.words("Summary"), shown_as=self.words("Your result"))

    def go_to_first_step(self) -> None:
        """Go to where the lesson begins."""
        while (back := self.button("Previous")).count():
            self._leave_by(back)

    @property
    def has_next(self) -> bool:
        """Return whether another step follows."""
        return self.shown.locator(".q-nav-end").count() > 0

    def go_on(self) -> None:
        """Go to the next step."""
        self._leave_by(self.shown.locator(".q-nav-end"))

    def _leave_by(self, button: Locator) -> None:
        here = self.shown.locator(".q-progress-line")
        before = here.inner_text()
        button.click()
        expect(here).not_to_have_text(before)
        self.settle()

    def _go_to(self, title: str, *, shown_as: str = "") -> None:
        """Choose a step in the list: it stands beside the lesson or, where the page is narrow, behind "All steps"."""
        folded = self.shown.locator(".q-all-steps")
        if folded.is_visible() and folded.get_attribute("open") is None:
            folded.locator("summary").click()
        named = re.compile(rf"^\s*{title}(\s|$)")
        self.shown.locator(".q-step-link:visible", has_text=named).first.click()
        expect(self.step).to_have_text(shown_as or title)
        self.settle()

    def answer(self, item: Item, answer: Answer) -> None:
        """Fill in an answer and have it checked."""
        self.fill_in(item, answer)
        self.shown.locator(".q-answer-form .q-button-primary").click()
        self.settle()
        self.feedback.wait_for()

    def fill_in(self, item: Item, answer: Answer) -> None:
        """Fill in an answer."""
        match item:
            case NumberItem() | ShortText():
                self.shown.locator(".q-input").fill(str(answer))
            case Ordering():
                self._put_in_order([self._text_of(item, key) for key in answer])
            case Matching():
                for pair, key in zip(item.pairs, answer, strict=True):
                    row = self.shown.locator(".q-match-row", has_text=self._plain(pair.left[self.language]))
                    row.locator("select").select_option(label=self._text_of(item, key))
            case _:
                for choice in self.shown.locator(".q-option input[type=checkbox]:checked").all():
                    choice.uncheck()
                for key in answer:
                    self.option(item, key).check()

    def option(self, item: Item, key: str) -> Locator:
        """Return what is to be checked for an option or a region."""
        text = re.compile(rf"^\s*(\d+\s+)?{re.escape(self._text_of(item, key))}\s*$")
        row = self.shown.locator(".q-option", has=self.shown.locator(".q-option-text", has_text=text))
        return row.locator("input")

    def _put_in_order(self, texts: list[str]) -> None:
        """Move each entry up to its place; where the page has no script, choose the place."""
        for place, text in enumerate(texts, start=1):
            entry = self.shown.locator(".q-order-entry", has_text=text)
            if (choice := entry.locator("select")).is_visible():
                choice.select_option(str(place))
                continue
            while int(entry.locator(".q-order-place").inner_text()) > place:
                entry.locator("[data-q-move=up]").click()

    def _text_of(self, item: Item, key: str) -> str:
        match item:
            case Matching():
                return next(pair.right[self.language] for pair in item.pairs if pair.key == key)
            case Ordering():
                return next(entry.text[self.language] for entry in item.entries if entry.key == key)
            case Hotspot():
                return next(region.label[self.language] for region in item.regions if region.key == key)
            case NumberItem() | ShortText():
                raise TypeError(item.type)
            case _:
                return self._plain(next(option.text[self.language] for option in item.options if option.key == key))

    @staticmethod
    def _plain(markdown: str) -> str:
        return HTML_TAG.sub("", inline_html(markdown))
