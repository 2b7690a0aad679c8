"""A class block as staff and learners use it, request by request; every request makes the block anew from what is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webob import Request, Response

from tests.fakes.block_runtime import BlockRuntime, Place, Published, Store
from xblocks.kp_class import KpClassBlock

RUBRIC = "Asks: nothing / something / everything [SEM-1.1]\nExplains: not yet / clearly"
MARKED: dict[str, Any] = {"max_points": 10.0, "rubric": RUBRIC}
FULL_MARKS = {"r-level-row-1": "2", "r-level-row-2": "1", "points": "7.5", "comment": "Well asked."}


def placed(*, name: str = "class-1", is_course: bool = True, **fields: Any) -> Place:
    return Place(block_class=KpClassBlock, fields=fields, name=name, is_course=is_course)


@dataclass(kw_only=True)
class ClassRoom:
    """A block in a course; people are known by a word."""

    place: Place = field(default_factory=lambda: placed(**MARKED))
    store: Store = field(default_factory=Store)
    published: list[Published] = field(default_factory=list)
    language: str = "en"
    services: Mapping[str, Any] = field(default_factory=dict)

    def block(self, who: str, *, staff: bool = False, **attributes: Any) -> Any:
        known = {"lti": who, "anonymous_user_id": who, "username": who, "user_is_staff": staff, "user_id": 7}
        runtime = BlockRuntime(
            self.store, language=self.language, attributes={**known, **attributes}, services=self.services
        )
        runtime.published = self.published
        return self.place.block(runtime, who)

    def view(self, who: str, *, staff: bool = False, name: str = "student_view", **attributes: Any) -> str:
        block = self.block(who, staff=staff, **attributes)
        html: str = block.render(name).content
        block.save()
        return html

    def opens(self, *learners: str) -> None:
        """Let learners open the block, so that they are in its list."""
        for learner in learners:
            self.view(learner)

    def send(self, who: str, action: str, /, *, staff: bool = True, **form: str) -> Response:
        """Send a form as it is."""
        request = Request.blank("/", method="POST", POST=list(form.items()))
        return self.block(who, staff=staff).handle("act", request, action)

    def act(self, action: str, who: str = "teacher", /, **form: str) -> Response:
        """Send a form of staff from the page as it is now."""
        return self.send(who, action, rev=str(self.rev), **form)

    def check_in(self, who: str, code: str | None = None) -> Response:
        return self.send(who, "check-in", staff=False, code=self.live["code"] if code is None else code)

    def table(self, kind: str = "class") -> str:
        body = self.block("teacher", staff=True).handle("table", Request.blank("/"), kind).body
        text: str = body.decode("utf-8-sig")
        return text

    def state(self, who: str) -> Any:
        return self.block(who).handle("student_view_user_state", Request.blank("/")).json

    @property
    def live(self) -> Any:
        return self.block("teacher", staff=True).handle("live", Request.blank("/")).json

    @property
    def rev(self) -> int:
        found: int = self.live["rev"]
        return found

    def counts(self) -> dict[str, int]:
        return {mark: count for mark, count in self.live["counts"].items() if count}

    def grades(self, who: str) -> list[float]:
        return [one.data["value"] for one in self.published if one.kind == "grade" and one.data["learner"] == who]

    def completions(self, who: str) -> list[float]:
        kept = [one for one in self.published if one.kind == "completion" and one.data["learner"] == who]
        return [one.data["completion"] for one in kept]


def undo_id(page: str) -> str:
    """Return the action that the page offers to take back first."""
    found = re.search(r'name="undo" value="(\d+)"', page)
    assert found is not None
    return found[1]


def said(page: str) -> list[str]:
    """Return the sentences that a page tells."""
    notes = re.findall(r'<div class="q-notice"[^>]*>\s*<p>(.*?)</p>', page)
    return [note.strip() for note in notes]
