"""What teachers decide about sheets, on both kinds of database: nothing counts twice, and every slip can be taken back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from lti_tool.models import InboxItem, Job, Sheet, SheetFile, SheetPage
from lti_tool.services.attempts.submitted_work import NewFile
from lti_tool.services.courses.members import get_member
from lti_tool.services.mechanisms import inbox
from lti_tool.services.people.sessions import NotAllowedError
from lti_tool.services.sheets import matters, settling
from lti_tool.services.sheets import upload as sheets_upload
from lti_tool.services.sheets.settling import SettlingRefusedError
from lti_tool.services.sheets.sheets import get_set, pages_of
from qualoop.classroom.paper import finding
from tests.factories.classrooms import Seat
from tests.factories.paper_halls import Hall

BLANK = 2


def come(hall: Hall, *files: NewFile) -> str:
    upload = hall.upload(list(files))
    hall.read()
    return upload


def name(hall: Hall, page: SheetPage, seat: Seat, *, may_record: bool = True) -> None:
    with hall.tool.runtime.database.transaction() as session:
        member = get_member(session.connection(), hall.link, seat.who.person_uuid)
        settling.name_learner(session, hall.settler(may_record=may_record), page.uuid, member)


def instead(hall: Hall, page: SheetPage) -> None:
    with hall.tool.runtime.database.transaction() as session:
        settling.take_instead(session, hall.settler(), page.uuid)


def problems(hall: Hall, upload: str) -> list[str]:
    return [page.problem for page in hall.pages(upload)]


def learners(hall: Hall) -> list[str]:
    return [event["learner"] for event in hall.events("evidence.recorded")]


def test_a_slip_in_naming_a_blank_sheet_is_taken_back(hall: Hall) -> None:
    upload = come(hall, hall.scan(BLANK, hall.right()))
    name(hall, hall.pages(upload)[0], hall.ada)
    with hall.tool.runtime.database.reading() as reading:
        row = sheets_upload.get_upload(reading, hall.link, upload)
        named = [page.person_id for page in matters.named_pages(reading, row)]
    assert named == [hall.ada.who.person_id]
    # Before it is recorded it can still be another learner's.
    name(hall, hall.pages(upload)[0], hall.bo)
    hall.change(upload)
    assert learners(hall) == [hall.bo.who.person_uuid] * 2
    with pytest.raises(SettlingRefusedError, match="has-learner"):
        name(hall, hall.pages(upload)[0], hall.ada)
    hall.change(upload, undo=True)
    assert [page.person_id for page in hall.pages(upload)] == [None]
    again = come(hall, hall.scan(BLANK, hall.right()))
    assert problems(hall, again) == ["no-learner"]
    name(hall, hall.pages(again)[0], hall.ada)
    # While a page of it stands elsewhere, the sheet keeps its learner.
    come(hall, hall.scan(BLANK, hall.right()))
    hall.change(again, undo=True)
    with hall.tool.runtime.database.reading() as reading:
        assert reading.scalars(select(Sheet.person_id).where(Sheet.number == 3)).one() == hall.ada.who.person_id


def test_naming_a_sheet_reaches_its_pages_in_every_upload(hall: Hall) -> None:
    first = come(hall, hall.scan(0, hall.right()), hall.scan(BLANK, hall.right()))
    hall.change(first)
    assert len(learners(hall)) == 2
    with hall.tool.runtime.database.transaction() as session:
        # As if it had been the second page of the sheet.
        session.scalars(select(SheetPage).where(SheetPage.problem == "no-learner")).one().page = 2
    second = come(hall, hall.scan(BLANK, hall.right()))
    assert problems(hall, second) == ["no-learner"]
    with pytest.raises(NotAllowedError):
        name(hall, hall.pages(second)[0], hall.bo, may_record=False)
    name(hall, hall.pages(second)[0], hall.bo)
    assert learners(hall)[2:] == [hall.bo.who.person_uuid] * 2
    hall.change(second)
    assert len(learners(hall)) == 6
    hall.change(first, undo=True)
    assert len(hall.events("assertion.voided")) == 4


def test_of_one_learner_only_one_sheet_counts(hall: Hall) -> None:
    named = come(hall, hall.scan(BLANK, hall.right()))
    name(hall, hall.pages(named)[0], hall.ada)
    own = come(hall, hall.scan(0, hall.right()))
    assert problems(hall, own) == ["second-sheet"]
    instead(hall, hall.pages(own)[0])
    assert [page.is_aside for page in hall.pages(named)] == [True]
    hall.change(own)
    assert learners(hall) == [hall.ada.who.person_uuid] * 2


def test_a_second_sheet_waits_while_the_first_is_recorded(hall: Hall) -> None:
    named = come(hall, hall.scan(BLANK, hall.right()))
    name(hall, hall.pages(named)[0], hall.ada)
    hall.change(named)
    own = come(hall, hall.scan(0, hall.right()))
    with pytest.raises(SettlingRefusedError, match="recorded"):
        instead(hall, hall.pages(own)[0])
    hall.change(named, undo=True)
    instead(hall, hall.pages(own)[0])
    assert problems(hall, own) == [""]


def test_a_page_that_gave_way_counts_again_when_the_other_is_taken_back(hall: Hall) -> None:
    first = come(hall, hall.scan(0, hall.right()), hall.scan(1, hall.right()))
    again = come(hall, hall.scan(0, hall.right()))
    assert problems(hall, again) == ["copy"]
    instead(hall, hall.pages(again)[0])
    assert [page.is_aside for page in hall.pages(first)] == [True, False]
    hall.change(again)
    hall.change(again, undo=True)
    assert [page.is_aside for page in hall.pages(first)] == [False, False]
    hall.change(first)
    assert learners(hall)[-4:] == [hall.ada.who.person_uuid] * 2 + [hall.bo.who.person_uuid] * 2


def test_of_pages_that_gave_way_one_after_the_other_the_newest_counts_again(hall: Hall) -> None:
    first, second = (come(hall, hall.scan(0, hall.right())) for _ in range(2))
    instead(hall, hall.pages(second)[0])
    third = come(hall, hall.scan(0, hall.right()))
    instead(hall, hall.pages(third)[0])
    counting = {upload: hall.pages(upload)[0] for upload in (first, second, third)}
    assert [page.is_aside for page in counting.values()] == [True, True, False]
    hall.change(third, undo=True)
    assert [hall.pages(upload)[0].is_aside for upload in (first, second)] == [True, False]
    hall.change(second, undo=True)
    assert [page.is_aside for page in hall.pages(first)] == [False]
    hall.change(first)
    assert set(learners(hall)) == {hall.ada.who.person_uuid}


def test_what_waits_of_a_page_that_counts_again_is_in_the_inbox(hall: Hall) -> None:
    with hall.tool.runtime.database.reading() as session:
        [page, *_] = pages_of(get_set(session, hall.link, hall.printed.uuid), "A")
        [row] = [each for each in page.rows if each.kind == "one"][:1]
    doubtful = {row.part: [bubble.option for bubble in row.bubbles][:2]}
    first = come(hall, hall.scan(0, {**hall.right(), **doubtful}))
    second = come(hall, hall.scan(0, hall.right()))
    assert first in waiting(hall)
    instead(hall, hall.pages(second)[0])
    assert waiting(hall) == set()
    hall.change(second, undo=True)
    assert waiting(hall) == {first}


def waiting(hall: Hall) -> set[str]:
    with hall.tool.runtime.database.reading() as session:
        items = select(InboxItem.subject).where(InboxItem.reason == matters.REASON, InboxItem.state == inbox.OPEN)
        return set(session.scalars(items))


def test_an_empty_page_does_not_count_beside_a_filled_one(hall: Hall) -> None:
    upload = come(hall, hall.scan(0, hall.right()), hall.scan(0, {}), hall.scan(1, {}))
    assert problems(hall, upload) == ["", "blank-sheet", "blank-sheet"]
    for page in hall.pages(upload)[1:]:
        with hall.tool.runtime.database.transaction() as session:
            settling.count_page(session, hall.settler(), page.uuid)
    assert problems(hall, upload) == ["", "copy", ""]


def test_one_odd_picture_costs_only_itself(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    line = NewFile(name="line.png", data=bytes(cv2.imencode(".png", np.zeros((2600, 1), np.uint8))[1]))
    upload = come(hall, line, hall.scan(0, hall.right()))
    assert problems(hall, upload) == ["unknown-sheet", ""]
    as_jpeg = finding.as_jpeg

    def fails_on_lines(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
        if picture.shape[1] == 1:
            raise cv2.error("made up")
        return as_jpeg(picture)

    monkeypatch.setattr(finding, "as_jpeg", fails_on_lines)
    assert problems(hall, come(hall, line, hall.scan(1, hall.right()))) == ["unreadable", ""]


def test_an_upload_whose_reading_has_stopped_can_be_thrown_away(hall: Hall) -> None:
    upload = hall.upload([hall.scan(0, hall.right())])
    with hall.tool.runtime.database.transaction() as session:
        session.scalars(select(Job).where(Job.kind == sheets_upload.KIND)).one().state = "failed"
    hall.change(upload, undo=True)
    with hall.tool.runtime.database.transaction() as session:
        row = sheets_upload.get_upload(session, hall.link, upload, locked=True)
        assert row.state == "undone"
        assert session.scalars(select(SheetFile.data_sealed)).one() is None
        sheets_upload.read_again(session, row, hall.tool.clock())
    assert hall.read() == 0
