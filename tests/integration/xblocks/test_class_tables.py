"""Tables of a class block: template, dry run in words, taken over at once, taken back; what is not certain is left alone."""

from __future__ import annotations

import base64
import csv
import io
import re

import pytest

from tests.integration.xblocks.class_room import FULL_MARKS, MARKED, ClassRoom, placed, said, undo_id


@pytest.fixture
def room() -> ClassRoom:
    made = ClassRoom()
    made.opens("ann", "ben", "cai")
    return made


def encoded(text: str, encoding: str = "utf-8") -> str:
    return base64.b64encode(text.encode(encoding)).decode()


def changes(page: str) -> list[tuple[str, ...]]:
    """Return the rows of the dry run: who, what, from, to."""
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>', page)
    return [tuple(row) for row in rows]


def troubles(page: str) -> list[str]:
    found = re.search(r'<ul class="q-note-rows">(.*?)</ul>\s*</section>|$', page, re.DOTALL)
    rows = re.findall(r"<li>(.*?)</li>", found[1] or "") if found and found[1] else []
    return [re.sub(r"<[^>]+>", "", row) for row in rows]


def test_a_dry_run_says_in_words_what_would_change_and_changes_nothing(room: ClassRoom) -> None:
    room.act("mark", mark="ben late")
    before = room.block("teacher", staff=True).register
    text = "Learner,Attendance,Points,Comment\nann,present,55 %,Good\nben,absent,,\ncai,,,\n"
    page = room.act("table", table=text).text
    assert changes(page) == [
        ("ann", "Attendance", "–", "Present"),
        ("ann", "Points", "–", "5.5 · Good"),
        ("ben", "Attendance", "Late", "Absent"),
    ]
    assert "Entries that would change: 3. Learners: 2." in page
    assert room.block("teacher", staff=True).register == before


def test_a_table_is_taken_over_at_once_and_back_whatever_was_done_since(room: ClassRoom) -> None:
    data = encoded("Learner;Attendance;Points\nann;present;7,5\nben;excused;3\n")
    page = room.act("apply", data=data).text
    assert said(page) == ["Taken over, of so many learners: 2. It can be taken back below."]
    assert room.counts() == {"present": 1, "excused": 1, "waiting": 1}
    for _ in range(15):
        page = room.act("mark", mark="cai present").text
        page = room.act("mark", mark="cai late").text
    last = re.findall(r'name="undo" value="(\d+)"', page)[-1]
    assert "Take back the last table" in page
    assert said(room.act("undo", undo=last).text) == ["Taken back."]
    assert room.counts() == {"late": 1, "waiting": 2}
    assert room.table().splitlines()[1].split(",")[7] == ""


