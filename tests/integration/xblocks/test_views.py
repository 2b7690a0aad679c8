"""What learners, guests, authors, apps and the search are shown of a lesson."""

from __future__ import annotations

from importlib.resources import files

import pytest

from tests.fakes.block_runtime import Place
from tests.integration.xblocks.learners import TEST_LESSONS, Learner, placed, questions
from xblocks.kp_lesson import KpLessonBlock


@pytest.fixture
def learner() -> Learner:
    return Learner(place=placed("full"))


def test_the_first_view_begins_an_attempt_and_later_ones_show_the_same(learner: Learner) -> None:
    first = learner.view()
    attempt = learner.attempt

    assert learner.view() == first
    assert learner.attempt == attempt
    assert attempt["hash"] == TEST_LESSONS.get("full").hash
    assert "Everything a lesson may hold" in first


def test_the_players_files_come_by_address(learner: Learner) -> None:
    fragment = learner.block().render("student_view")

    assert [(resource.kind, resource.data) for resource in fragment.resources] == [
        ("url", "/resource/testlessonblock/public/qualoop.css"),
        ("url", "/resource/testlessonblock/public/blocks.css"),
        ("url", "/resource/testlessonblock/public/player.js"),
    ]
    assert "<script" not in fragment.content
    assert "<style" not in fragment.content


@pytest.mark.parametrize("name", ["player.js", "qualoop.css"])
def test_the_players_files_are_in_the_block_as_the_player_has_them(name: str) -> None:
    source = "static/dist/player.js" if name == "player.js" else "static/qualoop.css"
    with KpLessonBlock.open_local_resource(f"public/{name}") as served:
        assert served.read() == files("qualoop.player").joinpath(source).read_bytes(), "run `make assets`"


def test_two_blocks_on_a_page_share_no_id(learner: Learner) -> None:
    other = Learner(place=placed("full", name="lesson-2"))

    assert learner.block().host().id_prefix != other.block().host().id_prefix


def test_chinese_learners_get_chinese(learner: Learner) -> None:
    html = Learner(place=learner.place, language="zh-cn").view()

    assert '<qualoop-activity class="qualoop q-activity" lang="zh-Hans"' in html
    assert "微课可以包含的一切" in html
    assert "下一步" in html


@pytest.mark.parametrize("language", ["en", "zh-cn"])
def test_guests_can_read_and_not_answer(learner: Learner, language: str) -> None:
    guest = Learner(place=learner.place, language=language, user_id=None)
    html = guest.view("public_view")
    shown = "zh-Hans" if language == "zh-cn" else "en"

    for section in learner.lesson.sections[shown].values():
        assert section.title in html
    assert "<form" not in html
    assert "<input" not in html
    assert "<button" not in html
    assert 'src="asset:' not in html
    assert "/handler/lesson-1/asset/figures/" in html
    assert html.count("Here something is asked" if shown == "en" else "此处需要作答") == len(questions(learner.lesson))
    assert guest.block().state == {}


def test_authors_see_which_version_stands_there(learner: Learner) -> None:
    assert "Activity full, version 1.2.3." in learner.view("author_view")
    assert "has changed" not in learner.view("author_view")


def test_authors_are_told_when_the_lesson_changed_since_they_chose_it() -> None:
    author = Learner(place=placed("full", fields={"activity_key": "full", "content_hash": "0" * 64}))

    assert "It has changed since you chose it." in author.view("author_view")


@pytest.mark.parametrize("view", ["student_view", "public_view", "author_view"])
@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("", "Nothing is chosen yet"),
        ("gone", "This is not installed here"),
        ("../packages/full", "not installed"),
    ],
)
def test_a_lesson_that_is_not_there_is_said_to_be_so(view: str, key: str, title: str) -> None:
    learner = Learner(place=placed(key))

    assert title in learner.view(view)
    assert learner.block().state == {}


def test_an_app_gets_the_head_of_the_lesson_only(learner: Learner) -> None:
    assert learner.block().student_view_data() == {
        "schema": 1,
        "display_name": "Micro-lesson",
        "weight": 1.0,
        "kind": "micro-lesson",
        "max_attempts": None,
        "title": {"en": "Everything a lesson may hold", "zh-Hans": "微课可以包含的一切"},
        "summary": {"en": "Every type of step and item.", "zh-Hans": "各种步骤与题型。"},
        "minutes": 10,
        "knowledge_points": ["SEM-1.1", "SEM-1.3"],
        "languages": ["en", "zh-Hans"],
        "content_hash": TEST_LESSONS.get("full").hash,
    }
    gone = Learner(place=placed("gone")).block().student_view_data()
    assert gone == {"schema": 1, "display_name": "Micro-lesson", "weight": 1.0}


def test_the_search_finds_texts_without_marks(learner: Learner) -> None:
    index = learner.block().index_dictionary()

    assert index["content_type"] == "Micro-lesson"
    assert set(index["content"]) == {"display_name", "en", "zh-Hans", "knowledge_points"}
    for language, sections in learner.lesson.sections.items():
        assert all(section.title in index["content"][language] for section in sections.values())
        assert "<" not in index["content"][language]


def test_the_workbench_shows_shipped_lessons() -> None:
    scenarios = [xml for _, xml in KpLessonBlock.workbench_scenarios()]

    assert all(key in KpLessonBlock.contents for key in ("sem-1-1-keywords-and-intent", "sem-1-3-paid-search"))
    assert "sem-1-3-paid-search" in scenarios[1]


def test_a_page_is_little_more_than_its_text() -> None:
    learner = Learner(place=Place(block_class=KpLessonBlock, fields={"activity_key": "sem-1-1-keywords-and-intent"}))
    html = learner.view()
    lesson = KpLessonBlock.contents.get("sem-1-1-keywords-and-intent").content
    text = lesson.get_section(lesson.steps[0].section, "en").html

    assert len(lesson.steps) >= 16, "one with many steps"
    # Eight are the limit of `qualoop bench xblock`; words of other languages and more steps have to fit as well.
    assert (len(html.encode()) - len(text.encode())) / 1000 <= 7.5
