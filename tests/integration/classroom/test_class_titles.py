"""A class has its title in both languages, or in one for everybody; what cannot be planned stays as it was typed."""

from __future__ import annotations

import pytest

from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import Seat

ENGLISH, CHINESE = "What a click costs", "一次点击多少钱"


def console(room: Classroom, seat: Seat, language: str) -> str:
    seat.post("language", language=language)
    return seat.get(f"class/sessions/{room.row().uuid}/").text


def test_each_reads_the_title_in_the_own_language(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan(title=ENGLISH, title_other=CHINESE)
    room.do("open")
    assert ENGLISH in console(room, room.teacher, "en")
    assert CHINESE in console(room, room.teacher, "zh-Hans")
    learner.post("language", language="zh-Hans")
    assert CHINESE in learner.get(f"in-class/{room.row().uuid}/").text
    for language, title in (("en", ENGLISH), ("zh-Hans", CHINESE)):
        screen = room.phone().get(f"/class/screen/{room.row().screen_key}/?language={language}")
        assert f"<h1>{title}</h1>" in screen.text
    assert room.row().title == ENGLISH


def test_a_class_that_is_over_keeps_both_titles_wherever_it_is_named(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan(title=ENGLISH, title_other=CHINESE)
    for step in ("open", "roll", "close"):
        room.do(step)
    paths = (f"class/evidence/{learner.who.person_uuid}/", "class/loop/")
    for language, title, other in (("en", ENGLISH, CHINESE), ("zh-Hans", CHINESE, ENGLISH)):
        room.teacher.post("language", language=language)
        for path in paths:
            page = room.teacher.get(path).text
            assert title in page, path
            assert other not in page, path


@pytest.mark.parametrize(
    "titles", [{"title": CHINESE}, {"title": "", "title_other": CHINESE}, {"title": CHINESE, "title_other": CHINESE}]
)
def test_one_title_is_read_by_everybody(room: Classroom, titles: dict[str, str]) -> None:
    room.plan(**titles)
    for language in ("en", "zh-Hans"):
        assert CHINESE in console(room, room.teacher, language)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"low": "80", "high": "20"}, "The limits lie between 0 and 100"),
        ({"title": "  ", "title_other": ""}, "Give the class a title."),
        ({"plan": "5 Roll call\n999 Sleep"}, "Line 2: more than 600 minutes"),
    ],
)
def test_what_cannot_be_planned_stays_as_it_was_typed(room: Classroom, wrong: dict[str, str], said: str) -> None:
    form = {
        "title": ENGLISH,
        "title_other": CHINESE,
        "late": "12",
        "low": "25",
        "high": "75",
        "plan": "7 Vote",
        **wrong,
    }
    refused = room.teacher.post("class/sessions/plan", **form)
    assert refused.status_code == 422
    assert said in refused.text
    for name, text in form.items():
        field = f">\n{text}</textarea>" if name == "plan" else f'value="{text}"'
        assert field in refused.text, name


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_class_is_planned_in_either_language(room: Classroom, language: str) -> None:
    room.plan()
    room.do("open")
    room.teacher.post("language", language=language)
    page = room.teacher.get("class/sessions/")
    assert page.status_code == 200
    assert 'name="title_other"' in page.text
