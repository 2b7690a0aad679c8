"""How strict markers are: told from twenty works on, of everybody to who leads the marking, of oneself to all others."""

from __future__ import annotations

from lti_tool.services.marking.agreement import LEAST_WORKS
from tests.factories.classrooms import Seat
from tests.factories.marking import ASSISTANT, Room
from tests.factories.rubrics import sheet
from tests.functional.marking.steps import words

PAGE = "marking/agreement/"
LATER = "When 20 works have been marked twice in every row, this says who is stricter"


def mark_twice(room: Room, first: Seat, second: Seat, *, works: range) -> None:
    """Let two people mark works; the second one gives one level less for the headline in three of four."""
    for number in works:
        work = room.submit(room.learner(number))
        room.save(first, work, sheet(1 + number % 2, 1), approve=True)
        room.save(second, work, sheet(number % 2 + (number % 4 == 0), 1), approve=True)


def test_strictness_is_told_from_twenty_works_on(room: Room) -> None:
    room.setup(second_share=100)
    olga = room.enter("t-2", "Olga Other", roles=ASSISTANT)
    mark_twice(room, room.teacher, olga, works=range(1, LEAST_WORKS))
    page = words(room.teacher.get(PAGE))
    assert LATER in page
    assert "stricter than average" not in page

    mark_twice(room, room.teacher, olga, works=range(LEAST_WORKS, LEAST_WORKS + 1))
    page = words(room.teacher.get(PAGE))
    assert LATER not in page
    # Three in four one level lower in one of two rows are .375 of a level, half of it on either side of the average.
    assert "Olga Other is 0.2 points stricter than average (± 0.04)." in page
    assert "Tina Teacher is 0.2 points milder than average (± 0.04)." in page
    assert "Headline 20 25% 100%" in page
    assert "Evidence 20 100% 100% too little to tell –" in page
    assert "Krippendorff’s alpha" in page

    own = words(olga.get(PAGE))
    assert "Olga Other is 0.2 points stricter than average" in own
    assert "Tina Teacher" not in own
    # Whoever has marked nothing has nothing to be told.
    third = words(room.enter("t-3", "Theo Third", roles=ASSISTANT).get(PAGE))
    assert "How strict markers are" not in third
    assert "Headline 20 25% 100%" in third
    chinese = words(room.enter("t-1", "Tina Teacher", role="teacher", locale="zh-CN").get(PAGE))
    assert "Olga Other比平均严格0.2分" in chinese
    assert "Krippendorff α 系数（2004）" in chinese


def test_markers_who_do_not_differ_are_told_so(room: Room) -> None:
    room.setup(second_share=100)
    olga = room.enter("t-2", "Olga Other", roles=ASSISTANT)
    for number in range(1, LEAST_WORKS + 1):
        work = room.submit(room.learner(number))
        room.save(room.teacher, work, sheet(number % 3, 1), approve=True)
        room.save(olga, work, sheet((number + number // 10) % 3, 1), approve=True)
    page = words(room.teacher.get(PAGE))
    assert "Olga Other: no difference from the average that can be told." in page
    assert "stricter" not in page
