"""What the blocks promise beside other blocks of Open edX, where no other test of one block shows it of all of them."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from lxml import etree
from webob import Request
from xblock.completable import XBlockCompletionMode
from xblock.scorable import Score

from tests.fakes.block_runtime import BlockRuntime, Place, Store
from tests.integration.xblocks.learners import Learner
from tests.integration.xblocks.test_practice import play, working
from xblocks.kp_class import KpClassBlock
from xblocks.kp_lesson import KpLessonBlock
from xblocks.kp_map import KpMapBlock
from xblocks.kp_practice import KpPracticeBlock

MOST_JS = 40 * 1024
PLACES: dict[type[Any], dict[str, Any]] = {
    KpClassBlock: {
        "max_points": 10.0,
        "rubric": "Asks: no / yes [SEM-1.1]",
        "prework": ["sem-1-1"],
        "about": "Room 12",
    },
    KpLessonBlock: {"activity_key": "sem-1-1-keywords-and-intent"},
    KpPracticeBlock: {"activity_key": "sem-search-terms"},
    KpMapBlock: {"unit": "SEM-1"},
}
GRADED = (KpLessonBlock, KpPracticeBlock, KpClassBlock)
VIEWS = ("student_view", "public_view", "author_view", "studio_view")


def at(block_class: type[Any], name: str = "one") -> Learner:
    return Learner(place=Place(block_class=block_class, fields=PLACES[block_class], name=name))


class Ids(HTMLParser):
    """The ids of a page, and what its labels and descriptions refer to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.named: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.found += [given["id"]] if "id" in given else []
        for name in ("for", "aria-labelledby", "aria-describedby"):
            self.named.update(given.get(name, "").split())


@pytest.mark.parametrize("block_class", GRADED)
def test_a_graded_block_says_so_and_never_has_a_maximum_of_nothing(block_class: type[Any]) -> None:
    block = at(block_class).block()

    assert (block_class.has_score, block.max_score()) == (True, 1.0)
    assert block.completion_mode == XBlockCompletionMode.COMPLETABLE
    assert block.has_custom_completion
    assert (block.weight, block.get_score()) == (1.0, Score(raw_earned=0.0, raw_possible=1.0))


@pytest.mark.parametrize("block_class", PLACES)
def test_every_block_is_shown_where_a_page_is_read_only_to_apps_and_to_guests(block_class: type[Any]) -> None:
    block = at(block_class).block()

    assert block.show_in_read_only_mode
    assert block.has_author_view
    assert block_class.student_view._supports == {"multi_device"}
    assert block_class.public_view.__module__.startswith("xblocks."), "not the platform's own"
    assert block.student_view_data()["schema"] == 1
    assert set(block.index_dictionary()) == {"content", "content_type"}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("block_class", PLACES)
def test_a_view_loads_its_script_by_address_and_it_is_small(block_class: type[Any], view: str) -> None:
    fragment = at(block_class).block().render(view)
    scripts = [one.data for one in fragment.resources if one.mimetype == "application/javascript"]

    assert {one.kind for one in fragment.resources} == {"url"}
    assert "<script" not in fragment.content
    assert "<style" not in fragment.content
    together = 0
    for address in scripts:
        with block_class.open_local_resource("public/" + address.rpartition("/")[2]) as served:
            together += len(gzip.compress(served.read()))
    assert together <= MOST_JS


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("block_class", PLACES)
def test_two_of_a_kind_on_a_page_share_no_id_and_refer_to_their_own(block_class: type[Any], view: str) -> None:
    pages = [Ids(at(block_class, name).view(view)) for name in ("one", "two")]

    assert [found for found, times in Counter(pages[0].found + pages[1].found).items() if times > 1] == []
    for page in pages:
        assert page.named <= set(page.found)


def test_the_instructors_task_rescores_a_practice_project_from_its_decisions() -> None:
    learner = working()
    play(learner, "graded")
    block = learner.block()
    earned = block.get_score()
    state = block.state
    block.set_score(Score(raw_earned=0.25, raw_possible=1.0))
    block.rescore(only_if_higher=False)

    assert learner.published[-1].data["value"] == pytest.approx(earned.raw_earned, abs=1e-6)
    assert block.state == state
    assert block.calculate_score() == earned


def test_a_project_tells_how_many_attempts_are_left_and_its_completion() -> None:
    learner = working()
    before = state_of(learner)
    play(learner, "graded")
    after = state_of(learner)

    assert after["status"] == "evaluated"
    assert after["attempts_left"] == before_attempts(learner) - 1
    assert (before, after["completion"]) == (None, 1.0)


def state_of(learner: Learner) -> Any:
    return learner.block().handle("student_view_user_state", Request.blank("/")).json


def before_attempts(learner: Learner) -> int:
    attempts: int = learner.block().student_view_data()["max_attempts"]
    return attempts


@pytest.mark.parametrize("block_class", PLACES)
def test_a_copy_in_another_course_has_what_its_author_set_and_nothing_of_learners(block_class: type[Any]) -> None:
    author = at(block_class)
    author.view()
    node = etree.Element("unknown_root")
    author.block().add_xml_to_node(node)
    node.attrib.pop("xblock-family")
    copy = block_class.parse_xml(node, BlockRuntime(Store()), at(block_class, "two").block().scope_ids)

    for name, value in PLACES[block_class].items():
        assert getattr(copy, name) == value
    assert not getattr(copy, "state", None)
    assert not getattr(copy, "import_problems", None)
    library = replace(author, place=replace(author.place, is_course=False), published=[])
    library.view()
    assert library.published == []