def test_what_somebody_changed_since_the_dry_run_stops_the_whole_table(room: ClassRoom) -> None:
    seen = str(room.rev)
    room.act("mark", mark="ben present")
    reply = room.send("assistant", "apply", rev=seen, data=encoded("Learner,Attendance\nann,present\nben,absent\n"))
    assert reply.status_code == 422
    assert "<li>ben</li>" in reply.text
    assert room.counts() == {"present": 1, "waiting": 2}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Learner,Attendance\nzoe,present\n", "Row 2: Nobody in this class is called so. (zoe)"),
        ("Learner,Attendance\nann,present\nAnn,late\n", "Row 2: The same learner stands there more than once."),
        ("Learner,Attendance\n,present\nann,late\n", "Row 2: This row names nobody."),
        ("Learner,Attendance,Shoe size\nann,present,42\n", "“Shoe size”: This column is not known here"),
        ("Learner,Attendance,Points\nann,present,\n", "“Points”: This column is empty"),
        ("Learner,Attendance,Status\nann,present,late\n", "“Attendance”: This column stands there twice."),
        ("Learner,Attendance\nann,sleeping\n", "Row 2, “Attendance”: Write present, late, excused or absent."),
        ("Learner,Points\nann,11\n", "Row 2, “Points”: This is below 0 or above the full points. (11)"),
        ("Learner,Points\nann,-1\n", "below 0 or above"),
        ("Learner,Points\nann,seven\n", "This is no number of points."),
        ("Learner,Points\nann,0.55\nben,0.7\n", "Every cell of this column is below 1."),
        ("Learner,Asks\nann,4\n", "Row 2, “Asks”: This is no level of this row"),
        ("Learner,Link\nann,ftp://a\n", "Row 2, “Link”: A link begins with https://"),
        ("Attendance\npresent\n", "No column says who is meant."),
        ("Learner,Shoe size\nann,42\n", "No column has anything to write down."),
    ],
)
def test_what_is_not_certain_is_named_and_left_alone(room: ClassRoom, text: str, expected: str) -> None:
    page = room.act("table", table=text).text

    assert any(expected in trouble for trouble in troubles(page)), troubles(page)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8-sig", "姓名,出勤,分数\nann,迟到,8\n"),
        ("gb18030", "姓名,出勤,分数\nann,迟到,8\n"),
        ("utf-16", "姓名\t出勤\t分数\nann\t迟到\t8\n"),
        ("utf-8", "Learner;Attendance;Points\r\nann;late;8,0\r\n"),
        ("utf-8", "Learner|Attendance|Points\nann|LATE|80 %\n"),
    ],
)
def test_files_of_whatever_program_are_read(encoding: str, text: str) -> None:
    room = ClassRoom()
    room.opens("ann", "ben")
    page = room.act("table", data=encoded(text, encoding)).text
    found = changes(page)

    assert [row[1:] for row in found][-1][-1] == "8"
    assert found[0][3] == "Late"


def test_rows_of_nobody_are_listed_once_the_rest_is_taken_over(room: ClassRoom) -> None:
    page = room.act("apply", table="Learner,Points\nann,7\nGhost,3\nben,1\nben,2\n").text
    assert "Not taken over, because it is not clear whose these rows are." in page
    assert all(f"<li>{row}</li>" in page for row in ("3: Ghost", "4: ben", "5: ben"))
    assert "Not taken over" not in room.act("apply", table="Learner,Points\nann,8\n").text


def test_levels_are_read_by_number_or_title_and_other_rows_stay(room: ClassRoom) -> None:
    room.act("save", who="ann", **FULL_MARKS)
    room.act("apply", table="Learner,Asks\nann,Something\nben,3\n")
    rows = list(csv.DictReader(io.StringIO(room.table())))
    assert [(row["Asks"], row["Explains"]) for row in rows] == [("2", "2"), ("3", ""), ("", "")]


def test_the_table_comes_back_as_it_went(room: ClassRoom) -> None:
    room.act("open")
    room.check_in("ben")
    room.act("save", who="ann", **{**FULL_MARKS, "comment": "=cmd|'x'!A1\nand more", "link": "https://a.example/1"})
    room.act("save", who="ben", points="3", comment="x" * 900)
    room.act("mark", mark="cai excused")
    room.act("save", who="cai", release="1", **FULL_MARKS)
    before = room.block("teacher", staff=True).register["cells"]
    page = room.act("table", table=room.table()).text
    # Who checked in is not marked by hand: the table would say so, and nothing else.
    assert changes(page) == [("ben", "Attendance", "–", "Present")]
    assert troubles(page) == []
    assert room.block("teacher", staff=True).register["cells"] == before


def test_a_chinese_table_comes_back_as_it_went(room: ClassRoom) -> None:
    room.language = "zh-cn"
    room.act("save", who="ann", **FULL_MARKS)
    room.act("mark", mark="cai excused")
    assert "学员,用户名,匿名编号,出勤,签到时间,Asks,Explains,分数,评语,链接,已发布" in room.table()
    page = room.act("table", table=room.table()).text
    assert changes(page) == []
    assert troubles(page) == ["“链接”: 此列为空，未作处理。"]


