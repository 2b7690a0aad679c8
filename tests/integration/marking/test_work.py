"""Work that is handed in: kept under the learner's key, changed until it is marked, gone when the learner is."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest

from lti_tool.models import MarkRevision, Organisation, SubmissionFile, SubmissionRow
from lti_tool.services import erasure
from lti_tool.services.attempts import marking_setups, submissions
from lti_tool.services.attempts.marking_setups import RubricUnfitError, Setup, SetupRefusedError
from lti_tool.services.attempts.submissions import FileContent, SubmissionLockedError, SubmissionMissingError
from lti_tool.services.attempts.submitted_work import (
    EMPTY,
    FILE_EMPTY,
    FILE_LARGE,
    FILE_TYPE,
    FILES_MANY,
    LINK_WRONG,
    MAX_FILE_BYTES,
    MAX_TEXT,
    TEXT_LONG,
    NewFile,
    Work,
    WorkRefusedError,
    check_work,
    is_safe_link,
    safe_name,
)
from lti_tool.services.content import rubrics
from lti_tool.services.marking.marking_queue import Show
from lti_tool.services.mechanisms.file_types import find_media_type
from lti_tool.services.people.learner_keys import KeyOwner, LearnerErasedError
from qualoop.assessment.rubric import read_rubric
from qualoop.ledger import EvidenceForm
from tests.factories.classrooms import Seat
from tests.factories.marking import Room
from tests.factories.rubrics import RUBRIC, sheet
from tests.factories.tool import SECRET

PDF = b"%PDF-1.7 a telling word"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def office(*names: str, mimetype: str = "") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "<x/>")
    return packed.getvalue()


def read(room: Room, seat: Seat, file_uuid: str, *, learner: str | None = None) -> FileContent:
    found = room.found(seat)
    assert found
    owner = KeyOwner(organisation_id=room.link.organisation_id, learner=learner or seat.who.person_uuid, secret=SECRET)
    with room.tool.runtime.database.reading() as session:
        return submissions.get_file(session.connection(), owner, found.id, file_uuid)


def wrong(work: Work) -> dict[str, str]:
    with pytest.raises(WorkRefusedError) as caught:
        check_work(work)
    return dict(caught.value.wrong)


def test_work_comes_back_as_it_was_handed_in(room: Room) -> None:
    sam = room.learner()
    given = Work(text="文案 <b>", links=("https://example.test/a?b=1",), files=(NewFile(name="plan.pdf", data=PDF),))
    room.submit(sam, given)
    found = room.found(sam)
    assert found
    assert (found.work.text, found.work.links) == ("文案 <b>", ["https://example.test/a?b=1"])
    file = found.work.files[0]
    assert (file.name, file.media_type, file.size) == ("plan.pdf", "application/pdf", len(PDF))
    assert read(room, sam, file.uuid).data == PDF


def test_nothing_of_it_is_readable_in_the_database(room: Room) -> None:
    sam = room.learner()
    work = room.submit(sam, Work(text="A telling word", files=(NewFile(name="telling.pdf", data=PDF),)))
    (row,), (file,) = room.rows(SubmissionRow, work), room.rows(SubmissionFile, work)
    stored = (row.work_sealed or b"") + file.name_sealed + file.data_sealed
    assert b"telling" not in stored


def test_work_is_changed_until_somebody_marks_it(room: Room) -> None:
    sam = room.learner()
    work = room.submit(sam, Work(files=(NewFile(name="a.pdf", data=PDF), NewFile(name="b.png", data=PNG))))
    first = room.found(sam)
    assert first
    kept = first.work.files[0].uuid
    again = Work(text="Better", files=(NewFile(name="c.png", data=PNG),), kept=frozenset({kept}))
    assert room.submit(sam, again) == work
    changed = room.found(sam)
    assert changed
    assert changed.work.text == "Better"
    assert [file.name for file in changed.work.files] == ["a.pdf", "c.png"]
    room.save(room.teacher, work, sheet(1, None))
    with pytest.raises(SubmissionLockedError):
        room.submit(sam, Work(text="Too late"))


def test_files_of_others_are_not_kept(room: Room) -> None:
    sam, ann = room.learner(), room.learner(2)
    room.submit(ann, Work(files=(NewFile(name="hers.pdf", data=PDF),)))
    hers = room.found(ann)
    assert hers
    room.submit(sam, Work(text="Mine"))
    room.submit(sam, Work(text="Mine", kept=frozenset({hers.work.files[0].uuid})))
    mine = room.found(sam)
    assert mine
    assert mine.work.files == []
    with pytest.raises(SubmissionMissingError):
        read(room, sam, hers.work.files[0].uuid)


def test_an_erased_learner_leaves_levels_and_no_word(room: Room) -> None:
    sam = room.learner()
    work = room.submit(sam, Work(text="Mine", files=(NewFile(name="a.pdf", data=PDF),)))
    room.save(room.teacher, work, sheet(1, 1, overall="Yours"), approve=True)
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.link.organisation_id)
        erasure.erase(session, organisation, sam.who.person_uuid, actor="x", now=room.now)
    assert not room.rows(SubmissionFile, work)
    assert room.rows(SubmissionRow, work)[0].work_sealed is None
    assert {row.comments_sealed for row in room.rows(MarkRevision, work)} == {None}
    assert room.queue(room.teacher, show=Show.ALL).works == []
    assert room.release() == 0, "nothing new is recorded of who was forgotten"
    with pytest.raises(SubmissionLockedError):
        room.submit(sam, Work(text="Again"))


def test_an_erased_learner_hands_nothing_in(room: Room) -> None:
    sam = room.learner()
    room.submit(sam)
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.link.organisation_id)
        erasure.erase(session, organisation, sam.who.person_uuid, actor="x", now=room.now)
    with pytest.raises(LearnerErasedError):
        room.submit(sam, Work(text="Again"))


def test_a_bytes_token_is_no_text_and_no_other_learners(room: Room) -> None:
    sam, ann = room.learner(), room.learner(2)
    room.submit(sam, Work(files=(NewFile(name="a.pdf", data=PDF),)))
    room.submit(ann, Work(text="Hers"))
    found = room.found(sam)
    assert found
    with pytest.raises(Exception, match=r"(?i)cannot be opened"):
        read(room, sam, found.work.files[0].uuid, learner=ann.who.person_uuid)


# -- What is taken


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("a.html", PNG, "image/png"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.webp", b"RIFF0000WEBPVP8 ", "image/webp"),
        ("a.mp4", b"\x00\x00\x00\x18ftypisom", "video/mp4"),
        ("a.m4a", b"\x00\x00\x00\x18ftypM4A ", "audio/mp4"),
        ("a.csv", "a;b\n价格;1".encode(), "text/csv"),
        (
            "a.docx",
            office("[Content_Types].xml", "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            "a.ods",
            office("content.xml", mimetype="application/vnd.oasis.opendocument.spreadsheet"),
            "application/vnd.oasis.opendocument.spreadsheet",
        ),
        ("a.docm", office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), None),
        ("a.zip", office("a.txt"), None),
        ("a.docx", b"PK\x03\x04 torn", None),
        ("a.html", b"<!doctype html><script>alert(1)</script>", None),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        ("a.exe", b"MZ\x90\x00", None),
        ("a.txt", b"\xff\xfe\x00a", None),
        ("a", b"plain", None),
    ],
)
def test_a_file_is_what_it_holds(name: str, data: bytes, media_type: str | None) -> None:
    assert find_media_type(name, data) == media_type


def test_everything_that_is_wrong_is_told_at_once() -> None:
    work = Work(
        text="x" * (MAX_TEXT + 1),
        links=("javascript:alert(1)",),
        files=(NewFile(name="a.pdf", data=b""), NewFile(name="b.exe", data=b"MZ")),
    )
    assert wrong(work) == {"text": TEXT_LONG, "links": LINK_WRONG, "file-0": FILE_EMPTY, "file-1": FILE_TYPE}
    assert wrong(Work(text=" \n ")) == {"work": EMPTY}
    assert wrong(Work(files=[NewFile(name="a.pdf", data=PDF)] * 6)) == {"files": FILES_MANY}


def test_a_file_of_the_largest_size_is_taken_and_one_byte_more_is_not() -> None:
    assert check_work(Work(files=(NewFile(name="a.pdf", data=PDF.ljust(MAX_FILE_BYTES)),)))
    assert wrong(Work(files=(NewFile(name="a.pdf", data=PDF.ljust(MAX_FILE_BYTES + 1)),))) == {"file-0": FILE_LARGE}


@pytest.mark.parametrize(
    "link",
    [
        *("javascript:alert(1)", "data:text/html,x", "https://", "//x.test", "https://u@x.test", "https://x.test/ y"),
        *("x", "https://x.test/" + "a" * 2000, "https://[x", "https://x.test/\u202e"),
    ],
)
def test_links_that_are_not_taken(link: str) -> None:
    assert not is_safe_link(link)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\sam\\Plan.pdf", "Plan.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("fdp\u202eexe.pdf", "fdpexe.pdf"),
        ("...", "file"),
        ("文案 终稿.docx", "文案 终稿.docx"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


# -- How a link is set


def test_a_rubric_must_fit_the_activity(room: Room) -> None:
    nothing = replace(room.link, activity_id=None)
    setup = Setup(rubric_version_id=room.rubric.version_id)
    with room.tool.runtime.database.transaction() as session:
        assert marking_setups.fits(session.connection(), room.link, room.rubric.version_id)
        assert not marking_setups.fits(session.connection(), nothing, room.rubric.version_id)
        with pytest.raises(RubricUnfitError, match="headline, evidence"):
            marking_setups.save_setup(session, nothing, setup, by=room.teacher.who.person_id, now=room.now)


def test_a_new_version_of_a_rubric_leaves_what_was_handed_in(room: Room) -> None:
    sam = room.learner()
    work = room.submit(sam)
    changed = read_rubric(RUBRIC.replace("but vague", "and vague").replace("version: 1.0.0", "version: 1.1.0"), None)
    with room.tool.runtime.database.transaction() as session:
        newer = rubrics.install(session, room.link.organisation_id, changed, room.now)
        again = rubrics.install(session, room.link.organisation_id, changed, room.now)
        assert newer.version_id == again.version_id != room.rubric.version_id
        newest = rubrics.find_newest(session.connection(), room.link.organisation_id, "product-copy")
        assert newest
        assert newest.hash == newer.hash
        assert rubrics.find_newest(session.connection(), room.link.organisation_id + 1, "product-copy") is None
    assert room.case(room.teacher, work).marking.rubric == room.rubric.rubric


@pytest.mark.parametrize("changes", [{"second_share": 101}, {"second_share": -1}, {"form": EvidenceForm.QUIZ}])
def test_set_ups_that_make_no_sense(room: Room, changes: dict[str, int]) -> None:
    with pytest.raises(SetupRefusedError):
        room.setup(**changes)
