"""The learner's page over HTTP: handing in, what is refused, files that are safe to open, nothing of anybody else's."""

from __future__ import annotations

import re

import pytest

from lti_tool.services.attempts.submitted_work import MAX_FILE_BYTES
from tests.factories.classrooms import Seat
from tests.factories.marking import Room
from tests.factories.rubrics import sheet
from tests.functional.marking.steps import hand_in, only_work, words

PDF = b"%PDF-1.7 plan"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def file_paths(seat: Seat, page: str = "submission/") -> list[str]:
    found = re.findall(
        r'href="[^"]*?/((?:submission|marking/works/[^/"]+)/file/[0-9a-f-]{36})\?download=1"', seat.get(page).text
    )
    return [*dict.fromkeys(found)]


def test_the_rubric_is_shown_before(room: Room) -> None:
    page = words(room.learner().get("submission/"))
    assert "One clear benefit for the shopper named in the brief." in page
    assert "4–6 points" in page


def test_work_is_handed_in_and_seen_again(room: Room) -> None:
    sam = room.learner()
    answer = hand_in(
        sam, text="文案", links="https://a.test\r\nhttps://b.test", files=[(PDF, "计划.pdf"), (PNG, "a.png")]
    )
    assert answer.status_code == 303
    page = sam.get("submission/")
    assert "文案" in page.text
    assert "https://b.test" in page.text
    assert "计划.pdf" in page.text
    assert "waits to be marked" in words(page)


def test_files_are_sent_so_that_nothing_runs(room: Room) -> None:
    sam = room.learner()
    hand_in(sam, files=[(PDF, "计划 1;x.pdf"), (PNG, "a.png"), (b"<script>alert(1)</script>", "x.txt")])
    pdf, png, txt = (sam.get(path) for path in file_paths(sam))
    assert pdf.data == PDF
    assert pdf.headers["Content-Disposition"].startswith('attachment; filename="')
    assert "filename*=UTF-8''%E8%AE%A1%E5%88%92%201%3Bx.pdf" in pdf.headers["Content-Disposition"]
    assert png.mimetype == "image/png"
    assert png.headers["Content-Disposition"].startswith("inline")
    assert txt.mimetype == "text/plain"
    assert txt.headers["Content-Disposition"].startswith("attachment")
    for response in (pdf, png, txt):
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "private, no-store"
    assert sam.get(file_paths(sam)[1] + "?download=1").headers["Content-Disposition"].startswith("attachment")


def test_a_marker_reads_the_files_and_other_learners_do_not(room: Room) -> None:
    sam, other = room.learner(), room.learner(2)
    hand_in(sam, files=[(PDF, "plan.pdf")])
    hand_in(other, text="Mine")
    path = file_paths(sam)[0]
    assert other.get(path).status_code == 404
    found = room.found(sam)
    assert found
    work = found.uuid
    for_marker = file_paths(room.teacher, f"marking/works/{work}/")[0]
    assert room.teacher.get(for_marker).data == PDF
    assert other.get(for_marker).status_code == 403
    assert "Mine" not in sam.get("submission/").text


def test_what_cannot_be_taken_is_told_and_the_text_stays(room: Room) -> None:
    sam = room.learner()
    page = hand_in(sam, text="Kept", links="javascript:alert(1)", files=[(b"MZ", "run.exe")])
    assert page.status_code == 422
    assert ">Kept</textarea>" in page.text
    assert "A link is an address that begins with https://" in words(page)
    assert "Files of this type are not taken." in words(page)
    assert room.found(sam) is None
    assert hand_in(sam, text="   ").status_code == 422


def test_a_large_file_is_taken_and_too_large_a_request_is_not(room: Room) -> None:
    sam = room.learner()
    assert hand_in(sam, files=[(PDF.ljust(3 * 1024 * 1024), "a.pdf")]).status_code == 303
    assert hand_in(sam, files=[(PDF.ljust(MAX_FILE_BYTES + 1), "a.pdf")]).status_code == 422
    assert hand_in(sam, files=[(PDF.ljust(MAX_FILE_BYTES), "a.pdf")] * 3).status_code == 413


def test_work_that_is_being_marked_stays(room: Room) -> None:
    sam = room.learner()
    hand_in(sam, text="First")
    room.save(room.teacher, only_work(room.teacher), sheet(1, None))
    page = hand_in(sam, text="Second")
    assert page.status_code == 409
    assert "Somebody has begun to mark your work" in words(page)
    assert "First" in sam.get("submission/").text
    assert "<form" not in sam.get("submission/").text.split("What you handed in")[1], "no form that would be refused"


def test_a_teacher_looks_and_hands_nothing_in(room: Room) -> None:
    assert "as a teacher" in words(room.teacher.get("submission/"))
    assert hand_in(room.teacher, text="x").status_code == 403


@pytest.mark.parametrize("path", ["submission/file/x", "submission/file/" + "0" * 36])
def test_files_that_are_none(room: Room, path: str) -> None:
    sam = room.learner()
    assert sam.get(path).status_code == 404
    hand_in(sam, text="x")
    assert sam.get(path).status_code == 404


def test_a_link_without_a_rubric_takes_no_work(room: Room) -> None:
    stranger = room.enter("s-9", "Learner 9", context={"id": f"{room.course}-x", "title": "X"})
    assert stranger.get("submission/").status_code == 404