def test_a_comment_that_a_cell_cannot_hold_is_not_cut_off(room: ClassRoom) -> None:
    room.act("save", who="ben", comment="y" * 900)
    page = room.act("table", table=f"Learner,Comment\nann,{'z' * 500}\nben,{'y' * 400}\n").text

    assert [row.partition("(")[0] for row in troubles(page)] == [
        "Row 2, “Comment”: A comment in a table has less than 400 characters. "
        "Longer ones are written on the learner&#39;s page. "
    ]
    assert changes(page) == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1"])
def test_no_name_and_no_comment_is_run_as_a_formula(text: str) -> None:
    room = ClassRoom()
    room.opens("ann")
    room.act("add", name=text)
    room.act("save", who="ann", comment=text)
    cells = [cell for row in csv.reader(io.StringIO(room.table())) for cell in row]

    assert not [cell for cell in cells if cell.lstrip(" \t").startswith(("=", "+", "-", "@", "＝"))]
    assert changes(room.act("table", table=room.table()).text) == []


def test_the_template_has_everybody_and_nothing_filled_in(room: ClassRoom) -> None:
    room.act("save", who="ann", **FULL_MARKS)
    head, *rows = csv.reader(io.StringIO(room.table("template")))

    assert head == [
        *("Learner", "Username", "Pseudonym", "Attendance", "Checked in"),
        *("Asks", "Explains", "Points", "Comment", "Link", "Released"),
    ]
    assert [row[0] for row in rows] == ["ann", "ben", "cai"]
    assert {cell for row in rows for cell in row[3:]} == {""}
    assert said(room.act("table", table=room.table("template")).text) == []


def test_people_who_are_not_found_can_be_added_by_their_names(room: ClassRoom) -> None:
    data = encoded("Learner,Attendance\nann,present\nDana Guest,late\n")
    page = room.act("table", data=data).text
    assert "Add those who are not found" in page
    page = room.act("table", data=data, add="1").text
    assert "Would be added, without an account here: Dana Guest" in page
    assert ("Dana Guest", "Attendance", "–", "Late") in changes(page)
    room.act("apply", data=data, add="1")
    assert room.counts() == {"present": 1, "late": 1, "waiting": 2}


@pytest.mark.parametrize(
    ("form", "note"),
    [
        ({}, "Choose a file, or paste a table."),
        ({"table": " \n "}, "Choose a file, or paste a table."),
        ({"table": "Learner,Points\n"}, "There is no row below the head of this table."),
        ({"data": "%%%"}, "This is no CSV file that can be read."),
        ({"data": encoded("PK\x03\x04\x00\x00")}, "This is no CSV file that can be read."),
        ({"table": "Learner,Points\n" + "x,1\n" * 2100}, "This table is too large"),
        ({"table": "x" * 500_001}, "This table is too large"),
        ({"table": "Learner,Attendance\nzoe,present\n"}, None),
    ],
    ids=["none", "blank", "head", "base64", "workbook", "rows", "bytes", "strangers"],
)
def test_tables_that_are_none_are_refused_with_a_sentence(
    room: ClassRoom, form: dict[str, str], note: str | None
) -> None:
    before = room.block("teacher", staff=True).register
    reply = room.act("apply", **form)

    assert reply.status_code == 422
    (told,) = said(reply.text)
    assert told.startswith(note or "The table changes nothing.")
    assert room.block("teacher", staff=True).register == before


def test_without_points_there_is_no_column_for_them() -> None:
    room = ClassRoom(place=placed(rubric=MARKED["rubric"]))
    room.opens("ann")

    assert "Points" not in room.table()
    assert "not known here" in room.act("table", table="Learner,Points\nann,3\n").text


def test_taking_back_a_table_whose_every_entry_was_changed_since_is_refused(room: ClassRoom) -> None:
    page = room.act("apply", table="Learner,Attendance\nann,present\n").text
    done = undo_id(page)
    room.act("mark", mark="ann late")

    assert room.act("undo", undo=done).status_code == 422
    assert room.counts() == {"late": 1, "waiting": 2}
