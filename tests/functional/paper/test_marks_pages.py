"""Marks and attendance from a table, over HTTP: template, problems, matching, dry run, applied and taken back."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import openpyxl
import pytest
from sqlalchemy import func, select

from lti_tool.models import LedgerEvent, MarkFile
from lti_tool.services.sheets.marks_tasks import heads_of, list_tasks
from tests.factories.classrooms import LESSON, Seat, enter
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import Tool, make_tool

PART = f"{LESSON}/same-meaning"


@dataclass
class Course:
    """A teacher with Ada, Bo and another Bo."""

    name: str
    tool: Tool
    teacher: Seat
    ada: Seat

    def bring(self, data: bytes, name: str = "marks.csv", **form: str) -> str:
        """Bring a table; return the path of its page."""
        answer = self.teacher.browser.client.post(
            self.teacher.page + "class/paper/tables/",
            data={"csrf": self.csrf(), "file": (io.BytesIO(data), name), **form},
            base_url=TOOL_ORIGIN,
        )
        if answer.status_code != 303:
            return answer.text
        return "class/paper/tables/" + answer.headers["Location"].rpartition("tables/")[2]

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.teacher.get("class/paper/").text)
        assert found
        return found[1]

    def post(self, path: str, **form: str) -> str:
        return str(self.teacher.post(path, **form).headers.get("Location", ""))

    def page(self, path: str) -> str:
        return self.teacher.get(path).text

    def heads(self, language: str) -> list[str]:
        """Return the heads of the template's columns for a lesson."""
        with self.tool.runtime.database.reading() as reading:
            tasks = [
                each for each in list_tasks(reading, self.tool.organisation_id).values() if each.activity == LESSON
            ]
        return list(heads_of(tasks, language).values())

    def evidence(self, form: str) -> list[tuple[str, str]]:
        with self.tool.runtime.database.reading() as reading:
            rows = reading.execute(
                select(LedgerEvent.learner, LedgerEvent.body).where(LedgerEvent.type == "evidence.recorded")
            ).all()
        return [(who or "", body["score"]) for who, row in rows if (body := json.loads(row))["form"] == form]


@pytest.fixture(scope="module")
def marks_tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    made = make_tool(f"sqlite:///{tmp_path_factory.mktemp('tool') / 'tool.db'}")
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture
def course(marks_tool: Tool, request: pytest.FixtureRequest) -> Course:
    name = request.node.name
    context = {"id": name, "label": "M", "title": "Marks", "type": ["CourseSection"]}
    ada = enter(marks_tool, f"{name}-ada", name="Ada Lovelace", context=context)
    for number in (1, 2):
        enter(marks_tool, f"{name}-bo{number}", name="Bo", context=context)
    teacher = enter(marks_tool, f"{name}-t", name="Teacher", role="teacher", context=context)
    return Course(name, marks_tool, teacher, ada)


def template(course: Course, lesson: str) -> list[list[str]]:
    answer = course.teacher.get(f"class/paper/tables/template.csv?lesson={lesson}")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def table(*rows: list[str], separator: str = ",") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue().encode()


def test_a_filled_template_becomes_evidence_and_is_taken_back(course: Course) -> None:
    head, *rows = template(course, LESSON)
    # For people: the title of the lesson, the number of the question and its beginning.
    assert head[2].startswith("Keywords and search intent · 1: ")
    assert len(rows) == 3
    ada = next(row for row in rows if row[0].startswith("Ada"))
    path = course.bring(table(head[:3], [*ada[:2], "7"]), full="10")
    page = course.page(path)
    assert "1 mark" in page
    assert course.evidence("paper") == []
    assert course.post(f"{path}apply").endswith("done=applied")
    assert course.evidence("paper") == [(ada[1], "0.7")]
    assert course.post(f"{path}apply").endswith("refused=mark-file-moved")
    with course.tool.runtime.database.reading() as reading:
        assert reading.scalar(select(func.count()).where(MarkFile.table_sealed.is_not(None))) == 0
    assert course.post(f"{path}undo").endswith("done=undone")
    with course.tool.runtime.database.reading() as reading:
        assert reading.scalar(select(func.count()).where(LedgerEvent.type == "assertion.voided")) == 1
    assert course.post(f"{path}undo").endswith("refused=mark-file-moved")


