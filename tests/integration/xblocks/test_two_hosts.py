"""One player, two hosts: the tool and the block show the same HTML but for addresses, the start of ids and auth fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from lti_tool.views.host import ToolHost
from qualoop.assessment import LinkSettings, ResponseRefusedError
from qualoop.player import Action, Refused, StaleActionError
from tests.factories.packages import ecommerce
from tests.integration.xblocks.learners import TEST_LESSONS, Learner, placed, questions, right_form, wrong_form
from xblocks.common.attempt import Attempt

SEED = 20_261_124
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
BASE = "/a/2f9c/"
Form = Mapping[str, Sequence[str]]

ADDRESSES = {"action", "formaction", "src", "href"}
NAMES = {"id", "for", "aria-labelledby", "aria-describedby", "data-for", "data-q-then"}
AUTH_FIELDS = {"csrf", "attempt"}
AUTH_ATTRIBUTES = {"data-csrf-cookie", "data-canonical-url"}


class NormalForm(HTMLParser):
    """HTML as a list of tags and texts, without what may differ between hosts."""

    def __init__(self, html: str, *, prefix: str, place: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[object] = []
        self._prefix = prefix
        self._place = place
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "input" and values.get("type") == "hidden" and values.get("name") in AUTH_FIELDS:
            return
        self.pieces.append(
            (tag, {name: self._plain(name, value) for name, value in attrs if name not in AUTH_ATTRIBUTES})
        )

    def handle_endtag(self, tag: str) -> None:
        self.pieces.append(tag)

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def _plain(self, name: str, value: str | None) -> str | None:
        if value is None:
            return None
        if name in ADDRESSES:
            address, mark, fragment = value.partition("#")
            return f"{self._place(address)}{mark}{self._unprefixed(fragment)}"
        return " ".join(map(self._unprefixed, value.split())) if name in NAMES else value

    def _unprefixed(self, name: str) -> str:
        return f"ID-{name.removeprefix(f'{self._prefix}-')}" if name.startswith(f"{self._prefix}-") else name


@dataclass(kw_only=True)
class ToolPages:
    """The lesson as the tool shows it: `ToolHost`, and the player called as the tool's views call it."""

    key: str
    language: str

    def __post_init__(self) -> None:
        self.opened = TEST_LESSONS.get(self.key)
        self.state = self.opened.kind.initial_state(self.opened.content, SEED)
        self.settings = LinkSettings()

    def do(self, name: str, form: Form) -> tuple[int, str]:
        action = Action(name=name, form=form)
        refused = None
        try:
            self.state = self.opened.kind.step(
                self.opened.content, self.state, action, settings=self.settings, now=NOW
            ).state
        except StaleActionError as error:
            refused = None if error.taken else Refused(action=action, error=error)
        except ResponseRefusedError as error:
            refused = Refused(action=action, error=error)
        return refused.status if refused else 200, self.page(refused)

    def page(self, refused: Refused | None = None) -> str:
        host = ToolHost(
            attempt="first",
            language=self.language,
            base=BASE,
            csrf="token",
            framework=ecommerce(),
            outlook=(),
            can_restart=bool(self.state["finished"]),
            attributes={"data-canonical-url": BASE},
        )
        return self.opened.kind.render(self.opened.content, self.state, host, settings=self.settings, refused=refused)


@dataclass(kw_only=True)
class BlockPages:
    """The lesson as the block shows it, on a runtime with real field data."""

    key: str
    language: str

    def __post_init__(self) -> None:
        self.learner = Learner(place=placed(self.key), language=self.language)
        block = self.learner.block()
        block.state = Attempt.first(TEST_LESSONS.get(self.key), attempt_id="first", seed=SEED).as_json()
        block.save()

    def do(self, name: str, form: Form) -> tuple[int, str]:
        response = self.learner.act(name, **form)
        return response.status_code, response.text

    def page(self) -> str:
        return self.learner.block()._page()  # type: ignore[no-any-return]

    @property
    def prefix(self) -> str:
        prefix: str = self.learner.block().host().id_prefix
        return prefix


def actions(key: str) -> Iterator[tuple[str, Form]]:
    """Iterate over what a thorough learner does: every step, every item refused, wrong, hinted, right or given up."""
    lesson = TEST_LESSONS.get(key).content
    for step in lesson.steps:
        yield "go", {"step": [step.key]}
    for number, (step_key, item) in enumerate(questions(lesson)):
        entry = {"item": [item.key], "try": ["1"]}
        yield "go", {"step": [step_key]}
        yield "answer", entry
        yield "answer", {**entry, **wrong_form(item, SEED)}
        yield "answer", {**entry, **wrong_form(item, SEED)}
        yield "answer", {**entry, **right_form(item, SEED)}
        yield "hint", {"item": [item.key], "hint": ["1"]}
        again = {"item": [item.key], "try": ["2"]}
        yield ("reveal", again) if number % 3 == 2 else ("answer", {**again, **right_form(item, SEED)})
    yield "go", {"step": ["_summary"]}
    yield "finish", {"unanswered": ["0"]}
    yield "go", {"step": [lesson.steps[1].key]}


def tool_place(address: str) -> str:
    return address.removeprefix(BASE).replace("do/", "act/", 1)


def block_place(address: str) -> str:
    return address.removeprefix("/handler/lesson-1/").removesuffix("?student=learner")


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("key", ["full", "canary"])
def test_both_hosts_show_the_same(key: str, language: str) -> None:
    tool, block = ToolPages(key=key, language=language), BlockPages(key=key, language=language)

    def assert_same(tool_html: str, block_html: str) -> None:
        one = NormalForm(tool_html, prefix="q", place=tool_place).pieces
        other = NormalForm(block_html, prefix=block.prefix, place=block_place).pieces
        assert one == other

    assert_same(tool.page(), block.page())
    statuses = []
    for name, form in actions(key):
        tool_reply, block_reply = tool.do(name, form), block.do(name, form)
        assert tool_reply[0] == block_reply[0]
        statuses.append(tool_reply[0])
        assert_same(tool_reply[1], block_reply[1])
    asked = len(questions(TEST_LESSONS.get(key).content))
    assert statuses.count(422) == asked
    assert statuses.count(409) >= asked, "an answer of an older page to each question, and hints that there are none of"
    assert tool.state["finished"]
    assert block.learner.attempt["status"] == "evaluated"
    assert (
        block.learner.block().score == tool.opened.kind.score(tool.opened.content, tool.state, tool.settings).as_text()
    )


def test_the_normal_form_keeps_what_matters() -> None:
    pages = ToolPages(key="full", language="en")
    html = pages.page()
    normal = NormalForm(html, prefix="q", place=tool_place).pieces

    assert NormalForm(html.replace("Everything", "All"), prefix="q", place=tool_place).pieces != normal
    assert NormalForm(html.replace("do/go", "do/finish"), prefix="q", place=tool_place).pieces != normal
    assert NormalForm(html.replace("q-step-text", "q-step-else"), prefix="q", place=tool_place).pieces != normal
    assert NormalForm(html.replace("token", "another"), prefix="q", place=tool_place).pieces == normal
