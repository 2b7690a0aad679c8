"""People of a course at work: real launches, answers given through the services, whatever a page then shows of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.models import LtiSession, Person, ResourceLink
from lti_tool.services.attempts import attempts, stepping
from lti_tool.services.attempts.attempts import Who
from lti_tool.services.attempts.stepping import Sent
from qualoop.assessment import Hotspot, Item, Matching, MultipleChoice, Ordering, SingleChoice, reveal
from qualoop.content_packages import Lesson, QuestionStep
from qualoop.player import Action
from qualoop.player.form_view import form_of
from tests.factories.launches import LTI, TOOL_ORIGIN, Case
from tests.factories.tool import Browser, Tool

LESSON = "sem-1-1-keywords-and-intent"
COURSE = {"id": "c-1", "label": "SEM", "title": "Search marketing", "type": ["CourseSection"]}


@dataclass
class Seat:
    """One person at one link: a browser with an open launch, and whose attempt it is."""

    tool: Tool
    browser: Browser
    page: str
    who: Who

    def get(self, path: str = "") -> TestResponse:
        """Open a page of the launch: `record/`, `class/`."""
        return self.browser.get(self.page + path)

    def post(self, path: str, **form: str) -> TestResponse:
        """Send a form with the token of the launch."""
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get().text)
        assert csrf
        return self.browser.client.post(self.page + path, data={"csrf": csrf[1], **form}, base_url=TOOL_ORIGIN)

    def answer(self, *, right: Iterable[bool]) -> None:
        """Answer the lesson's questions in order, once each, as ``right`` says."""
        for item, is_right in zip(self._items(), right, strict=False):
            self._act("answer", item=[item.key], **{"try": ["1"]}, **self._form(item, is_right=is_right))

    def read(self) -> None:
        """Go through all steps of the lesson."""
        for step in self._lesson().steps:
            self._act("go", step=[step.key])

    def finish(self) -> None:
        """Hand the attempt in, with whatever is unanswered."""
        state = self._attempt().state
        answered = {key for key, row in state["items"].items() if row["tries"]}
        self._act("finish", unanswered=[str(len(self._items()) - len(answered))])

    def restart(self) -> None:
        """Begin another attempt."""
        parts, shown = self.tool.runtime, self._attempt().uuid
        with parts.database.connection() as connection:
            attempts.restart(connection, parts.contents, self.who, shown=shown, now=self.tool.clock())

    def _act(self, name: str, **form: Sequence[str]) -> None:
        parts, shown = self.tool.runtime, self._attempt().uuid
        sent = Sent(shown=shown, action=Action(name=name, form=form))
        stepping.act(parts.database, parts.contents, self.who, sent, now=self.tool.clock())

    def _attempt(self) -> attempts.Attempt:
        with self.tool.runtime.database.connection() as connection:
            return attempts.current(connection, self.tool.runtime.contents, self.who, self.tool.clock())[0]

    def _lesson(self) -> Lesson:
        with self.tool.runtime.database.connection() as connection:
            _, opened, _ = attempts.current(connection, self.tool.runtime.contents, self.who, self.tool.clock())
        lesson: Lesson = opened.content
        return lesson

    def _items(self) -> list[Item]:
        lesson = self._lesson()
        return [lesson.items[step.item] for step in lesson.steps if isinstance(step, QuestionStep)]

    def _form(self, item: Item, *, is_right: bool) -> Mapping[str, Sequence[str]]:
        response = reveal(item).response if is_right else wrong_response(item)
        form = form_of(item, response, self._attempt().state["seed"])
        return {name: [value] if isinstance(value, str) else list(value) for name, value in form.items()}


def enter(
    tool: Tool,
    subject: str,
    *,
    name: str | None = None,
    role: str = "learner",
    locale: str = "en",
    lesson: str = LESSON,
    title: str = "Keywords and intent",
    context: Mapping[str, Any] = COURSE,
    changes: Mapping[str, Any] | None = None,
) -> Seat:
    """Let somebody launch a lesson of the course; ``changes`` are further changes of the launch's claims."""
    claims: dict[str, Any] = {
        "sub": subject,
        "name": name,
        "given_name": None,
        "family_name": None,
        LTI + "context": context,
        LTI + "resource_link": {"id": f"r-{lesson}", "title": title},
        LTI + "target_link_uri": f"{TOOL_ORIGIN}/lti/activity/{lesson}",
        LTI + "launch_presentation": {"locale": locale},
        **(changes or {}),
    }
    browser = tool.browser()
    response = browser.launch(Case("seat", {}, claims, None, None, ()), role=role)
    found = re.search(r"/a/([0-9a-f-]{36})/", response.headers.get("Location", "") + response.text)
    assert found, response.text
    return Seat(tool, browser, f"/a/{found[1]}/", _who(tool, found[1]))


def wrong_response(item: Item) -> list[str]:
    """Return a response that is not right."""
    right = list(reveal(item).response)
    if isinstance(item, SingleChoice | MultipleChoice):
        return [option.key for option in item.options if option.key not in right][:1]
    if isinstance(item, Hotspot):
        return [region.key for region in item.regions if region.key not in right][:1]
    return [*right[1:], right[0]] if isinstance(item, Ordering | Matching) else ["987654"]


def _who(tool: Tool, session_uuid: str) -> Who:
    with tool.runtime.database.reading() as reading:
        session, person_uuid, link = reading.execute(
            select(LtiSession, Person.uuid, ResourceLink)
            .join(Person, Person.id == LtiSession.person_id)
            .join(ResourceLink, ResourceLink.id == LtiSession.resource_link_id)
            .where(LtiSession.uuid == session_uuid)
        ).one()
        return Who(
            organisation_id=session.organisation_id,
            person_id=session.person_id,
            person_uuid=person_uuid,
            resource_link_id=link.id,
            activity_id=link.activity_id,
            counts="learner" in session.roles.split(","),
            is_bound="learner" in session.roles.split(","),
            secret=tool.runtime.settings.secret_key,
        )
