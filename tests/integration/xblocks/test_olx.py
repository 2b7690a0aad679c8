"""OLX: a block's own content as readable nodes, there and back without loss, and nothing that breaks an import."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from xblock.fields import ScopeIds

from tests.factories.packages import PACKAGES
from tests.integration.xblocks import olx_travel
from tests.integration.xblocks.learners import Learner, TestLessonBlock, placed
from tests.integration.xblocks.olx_travel import exported
from xblocks.common.inline import FILE_NAME, files_in
from xblocks.common.olx import add_files, take_files

KEYS = ScopeIds(None, "kp_lesson", "d", "u")
SETTINGS = {
    "display_name": "Queries <&> “”",
    "weight": 2.5,
    "max_attempts": 3,
    "tries": 2,
    "counts": "mean",
    "show_feedback": "after_submit",
    "show_answer": "never",
    "knowledge_points": ["SEM-1.1", "SEM-1.3"],
    "activity_key": "full",
    "content_hash": "0" * 64,
    "content_version": "1.2.3",
}

values = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",))),
    st.sampled_from(["]]>", "<![CDATA[x]]>", " \n", "a\r\nb", "\x00", "&amp;", "\ufffe"]),
    st.binary().map(lambda data: {"base64": base64.b64encode(data).decode()}),
)
files = st.dictionaries(st.from_regex(FILE_NAME, fullmatch=True), values, max_size=5)


def block(**fields: Any) -> Any:
    return olx_travel.made(TestLessonBlock, KEYS, fields)


def imported(olx: bytes) -> Any:
    return olx_travel.imported(TestLessonBlock, KEYS, olx)


@settings(max_examples=60, deadline=None)
@given(files)
def test_any_files_come_back_as_they_went(files: dict[str, Any]) -> None:
    node = etree.Element("kp_lesson")
    add_files(node, files)
    again = etree.fromstring(etree.tostring(node, pretty_print=True))

    assert take_files(again) == (files, [])


def test_everything_an_author_set_survives_export_and_import() -> None:
    made = block(**SETTINGS, files=files_in(PACKAGES / "full"))
    again = imported(exported(made))

    assert {name: getattr(again, name) for name in SETTINGS} == SETTINGS
    assert again.files == made.files
    assert again.find_content().hash == made.find_content().hash
    assert again.import_problems == []


def test_the_nodes_can_be_read() -> None:
    olx = exported(block(files=files_in(PACKAGES / "full"))).decode()

    assert '<file name="lesson.en.md"><![CDATA[## Text of every kind {#text}\n' in olx
    assert "&#10;" not in olx
    assert '<file name="media/talk.mp3" encoding="base64">' in olx
    assert " files=" not in olx


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        ("<problem><b/></problem>", "<problem>"),
        ('<file name="items.yaml">items: []</file><file name="items.yaml">x</file>', '<file name="items.yaml">'),
        ("<file>nameless</file>", '<file name="">'),
        ('<file name="a" encoding="base64">%%%</file>', '<file name="a">'),
        ('<file name="a" encoding="rot13">x</file>', '<file name="a">'),
        ('<file name="a"><b/></file>', '<file name="a">'),
    ],
)
def test_unknown_nodes_are_left_out_and_named_to_the_author(inside: str, named: str) -> None:
    made = imported(f'<kp_lesson activity_key="full"><!-- a word -->{inside}</kp_lesson>'.encode())

    assert made.import_problems == [named]
    page = made.render("author_view").content
    assert "An import left something out:" in page
    assert named.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;") in page


def test_what_learners_did_is_neither_exported_nor_imported() -> None:
    learner = Learner(place=placed("minimal"))
    learner.view()
    olx = exported(learner.block())
    forged = imported(b'<kp_lesson activity_key="minimal" score="1" state="{}" published="{}"/>')

    assert all(f" {name}=".encode() not in olx for name in ("state", "score", "published"))
    assert sorted(forged.import_problems) == ["published", "score", "state"]
    assert not forged.has_submitted_answer()


def test_a_copy_shares_nothing_but_what_its_author_set() -> None:
    learner = Learner(place=placed("minimal", fields={"files": files_in(PACKAGES / "minimal")}))
    copy = replace(learner, place=replace(learner.place, name="lesson-2"), published=[])
    learner.act("go", step="ask")

    assert copy.block().find_content().hash == learner.block().find_content().hash
    assert copy.attempt["id"] != learner.attempt["id"]
    assert "lesson-1" not in str(learner.attempt)


def test_attributes_that_cannot_be_read_leave_the_default() -> None:
    made = imported(b'<kp_lesson activity_key="full" weight="heavy" max_attempts="[1" tries="2" knowledge_points="7"/>')

    assert (made.weight, made.max_attempts, made.tries) == (1.0, None, 2)
    assert sorted(made.import_problems) == ["knowledge_points", "max_attempts", "weight"]
