"""A teacher's record over HTTP: entries, documents, confirmation by an administrator, export, bad input."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lti_tool.services.programme import teacher_records
from lti_tool.services.programme.teacher_records_review import warn_of_expiry
from tests.factories.class_sessions import Classroom
from tests.factories.launches import TOOL_ORIGIN
from tests.functional.admin.steps import signed_in

ENTRY = {
    "kind": "enterprise",
    "title": "Ran the winter campaign",
    "place": "Umbrella Works",
    "starts": "2026-01-05",
    "ends": "2026-01-16",
    "days": "10",
}


def send(room: Classroom, path: str, **form: Any) -> TestResponse:
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', room.teacher.get("teacher/").text)
    assert csrf
    return room.teacher.browser.client.post(
        f"{room.teacher.page}teacher/{path}", data={"csrf": csrf[1], **form}, base_url=TOOL_ORIGIN
    )


def entry_of(room: Classroom) -> str:
    found = re.search(r"teacher/([0-9a-f-]{36})/change", room.teacher.get("teacher/").text)
    assert found
    return found[1]


def test_an_entry_is_confirmed_by_an_administrator_and_counts_then(room: Classroom) -> None:
    assert "Nothing entered yet." in room.teacher.get("teacher/").text
    proof = (io.BytesIO(b"%PDF-1.7 proof"), "proof.pdf")
    assert send(room, "add", **ENTRY, file=proof).headers["Location"].endswith("done=added")
    page = room.teacher.get("teacher/").text
    assert ">0</a> days in enterprises" in page
    assert "5 Jan 2026" in page
    document = room.teacher.get(f"teacher/{entry_of(room)}/document")
    assert (document.data, document.headers["Content-Disposition"].split(";")[0]) == (b"%PDF-1.7 proof", "attachment")
    desktop, base = signed_in(room.tool), f"/admin/teachers/{room.teacher.who.person_uuid}/"
    assert "Tina Teacher" in desktop.get("/admin/teachers/").text
    assert desktop.get(f"{base}{entry_of(room)}/document").data == b"%PDF-1.7 proof"
    done = desktop.post(f"{base}{entry_of(room)}/decide", do="confirm", declared="yes", seen="1")
    assert done.headers["Location"].endswith("done=decided")
    assert ">10</a> days in enterprises" in room.teacher.get("teacher/").text
    assert "Decided about an entry" in desktop.get("/admin/people").text


def test_a_refusal_needs_a_reason_which_the_teacher_reads(room: Classroom) -> None:
    send(room, "add", **ENTRY)
    desktop, base = signed_in(room.tool), f"/admin/teachers/{room.teacher.who.person_uuid}/{entry_of(room)}/decide"
    assert desktop.post(base, do="refuse", seen="1").status_code == 422
    desktop.post(base, do="refuse", seen="1", reason="No document.")
    page = room.teacher.get("teacher/").text
    assert "No document." in page
    assert desktop.post(base, do="confirm", declared="yes", seen="1").status_code == 409


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "This is needed."),
        ({"starts": "yesterday"}, "This is needed."),
        ({"ends": "2026-01-01"}, "The end lies before the beginning."),
        ({"days": "13"}, "A whole number of days"),
        ({"days": "1e3"}, "A whole number of days"),
        ({"link": "javascript:alert(1)"}, "An address that begins with https://"),
        ({"kind": "holiday"}, "This is needed."),
        ({"title": "x" * 201}, "This is too long."),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(
    room: Classroom, changes: dict[str, str], words: str
) -> None:
    answer = send(room, "add", **{**ENTRY, **changes})
    assert answer.status_code == 422
    assert words in answer.text
    assert "Umbrella Works" in answer.text
    assert "Nothing entered yet." in room.teacher.get("teacher/").text


def test_a_page_as_a_document_is_refused(room: Classroom) -> None:
    answer = send(room, "add", **ENTRY, file=(io.BytesIO(b"<html><script>x</script>"), "proof.pdf"))
    assert answer.status_code == 422
    assert "A PDF, picture, text or office document" in answer.text


def test_an_entry_is_changed_taken_back_and_restored(room: Classroom) -> None:
    send(room, "add", **ENTRY)
    key = entry_of(room)
    send(room, f"{key}/change", **{**ENTRY, "title": "Ran two campaigns", "seen": "1"})
    assert "Ran two campaigns" in room.teacher.get("teacher/").text
    assert send(room, f"{key}/change", **{**ENTRY, "seen": "1"}).status_code == 409
    send(room, f"{key}/move", do="take-back", seen="2")
    assert "Taken back" in room.teacher.get("teacher/").text
    send(room, f"{key}/move", do="restore", seen="3")
    assert "Waits to be confirmed" in room.teacher.get("teacher/").text


def test_nobody_confirms_the_own_qualification(room: Classroom) -> None:
    form = {"what": "Search specialist", "from": "2020-01-01", "until": "2030-01-01"}
    for kind in ("teaching", "industry"):
        send(room, "qualification", qualification=kind, **form)
    assert send(room, "qualification", qualification="teaching", **{**form, "until": "2019-01-01"}).status_code == 422
    assert "not double-qualified today" in room.teacher.get("teacher/").text
    desktop, base = signed_in(room.tool), f"/admin/teachers/{room.teacher.who.person_uuid}/"
    for qualification in re.findall(r'name="qualification" value="([0-9a-f-]{36})"', desktop.get(base).text):
        desktop.post(base + "qualification", do="confirm", declared="yes", qualification=qualification)
    assert ">double-qualified today" in room.teacher.get("teacher/").text


def test_the_record_goes_along_as_table_and_as_document(room: Classroom) -> None:
    send(room, "add", **{**ENTRY, "title": "=HYPERLINK(1)"})
    rows = list(csv.DictReader(io.StringIO(room.teacher.get("teacher/record.csv").text.lstrip("\ufeff"))))
    assert (rows[0]["What"], rows[0]["Days"], rows[0]["State"]) == ("'=HYPERLINK(1)", "10", "Waits to be confirmed")
    document = json.loads(room.teacher.get("teacher/record.json").data)
    assert document["entries"][0]["title"] == "=HYPERLINK(1)"
    assert document["indicators"]["waiting"] == 1


def test_learners_have_no_such_record(room: Classroom) -> None:
    seat = room.learner(1)
    assert seat.get("teacher/").status_code == 403
    assert seat.post("teacher/add", **ENTRY).status_code == 403


def test_nobody_opens_the_document_of_somebody_else(room: Classroom, another: Classroom) -> None:
    send(room, "add", **ENTRY, file=(io.BytesIO(b"%PDF-1.7 x"), "x.pdf"))
    assert another.teacher.get(f"teacher/{entry_of(room)}/document").status_code == 404
    assert signed_in(room.tool).get("/admin/teachers/no-such-person/").status_code == 404


def test_what_leaves_the_page_says_whose_record_it_is(room: Classroom) -> None:
    send(room, "add", **ENTRY)
    assert "<strong>Tina Teacher</strong>" in room.teacher.get("teacher/").text
    [row] = csv.DictReader(io.StringIO(room.teacher.get("teacher/record.csv").text.lstrip("\ufeff")))
    assert row["Teacher"] == "Tina Teacher"
    assert json.loads(room.teacher.get("teacher/record.json").data)["name"] == "Tina Teacher"


def test_each_figure_opens_to_what_it_counts(room: Classroom) -> None:
    page = room.teacher.get("teacher/").text
    targets = re.findall(r'<a (?:class="q-indicator-figure" )?href="#([a-z-]+)"', page)
    assert targets == [
        "entries-enterprise",
        "entries",
        "entries-research",
        "built",
        "entries-course",
        "built",
        "built",
        "qualifications",
    ]
    assert all(f'id="{each}"' in page for each in targets)
    assert "0 rubrics set for work" in page


def test_a_full_record_says_so(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teacher_records, "MAX_ENTRIES", 1)
    send(room, "add", **ENTRY)
    answer = send(room, "add", **ENTRY)
    assert answer.status_code == 422
    assert "A record has 500 entries at most" in answer.text
    assert "Somebody was faster" not in answer.text


def test_a_change_that_is_refused_is_marked_in_its_own_form(room: Classroom) -> None:
    send(room, "add", **ENTRY)
    send(room, "add", **{**ENTRY, "title": "Ran two campaigns"})
    key = entry_of(room)
    page = send(room, f"{key}/change", **{**ENTRY, "title": "", "place": "Changed Works", "seen": "1"}).text
    assert page.count("This is needed.") == 1
    assert page.count('value="Changed Works"') == 1
    assert page.count('role="alert"') == 1
    field = re.search(rf'<input[^>]* id="title-{key}"[^>]*>', page)
    assert field
    assert f'aria-invalid="true" aria-describedby="wrong-title-{key}"' in field[0]
    assert f'id="wrong-title-{key}"' in page
    new = re.search(r'<input[^>]* id="title"[^>]*>', page)
    assert new
    assert "aria-invalid" not in new[0]


def test_an_entry_that_is_to_come_is_marked_and_does_not_count_yet(room: Classroom) -> None:
    send(room, "add", **{**ENTRY, "starts": "2035-01-01", "ends": "2035-01-31"})
    assert "begins later, and counts from then on" in room.teacher.get("teacher/").text
    desktop, base = signed_in(room.tool), f"/admin/teachers/{room.teacher.who.person_uuid}/"
    assert "begins later, and counts from then on" in desktop.get(base).text
    desktop.post(f"{base}{entry_of(room)}/decide", do="confirm", declared="yes", seen="1")
    page = room.teacher.get("teacher/").text
    assert ">0</a> days in enterprises" in page
    assert "0 days in all" in page


def test_who_confirms_says_that_it_is_not_the_own_record(room: Classroom) -> None:
    send(room, "add", **ENTRY)
    send(room, "qualification", qualification="teaching", what="Licence", **{"from": "2020-01-01"})
    desktop, base = signed_in(room.tool), f"/admin/teachers/{room.teacher.who.person_uuid}/"
    key = entry_of(room)
    refused = desktop.post(f"{base}{key}/decide", do="confirm", seen="1")
    assert refused.status_code == 422
    assert "Nobody confirms the own record." in refused.text
    own = re.search(r'name="qualification" value="([0-9a-f-]{36})"', refused.text)
    assert own
    assert desktop.post(f"{base}qualification", do="confirm", qualification=own[1]).status_code == 422
    assert room.teacher.get("teacher/").text.count("Waits to be confirmed") == 2


def test_a_qualification_that_ends_is_told_with_whose_it_is(room: Classroom) -> None:
    dates = {"from": "2020-01-01", "until": "2026-04-01"}
    send(room, "qualification", qualification="teaching", what="Licence", **dates)
    send(room, "qualification", qualification="industry", what="Expert", **{**dates, "until": "2025-04-01"})
    desktop, base = signed_in(room.tool), f"/admin/teachers/{room.teacher.who.person_uuid}/"
    own = re.findall(r'name="qualification" value="([0-9a-f-]{36})"', desktop.get(base).text)
    for each in own:
        desktop.post(f"{base}qualification", do="confirm", declared="yes", qualification=each)
    with room.tool.runtime.database.transaction() as session:
        assert warn_of_expiry(session, room.tool.organisation_id, now=room.tool.clock.now) == 1
    page = desktop.get("/admin/").text
    assert "Tina Teacher: Teaching qualification" in page
    assert f'href="{base}"' in page
    assert desktop.get(base).text.count(">expired<") == 1