def test_who_is_not_certain_is_asked_about(course: Course) -> None:
    text = f"姓名;{PART};Sports;Empty\nada lovelace;90;x;\nBo;50;;\nNobody Known;40;;\nAda Lovelace;zz;;\n"
    path = course.bring(text.encode("gb18030"))
    page = course.page(path)
    for sentence in (
        "The same learner stands there more than once.",
        "More than one learner of this course may be meant.",
        "Nobody in this course is called so.",
        "This column is not known here, and left alone.",
        "This column is empty, and left alone.",
    ):
        assert sentence in page
    assert course.post(f"{path}apply").endswith("refused=nothing")
    assert course.post(f"{path}match", **{"row-4": course.ada.who.person_uuid, "row-2": "nobody"}).endswith("matched")
    # Now three rows are of Ada's, and none counts.
    assert "The same learner stands there more than once." in course.page(path)
    path = course.bring(f"Learner,{PART}\nA. Lovelace,40\n".encode())
    assert "Ada Lovelace – a name like this one" in course.page(path)
    course.post(f"{path}match", **{"row-2": course.ada.who.person_uuid})
    already = len(course.evidence("paper"))
    assert course.post(f"{path}apply").endswith("done=applied")
    assert course.evidence("paper")[already:] == [(course.ada.who.person_uuid, "0.4")]


def test_attendance_from_a_workbook_is_presence_only(course: Course) -> None:
    data = workbook(["学号", "出勤"], [f"{course.teacher.who.person_uuid}", "出勤"], [_subject(course), "迟到"])
    path = course.bring(data, "出勤.xlsx", kind="attendance", day="2026-02-27")
    assert "1 learner, present on 27 Feb 2026" in course.page(path)
    course.post(f"{path}apply")
    assert course.evidence("attendance") == [(course.ada.who.person_uuid, "1")]


def workbook(*rows: list[object], per_cent: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for cell in per_cent:
        sheet[cell].number_format = "0.0%"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_marks_of_a_workbook_are_what_it_shows(course: Course) -> None:
    parts = template(course, LESSON)[0][2:5]
    data = workbook(["Learner", *parts], ["Ada Lovelace", 0.55, 0.1 + 0.2, 8], per_cent=("B2",))
    path = course.bring(data, "marks.xlsx", full="10")
    page = course.page(path)
    assert "3 marks" in page
    for part, said in zip(parts, ("55%", "3%", "80%"), strict=True):
        label = part.partition(": ")[0]
        assert f'Ada Lovelace · <span class="q-sheet-file">{label}</span>: <strong>{said}</strong>' in page
    already = len(course.evidence("paper"))
    course.post(f"{path}apply")
    assert [score for _, score in course.evidence("paper")[already:]] == ["0.55", "0.03", "0.8"]
    # The same cells again are a slip, whatever the file is called.
    again = course.bring(data, "again.xlsx", full="10")
    page = course.page(again)
    assert "The same table is recorded in this course already." in page
    assert "Record it" not in page
    assert course.post(f"{again}apply").endswith("refused=mark-file-twice")
    assert len(course.evidence("paper")) == already + 3


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (b'<row r="2"', b'<row r="1000000000000"', "too large"),
        (b"<worksheet ", b'<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet ', "no CSV or Excel file"),
    ],
)
def test_a_workbook_holds_nobody_up(course: Course, old: bytes, new: bytes, sentence: str) -> None:
    data, out = workbook(["Learner", "x"], ["Ada", 1]), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for entry in before.namelist():
            content = before.read(entry)
            assert entry != "xl/worksheets/sheet1.xml" or old in content
            after.writestr(entry, content.replace(old, new) if entry.endswith("sheet1.xml") else content)
    assert sentence in course.bring(out.getvalue(), "x.xlsx")


def _subject(course: Course) -> str:
    return "test_attendance_from_a_workbook_is_presence_only-ada"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\x00\x01\x02", "no CSV or Excel file"),
        (b"PK\x03\x04 broken", "no CSV or Excel file"),
        (b"", "Choose a file.|no row below"),
        (b"Learner,x\n", "no row below the head"),
        (b"Learner,x\n" + b"a,1\n" * 2001, "too large"),
    ],
)
def test_what_is_no_table_is_refused(course: Course, data: bytes, sentence: str) -> None:
    said = course.bring(data)
    assert any(each in said for each in sentence.split("|")), said


HEADS = ["Student number", "Full name", "Mark (out of 10)", "Section"]


def test_columns_as_people_call_them_are_asked_about_when_unsure(course: Course) -> None:
    number = f"{course.name}-ada"
    path = course.bring(table(HEADS, [number, "Ada Lovelace", "8", "A"]), full="10")
    page = course.page(path)
    assert "These are marks, but of which task? Say it above." in page
    assert "This column is not known here, and left alone." in page
    assert 'id="map" open' in page
    assert course.post(f"{path}apply").endswith("refused=nothing")
    assert course.post(f"{path}columns", **{"column-2": PART, "column-3": "-", "column-99": "x"}).endswith("matched")
    page = course.page(path)
    assert "1 mark" in page
    assert "left alone." not in page
    assert f'<option value="{PART}" selected>' in page
    already = len(course.evidence("paper"))
    course.post(f"{path}apply")
    assert course.evidence("paper")[already:] == [(course.ada.who.person_uuid, "0.8")]
    assert course.post(f"{path}columns", **{"column-2": "-"}).endswith("refused=mark-file-moved")


