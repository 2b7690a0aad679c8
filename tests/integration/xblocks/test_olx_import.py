"""What an import never does, whatever a node of OLX holds: fail, keep what a platform cannot work with, or say nothing of it."""

from __future__ import annotations

import html
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from webob import Request
from xblock.fields import ScopeIds

from tests.integration.xblocks import olx_travel
from tests.integration.xblocks.olx_travel import exported
from xblocks.kp_class import KpClassBlock
from xblocks.kp_lesson import KpLessonBlock
from xblocks.kp_map import KpMapBlock
from xblocks.kp_practice import KpPracticeBlock

GRADED = (KpLessonBlock, KpPracticeBlock, KpClassBlock)
BLOCKS = (*GRADED, KpMapBlock)
OPTION = 'xmlns:option="http://code.edx.org/xblock/option"'
NO_WEIGHTS = ("0", "-3", "nan", "inf", "-inf", "10000.01", "", "null", "heavy", "[1")


def keys(cls: type[Any]) -> ScopeIds:
    return ScopeIds(None, cls.__name__, "d", "u")


def imported(cls: type[Any], olx: str) -> Any:
    return olx_travel.imported(cls, keys(cls), olx.encode())


def made(cls: type[Any], **fields: Any) -> Any:
    return olx_travel.made(cls, keys(cls), fields)


@pytest.mark.parametrize("cls", BLOCKS)
@pytest.mark.parametrize(
    ("inside", "named"),
    [
        ("<video/>", "<video>"),
        ("<kp_lesson/>", "<kp_lesson>"),
        ('<file name="lesson.yaml" encoding="rot13">x</file>', '<file name="lesson.yaml">'),
        ("some text<!-- a word --><?a step?>", None),
        (f'<option:display_name {OPTION} none="true"/>', None),
        (f"<option:display_name {OPTION}>A title</option:display_name>", None),
        (f"<option:of_a_later_release {OPTION}>1</option:of_a_later_release>", None),
    ],
)
def test_no_node_makes_an_import_fail(cls: type[Any], inside: str, named: str | None) -> None:
    block = imported(cls, f"<block>{inside}</block>")

    assert block.import_problems == ([named] if named else [])
    told = [message.text for message in block.validate().messages]
    assert any(named in text for text in told) if named else not any("block knows" in text for text in told)
    for view in ("author_view", "studio_view"):
        assert ("An import left something out:" in block.render(view).content) is bool(named)


@pytest.mark.parametrize("text", ["{", "[1", "&quot;"])
@pytest.mark.parametrize(
    "node", ['<block show_names="{}"/>', f"<block {OPTION}><option:show_names>{{}}</option:show_names></block>"]
)
def test_a_map_keeps_its_default_for_what_cannot_be_read(node: str, text: str) -> None:
    block = imported(KpMapBlock, node.format(text))

    assert (block.show_names, block.import_problems) == (False, ["show_names"])


def test_a_map_knows_no_files_and_is_told_of_until_its_author_saves() -> None:
    block = imported(KpMapBlock, '<kp_map unit="SEM-1"><file name="rubric.txt">x</file></kp_map>')
    assert (block.unit, block.import_problems) == ("SEM-1", ['<file name="rubric.txt">'])

    body = json.dumps({"values": {"unit": "SEM-1"}}).encode()
    assert block.handle("submit_studio_edits", Request.blank("/", method="POST", body=body)).status_code == 200
    assert block.import_problems == []
    assert "An import left something out:" not in block.render("author_view").content


@pytest.mark.parametrize("cls", GRADED)
@pytest.mark.parametrize("text", NO_WEIGHTS)
def test_a_weight_that_cannot_be_is_left_out_and_named(cls: type[Any], text: str) -> None:
    for olx in (
        f'<block weight="{text}"/>',
        f"<block><option:weight {OPTION}>{text}</option:weight></block>",
        f'<block><option:weight {OPTION} none="true">2</option:weight></block>',
    ):
        block = imported(cls, olx)
        assert (block.weight, block.import_problems) == (1.0, ["weight"])
        assert block.student_view_data()["weight"] == 1.0
        assert any("weight" in message.text for message in block.validate().messages)


