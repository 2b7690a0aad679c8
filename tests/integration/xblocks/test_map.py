"""The map: what the plug-in's copy says and how old it is; staff see the class; without a copy it says where to look."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree
from webob import Request
from xblock.completable import XBlockCompletionMode

from qualoop.records import Status
from tests.fakes.block_runtime import BlockRuntime, Place, Store
from tests.integration.xblocks.learners import Learner
from xblocks.common import cache, studio_saving
from xblocks.common.cache import Following, MasteryMap, PointLevel, PointState
from xblocks.kp_map import KpMapBlock
from xblocks.kp_map.mapping import MARKS

LEVELS = {
    "SEM-1.1": PointState(status="competent", known=PointLevel(level=82, low=70, high=91, responses=7)),
    "SEM-1.3": PointState(status="developing", known=PointLevel(level=31, low=12, high=55, responses=1)),
}
NEXT = Following(
    activity="sem-1-3-paid-search",
    title={"en": "Paid <search>", "zh-Hans": "付费搜索"},
    reason={"en": "It is below the line.", "zh-Hans": "尚未达到要求。"},
)


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The plug-in's module as blocks know it."""

    age: timedelta = timedelta(hours=3)
    states: Mapping[str, PointState] = field(default_factory=lambda: LEVELS)
    following: Following | None = NEXT
    place: str | None = None
    is_read: bool = True
    people: Sequence[str] = ("<Wei>", "Ana")

    def find_map(self, _course: str, learner: str) -> MasteryMap | None:
        return self._map("known", self.states) if learner == "known" else None

    def class_maps(self, _course: str, *, with_names: bool) -> Sequence[MasteryMap]:
        rows = [self._map(who, {} if who == "Ana" else self.states) for who in self.people]
        return [replace(row, label=row.learner if with_names else "") for row in rows]

    def read_at(self) -> datetime | None:
        return datetime.now(UTC) - self.age if self.is_read else None

    def find_place(self, _course: str, activity: str) -> str | None:
        return self.place if activity == NEXT.activity else None

    def _map(self, learner: str, states: Mapping[str, PointState]) -> MasteryMap:
        at = datetime.now(UTC) - self.age
        return MasteryMap(points=states, as_of=at, following=self.following, learner=learner)


@dataclass(frozen=True, kw_only=True)
class SiteSettings:
    """The service `settings`."""

    bucket: dict[str, Any]

    def get_settings_bucket(self, block: Any) -> dict[str, Any]:
        return self.bucket if block.block_settings_key == "qualoop" else {}


@pytest.fixture
def copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "find_plugin", lambda _: Copy())


def looking(lti: str = "known", role: str = "student", **services: Any) -> Learner:
    place = Place(block_class=KpMapBlock, fields={"unit": "SEM-1"}, name="map-1")
    return Learner(place=place, attributes={"lti": lti, "user_role": role}, services=services)


@pytest.mark.usefixtures("copy")
def test_learners_see_their_levels_and_how_old_they_are() -> None:
    html = looking().view()

    assert "<strong>82%</strong>" in html
    assert "likely 12–55%" in html
    assert "from 1 answer<" in html
    assert "(3 hours ago)" in html
    assert html.count("no evidence yet") == 2
    assert "The class, for staff" not in html
    assert "Wei" not in html


def shown(copy: Copy, language: str = "en", **where: Any) -> str:
    """Return the page of a learner whose platform offers a copy as a service, as a workbench does."""
    return replace(looking(**where, qualoop_mastery=copy), language=language).view()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("What to do next", "Paid &lt;search&gt;", "It is below the line.", "Competent", "Developing")),
        ("zh-cn", ("下一步做什么", "付费搜索", "尚未达到要求。", "达标", "发展中")),
    ],
)
def test_learners_see_their_statuses_and_what_to_do_next(language: str, words: Sequence[str]) -> None:
    html = shown(Copy(), language)

    assert [word for word in words if word not in html] == []
    assert ("Open it from your course." in html) is (language == "en")


def test_what_to_do_next_leads_to_its_place_in_the_course() -> None:
    html = shown(Copy(place="/courses/c/jump_to/k"))

    assert '<a href="/courses/c/jump_to/k" target="_top">Paid &lt;search&gt;</a>' in html
    assert "Open it from your course." not in html


