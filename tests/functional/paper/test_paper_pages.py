"""Paper over HTTP: sheets are printed, filled in, scanned, read, decided, recorded and taken back."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse, create_environ

from lti_tool.models import InboxItem, LedgerEvent, Sheet, SheetAnswer, SheetFile, SheetPage, SheetSet
from lti_tool.services.sheets.reading import read_waiting
from lti_tool.services.sheets.sheets import pages_of
from qualoop.assessment import reveal
from qualoop.classroom.sheets.shapes import Page
from qualoop.content_packages import Lesson
from tests.factories.classrooms import LESSON, Seat, enter, wrong_response
from tests.factories.launches import LTI, TOOL_ORIGIN
from tests.factories.marking import ASSISTANT
from tests.factories.paper import Pen, Picture, fill, pictures, png, scan
from tests.factories.tool import SECRET, Tool, make_tool


@dataclass
class Desk:
    """A teacher with a class of three, and the printed sheets of a set."""

    tool: Tool
    teacher: Seat
    learners: list[Seat]
    printed: str
    lesson: Lesson
    parts: list[str]

    def post(self, path: str, **form: object) -> TestResponse:
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', self.teacher.get("class/paper/").text)
        assert csrf
        data = {"csrf": csrf[1], **form}
        environ = create_environ(self.teacher.page + path, TOOL_ORIGIN, method="POST", data=data)
        # Scans are large, so that Werkzeug writes what it sends to a file.
        with environ["wsgi.input"]:
            return self.teacher.browser.client.open(environ)

    def sheets(self) -> list[tuple[Sheet, Page, Picture]]:
        """Return each sheet with its one page as stored and as printed."""
        pdf = self.teacher.get(f"class/paper/{self.printed}/sheets.pdf")
        assert pdf.mimetype == "application/pdf"
        with self.tool.runtime.database.reading() as reading:
            row = reading.scalars(select(SheetSet).where(SheetSet.uuid == self.printed)).one()
            sheets = reading.scalars(select(Sheet).where(Sheet.sheet_set_id == row.id).order_by(Sheet.number)).all()
            pages = [pages_of(row, sheet.version)[0] for sheet in sheets]
            reading.expunge_all()
        return list(zip(sheets, pages, pictures(pdf.data), strict=True))

    def right(self) -> dict[str, list[str]]:
        return {part: list(reveal(self.lesson.items[part.partition("/")[2]]).response) for part in self.parts}

    def upload(self, *files: bytes) -> str:
        answer = self.post("class/paper/upload", files=[(io.BytesIO(data), f"{n}.png") for n, data in enumerate(files)])
        assert answer.status_code == 303, answer.text
        found = re.search(r"uploads/([0-9a-f-]{36})/", answer.headers["Location"])
        assert found
        return found[1]

    def read(self) -> int:
        runtime = self.tool.runtime
        return read_waiting(runtime.database, secret=SECRET, clock=runtime.clock)

    def page(self, upload: str) -> str:
        return self.teacher.get(f"class/paper/uploads/{upload}/").text

    def evidence(self) -> list[dict[str, str]]:
        with self.tool.runtime.database.reading() as reading:
            rows = reading.scalars(
                select(LedgerEvent.body).where(LedgerEvent.type == "evidence.recorded").order_by(LedgerEvent.id)
            )
            return [body for row in rows if (body := json.loads(row))["form"] == "paper"]


@pytest.fixture(scope="module")
def paper_tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    made = make_tool(f"sqlite:///{tmp_path_factory.mktemp('tool') / 'tool.db'}")
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture
def desk(paper_tool: Tool, request: pytest.FixtureRequest) -> Desk:
    course = {"id": request.node.name, "label": "P", "title": "Paper course", "type": ["CourseSection"]}
    learners = [enter(paper_tool, f"{request.node.name}-{n}", name=f"Learner {n}", context=course) for n in range(3)]
    teacher = enter(paper_tool, f"{request.node.name}-t", name="Teacher", role="teacher", context=course)
    form = teacher.get("class/paper/new").text
    lesson = teacher._lesson()
    offered = re.findall(r'name="item" value="([^"]+)"', form)
    items = {**lesson.items, **lesson.readiness}
    kinds = {part: items[part.partition("/")[2]].type for part in offered}
    several = [part for part, kind in kinds.items() if kind == "multiple-choice"]
    parts = [*[part for part, kind in kinds.items() if kind == "single-choice"][:2], several[0]]
    made = Desk(paper_tool, teacher, learners, "", lesson, parts)
    answer = made.post("class/paper/new", item=parts, versions="2", paper="a4", language="en", blanks="1", title="Test")
    assert answer.status_code == 303, answer.text
    found = re.search(r"paper/([0-9a-f-]{36})/", answer.headers["Location"])
    assert found
    made.printed = found[1]
    return made


def before(desk: Desk) -> int:
    return len(desk.evidence())


def test_a_class_on_paper(desk: Desk) -> None:
    sheets, right, already = desk.sheets(), desk.right(), before(desk)
    assert [sheet.version for sheet, _, _ in sheets] == ["A", "B", "A", "B"]
    wrong = {part: wrong_response(desk.lesson.items[part.partition("/")[2]]) for part in desk.parts}
    scans = [
        scan(fill(sheets[0][2], sheets[0][1], Pen(right)), 1),
        scan(fill(sheets[1][2], sheets[1][1], Pen(wrong)), 2, upside_down=True),
        scan(fill(sheets[2][2], sheets[2][1], Pen({desk.parts[0]: right[desk.parts[0]]})), 3),
    ]
    upload = desk.upload(*scans)
    assert "0 of 3 pages are read" in desk.page(upload)
    assert desk.read() == 1
    page = desk.page(upload)
    assert "9 answers" in page
    assert "3 learners" in page
    assert "2 of them were left out" in page
    assert len(desk.evidence()) == already
    assert desk.post(f"class/paper/uploads/{upload}/apply").status_code == 303
    scores = [body["score"] for body in desk.evidence()[already:]]
    assert scores == ["1", "1", "1", "0", "0", "0", *_third(desk, sheets)]
    assert desk.post(f"class/paper/uploads/{upload}/apply").headers["Location"].endswith("refused=upload-moved")
    assert len(desk.evidence()) == already + 9
    results = desk.teacher.get(f"class/paper/{desk.printed}/").text
    assert "Learner 0" in results
    assert "SEM-1.1" in results
    rows = desk.teacher.get(f"class/paper/{desk.printed}/results.csv").text.splitlines()
    assert len(rows) == 4
    assert rows[1].split(",")[2] == "1"
    assert desk.post(f"class/paper/uploads/{upload}/undo").status_code == 303
    with desk.tool.runtime.database.reading() as reading:
        voided = reading.scalar(select(func.count()).where(LedgerEvent.type == "assertion.voided"))
        assert voided == 9
        kept = select(func.count()).where(SheetFile.data_sealed.is_not(None))
        assert reading.scalar(kept) == 0


def _third(desk: Desk, sheets: list[tuple[Sheet, Page, Picture]]) -> list[str]:
    return ["1" if row.part == desk.parts[0] else "0" for row in sheets[2][1].rows]


def test_what_is_unclear_waits_with_its_picture(desk: Desk) -> None:
    (_, first, picture), *_ = desk.sheets()
    right = desk.right()
    single, faint = (row.part for row in first.rows if row.kind == "one")
    options = [bubble.option for row in first.rows if row.part == single for bubble in row.bubbles]
    pen = Pen({**right, single: options[:2]}, grey={faint: 190})
    upload = desk.upload(png(fill(picture, first, pen)))
    desk.read()
    page = desk.page(upload)
    assert "More than one circle is filled." in page
    assert "A circle is neither empty nor full." in page
    assert "1 answer" in page
    crops = re.findall(r"class/paper/row/([0-9a-f-]{36})\.jpg", page)
    assert len(crops) == 2
    shown = desk.teacher.get(f"class/paper/row/{crops[0]}.jpg")
    assert shown.data.startswith(b"\xff\xd8")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    with desk.tool.runtime.database.reading() as reading:
        stored = reading.scalars(select(SheetAnswer.picture).where(SheetAnswer.uuid == crops[0])).one()
        assert stored is not None
        assert b"\xff\xd8\xff" not in stored[:20]
        assert reading.scalars(select(InboxItem.details).where(InboxItem.subject == upload)).one()["rows"] == 2
    assert desk.post(f"class/paper/uploads/{upload}/apply").status_code == 303
    done = before(desk)
    settle = f"class/paper/uploads/{upload}/row/"
    answers = _waiting(desk, upload)
    assert desk.post(settle + answers[single], picked=options[:2]).headers["Location"].endswith("refused=one-only")
    assert desk.post(settle + answers[single], picked="made-up").headers["Location"].endswith("refused=not-offered")
    assert len(desk.evidence()) == done
    desk.post(settle + answers[single], picked=right[single][0])
    desk.post(settle + answers[faint], do="aside")
    assert [body["score"] for body in desk.evidence()[done:]] == ["1"]
    assert desk.post(settle + answers[single], picked=options[0]).headers["Location"].endswith("refused=matter-missing")
    with desk.tool.runtime.database.reading() as reading:
        assert reading.scalars(select(InboxItem.state).where(InboxItem.subject == upload)).one() == "resolved"


def test_an_assistant_decides_only_what_is_not_recorded_at_once(desk: Desk) -> None:
    (_, first, picture), *_ = desk.sheets()
    faint = desk.parts[0]
    upload = desk.upload(png(fill(picture, first, Pen(desk.right(), grey={faint: 190}))))
    desk.read()
    path, answer = f"class/paper/uploads/{upload}/", _waiting(desk, upload)[faint]
    course = {"id": "test_an_assistant_decides_only_what_is_not_recorded_at_once", "type": ["CourseSection"]}
    roles = {LTI + "roles": list(ASSISTANT)}
    helper = enter(desk.tool, "helper", role="teacher", context=course, changes=roles)
    assert "It says this" in helper.get(path).text
    desk.post(f"{path}apply")
    already = before(desk)
    for form in ({"picked": desk.right()[faint][0]}, {"do": "aside"}):
        assert helper.post(f"{path}row/{answer}", **form).status_code == 403
    assert "so a teacher of the course decides it" in helper.get(path).text
    assert "It says this" not in helper.get(path).text
    desk.post(f"{path}row/{answer}", picked=desk.right()[faint][0])
    assert before(desk) == already + 1


def _waiting(desk: Desk, upload: str) -> dict[str, str]:
    with desk.tool.runtime.database.reading() as reading:
        rows = reading.execute(
            select(SheetAnswer.part, SheetAnswer.uuid)
            .join(SheetPage, SheetPage.id == SheetAnswer.sheet_page_id)
            .where(SheetAnswer.finding.in_(["double", "faint", "unmarked"]))
        )
        return {part: uuid for part, uuid in rows if uuid in desk.page(upload)}


def test_blank_sheets_copies_and_strangers_wait(desk: Desk, another_pdf: bytes) -> None:
    sheets = desk.sheets()
    right = desk.right()
    filled = png(fill(sheets[3][2], sheets[3][1], Pen(right)))
    first = png(fill(sheets[0][2], sheets[0][1], Pen(right)))
    upload = desk.upload(filled, first, first, png(sheets[1][2]), another_pdf)
    desk.read()
    page = desk.page(upload)
    for sentence in (
        "A blank sheet: whose is it?",
        "This page has come before.",
        "Nothing is marked on this page.",
        "No sheet of this course",
        "3 answers",
    ):
        assert sentence in page
    waiting = _pages(desk, upload)
    settle = f"class/paper/uploads/{upload}/page/"
    who = desk.learners
    taken = desk.post(settle + waiting["no-learner"], do="name", person=who[0].who.person_uuid)
    assert taken.headers["Location"].endswith("refused=second-sheet")
    stranger = desk.post(settle + waiting["no-learner"], do="name", person=desk.teacher.who.person_uuid)
    assert stranger.status_code == 404
    desk.post(settle + waiting["no-learner"], do="name", person=who[2].who.person_uuid)
    desk.post(settle + waiting["blank-sheet"], do="count")
    desk.post(settle + waiting["copy"], do="aside")
    desk.post(settle + waiting["unknown-sheet"], do="aside")
    page = desk.page(upload)
    assert "9 answers" in page
    assert "wait for you" not in page


def _pages(desk: Desk, upload: str) -> dict[str, str]:
    with desk.tool.runtime.database.reading() as reading:
        rows = reading.execute(select(SheetPage.problem, SheetPage.uuid).where(SheetPage.problem != "")).all()
    return {problem: uuid for problem, uuid in rows if uuid in desk.page(upload)}


@pytest.fixture
def another_pdf(paper_tool: Tool, request: pytest.FixtureRequest) -> bytes:
    """A filled sheet of another course."""
    course = {"id": f"{request.node.name}-other", "label": "O", "title": "Other", "type": ["CourseSection"]}
    enter(paper_tool, f"{request.node.name}-o", name="Somebody", context=course)
    teacher = enter(paper_tool, f"{request.node.name}-ot", role="teacher", context=course)
    part = re.findall(r'name="item" value="([^"]+)"', teacher.get("class/paper/new").text)[0]
    made = teacher.post("class/paper/new", item=part, versions="1")
    found = re.search(r"paper/([0-9a-f-]{36})/", made.headers["Location"])
    assert found
    return teacher.get(f"class/paper/{found[1]}/sheets.pdf").data


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"no picture", "This is no PDF, JPEG, PNG or TIFF"),
        (b"%PDF-1.4 broken", "This is no PDF, JPEG, PNG or TIFF"),
        (b"", "This is no PDF, JPEG, PNG or TIFF"),
    ],
)
def test_files_that_cannot_be_read_are_refused_whole(desk: Desk, data: bytes, sentence: str) -> None:
    answer = desk.post("class/paper/upload", files=[(io.BytesIO(data), "../x<y>.png")])
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "x&lt;y&gt;.png" in answer.text


def test_one_file_that_cannot_be_read_does_not_hold_the_others_up(desk: Desk) -> None:
    _, page_of_first, picture = desk.sheets()[0]
    good, bad = scan(fill(picture, page_of_first, Pen(desk.right())), 1), b"no picture"
    files = [(io.BytesIO(bad), "../x<y>.png"), (io.BytesIO(good), "good.png"), (io.BytesIO(b""), "empty.pdf")]
    answer = desk.post("class/paper/upload", files=files)
    assert answer.status_code == 303
    upload = answer.headers["Location"].partition("uploads/")[2].partition("/")[0]
    for _ in range(2):
        page = desk.page(upload)
        assert "2 files were not taken. The others were." in page
        assert "x&lt;y&gt;.png" in page
        assert "Scan it again, or save it as PDF, JPEG or PNG" in page
        assert "good.png" not in page
        desk.read()
    assert "3 answers" in desk.page(upload)
    recorded = before(desk)
    desk.teacher.post(f"class/paper/uploads/{upload}/apply")
    assert len(desk.evidence()) == recorded + 3


def test_learners_have_nothing_to_do_with_it(desk: Desk) -> None:
    seat = desk.learners[0]
    assert seat.get("class/paper/").status_code == 403
    assert seat.get(f"class/paper/{desk.printed}/sheets.pdf").status_code == 403
    assert seat.post("class/paper/new", item=desk.parts[0]).status_code == 403


def test_what_cannot_be_printed_is_said(desk: Desk) -> None:
    assert "Choose at least one question." in desk.post("class/paper/new").text
    assert "cannot be put on paper" in desk.post("class/paper/new", item=f"{LESSON}/made-up").text
    chinese = enter(desk.tool, "zh-t", role="teacher", locale="zh-CN")
    assert "没有可记录的内容" in chinese.get("class/paper/?refused=nothing").text


def test_circles_alone_come_with_their_questions(desk: Desk) -> None:
    answer = desk.post("class/paper/new", item=desk.parts, boxes="only", paper="letter", language="zh-Hans")
    page = answer.headers["Location"].replace(TOOL_ORIGIN, "").removeprefix(desk.teacher.page)
    assert "questions=1" in desk.teacher.get(page).text
    path = page.partition("?")[0]
    assert len(pictures(desk.teacher.get(f"{path}sheets.pdf").data)) == 3
    assert len(pictures(desk.teacher.get(f"{path}sheets.pdf?questions=1").data)) >= 1


def test_reading_goes_on_where_it_stopped(desk: Desk, tmp_path: Path) -> None:
    sheets, right = desk.sheets(), desk.right()
    upload = desk.upload(*[png(fill(picture, page, Pen(right))) for _, page, picture in sheets[:2]])
    runtime = desk.tool.runtime
    assert read_waiting(runtime.database, secret=SECRET, clock=runtime.clock, is_ending=lambda: True) == 0
    assert "0 of 2 pages" in desk.page(upload)
    assert desk.read() == 1
    assert desk.read() == 0
    assert "6 answers" in desk.page(upload)


def test_a_better_photo_takes_the_place_of_a_poor_one(desk: Desk) -> None:
    (_, first, picture), *_ = desk.sheets()
    right = desk.right()
    poor = png(fill(picture, first, Pen(right, grey=dict.fromkeys(desk.parts, 190))))
    good = png(fill(picture, first, Pen(right)))
    upload = desk.upload(poor, good)
    desk.read()
    assert "0 answers" in desk.page(upload)
    settle = f"class/paper/uploads/{upload}/page/"
    assert desk.post(settle + _pages(desk, upload)["copy"], do="instead").headers["Location"].endswith("done=settled")
    assert "3 answers" in desk.page(upload)
    assert "wait for you" not in desk.page(upload)
    desk.post(f"class/paper/uploads/{upload}/apply")
    again = desk.upload(good)
    desk.read()
    settle = f"class/paper/uploads/{again}/page/"
    refused = desk.post(settle + _pages(desk, again)["copy"], do="instead")
    assert refused.headers["Location"].endswith("refused=recorded")
    # Nobody is named by a click too early.
    unnamed = desk.post(settle + _pages(desk, again)["copy"], do="name", person="")
    assert unnamed.headers["Location"].endswith("refused=no-person")


def test_a_teacher_of_another_course_finds_nothing(desk: Desk) -> None:
    (_, first, picture), *_ = desk.sheets()
    upload = desk.upload(png(fill(picture, first, Pen(desk.right(), grey=dict.fromkeys(desk.parts, 190)))))
    desk.read()
    row = re.findall(r"class/paper/row/([0-9a-f-]{36})\.jpg", desk.page(upload))[0]
    course = {"id": "elsewhere", "label": "E", "title": "Elsewhere", "type": ["CourseSection"]}
    other = enter(desk.tool, "elsewhere-t", role="teacher", context=course)
    for path in (
        f"class/paper/{desk.printed}/",
        f"class/paper/{desk.printed}/sheets.pdf",
        f"class/paper/{desk.printed}/results.csv",
        f"class/paper/uploads/{upload}/",
        f"class/paper/row/{row}.jpg",
    ):
        assert other.get(path).status_code == 404, path
    assert other.post(f"class/paper/uploads/{upload}/apply").status_code == 404
    assert other.post(f"class/paper/uploads/{upload}/row/{row}", do="aside").status_code == 404
    assert "A circle is neither empty nor full." in desk.page(upload)