@pytest.mark.parametrize("cls", GRADED)
@pytest.mark.parametrize(("text", "weight"), [("0.01", 0.01), ("10000", 10_000.0), ("3", 3.0)])
def test_a_weight_that_can_be_is_taken(cls: type[Any], text: str, weight: float) -> None:
    for olx in (f'<block weight="{text}"/>', f"<block><option:weight {OPTION}>{text}</option:weight></block>"):
        block = imported(cls, olx)
        assert (block.weight, block.import_problems) == (weight, [])


@pytest.mark.parametrize("cls", GRADED)
@pytest.mark.parametrize("weight", [0, -3, math.inf, None])
def test_an_app_is_told_no_weight_that_a_course_had_kept_and_cannot_be(cls: type[Any], weight: float | None) -> None:
    assert made(cls, weight=weight).student_view_data()["weight"] == 1.0


@pytest.mark.parametrize("name", ["state", "score", "published"])
def test_no_option_sets_what_learners_did(name: str) -> None:
    block = imported(KpLessonBlock, f"<block><option:{name} {OPTION}>{{}}</option:{name}></block>")

    assert block.import_problems == [name]
    assert not block.fields[name].is_set_on(block)


def test_a_value_that_no_course_can_keep_is_left_out() -> None:
    for text in ("&amp;a [*a]", "[2026-03-01]"):
        block = imported(KpLessonBlock, f'<block knowledge_points="{text}"/>')
        assert (block.knowledge_points, block.import_problems) == ([], ["knowledge_points"])


@pytest.mark.parametrize("word", ["", "<<: "], ids=["in lists", "merged"])
@pytest.mark.parametrize("cls", GRADED)
def test_what_a_few_lines_of_aliases_would_blow_up_is_left_out_at_once(cls: type[Any], word: str) -> None:
    lines = ["a0: &a0 {k: 1}"]
    for number in range(1, 30):
        names = ", ".join([f"*a{number - 1}"] * 10)
        lines.append(f"a{number}: &a{number} {{{word or 'k: '}[{names}]}}")
    text = "&#10;".join(map(html.escape, lines))

    block = imported(cls, f'<block knowledge_points="{text}" display_name="*not* an &amp;alias: *a"/>')

    assert block.import_problems == ["knowledge_points"]
    assert block.display_name == "*not* an &alias: *a"


@pytest.mark.parametrize("start", ["1", "!!int 1", "[1"], ids=["number", "tagged", "in a list"])
def test_a_number_in_base_60_is_left_out_at_once(start: str) -> None:
    """YAML 1.1 has them, and reads 300 KB of one in seconds."""
    text = start + ":59" * 200_000 + "]" * start.startswith("[")

    block = imported(KpLessonBlock, f'<block knowledge_points="{text}" display_name="1:30"/>')

    assert (block.import_problems, block.display_name) == (["knowledge_points"], "1:30")


@pytest.mark.parametrize("cls", BLOCKS)
def test_a_block_at_its_defaults_is_no_pointer_to_a_file(cls: type[Any]) -> None:
    """A platform takes a tag with nothing but its name, `url_name`, for a pointer, and looks for the file."""
    olx = exported(made(cls))

    assert set(etree.fromstring(olx).attrib) - {"xblock-family", "url_name"}
    again = imported(cls, olx.decode().partition("?>")[2])
    assert exported(again) == olx
    assert again.import_problems == []


titles = st.text(st.characters(exclude_categories=("Cs",)))


@settings(max_examples=60, deadline=None)
@given(cls=st.sampled_from(BLOCKS), title=titles, weight=st.floats(0.01, 10_000), show_names=st.booleans())
def test_settings_come_back_as_they_went(*, cls: type[Any], title: str, weight: float, show_names: bool) -> None:
    # What the platform's text fields cannot hold they leave out themselves.
    title = cls.fields["display_name"].enforce_type(title)
    given = {"show_names": show_names} if cls is KpMapBlock else {"weight": weight}
    olx = exported(made(cls, display_name=title, **given))
    again = olx_travel.imported(cls, keys(cls), olx)

    assert {name: getattr(again, name) for name in given} == given
    assert (again.display_name, again.import_problems) == (title, [])
    assert exported(again) == olx
