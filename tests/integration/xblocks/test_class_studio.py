"""The class block for authors: its form, what may be saved, export and import, copies, what guests and search are given."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from webob import Request
from xblock.fields import ScopeIds

from qualoop.assessment.rubric import content_hash
from qualoop.classroom.class_marks import Scheme
from tests.factories.rubrics import RUBRIC as RUBRIC_FILE
from tests.integration.xblocks import olx_travel
from tests.integration.xblocks.class_room import FULL_MARKS, MARKED, RUBRIC, ClassRoom, placed
from tests.integration.xblocks.olx_travel import exported
from xblocks.common import platform, register_store, studio_saving
from xblocks.common.contents import SHIPPED_PROJECTS
from xblocks.kp_class import KpClassBlock
from xblocks.kp_class.fields import scheme_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "openedx.md"
KEYS = ScopeIds(None, "kp_class", "d", "u")
SETTINGS: dict[str, Any] = {
    "display_name": "Selling <&> “in pairs”",
    "about": "Room 12\nBring your list.",
    "weight": 2.5,
    "max_points": 10.0,
    "rubric": RUBRIC,
    "prework": ["sem-1-1-keywords-and-intent", "block-v1:A+B+C+type@problem+block@x"],
    "ready_at": 60.0,
    "late_minutes": 5,
    "knowledge_points": ["SEM-1.1"],
}
texts = st.text(st.characters(exclude_categories=("Cs",)))
odd = st.one_of(texts, st.sampled_from(["]]>", "<![CDATA[x]]>", " \n", "a\r\nb", "\x00", "&amp;", "\ufffe", "a\tb"]))


def made(**fields: Any) -> Any:
    return olx_travel.made(KpClassBlock, KEYS, fields)


def imported(olx: bytes) -> Any:
    return olx_travel.imported(KpClassBlock, KEYS, olx)


def saved(room: ClassRoom, values: Any) -> tuple[Any, Any]:
    block = room.block("author")
    body = json.dumps({"values": values}).encode()
    return block.handle("submit_studio_edits", Request.blank("/", method="POST", body=body)), block


def test_everything_an_author_set_survives_export_and_import_and_can_be_read() -> None:
    olx = exported(made(**SETTINGS))
    again = imported(olx)

    assert {name: getattr(again, name) for name in SETTINGS} == SETTINGS
    assert again.import_problems == []
    assert b'<file name="rubric.txt"><![CDATA[Asks: nothing / something' in olx
    assert b"&#10;" not in olx


@settings(max_examples=60, deadline=None)
@given(about=odd, rubric=odd)
def test_any_text_comes_back_as_it_went(about: str, rubric: str) -> None:
    # What the platform's text fields cannot hold they leave out themselves.
    about, rubric = (KpClassBlock.fields["about"].enforce_type(text) for text in (about, rubric))
    again = imported(exported(made(about=about, rubric=rubric)))

    assert (again.about, again.rubric, again.import_problems) == (about, rubric, [])


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        ("<problem><b/></problem>", "<problem>"),
        ('<file name="lesson.yaml">x</file>', '<file name="lesson.yaml">'),
        ('<file name="rubric.txt" encoding="base64">eA==</file>', '<file name="rubric.txt">'),
    ],
)
def test_what_an_import_cannot_take_is_named_to_the_author(inside: str, named: str) -> None:
    block = imported(f"<kp_class>{inside}</kp_class>".encode())

    assert block.import_problems == [named]
    assert "An import left something out:" in block.render("author_view").content
    assert any(named in message.text for message in block.validate().messages)


def test_what_people_wrote_is_neither_exported_nor_imported() -> None:
    room = ClassRoom()
    room.opens("ann")
    room.act("save", who="ann", **FULL_MARKS)
    forged = imported(b'<kp_class register="{&quot;v&quot;: 1}"/>')

    assert b"register" not in exported(room.block("ann"))
    assert b"Well asked" not in exported(room.block("ann"))
    assert forged.import_problems == ["register"]
    assert forged.register == {}


def test_a_copy_begins_with_an_empty_list() -> None:
    room = ClassRoom()
    room.opens("ann")
    room.act("mark", mark="ann late")
    copy = ClassRoom(place=placed(name="class-2", **MARKED), store=room.store)

    assert copy.counts() == {}
    assert room.counts() == {"late": 1}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"weight": 0}, "The weight must be greater than 0."),
        ({"max_points": -1}, "The full points are a number"),
        ({"max_points": "nan"}, "The full points are a number"),
        ({"max_points": "1e400"}, "The full points are a number"),
        ({"max_points": "ten"}, "Full points cannot be read"),
        ({"ready_at": 101}, "The score needed before class"),
        ({"late_minutes": -1}, "The minutes are a whole number"),
        ({"late_minutes": 1441}, "The minutes are a whole number"),
        ({"prework": ["x"] * 21}, "at most 20 pieces"),
        ({"prework": [7]}, "at most 20 pieces"),
        ({"prework": "sem"}, "Before class cannot be read"),
        ({"knowledge_points": ["XX-1"]}, "There is no knowledge point XX-1."),
        ({"display_name": "x" * 201}, "at most 200 characters"),
        ({"about": "x" * 4001}, "at most 4000 characters"),
        ({"rubric": "Greets"}, "This line of the rubric is none"),
        ({"rubric": "Greets: well"}, "two to nine levels"),
        ({"rubric": "Greets: a / b [XX-9]"}, "There is no knowledge point XX-9."),
        ({"rubric": "\n".join(["A: b / c"] * 21)}, "1 to 20 lines"),
        ({"rubric": "format: qualoop-rubric\nrows: 7"}, "This rubric cannot be read: rubric.yaml"),
        ({"rubric": "A: b / c\n" * 9000}, "This rubric is too long."),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence_and_nothing_is_saved(wrong: dict[str, Any], message: str) -> None:
    response, block = saved(ClassRoom(place=placed()), {"about": "New", **wrong})

    assert response.status_code == 400
    assert message in " ".join(response.json["messages"])
    assert (block.about, block.rubric, block.max_points) == ("", "", 0.0)


def test_what_an_author_sets_is_saved() -> None:
    response, block = saved(ClassRoom(place=placed()), SETTINGS)

    assert response.json == {"result": "success"}
    assert {name: getattr(block, name) for name in SETTINGS} == SETTINGS


def test_a_rubric_that_comes_with_qualoop_is_reused_by_its_key() -> None:
    scheme = scheme_of(made(rubric=" copy-clinic\n"))

    assert scheme.rubric is not None
    assert [row.key for row in scheme.rubric.rows] == ["accuracy", "benefit", "structure", "tone"]
    assert scheme.version == content_hash(SHIPPED_PROJECTS.get("cw-copy-clinic").content.rubric)
    assert scheme_of(made(rubric="no-such-rubric")).rubric is None


def test_a_whole_rubric_file_is_taken_as_well() -> None:
    scheme = scheme_of(made(rubric=RUBRIC_FILE))

    assert scheme.rubric is not None
    assert ([row.key for row in scheme.rubric.rows], scheme.highest) == (["headline", "evidence"], 10)
    response, block = saved(ClassRoom(place=placed()), {"rubric": RUBRIC_FILE.replace("key: headline", "key: points")})
    assert response.json["messages"] == ["No row of a rubric may be called points."]
    assert block.rubric == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"max_points": -5.0, "rubric": "nonsense"},
        {"max_points": 10.0**12, "ready_at": 10.0**9, "late_minutes": 10**9},
        {"weight": -1.0, "prework": ["x" * 300, 7]},
    ],
)
def test_settings_that_cannot_be_stop_nobody(fields: dict[str, Any]) -> None:
    room = ClassRoom(place=placed(**fields))
    room.opens("ann")
    room.act("open")

    assert room.check_in("ann").status_code == 200
    assert scheme_of(room.block("ann")) == Scheme()
    assert "This cannot work yet:" in room.view("author", name="author_view")


def test_saving_tags_the_place_with_what_is_observed_and_pointed(monkeypatch: pytest.MonkeyPatch) -> None:
    tagged: dict[str, list[str]] = {}
    tags = SimpleNamespace(filter=lambda external_id__in: [SimpleNamespace(value=code) for code in external_id__in])
    library = SimpleNamespace(
        get_taxonomy_by_export_id=lambda _: SimpleNamespace(tag_set=tags),
        tag_object=lambda object_id, _taxonomy, values: tagged.update({object_id: values}),
    )
    monkeypatch.setitem(sys.modules, "openedx_tagging", ModuleType("openedx_tagging"))
    monkeypatch.setitem(sys.modules, "openedx_tagging.api", library)
    saved(ClassRoom(place=placed()), {"rubric": "A: b / c [SEM-1.3]", "max_points": 5, "knowledge_points": ["SEM-1.1"]})

    assert tagged == {"class-1": ["SEM-1.3", "SEM-1.1"]}


@pytest.mark.parametrize(("role", "status"), [("student", 403), ("staff", 200)])
def test_where_learners_are_served_only_staff_may_save(monkeypatch: pytest.MonkeyPatch, role: str, status: int) -> None:
    monkeypatch.setattr(studio_saving, "serves_learners", lambda: True)
    block = ClassRoom(place=placed()).block("author", user_role=role)
    request = Request.blank("/", method="POST", body=b'{"values": {}}')

    assert block.handle("submit_studio_edits", request).status_code == status


def test_the_form_and_the_authors_page_speak_their_language_and_name_what_is_missing() -> None:
    room = ClassRoom(place=placed(prework=["sem-1"]), language="zh-cn")
    form = room.view("author", name="studio_view")
    page = room.view("author", name="author_view")

    assert all(word in form for word in ("课堂安排", "观察内容", "课前", "满分", "课堂活动"))
    assert "本站点不提供学员在其他处的完成情况" in page
    assert "仅有出勤不产生成绩" in page


def test_guests_apps_and_search_are_given_what_the_class_is_about() -> None:
    room = ClassRoom(place=placed(**SETTINGS))
    block = room.block("guest")
    html = room.view("guest", name="public_view")

    assert "Room 12" in html
    assert "<form" not in html
    assert block.student_view_data() == {
        "schema": 1,
        "display_name": SETTINGS["display_name"],
        "weight": 2.5,
        "about": SETTINGS["about"],
        "prework": SETTINGS["prework"],
        "is_graded": True,
        "knowledge_points": ["SEM-1.1"],
        "observed": [{"en": "Asks"}, {"en": "Explains"}],
        "max_points": "10",
    }
    assert block.index_dictionary()["content"] == {
        "display_name": SETTINGS["display_name"],
        "about": SETTINGS["about"],
        "knowledge_points": "SEM-1.1",
    }
    assert set(room.state("ann")) == {
        *("schema", "class_state", "is_gate_open", "missing", "presence", "completion", "score", "due", "is_closed"),
    }


def test_the_document_names_every_field_that_apps_are_given() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    room = ClassRoom(place=placed(**SETTINGS))

    assert {
        name for name in {**room.state("ann"), **room.block("ann").student_view_data()} if f"`{name}`" not in text
    } == set()


def test_authors_are_told_in_studio_that_the_site_has_no_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "the site has not set up the plug-in"
    assert told not in ClassRoom().block("author").render("author_view").content, "a workbench needs none"
    monkeypatch.setattr(platform, "_settings", lambda: SimpleNamespace(SERVICE_VARIANT="cms"))
    monkeypatch.setattr(register_store, "find_plugin", lambda _: None)
    monkeypatch.setattr("xblocks.common.language.find_language", lambda: None)
    assert told in ClassRoom().block("author").render("author_view").content
