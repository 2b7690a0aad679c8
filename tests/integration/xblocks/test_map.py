"""The map: what the plug-in's copy says and how old it is; staff see the class; without a copy it says where to look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree
from webob import Request
from xblock.completable import XBlockCompletionMode

from tests.fakes.block_runtime import BlockRuntime, Place, Store
from tests.integration.xblocks.learners import Learner
from xblocks.common import cache
from xblocks.common.cache import MasteryMap, PointLevel
from xblocks.kp_map import KpMapBlock, studio

LEVELS = {
    "SEM-1.1": PointLevel(level=82, low=70, high=91, responses=7),
    "SEM-1.3": PointLevel(level=31, low=12, high=55, responses=1),
}


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The plug-in's module as blocks know it."""

    age: timedelta

    def find_map(self, _course: str, learner: str) -> MasteryMap | None:
        return MasteryMap(points=LEVELS, as_of=datetime.now(UTC) - self.age) if learner == "known" else None

    def class_maps(self, _course: str) -> Sequence[MasteryMap]:
        at = datetime.now(UTC) - self.age
        return [MasteryMap(points=LEVELS, as_of=at, label="<Wei>"), MasteryMap(points={}, as_of=at, label="Ana")]


@dataclass(frozen=True, kw_only=True)
class SiteSettings:
    """The service `settings`."""

    bucket: dict[str, Any]

    def get_settings_bucket(self, block: Any) -> dict[str, Any]:
        return self.bucket if block.block_settings_key == "qualoop" else {}


@pytest.fixture
def copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "find_plugin", lambda _: Copy(age=timedelta(hours=3)))


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


@pytest.mark.usefixtures("copy")
def test_staff_see_the_class() -> None:
    html = looking(role="staff").view()

    assert "&lt;Wei&gt;" in html
    assert '<td data-step="3">82%<small>70–91</small></td>' in html
    assert '<td data-step="0">31%' in html


@pytest.mark.usefixtures("copy")
def test_who_is_not_known_is_told_how_the_map_begins() -> None:
    assert "Nothing is known yet." in looking("nobody").view()


def test_what_is_old_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "find_plugin", lambda _: Copy(age=timedelta(days=2)))

    assert "This is more than a day old" in looking().view()


@pytest.mark.parametrize(
    ("bucket", "linked"),
    [({"tool_url": "https://tool.example/"}, True), ({"tool_url": "javascript:alert(1)"}, False), ({}, False)],
)
def test_without_a_copy_it_leads_to_the_tool(bucket: dict[str, Any], *, linked: bool) -> None:
    html = looking(settings=SiteSettings(bucket=bucket)).view()

    assert "this site has no copy of it" in html
    assert ('href="https://tool.example/"' in html) is linked
    assert "javascript" not in html


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
    ],
)
def test_authors_choose_a_unit_of_the_framework(values: dict[str, Any], status: int) -> None:
    response, made = edited(looking(), {"values": values})

    assert response.status_code == status
    assert made.unit == (values.get("unit", "SEM-1") if status == 200 else "SEM-1")
    assert status == 200 or response.json["messages"]


@pytest.mark.parametrize(("role", "status"), [("student", 403), ("staff", 200)])
def test_where_learners_are_served_only_staff_may_save(monkeypatch: pytest.MonkeyPatch, role: str, status: int) -> None:
    monkeypatch.setattr(studio, "serves_learners", lambda: True)

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