@pytest.mark.parametrize(
    ("name", "task", "mark", "title"),
    [("Name", "Task title", "Score", "Keywords and search intent · 1"), ("姓名", "任务名称", "成绩", "")],
)
def test_a_row_for_each_mark_names_its_task(course: Course, name: str, task: str, mark: str, title: str) -> None:
    called = title or course.heads("zh-Hans")[0].partition("：")[0].partition(": ")[0]
    rows = [["Ada Lovelace", called, "5"], ["Ada Lovelace", PART.replace("same-meaning", "ready-intent"), "4"]]
    path = course.bring(table([name, task, mark], *rows, ["Ada Lovelace", "Dancing", "3"], separator=";"), full="10")
    page = course.page(path)
    assert "2 marks" in page
    assert "No task here is called so, or several are." in page
    assert "Dancing" in page
    already = len(course.evidence("paper"))
    course.post(f"{path}apply")
    assert [score for _, score in course.evidence("paper")[already:]] == ["0.5"]
    assert [score for _, score in course.evidence("process")][-1:] == ["0.4"]


def test_rows_of_nobody_wait_on_the_page_and_are_dismissed_with_a_question(course: Course) -> None:
    path = course.bring(table(["Name", PART], ["Ada Lovelace", "50"], ["A. Lovelase", "60"], ["Ghost", "70"]))
    course.post(f"{path}apply")
    page = course.page(path)
    assert "2 rows wait for their learners" in page
    assert "Yes, leave it out" in page
    for inbox in ("class/paper/tables/", "class/paper/"):
        assert "2 wait for you" in course.page(inbox)
    assert course.post(f"{path}rows", do="leave:4").endswith("done=left")
    assert "1 row waits for its learner" in course.page(path)
    answer = course.teacher.post(f"{path}rows")
    assert (answer.status_code, "Choose a learner for at least one row." in answer.text) == (422, True)
    answer = course.teacher.post(f"{path}rows", **{"row-3": course.ada.who.person_uuid})
    assert (answer.status_code, "has a mark of that learner already" in answer.text) == (422, True)
    assert course.ada.post(f"{path}rows", do="leave:3").status_code == 403


def test_what_was_chosen_for_waiting_rows_stays_chosen(course: Course) -> None:
    rows = [["Ada Lovelace", "51"], ["A. Lovelase", "61"], ["Ghost", "71"], ["Else", "much"]]
    path = course.bring(table(["Name", PART], *rows))
    course.post(f"{path}apply")
    assert "This row cannot be recorded as it is." in course.page(path)
    chosen = {"row-4": course.ada.who.person_uuid}
    for form, status in ((chosen, 422), ({**chosen, "do": "leave:3"}, 200)):
        answer = course.teacher.post(f"{path}rows", **form)
        assert answer.status_code == status
        [picked] = re.findall(r'<option value="([^"]+)" selected>', answer.text)
        assert picked == course.ada.who.person_uuid
    answer = course.teacher.post(f"{path}rows", **{"row-5": course.ada.who.person_uuid})
    assert "A cell of one of these rows cannot be read." in answer.text


def test_attendance_of_a_class_is_shown_in_its_roll_call_with_its_source(course: Course) -> None:
    path = course.bring(table(["Name", "Attendance"], ["Ada Lovelace", "late"]), "who.csv", kind="attendance")
    page = course.page(path)
    assert "2 learners are not in the table, and count as absent" in page
    assert course.post(f"{path}apply", **{"class": "0" * 36}).endswith("refused=class-missing")
    course.post(f"{path}apply", title="Guest lecture")
    evidence = course.page(f"class/evidence/{course.ada.who.person_uuid}/")
    assert "came late</strong> (from a table)" in evidence
    path = re.findall(r'href="[^"]*/(class/sessions/[0-9a-f-]+/roll)">Guest lecture', evidence)[0]
    roll = course.page(path)
    assert "Attendance from tables:" in roll
    assert "who.csv" in roll
    # What a table says is taken back with the table alone.
    assert "Take back" not in roll
    mark, ada = path.replace("/roll", "/mark"), course.ada.who.person_uuid
    course.post(mark, mark=f"{ada}:absent")
    assert "Take back" in course.page(path)
    course.post(mark, mark=f"{ada}:")
    assert "Take back" not in course.page(path)
    assert "came late</strong> (from a table)" in course.page(f"class/evidence/{ada}/")


def test_learners_have_nothing_to_do_with_it(course: Course) -> None:
    assert course.ada.get("class/paper/tables/").status_code == 403
    assert course.ada.post("class/paper/tables/").status_code == 403