def test_where_nothing_is_to_be_done_the_map_says_so() -> None:
    assert "Nothing is waiting for you at the moment." in shown(Copy(following=None))


def test_every_status_has_a_word_and_one_without_a_level_is_shown() -> None:
    assert set(MARKS) | {"no-evidence"} == {*Status}
    html = shown(Copy(states={"SEM-1.2": PointState(status="under-appeal", known=None)}))

    assert "Under appeal" in html
    assert html.count("no evidence yet") == 3
    assert "<b>" in shown(Copy(states={"SEM-1.2": PointState(status="&lt;b>", known=None)})).replace(
        "&amp;lt;b&gt;", "<b>"
    )


@pytest.mark.parametrize(("fields", "who"), [({"show_names": True}, "&lt;Wei&gt;"), ({}, "Learner 7e67")])
@pytest.mark.usefixtures("copy")
def test_staff_see_the_class_with_names_only_where_these_are_switched_on(fields: dict[str, Any], who: str) -> None:
    staff = looking(role="staff")
    html = replace(staff, place=replace(staff.place, fields={**staff.place.fields, **fields})).view()

    assert who in html
    assert ("&lt;Wei&gt;" in html) is bool(fields)
    assert '<td data-step="3">82% <span class="q-kp-sign" aria-hidden="true">✓✓</span>' in html
    assert "<small>70–91 · 7</small>" in html
    assert '<td data-step="0">31%<small>1 learner</small></td>' in html
    assert "1 of 2 learners have evidence of these points." in html
    assert html.count('<td class="q-kp-next">Paid &lt;search&gt;</td>') == 2


@pytest.mark.parametrize(
    ("copy", "words"),
    [
        (Copy(people=()), "There is no evidence of this class yet."),
        (Copy(people=("Ana",)), "The tool knows 1 learner of this course, and has no evidence"),
        (Copy(is_read=False, people=()), "Nothing was read from the Qualoop tool yet."),
    ],
)
def test_staff_are_told_why_their_table_is_empty(copy: Copy, words: str) -> None:
    assert words in shown(copy, role="staff")
    assert words not in shown(copy)


@pytest.mark.usefixtures("copy")
def test_who_is_not_known_is_told_how_the_map_begins() -> None:
    assert "Nothing is known yet." in looking("nobody").view()


@pytest.mark.usefixtures("copy")
def test_staff_are_told_that_they_have_no_map_of_their_own() -> None:
    html = looking("nobody", role="staff").view()

    assert "Staff have none" in html
    assert "Nothing is known yet." not in html


def test_what_is_old_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "find_plugin", lambda _: Copy(age=timedelta(days=2)))

    assert "This is more than a day old" in looking().view()


def test_without_a_copy_it_leads_to_the_tool() -> None:
    html = looking(settings=SiteSettings(bucket={"tool_url": "https://tool.example/"})).view()

    assert "this site has no copy of it" in html
    assert 'href="https://tool.example/"' in html


@pytest.mark.parametrize("bucket", [{"tool_url": "javascript:alert(1)"}, {}])
def test_without_copy_and_tool_it_is_no_dead_end(bucket: dict[str, Any]) -> None:
    learner = looking(settings=SiteSettings(bucket=bucket))
    html, authors = learner.view(), learner.view("author_view")

    assert "Your work and your grades in this course are not affected" in html
    assert "plug-in" not in html
    assert "javascript" not in html
    for page in (authors, learner.view("studio_view"), replace(looking(role="staff"), language="en").view()):
        assert "this site has not installed the plug-in" in page
        assert "XBLOCK_SETTINGS, qualoop, tool_url" in page


@pytest.mark.parametrize("view", ["public_view", "author_view"])
@pytest.mark.usefixtures("copy")
def test_guests_and_authors_see_points_and_nobodys_levels(view: str) -> None:
    html = replace(looking(role="staff"), language="zh-cn").view(view)

    assert "SEM-1.1" in html
    assert "关键词与搜索意图" in html
    assert "尚无证据" not in html
    assert "82%" not in html


def test_it_has_neither_grade_nor_completion_and_apps_learn_only_its_points() -> None:
    made = looking().block()

    assert not made.has_score
    assert made.completion_mode == XBlockCompletionMode.EXCLUDED
    assert made.student_view_data()["knowledge_points"] == ["SEM-1.1", "SEM-1.2", "SEM-1.3", "SEM-1.4"]
    assert set(made.index_dictionary()["content"]) == {"display_name"}


