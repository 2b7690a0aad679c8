"""Who answered what, as files and by name: for the instructor, and for nobody else."""

from __future__ import annotations

import csv
import io

import pytest

from lti_tool.models import Organisation
from lti_tool.services import erasure
from tests.factories.class_sessions import Classroom, Phone
from tests.factories.classrooms import Seat

LANGUAGES = ("en", "zh-Hans")


def table(seat: Seat, room: Classroom, name: str = "votes.csv") -> list[list[str]]:
    answer = seat.get(f"class/sessions/{room.row().uuid}/{name}")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8"
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def read(room: Classroom) -> list[dict[str, str]]:
    head, *rows = table(room.teacher, room)
    return [dict(zip(head, row, strict=True)) for row in rows]


def by_name(room: Classroom, name: str) -> Phone:
    """Return a phone that says whose it is, and of which nobody has said so yet."""
    phone = room.phone()
    phone.enter(room.row().code or "")
    phone.post("name", name=name)
    return phone


def voted(room: Classroom) -> tuple[str, list[Seat], Phone]:
    """Lead a class through the first vote: one right, one wrong, and an unconfirmed device that is right."""
    learners = [room.learner(1, "Amara Diallo"), room.learner(2, "=Bo"), room.learner(3, "Zoë Quist")]
    room.plan()
    room.do("open")
    poll = room.ask()
    room.move(poll, "first")
    phone = by_name(room, "Zoë Quist")
    room.vote(learners[0], poll, 1, choice="0")
    room.vote(learners[1], poll, 1, choice="1")
    phone.vote(poll, 1, choice="0")
    return poll, learners, phone


def test_the_file_says_who_answered_what(room: Classroom) -> None:
    poll, [amara, bo, _], _ = voted(room)
    room.move(poll, "first-closed")
    room.move(poll, "discussion")
    room.move(poll, "second")
    room.vote(bo, poll, 2, choice="0")
    first = [row for row in read(room) if row["Vote number"] == "1"]
    assert [(row["Learner"], row["Answer given"], row["Right or wrong"], row["Score (0 to 1)"]) for row in first] == [
        ("'=Bo", "wrong", "wrong", "0"),
        ("Amara Diallo", "right", "right", "1"),
        ("Zoë Quist", "right", "right", "1"),
    ], "a name that a spreadsheet would run as a formula is none"
    assert [(row["Pseudonym"], row["Device"]) for row in first] == [
        (bo.who.person_uuid, "confirmed"),
        (amara.who.person_uuid, "confirmed"),
        ("", "not confirmed"),
    ]
    [second] = [row for row in read(room) if row["Vote number"] == "2"]
    assert (second["Learner"], second["Right or wrong"], second["Knowledge points"]) == ("'=Bo", "right", "SEM-1.1")
    assert (second["Question"], second["What was asked"], second["Class session"]) == ("1", "Which one?", "Hour one")
    assert second["At (UTC)"].endswith("+00:00")


@pytest.mark.parametrize(
    ("asked", "fields", "words"),
    [
        ({"kind": "multiple-choice", "lines": "*a\n*b\nc"}, {"choice": ["0", "2"]}, ("a; c", "wrong")),
        ({"kind": "ordering", "lines": "a\nb\nc"}, {"rank_0": "1", "rank_1": "3", "rank_2": "2"}, None),
        ({"kind": "number", "lines": "", "answer": "-2.5"}, {"value": "-2.5"}, ("'-2.5", "right")),
        ({"kind": "single-choice", "lines": "tea\ncoffee", "point": ""}, {"choice": "1"}, ("coffee", "")),
    ],
    ids=["several", "ranking", "number", "opinion"],
)
def test_every_kind_is_told_in_words(
    room: Classroom, asked: dict[str, str], fields: dict[str, str], words: tuple[str, str] | None
) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    poll = room.ask(**asked)
    room.move(poll, "first")
    room.vote(learner, poll, 1, **fields)
    [row] = read(room)
    if words:
        assert (row["Answer given"], row["Right or wrong"]) == words
    else:
        assert sorted(row["Answer given"].split("; ")) == ["a", "b", "c"]


