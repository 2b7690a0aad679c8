"""The pages of a market room, in a browser without script."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from qualoop.simulators.decisions import Decision, DecisionForm
from qualoop.simulators.entering import cell_name, typed_values
from qualoop.simulators.spreadsheet import write_csv
from tests.factories.classrooms import Seat
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.rooms import PARTS, Course, reference

HEADER = {"keywords", "match", "bid"}
HIDDEN = re.compile(r'type="hidden" name="([^"]+)" value="([^"]*)"')


def words(page: TestResponse) -> str:
    """Return the text of a page on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def hidden(seat: Seat, path: str = "room/") -> dict[str, str]:
    """Return the hidden fields that a page's forms carry."""
    return {name: value for name, value in HIDDEN.findall(seat.get(path).text) if name != "back"}


def send(seat: Seat, path: str, *, page: str = "room/", **form: Any) -> TestResponse:
    """Send a form with the hidden fields that the page carries; keywords with `__` for the dot."""
    fields = {**hidden(seat, page), **{name.replace("__", "."): value for name, value in form.items()}}
    return seat.browser.client.post(seat.page + path, data=fields, base_url=TOOL_ORIGIN)


def teach(course: Course, do: str) -> TestResponse:
    return send(course.teacher, "class/room/change", page="class/room/", do=do)


def begin(course: Course, **form: str) -> TestResponse:
    plan = {"teams": "3", "size": "6", **form}
    return send(course.teacher, "class/room/begin", page="class/room/", **plan)


def bidding(form: DecisionForm, bid: float, **more: Any) -> Decision:
    """Return the form's defaults with one bid for every keyword."""
    return {**form.defaults(), "bid": [bid] * len(form.tables[0].rows), **more}


def cells(form: DecisionForm, decision: Decision, components: tuple[str, ...]) -> dict[str, str]:
    """Return a decision as a browser sends its fields."""
    sent: dict[str, str] = {}
    for table, field in form:
        if field.component in components:
            texts = typed_values(field, decision[field.key])
            sent |= {cell_name(field, row.key): text for row, text in zip(table.rows, texts, strict=True) if text}
    return sent


def save(seat: Seat, course: Course, decision: Decision, components: tuple[str, ...], **more: Any) -> TestResponse:
    sent = cells(course.room().market.form, decision, components)
    return send(seat, "room/save", do="save", **{**sent, **more})


def test_a_class_plays_a_round(course: Course) -> None:
    assert begin(course).status_code == 303
    buyer, mate = course.learner(1), course.learner(2)
    for seat, role in ((buyer, "buyer"), (mate, "copy")):
        assert send(seat, "room/join", team="1").status_code == 303
        assert send(seat, "room/role", do=f"take:{role}").status_code == 303
    teach(course, "open")
    expert = reference(course.room())
    assert save(buyer, course, expert, ("match", "bids")).status_code == 303
    assert save(mate, course, expert, ("quality",)).status_code == 303
    console = words(course.teacher.get("class/room/"))
    assert "Learner 1, Learner 2" in console
    assert "3 / 4" in console
    teach(course, "close")
    shown = words(buyer.get("room/"))
    assert "What round 1 brought" in shown
    assert "Practice for discussion" in shown
    assert buyer.get("room/").text.count('<li aria-current="true">') == 1
    assert "Team 1" in words(course.teacher.get("class/room/projector"))


def test_a_learner_finds_the_room_from_the_activity(course: Course) -> None:
    seat = course.learner(1)
    assert "room/" not in seat.get().text
    course.begin()
    assert f'{seat.page}room/"' in seat.get().text
    assert "class/room/" in course.teacher.get("class/runs/").text


def test_a_team_mates_field_is_shown_and_not_editable(course: Course) -> None:
    course.begin()
    buyer, analyst = course.learner(1), course.learner(2)
    course.sit(buyer, 1, ["buyer"])
    course.sit(analyst, 1, ["analyst"])
    teach(course, "open")
    save(buyer, course, reference(course.room()), ("match", "bids"))
    page = analyst.get("room/").text
    assert 'name="excluded.' in page
    assert 'name="bid.' not in page
    assert "what your team mates decide" in page
    locked = send(analyst, "room/save", do="save", seen__bids="1", **cells(
        course.room().market.form, course.room().market.form.defaults(), ("bids", "match", "negatives")
    ))  # fmt: skip
    assert locked.status_code == 409
    assert "You do not hold this role" in words(locked)


def test_other_teams_bids_are_never_shown(course: Course) -> None:
    course.begin()
    seat, rival = course.learner(1), course.learner(2)
    course.sit(seat, 1, ["buyer"])
    course.sit(rival, 2, ["buyer"])
    teach(course, "open")
    form = course.room().market.form
    bids = bidding(form, 7.77, match=["broad"] * 12)
    assert save(rival, course, bids, ("match", "bids")).status_code == 303
    assert "7.77" in rival.get("room/").text
    assert "7.77" not in seat.get("room/").text
    teach(course, "close")
    assert "7.77" not in seat.get("room/").text
    assert "Learner 2" not in seat.get("room/").text
    assert "Learner" not in words(course.teacher.get("class/room/projector"))


