"""A class and a team test end for everybody and for good, so a page asks first, and says what is still open."""

from __future__ import annotations

from tests.factories.class_sessions import Classroom
from tests.factories.team_classes import team_class


def ending(room: Classroom, query: str = "") -> str:
    return room.teacher.get(f"class/sessions/{room.row().uuid}/end{query}").text


def test_the_console_does_not_close_a_class_by_one_click(room: Classroom) -> None:
    room.learner(1)
    room.plan()
    room.do("open")
    room.move(room.ask(), "first")
    console = room.console()
    assert 'value="close"' not in console
    assert f"class/sessions/{room.row().uuid}/end" in console
    page = ending(room)
    assert "Close the class?" in page
    assert "A class does not open again" in page
    assert "Question 1 still takes votes" in page
    assert room.row().state == "open"
    room.do("close")
    assert room.row().state == "closed"
    led = room.teacher.get(f"class/sessions/{room.row().uuid}/end")
    assert "Close the class?" not in led.text


def test_a_team_test_is_not_ended_by_one_click(room: Classroom) -> None:
    found = team_class(room, 4)
    found.plan_check()
    found.until("team")
    query = f"?check={found.check().uuid}"
    for page in (room.console(), found.page("team-check")):
        assert 'value="done"' not in page
        assert f"/end{query}" in page.replace("&amp;", "&")
    asked = ending(room, query)
    assert "2 of 2 teams have not finished: Team 1, Team 2" in " ".join(asked.split()).replace("</strong>", "")
    assert "The test does not open again." in asked
    assert found.check().state == "team"
    for number in range(1, 5):
        for seat in (found.learners[0], found.learners[2]):
            found.scratch(seat, number, found.right(number))
    assert "All teams have finished." in ending(room, query)
    found.move("done")
    assert "End the team test?" not in ending(room, query)


def test_whoever_may_not_lead_is_not_asked(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    uuid = room.row().uuid
    assert learner.get(f"class/sessions/{uuid}/end").status_code == 403
    assert room.assistant().get(f"class/sessions/{uuid}/end").status_code == 403