def test_whose_a_text_is_is_not_told(room: Classroom) -> None:
    learners = [room.learner(number) for number in (1, 2)]
    room.plan()
    room.do("open")
    poll = room.ask(kind="short-text", lines="keyword")
    room.move(poll, "first")
    for seat, text in zip(learners, ("keyword", "@my own words"), strict=True):
        room.vote(seat, poll, 1, text=text)
    rows = read(room)
    named = [row for row in rows if row["Learner"].startswith("Learner")]
    assert [(row["Answer given"], row["Right or wrong"]) for row in named] == [
        ("typed freely: stands without a name", ""),
        ("typed freely: stands without a name", ""),
    ], "one right text among two would tell whose it is"
    nameless = [row for row in rows if row not in named]
    assert [row["Answer given"] for row in nameless] == ["'@my own words", "keyword"]
    assert {(row["Learner"], row["Pseudonym"], row["At (UTC)"], row["Right or wrong"]) for row in nameless} == {
        ("name not told", "", "", "")
    }


def test_both_languages_have_their_headings(room: Classroom) -> None:
    poll, *_ = voted(room)
    room.move(poll, "first-closed")
    for name, words in (("votes.csv", "设备"), ("points.csv", "第一轮投票：答对")):
        heads = []
        for language in LANGUAGES:
            room.teacher.post("language", language=language)
            heads.append(table(room.teacher, room, name)[0])
        assert words in heads[1]
        assert not set(heads[0]) & set(heads[1])


def test_each_knowledge_point_has_its_right_votes_and_its_gain(room: Classroom) -> None:
    poll, [amara, bo, _], _ = voted(room)
    for wanted in ("first-closed", "discussion", "second"):
        room.move(poll, wanted)
    for seat in (amara, bo):
        room.vote(seat, poll, 2, choice="0")
    room.move(poll, "second-closed")
    head, row = table(room.teacher, room, "points.csv")
    assert (row[0], row[2:8]) == ("SEM-1.1", ["1", "2", "2", "2", "50", "50"])
    assert head[2:6] == ["First vote: right", "First vote: votes", "Second vote: right", "Second vote: votes"]
    page = room.teacher.get(f"class/sessions/{room.row().uuid}/report").text
    assert "1 of 2 right (50%)" in page
    assert "2 of 2 right (100%)" in page
    assert all(f'/{name}.csv"' in page for name in ("votes", "points"))


def test_names_of_who_could_explain_come_with_the_end_of_the_first_vote(room: Classroom) -> None:
    poll, [amara, *_], phone = voted(room)
    assert "Amara" not in room.console()
    room.move(poll, "first-closed")
    screen, seat = f"/class/screen/{room.row().screen_key}/", f"in-class/{room.row().uuid}/"
    for wanted in ("discussion", "second", "second-closed", "shown"):
        sure, _, rest = room.console().partition('id="explainers"')[2].partition("devices that nobody has confirmed")
        assert "Amara Diallo" in sure
        assert "Zoë" not in sure
        assert "Zoë Quist" in rest.partition("</details>")[0]
        assert "=Bo" not in sure + rest.partition("</details>")[0]
        others = (room.phone().get(screen).text, amara.get(seat).text, phone.page().text)
        assert not [html for html in others if "Diallo" in html or "explainers" in html]
        room.move(poll, wanted)
    stage = f"/class/live/{room.row().uuid}"
    assert not [html for html in (room.phone().get(stage).text, phone.get(stage).text) if "Diallo" in html]


def test_nobody_could_explain_an_opinion(room: Classroom) -> None:
    learner = room.learner(1)
    room.plan()
    room.do("open")
    poll = room.ask(point="", lines="tea\ncoffee")
    room.move(poll, "first")
    room.vote(learner, poll, 1, choice="0")
    room.move(poll, "first-closed")
    assert 'id="explainers"' not in room.console()
    assert table(room.teacher, room, "points.csv")[1:] == []


def test_the_files_are_of_one_course_and_for_who_may_see_its_class(room: Classroom, another: Classroom) -> None:
    _, [amara, *_], phone = voted(room)
    uuid = room.row().uuid
    another.plan()
    for name in ("votes.csv", "points.csv"):
        path = f"class/sessions/{uuid}/{name}"
        assert another.teacher.get(path).status_code == 404
        assert amara.get(path).status_code == 403
        assert phone.get(room.teacher.page + path).status_code == 401
        assert room.assistant().get(path).status_code == 200


def test_an_erased_learner_is_a_vote_without_a_name(room: Classroom) -> None:
    poll, [amara, *_], _ = voted(room)
    room.move(poll, "first-closed")
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.tool.organisation_id)
        erasure.erase(session, organisation, amara.who.person_uuid, actor="operator", now=room.tool.clock.now)
    assert "Amara" not in "".join(map(str, read(room))) + room.console()
