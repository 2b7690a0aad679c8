"""Tables of marks: separators, encodings, who is meant, what is a mark."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.classroom.mark_heads import ATTENDANCE
from qualoop.classroom.mark_tables import Known, ReadTable, Terms, Trouble, read_table
from qualoop.classroom.tables import MAX_ROWS, Table, TableRefusedError, number_text, read_csv
from qualoop.values import Score

ADA = Known(uuid="u-ada", name="Ada Lovelace", numbers=("007",), emails=("ada@example.test",))
BO, BO_TOO = Known(uuid="u-bo", name="Bo"), Known(uuid="u-bo-2", name="Bo", numbers=("8",))
PART = "lesson/item"


def read(
    *lines: list[str], matches: dict[int, str] | None = None, parts: frozenset[str] = frozenset({PART})
) -> ReadTable:
    terms = Terms(parts=parts, full=Decimal(10), people=[ADA, BO, BO_TOO], matches=matches or {})
    return read_table(Table.of(lines), terms)


def troubles(found: ReadTable) -> list[tuple[Trouble, int]]:
    return [(problem.trouble, problem.row) for problem in found.problems]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_separators_and_encodings(separator: str, encoding: str) -> None:
    text = f"姓名{separator}成绩\n王小明{separator}7\n李雷{separator}8\n"
    assert read_csv(text.encode(encoding)).rows == (("王小明", "7"), ("李雷", "8"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"only,a,head\n", "empty"),
        (b"a\x00b", "unreadable"),
        (b"\xff\xfe\x00", "unreadable"),
        (b"a,b\n" * (MAX_ROWS + 2), "too-large"),
        (b"a," * 500 + b"\n1\n", "too-large"),
    ],
)
def test_what_is_no_table(data: bytes, reason: str) -> None:
    with pytest.raises(TableRefusedError) as refused:
        read_csv(data)
    assert refused.value.reason == reason


@given(st.binary(max_size=400))
def test_no_file_breaks_the_reader(data: bytes) -> None:
    try:
        table = read_csv(data)
    except TableRefusedError:
        return
    assert all(len(row) == len(table.header) for row in table.rows)


def test_rows_keep_their_number_in_the_file() -> None:
    table = Table.of([["", ""], ["a", "b"], ["", ""], ["1", "2", "3"], [4.0, None]])
    assert (table.header, table.rows, table.numbers) == (("a", "b"), (("1", "2"), ("4", "")), (4, 5))


def test_a_row_of_any_number_holds_nobody() -> None:
    empty = itertools.chain([["a", "b"]], itertools.repeat(()))
    with pytest.raises(TableRefusedError, match="too-large"):
        Table.of(empty)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1 + 0.2, "0.3"), (1 / 3, "0.333333"), (7.0, "7"), (-0.0, "0"), (20260101.0, "20260101"), (1e-9, "0")],
)
def test_numbers_of_a_workbook_are_as_people_write_them(value: float, text: str) -> None:
    assert number_text(value) == text


@given(st.floats())
def test_every_number_has_a_text(value: float) -> None:
    text = number_text(value)
    if math.isfinite(value):
        assert math.isclose(float(text), value, abs_tol=5e-7)
        assert "e" not in text


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("Pseudonym", "u-ada"),
        ("学号", "００７"),
        ("E-mail", "ADA@example.test"),
        ("Learner", " ada  lovelace "),
    ],
)
def test_a_learner_is_known_by_any_of_the_names(head: str, said: str) -> None:
    assert [entry.learner for entry in read([head, PART], [said, "5"]).entries] == ["u-ada"]


@pytest.mark.parametrize(
    ("head", "row", "trouble"),
    [
        (["Learner"], ["Bo"], Trouble.AMBIGUOUS),
        (["Learner"], ["Nobody"], Trouble.UNKNOWN),
        (["Number", "Learner"], ["999", "Ada Lovelace"], Trouble.UNKNOWN),
        (["Number", "E-mail"], ["8", "ada@example.test"], Trouble.CONFLICT),
        (["Number", "Learner"], ["", ""], Trouble.NOBODY),
    ],
)
def test_who_is_not_certain_is_a_problem(head: list[str], row: list[str], trouble: Trouble) -> None:
    found = read(
        [*head, PART],
        [*row, "5"],
        [*["007" if each == "Number" else "Ada Lovelace" for each in head], "1"][: len(head) + 1],
    )
    assert (trouble, 2) in troubles(found)
    assert all(entry.row != 2 for entry in found.entries)


def test_a_number_decides_between_namesakes() -> None:
    assert [entry.learner for entry in read(["Number", "Learner", PART], ["8", "Bo", "5"]).entries] == ["u-bo-2"]


def test_the_same_learner_twice_counts_for_nothing() -> None:
    found = read(["Number", PART], ["007", "5"], ["8", "6"], ["007", "7"])
    assert troubles(found) == [(Trouble.ROW_TWICE, 2), (Trouble.ROW_TWICE, 4)]
    assert [entry.learner for entry in found.entries] == ["u-bo-2"]


def test_a_teacher_names_who_is_meant() -> None:
    found = read(["Learner", PART], ["B.", "5"], matches={2: "u-bo"})
    assert [(entry.learner, entry.score) for entry in found.entries] == [("u-bo", Score("0.5"))]


def test_columns_that_are_left_alone_are_told() -> None:
    found = read(["Number", PART, "Sports", "Empty", ""], ["007", "5", "x", "", ""])
    assert [(problem.trouble, problem.column) for problem in found.problems] == [
        (Trouble.FOREIGN, "Sports"),
        (Trouble.EMPTY, "Empty"),
    ]
    assert len(found.entries) == 1


def test_a_column_twice_is_neither() -> None:
    found = read(["Number", PART, PART.upper()], ["007", "5", "6"])
    assert [problem.trouble for problem in found.problems][-1] is Trouble.NO_COLUMN
    assert not found.entries


def test_nobody_named_or_nothing_to_record() -> None:
    assert troubles(read(["Sports"], ["x"])) == [
        (Trouble.FOREIGN, 0),
        (Trouble.NO_IDENTITY, 0),
        (Trouble.NO_COLUMN, 0),
    ]


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("10", "1"),
        ("7,5", "0.75"),
        ("0,125", "0.0125"),
        ("1,2345", "0.12345"),
        ("0", "0"),
        ("55%", "0.55"),
        (" 5 ", "0.5"),
        ("１０", "1"),
    ],
)
def test_marks(text: str, score: str) -> None:
    assert [entry.score for entry in read(["Number", PART], ["007", text]).entries] == [Score(score)]


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("x", Trouble.NOT_A_MARK),
        ("NaN", Trouble.NOT_A_MARK),
        ("Infinity", Trouble.NOT_A_MARK),
        ("1e5", Trouble.OUT_OF_RANGE),
        ("11", Trouble.OUT_OF_RANGE),
        ("-1", Trouble.OUT_OF_RANGE),
        ("101%", Trouble.OUT_OF_RANGE),
        ("9" * 50, Trouble.NOT_A_MARK),
        ("1,234", Trouble.NOT_A_MARK),
        ("1,234%", Trouble.NOT_A_MARK),
        ("1,234,567", Trouble.NOT_A_MARK),
    ],
)
def test_what_is_no_mark(text: str, trouble: Trouble) -> None:
    assert troubles(read(["Number", PART], ["007", text])) == [(trouble, 2)]


@pytest.mark.parametrize(("text", "score"), [("Present", "1"), ("late", "1"), ("缺勤", "0"), ("1", "1"), ("no", "0")])
def test_presence(text: str, score: str) -> None:
    found = read(["Number", "Attendance"], ["007", text], parts=frozenset({ATTENDANCE}))
    assert [entry.score for entry in found.entries] == [Score(score)]


def test_what_is_no_presence() -> None:
    found = read(["Number", "Attendance"], ["007", "perhaps"], parts=frozenset({ATTENDANCE}))
    assert troubles(found) == [(Trouble.NOT_PRESENCE, 2)]
