"""Observations from a phone to the ledger: joined by a link, signed, taken, merged, corrected, shown."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from werkzeug.test import Client

from tests.factories.launches import TOOL_ORIGIN
from tests.factories.phones import TASK, PracticeCourse, digest, join, link_in, photo, refresh
from tests.factories.tool import Tool


def test_an_observation_becomes_evidence_for_each_row(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    made = phone.capture("Learner One", 2, 1, overall="Well done")
    (told,) = phone.send(made)
    assert (told["id"], told["state"], told["code"], told["message"]) == (made["id"], "recorded", "", "Recorded.")
    learner, teacher = course.learners[0].who.person_uuid, course.teacher.who.person_uuid
    assert course.evidence() == [(learner, "evidence", "0.5", teacher), (learner, "headline", "1", teacher)]
    body = course.events()[0][1]
    assert (body["form"], body["occasion"], body["attempt"]) == ("observation", "sheet:2:assessor", made["id"])
    page = course.page()
    assert "Learner One" in page
    assert "Well done" in page


def test_sending_twice_makes_one(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    made = phone.capture("Learner One", 2)
    token = phone.sign(made)
    assert [each["state"] for each in phone.send_signed(token, token)] == ["recorded"] * 2
    assert phone.send_signed(token)[0]["state"] == "recorded"
    assert len(course.evidence()) == 1


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_two_hours_off_changes_nothing_but_the_noted_skew(course: PracticeCourse, hours: int) -> None:
    phone = join(course.tool, course.own_link(), skew=timedelta(hours=hours))
    course.tool.clock.advance(minutes=5)
    made = phone.capture("Learner One", 2)
    course.tool.clock.advance(minutes=30)
    assert phone.states(made) == [("recorded", "")]
    event = course.events()[0][0]
    assert event.occurred_at == course.tool.clock.now - timedelta(minutes=30)
    assert "the phone’s clock was wrong by 120 minutes" in course.page()


def test_a_mentor_names_the_enterprise_and_needs_no_account(course: PracticeCourse) -> None:
    answer = course.invite()
    phone = join(course.tool, link_in(answer.text))
    assert phone.pack["assessor"] | {"name": "Mei Mentor", "enterprise": "Tmall shop"} == phone.pack["assessor"]
    assert [each["name"] for each in phone.pack["learners"]] == ["Learner One", "Learner Two"]
    assert phone.states(phone.capture("Learner Two", 0, 2)) == [("recorded", "")]
    body = course.events()[0][1]
    assert body["enterprise"] == "Tmall shop"
    assert body["rater"] != course.teacher.who.person_uuid
    assert "Mei Mentor (Tmall shop)" in course.page()


def test_two_assessors_who_differ_are_both_kept_and_shown(course: PracticeCourse) -> None:
    teacher, mentor = join(course.tool, course.own_link()), join(course.tool, link_in(course.invite().text))
    assert teacher.states(teacher.capture("Learner One", 2, 1)) == [("recorded", "")]
    assert mentor.states(mentor.capture("Learner One", 0, 1)) == [("recorded", "observation-differs")]
    assert [row[1:3] for row in course.evidence()] == [
        ("evidence", "0.5"),
        ("evidence", "0.5"),
        ("headline", "0"),
        ("headline", "1"),
    ]
    assert "Assessors differ" in course.page()


def test_a_revision_corrects_the_ledger_and_may_come_first(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    first = phone.capture("Learner One", 2, 1)
    second = phone.capture("Learner One", 0, 1, replaces=first["id"])
    assert phone.states(second) == [("kept", "observation-target")]
    assert course.evidence() == []
    assert phone.states(first, second) == [("recorded", "")] * 2
    assert [row[1:3] for row in course.evidence()] == [("evidence", "0.5"), ("headline", "1")]
    assert [body["score"] for body in course.corrections()] == ["0"]


def test_the_same_assessor_twice_is_shown_until_somebody_decides(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    one, other = phone.capture("Learner One", 2), phone.capture("Learner One", 2)
    assert phone.states(one, other) == [("recorded", "observation-repeated")] * 2
    assert "Twice by the same assessor" in course.page()
    assert course.decide(other, "both") == "done=both"
    assert "Nothing waits." in course.page()
    assert course.decide(one, "leave-out", reason="superseded") == "done=leave-out"
    assert [body.get("score") for body in course.corrections()] == [None]
    assert course.decide(one, "undo") == "done=undo"


def test_the_same_number_with_other_content_never_takes_the_place_of_the_first(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    first = phone.capture("Learner One", 2)
    second = phone.capture("Learner One", 0, id=first["id"])
    assert phone.states(first) == [("recorded", "")]
    assert phone.states(second) == [("kept", "observation-id-taken")]
    assert phone.states(second) == [("kept", "observation-id-taken")]
    assert [row[2] for row in course.evidence()] == ["1"]
    assert course.decide(second, "count") == "done=count"
    assert sorted(row[2] for row in course.evidence()) == ["0", "1"]


def test_a_learner_whom_nobody_knows_waits_and_can_be_named(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    stranger = str(uuid.uuid4())
    made = phone.capture(stranger, 2, overall="A stranger’s work")
    assert phone.states(made) == [("kept", "observation-learner-unknown")]
    assert "Somebody who is not in this course" in course.page()
    one = course.learners[0].who.person_uuid
    assert course.decide(made, "assign", signed=stranger, person=str(uuid.uuid4())) == "refused=learner"
    assert course.decide(made, "assign", signed=stranger, person=one) == "done=assign"
    assert [row[:3] for row in course.evidence()] == [(one, "headline", "1")]
    assert "A stranger’s work" in course.page()


def test_each_of_a_team_gets_it_and_an_unknown_member_waits(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    known = [seat.who.person_uuid for seat in course.learners]
    assert phone.states(phone.capture(known, 1)) == [("recorded", "")]
    assert sorted(row[0] for row in course.evidence()) == sorted(known)
    mixed = phone.capture([known[0], str(uuid.uuid4())], None, 1)
    assert phone.states(mixed) == [("kept", "observation-learner-unknown")]
    assert [row[0] for row in course.evidence() if row[1] == "evidence"] == [known[0]]


def test_out_of_scope_is_kept_and_counts_only_once_decided(course: PracticeCourse) -> None:
    phone = join(course.tool, link_in(course.invite(what="some", task="no-such-task").text))
    assert phone.pack["tasks"] == []
    made = phone.capture("Learner One", 2)
    assert phone.states(made) == [("kept", "observation-task")]
    assert course.evidence() == []
    assert course.decide(made, "count") == "done=count"
    assert [row[2] for row in course.evidence()] == ["1"]
    assert phone.states(made) == [("recorded", "")]
    assert course.decide(made, "undo") == "done=undo"
    assert [body.get("score") for body in course.corrections()] == [None]


def test_above_the_cap_is_kept(course: PracticeCourse) -> None:
    phone = join(course.tool, link_in(course.invite(level="1").text))
    task = next(each for each in phone.pack["tasks"] if each["key"] == TASK)
    assert task["beyond"] is True
    assert phone.states(phone.capture("Learner One", 2)) == [("kept", "observation-level")]
    assert "Above the level that this assessor may judge" in course.page()


def test_what_comes_after_the_end_is_kept(course: PracticeCourse) -> None:
    phone = join(course.tool, link_in(course.invite().text))
    made = phone.capture("Learner One", 2)
    course.tool.clock.advance(days=30)
    answer = phone.get("pack")
    assert (answer.status_code, answer.json and answer.json["code"]) == (401, "observation-ended")
    assert phone.states(made) == [("kept", "observation-ended")]
    course.tool.clock.advance(days=90)
    assert phone.post("captures", {"captures": []}).status_code == 401
    course.tool.clock.advance(days=-120)


def test_the_phone_is_told_the_last_day_that_was_chosen(course: PracticeCourse) -> None:
    """The hours that are added for zones in the west are no day more."""
    phone = join(course.tool, link_in(course.invite(until="2026-03-20").text))
    assert phone.pack["invitation"]["until"] == "2026-03-21T00:00:00.000000Z"


def test_the_pack_is_sent_once(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    tag = phone.get("pack").headers["ETag"]
    assert phone.get("pack", **{"If-None-Match": tag}).status_code == 304
    phone.send(phone.capture("Learner One", 2))
    assert phone.get("pack", **{"If-None-Match": tag}).status_code == 304
    refresh(phone)
    assert phone.pack["device"]["seq"] == 1


def test_a_photo_comes_without_its_metadata(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x0e\x00\x02\x00\x00\x00\x0cGPS-52.5200\x00\x00\x00\x00\x00\x00"
    data = photo(exif=exif)
    assert b"GPS-52" in data
    made = phone.capture("Learner One", 2, photos=[{"sha256": digest(data), "type": "image/jpeg"}])
    assert phone.put_photo(made, data).status_code == 404
    phone.send(made)
    assert phone.put_photo(made, data).status_code == 204
    assert phone.put_photo(made, data).status_code == 204
    page = course.page()
    address = page.split("observe/photos/")[1].split('"')[0]
    shown = course.teacher.get(f"observe/photos/{address}")
    assert shown.mimetype == "image/jpeg"
    assert b"GPS-52" not in shown.data
    assert b"Exif" not in shown.data


def test_the_link_opens_as_many_phones_as_it_is_for(tool: Tool, course: PracticeCourse) -> None:
    link = link_in(course.invite(phones="1").text)
    assert "Mei Mentor" in Client(tool.app).get(link, base_url=TOOL_ORIGIN).text
    phone = join(tool, link)
    again = phone.client.post(link, base_url=TOOL_ORIGIN)
    assert again.headers["Location"] == "/phone/"
    refused = Client(tool.app).post(link, base_url=TOOL_ORIGIN)
    assert (refused.status_code, "As many phones" in refused.text) == (410, True)
    assert (
        phone.client.delete("/phone/api/device", base_url=TOOL_ORIGIN, headers={"Qualoop-Phone": "1"}).status_code
        == 204
    )
    join(tool, link)