def test_a_stale_save_loses_nothing(course: Course) -> None:
    course.begin()
    seat = course.learner(1)
    course.sit(seat, 1, ["buyer"])
    teach(course, "open")
    form = course.room().market.form
    old = hidden(seat)
    assert save(seat, course, reference(course.room()), ("match", "bids")).status_code == 303
    saved = course.room().standing(1)
    mine = bidding(form, 3.21)
    refused = save(seat, course, mine, ("match", "bids"), **{k.replace(".", "__"): v for k, v in old.items()})
    assert refused.status_code == 409
    assert "Somebody saved this part" in words(refused)
    assert 'value="3.21"' in refused.text
    assert course.room().standing(1) == saved
    again = dict(HIDDEN.findall(refused.text))
    sent = {**{k: v for k, v in again.items() if k != "back"}, **cells(form, mine, ("match", "bids")), "do": "save"}
    assert seat.browser.client.post(f"{seat.page}room/save", data=sent, base_url=TOOL_ORIGIN).status_code == 303
    assert course.room().standing(1)["bid"] == [3.21] * 12


@pytest.mark.parametrize("bad", ["NaN", "-1", "1e9", "$3", "", "\0", "九"])
def test_bad_numbers_are_named_and_nothing_is_saved(course: Course, bad: str) -> None:
    course.begin()
    seat = course.learner(1)
    course.sit(seat, 1, ["buyer"])
    teach(course, "open")
    refused = save(seat, course, reference(course.room()), ("match", "bids"), bid__k001=bad)
    assert refused.status_code == 422
    assert "Not taken" in words(refused)
    assert course.room().parts == {}


def test_a_spreadsheet_comes_into_the_form_and_is_not_saved_by_itself(course: Course) -> None:
    course.begin()
    seat = course.learner(1)
    course.sit(seat, 1, ["buyer", "analyst", "copy"])
    teach(course, "open")
    form = course.room().market.form
    table = write_csv(form, bidding(form, 4.56), "en")
    shown = send(seat, "room/save", do="import", csv=table, **cells(form, form.defaults(), PARTS))
    assert shown.status_code == 200
    assert 'value="4.56"' in shown.text
    assert course.room().parts == {}
    wrong = send(seat, "room/save", do="import", csv="nonsense", **cells(form, form.defaults(), PARTS))
    assert wrong.status_code == 422
    assert "nonsense" in wrong.text


def test_a_closed_round_keeps_what_was_typed(course: Course) -> None:
    course.begin()
    seat = course.learner(1)
    course.sit(seat, 1, ["buyer"])
    teach(course, "open")
    old, mine = hidden(seat), bidding(course.room().market.form, 3.21)
    teach(course, "close")
    late = save(seat, course, mine, ("match", "bids"), **{k.replace(".", "__"): v for k, v in old.items()})
    assert late.status_code == 409
    assert 'value="3.21"' in late.text
    assert course.room().parts == {}


def test_an_ended_room_keeps_what_was_typed(course: Course) -> None:
    course.begin()
    seat = course.learner(1)
    course.sit(seat, 1, ["buyer"])
    teach(course, "open")
    old, mine = hidden(seat), bidding(course.room().market.form, 3.21)
    teach(course, "end")
    late = save(seat, course, mine, ("match", "bids"), **{k.replace(".", "__"): v for k, v in old.items()})
    assert late.status_code == 409
    assert 'value="3.21"' in late.text


def test_who_learns_changes_no_round_and_who_teaches_sits_in_no_team(course: Course) -> None:
    course.begin()
    seat = course.learner(1)
    assert send(seat, "class/room/change", do="open").status_code == 403
    assert seat.get("class/room/").status_code == 403
    assert seat.get("class/room/results.csv").status_code == 403
    assert send(course.teacher, "room/join", page="class/room/", team="1").status_code == 403
    assert course.teacher.get("room/").status_code == 303
    assert course.room().seats == {}


@pytest.mark.parametrize("do", ["", "nothing", "free:x:y", "shock:" + "x" * 9000, "free:99999999999999999999:buyer"])
def test_hostile_words_are_refused(course: Course, do: str) -> None:
    course.begin()
    assert teach(course, do).status_code in {303, 400}
    assert not course.room().shocks


@pytest.mark.parametrize(("teams", "size"), [("x", "6"), ("-3", "6"), ("99999999999", "6"), ("²", "6"), ("", "")])
def test_a_room_of_no_size_is_refused_in_words(course: Course, teams: str, size: str) -> None:
    answer = begin(course, teams=teams, size=size)
    assert answer.headers["Location"].endswith("refused=room-unfit")
    assert "2 to 40 teams" in words(course.teacher.get("class/room/?refused=room-unfit"))


def test_another_course_does_not_see_the_room(course: Course, another: Course) -> None:
    course.begin()
    assert "No room is open here" in words(another.learner(1).get("room/"))
    stolen = send(
        another.teacher, "class/room/change", page="class/room/", do="open", room=course.room().uuid, played="0"
    )
    assert stolen.headers["Location"].endswith("refused=room-missing")
    assert not course.room().is_open


def test_the_file_has_every_team_and_round(course: Course) -> None:
    course.begin()
    for number in (1, 2):
        course.sit(course.learner(number), number)
    for _ in range(2):
        teach(course, "open")
        teach(course, "close")
    text = course.teacher.get("class/room/results.csv").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[:2] for row in rows[1:]] == [["1", "1"], ["1", "2"], ["2", "1"], ["2", "2"]]
    assert {len(row) for row in rows} == {11}


def test_the_pages_are_whole_in_chinese(course: Course) -> None:
    course.begin()
    seat = course.learner(1)
    course.sit(seat, 1, ["buyer"])
    teach(course, "open")
    teach(course, "close")
    for each, path in ((seat, "room/"), (course.teacher, "class/room/"), (course.teacher, "class/room/projector")):
        each.post("language", language="zh-Hans")
        shown = words(each.get(path)).replace("Learner 1", "")
        # Names of people and of the two languages are all that is left in Latin letters.
        assert set(re.findall(r"[A-Za-z]{3,}", shown)) <= {"English", "CSV", *HEADER}, path
