"""A project that people judge, as learners and staff work at it, request by request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webob import Request, Response

from qualoop.classroom import work_marks
from tests.fakes.block_runtime import Place, Published, Store
from tests.integration.xblocks.learners import Learner
from tests.integration.xblocks.test_practice import FormFields
from xblocks.common import register_store
from xblocks.kp_practice import KpPracticeBlock

CLINIC = "cw-copy-clinic"
ROUNDS = 2
TEXTS = {
    "title": ["Lunch box with two trays, 1.2 litres"],
    **{f"bullet-{number}": [f"<b>Thought {number}</b>, for your walk to work."] for number in range(1, 6)},
    "faq": ["Is it leak proof? The lid seals; carry it upright."],
}
SECURE = {f"r-level-{row}": "2" for row in ("accuracy", "benefit", "structure", "tone")}
STRONG = dict.fromkeys(SECURE, "3")
TEACHER = "teacher"


@dataclass(kw_only=True)
class JudgedRoom:
    """A block in a course; people are known by a word."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    is_course: bool = True
    language: str = "en"
    store: Store = field(default_factory=Store)
    published: list[Published] = field(default_factory=list)
    services: Mapping[str, Any] = field(default_factory=dict)

    def who(self, name: str, **attributes: Any) -> Learner:
        place = Place(
            block_class=KpPracticeBlock,
            fields={"activity_key": CLINIC, **self.fields},
            name="clinic-1",
            is_course=self.is_course,
        )
        known = {"lti": name, "anonymous_user_id": name, "user_id": 7, "username": name, "is_authenticated": True}
        return Learner(
            place=place,
            store=self.store,
            language=self.language,
            user_id=name,
            published=self.published,
            attributes={**known, "user_is_staff": name.startswith(TEACHER), **attributes},
            services=self.services,
        )

    def hand_in(self, name: str, **attributes: Any) -> str:
        """Write a text, hand it in, and return the page that follows."""
        learner = self.who(name, **attributes)
        html = learner.act("open", to="graded").text
        texts = {f"{key}.copy": text for key, text in TEXTS.items()}
        for _ in range(ROUNDS):
            html = learner.send("run", {**FormFields(html, "run").fields, **texts}).text
        return learner.send("hand-in", FormFields(html, "hand-in").fields).text

    def mark(self, action: str, by: str = TEACHER, /, **form: str) -> Response:
        """Send a form of staff from the page as it is now."""
        work = work_marks.find_work(register_store.read(self.who(by).block()), form.get("who", ""))
        shown = {"rev": str(self.rev), "attempt": work.attempt if work is not None else ""}
        request = Request.blank("/", method="POST", POST=list({**shown, **form}.items()))
        return self.who(by).block().handle("act", request, f"mark-{action}")

    def state(self, name: str) -> Any:
        return self.who(name).block().handle("student_view_user_state", Request.blank("/")).json

    @property
    def rev(self) -> int:
        rev: int = self.who(TEACHER).block().register.get("rev", 0)
        return rev

    def grades(self, name: str) -> list[float]:
        """Return the grades that staff's releases published of a learner."""
        found = [one.data for one in self.published if one.kind == "grade"]
        return [each["value"] for each in found if each.get("learner") == name]

    def figures(self) -> dict[str, int]:
        """Return how many works are where, as staff see it."""
        found = re.findall(r"<dt>(\w+)</dt><dd>(\d+)</dd>", self.who(TEACHER).view())
        return {label: int(count) for label, count in found if count != "0"}
