"""What staff and learners see: lists, the file for spreadsheets, the learner's own page, the inbox, a file of a phone."""

from __future__ import annotations

import base64
import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.models import InboxItem
from lti_tool.services.observing.inbox import REASON
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.phones import Phone, PracticeCourse, digest, join, link_in, photo


def exported(phone: Phone, *captures: dict[str, Any], photos: tuple[bytes, ...] = (), **changes: Any) -> bytes:
    """Return the file that the app saves."""
    pictures = [
        {"sha256": digest(each), "type": "image/jpeg", "data": base64.b64encode(each).decode()} for each in photos
    ]
    return json.dumps(
        {
            "format": "qualoop-observations-1",
            "device": phone.uuid,
            "exported_at": "2026-03-02T12:00:00.000Z",
            "captures": [phone.sign(each) for each in captures],
            "photos": pictures,
            "drafts": [],
            **changes,
        }
    ).encode()


def bring(course: PracticeCourse, data: bytes) -> str:
    """Bring a file; return what the page is told of it."""
    csrf = course.page().split('name="csrf" value="')[1].split('"')[0]
    answer = course.teacher.browser.client.post(
        f"{course.teacher.page}observe/file",
        data={"csrf": csrf, "file": (io.BytesIO(data), "observations.json")},
        base_url=TOOL_ORIGIN,
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].partition("?")[2]


def rows_of(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def open_items(course: PracticeCourse) -> int:
    with course.tool.runtime.database.reading() as session:
        query = select(InboxItem.id).where(InboxItem.reason == REASON, InboxItem.state == "open")
        return len(session.scalars(query).all())


def test_a_file_takes_the_place_of_a_phone_that_cannot_send(course: PracticeCourse) -> None:
    phone, data = join(course.tool, link_in(course.invite().text)), photo()
    told = {"sha256": digest(data), "type": "image/jpeg"}
    good = phone.capture("Learner One", 2, overall="From a file", photos=[told])
    bad = phone.capture("Learner One", 2, rows={"headline": {"level": 7}})
    assert bring(course, exported(phone, good, bad, photos=(data, b"no picture"))) == "taken=1&waiting=0&not=1"
    assert bring(course, exported(phone, good)) == "taken=1&waiting=0&not=0"
    assert [row[1:3] for row in course.evidence()] == [("headline", "1")]
    page = course.teacher.get("observe/?taken=1&waiting=0&not=1").text
    assert "From a file" in page
    assert "observe/photos/" in page
    assert "Of the file 1 were taken" in page


def test_a_file_of_a_phone_that_was_taken_off_counts_nothing_by_itself(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    made = phone.capture("Learner One", 2)
    course.post(f"phones/{phone.uuid}/remove")
    assert bring(course, exported(phone, made)) == "taken=1&waiting=1&not=0"
    assert course.evidence() == []


def test_no_other_file_is_taken(course: PracticeCourse, another: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    made = phone.capture("Learner One", 2)
    for data in (b"", b"[]", b"{", exported(phone, made, format="x"), exported(phone, made, captures=[1])):
        assert bring(course, data) == "refused=file"
    assert bring(another, exported(phone, made)) == "refused=file-phone"
    forged = exported(join(course.tool, course.own_link()), made, device=phone.uuid)
    assert bring(course, forged) == "taken=0&waiting=0&not=1"
    assert course.evidence() == []


def test_a_learner_sees_what_counts_of_the_own_and_nobody_elses(course: PracticeCourse) -> None:
    mentor, data = join(course.tool, link_in(course.invite().text)), photo()
    told = {"sha256": digest(data), "type": "image/jpeg"}
    first = mentor.capture("Learner One", 2, overall="A fine start", photos=[told])
    second = mentor.capture("Learner One", 1, overall="On a second look", replaces=first["id"])
    late = mentor.capture("Learner One", 0, overall="Waits for a person", replaces=second["device"])
    mentor.send(first, late)
    mentor.put_photo(first, data)
    one, two = course.learners
    page = one.get("record/observations/").text
    assert "A fine start" in page
    assert "judged for Tmall shop" in page
    assert "Mei Mentor" not in page
    assert "Waits for a person" not in page
    picture = page.split("record/observations/")[-1].split('"')[0]
    assert one.get(f"record/observations/{picture}").status_code == 200
    assert two.get(f"record/observations/{picture}").status_code == 404
    assert "Nothing was observed yet" in two.get("record/observations/").text
    mentor.send(second)
    page = one.get("record/observations/").text
    assert ("A fine start" in page, "On a second look" in page) == (False, True)


def test_the_record_names_the_rows(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    phone.send(phone.capture("Learner One", 2))
    page = course.learners[0].get("record/timeline/").text
    assert "Product copy" in page
    assert "Headline" in page


def test_the_file_for_spreadsheets_has_a_row_for_each_judged_row(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link(), skew=timedelta(minutes=90))
    made = phone.capture("Learner One", 2, 1, overall="")
    made["rows"]["headline"]["comment"] = "=HYPERLINK(1)"
    phone.send(made)
    found = rows_of(course.teacher.get("observe/observations.csv"))
    assert [(row["Learner"], row["Criterion"], row["Level"], row["State"]) for row in found] == [
        ("Learner One", "Headline", "Secure", "recorded"),
        ("Learner One", "Evidence", "Some", "recorded"),
    ]
    assert {row["Clock ahead (s)"] for row in found} == {"5400.0"}
    assert not found[0]["Comment"].startswith("=")


def test_the_inbox_says_once_that_something_waits_and_closes_by_itself(course: PracticeCourse) -> None:
    before = open_items(course)
    phone = join(course.tool, link_in(course.invite(what="some", task="another").text))
    one, other = phone.capture("Learner One", 2), phone.capture("Learner Two", 2)
    phone.send(one, other)
    assert open_items(course) == before + 1
    course.decide(one, "count")
    assert open_items(course) == before + 1
    course.decide(other, "leave-out", reason="error")
    assert open_items(course) == before


@pytest.mark.parametrize(
    ("do", "told"), [("count", "refused=moved"), ("both", "refused=moved"), ("undo", "refused=moved")]
)
def test_what_was_decided_before_is_said(course: PracticeCourse, do: str, told: str) -> None:
    phone = join(course.tool, course.own_link())
    made = phone.capture("Learner One", 2)
    phone.send(made)
    assert course.decide(made, do) == told


def test_the_pages_speak_chinese(course: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    phone.send(phone.capture("Learner One", 2), phone.capture("Learner One", 1))
    answer = phone.client.get(
        "/phone/api/captures", base_url=TOOL_ORIGIN, headers={"Qualoop-Phone": "1", "Accept-Language": "zh-Hans"}
    )
    assert {each["message"][:3] for each in (answer.json or {})["captures"]} == {"已记录"}
    answer = course.teacher.post("language", language="zh-Hans", back="observing")
    assert answer.headers["Location"].endswith("/observe/")
    assert "同一评价者两次评价" in course.page()
