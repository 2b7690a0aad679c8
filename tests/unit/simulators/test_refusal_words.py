"""What is said of pastes and texts that are too large: how large they are, in words that fit one and many; nothing is cut."""

from __future__ import annotations

from qualoop.simulators import DecisionForm, DecisionTable
from qualoop.simulators.entering import read_decision
from qualoop.simulators.spreadsheet import MAX_CSV, read_csv
from tests.unit.simulators.test_entering import CAMPAIGN, FORM, KEYWORDS, ROWS, STANDING, both, number, raw

HEADER = "keywords,bid\n"


def said(text: str, *tables: DecisionTable) -> tuple[str, str]:
    """Return the first problem of a table from a spreadsheet, in both languages."""
    words = read_csv(DecisionForm(tables=tables or (KEYWORDS,)), text, STANDING).problems[0].text
    return words["en"], words["zh-Hans"]


def test_a_paste_of_ten_thousand_rows_is_told_how_large_it_is() -> None:
    english, chinese = said(HEADER + "k0,1\n" * 10_000)
    assert english == (
        "You gave 10,001 lines, and the table has 3 rows. Nothing was taken: give the header line and the rows of this "
        "table only."
    )
    assert chinese == "你提交了 10,001 行，而表格只有 3 行，未导入任何内容。请只保留表头和本表格的行。"


def test_a_table_of_one_row_is_one_row() -> None:
    table = DecisionTable(key="one", title=both("One", "一"), rows=ROWS[:1], fields=(number(),))
    english, _ = said("one,bid\n" + "k0,1\n" * 10_000, table)
    assert "the table has one row" in english


def test_a_text_without_end_is_told_how_long_it_is() -> None:
    english, chinese = said("y" * (MAX_CSV + 1))
    assert english.startswith("You gave 400,001 characters, and at most 400,000 are read.")
    assert chinese.startswith("你提交了 400,001 个字符，最多可读取 400,000 个字符")


def test_one_row_that_is_missing_is_one_and_more_are_many() -> None:
    assert said(HEADER + "k0,1\nk1,1\n") == (
        "The row “k2” is missing: it shows what stood there before.",
        "缺少“k2”这一行：该行显示之前的值。",
    )
    assert said(HEADER + "k0,1\n")[0].startswith("2 rows are missing, among them “k1”")


def test_a_text_that_is_refused_for_its_length_comes_back_whole() -> None:
    typed = "a" * 50_000 + "the end"
    found = read_decision(FORM, raw(note_all=typed), STANDING)
    assert found.decision is None
    assert found.typed["note"] == (typed,)
    (problem,) = found.problems
    assert problem.text["en"] == "These are 50,007 characters: use at most 10."
    assert problem.text["zh-Hans"] == "共 50,007 个字符，最多可填写 10 个字符。"
    again = read_csv(DecisionForm(tables=(CAMPAIGN,)), f"campaign,note\nall,{typed}\n", STANDING)
    assert again.typed["note"] == [typed] or again.typed["note"] == (typed,)