def test_apps_learn_how_the_learner_stands_and_nothing_of_others() -> None:
    def state(**where: Any) -> Any:
        block = looking(**where, qualoop_mastery=Copy(place="/courses/c/jump_to/k")).block()
        return block.handle("student_view_user_state", Request.blank("/"))

    found = state().json
    assert (found["schema"], [point["code"] for point in found["knowledge_points"]]) == (1, ["SEM-1.1", "SEM-1.3"])
    weak = {"code": "SEM-1.3", "status": "developing", "level": 31, "low": 12, "high": 55, "responses": 1, "last": None}
    assert found["knowledge_points"][1] == weak
    said = {"title": "Paid <search>", "reason": "It is below the line.", "url": "/courses/c/jump_to/k"}
    assert found["next"] == said
    assert state(lti="nobody").json is None
    guest = replace(looking(), attributes={"is_authenticated": False}).block()
    assert guest.handle("student_view_user_state", Request.blank("/")).json == {"error": "sign-in"}


def test_the_form_shows_the_units_and_their_points_in_the_authors_language() -> None:
    form = replace(looking(role="staff"), language="zh-cn").view("studio_view")

    assert '<option value="SEM-1" selected>' in form
    assert all(word in form for word in ("全部单元", "显示名称", "关键词与搜索意图", "地图上的知识点"))
    assert '<li data-q-choice data-unit="SEM-1"><' in form
    assert 'data-unit="SA-1" hidden' in form


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"unit": "SA-1"}, 200),
        ({"unit": "", "display_name": "Where you stand"}, 200),
        ({"unit": "XX-1"}, 400),
        ({"unit": 7}, 400),
        ({"unit": ["SEM-1"]}, 400),
        ({"display_name": "x" * 201}, 400),
        ({"display_name": None}, 400),
        ({"show_names": "on"}, 200),
        ({"show_names": "off"}, 200),
        ({"show_names": "maybe"}, 400),
        ({"show_names": ["on"]}, 400),
    ],
)
def test_authors_choose_a_unit_of_the_framework(values: dict[str, Any], status: int) -> None:
    response, made = edited(looking(), {"values": values})

    assert response.status_code == status
    assert made.unit == (values.get("unit", "SEM-1") if status == 200 else "SEM-1")
    assert status == 200 or response.json["messages"]
    assert made.show_names is (values.get("show_names") == "on")


@pytest.mark.parametrize(("role", "status"), [("student", 403), ("staff", 200)])
def test_where_learners_are_served_only_staff_may_save(monkeypatch: pytest.MonkeyPatch, role: str, status: int) -> None:
    monkeypatch.setattr(studio_saving, "serves_learners", lambda: True)

    assert edited(looking(role=role), {"values": {"unit": "SA-1"}})[0].status_code == status


@pytest.mark.parametrize("body", [[], {}, {"values": 7}, "half"])
def test_a_body_that_is_none_is_refused_with_a_code(body: Any) -> None:
    response, _ = edited(looking(), body)

    assert (response.status_code, response.json) == (400, {"error": "body-refused"})


def test_what_an_import_made_wrong_is_told_above_the_block_and_in_the_form() -> None:
    author = replace(looking(), place=Place(block_class=KpMapBlock, fields={"unit": "XX-1"}, name="map-1"))

    assert [message.text for message in author.block().validate().messages] == [
        "There is no such unit. Choose one of the list, or all."
    ]
    assert "There is no such unit." in author.view("studio_view")


def edited(author: Learner, body: Any) -> tuple[Any, KpMapBlock]:
    """Send what Studio's form sends; return the answer and the block."""
    made: KpMapBlock = author.block()
    request = Request.blank("/", method="POST", body=json.dumps(body).encode())
    return made.handle("submit_studio_edits", request), made


def test_its_olx_comes_back() -> None:
    node = etree.Element("unknown_root")
    looking().block().add_xml_to_node(node)
    node.attrib.pop("xblock-family")
    again = KpMapBlock.parse_xml(node, BlockRuntime(Store()), looking().block().scope_ids)

    assert again.unit == "SEM-1"
