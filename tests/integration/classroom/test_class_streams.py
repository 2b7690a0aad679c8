"""Console and projector: told of every change, by few streams that give their threads back."""

from __future__ import annotations

from lti_tool.views.classroom_stream import MAX_STREAMS
from tests.factories.class_sessions import Classroom
from tests.factories.launches import TOOL_ORIGIN


def test_a_stream_tells_of_changes_and_few_are_given(room: Classroom) -> None:
    room.plan()
    room.do("open")
    url, client = f"/class/screen/{room.row().screen_key}/events", room.phone().client
    opened = [client.get(url, base_url=TOOL_ORIGIN) for _ in range(MAX_STREAMS)]
    assert [each.status_code for each in opened] == [200] * MAX_STREAMS
    assert client.get(url, base_url=TOOL_ORIGIN).status_code == 503
    lines = iter(opened[0].response)
    assert next(lines) == b"retry: 500\n\n"
    before = next(lines)
    assert before.startswith(b"data: ")
    room.do("timer:1")
    assert next(lines) not in {before, b""}
    for each in opened:
        each.close()
    again = room.teacher.get(f"class/sessions/{room.row().uuid}/events")
    assert again.mimetype == "text/event-stream"
    again.close()


def test_a_screen_that_has_not_changed_is_not_sent_again(room: Classroom) -> None:
    room.plan()
    room.do("open")
    asked = {"X-Qualoop-Fragment": "1"}
    for url in (f"/class/screen/{room.row().screen_key}/", f"{room.teacher.page}class/sessions/{room.row().uuid}/"):
        client = room.teacher.browser.client
        found = client.get(url, base_url=TOOL_ORIGIN, headers=asked)
        same = client.get(url, base_url=TOOL_ORIGIN, headers=asked | {"If-None-Match": found.headers["ETag"]})
        assert (found.status_code, same.status_code, same.data) == (200, 304, b"")
        room.do("timer:1")
        changed = client.get(url, base_url=TOOL_ORIGIN, headers=asked | {"If-None-Match": found.headers["ETag"]})
        assert changed.status_code == 200


def test_a_question_that_is_added_or_taken_out_is_told(room: Classroom) -> None:
    room.plan()
    stamps = [room.stamp()]
    first, last = room.ask(), room.ask()
    stamps.append(room.stamp())
    room.move(last, "remove")
    stamps.append(room.stamp())
    room.ask()
    room.move(first, "remove")
    stamps.append(room.stamp())
    assert len(set(stamps)) == len(stamps)


def test_who_looks_without_the_key_sees_no_screen(room: Classroom) -> None:
    room.plan()
    assert room.phone().get(f"/class/screen/{'A' * 43}/").status_code == 404
    assert room.phone().get("/class/live/00000000-0000-0000-0000-000000000000").status_code == 404
