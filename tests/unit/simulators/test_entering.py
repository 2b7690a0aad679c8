"""Decisions as people give them: whatever stands in a field, each problem is named at its place and nothing is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from qualoop.simulators import (
    ChoiceField,
    Column,
    Decision,
    DecisionForm,
    DecisionTable,
    FlagField,
    NumberField,
    Option,
    Row,
    TextField,
)
from qualoop.simulators.entering import MAX_CELL, MESSAGES, UnreadableError, read_decision, read_value, typed_value
from qualoop.simulators.spreadsheet import MAX_CSV, read_csv, write_csv
from qualoop.values import LANGUAGES, Text


def both(en: str, zh: str) -> Text:
    return Text({"en": en, "zh-Hans": zh})


def number(low: str = "0", high: str = "10000", step: str = "0.01", unit: Text | None = None) -> NumberField:
    return NumberField(
        key="bid",
        component="bids",
        label=both("Bid", "出价"),
        low=Decimal(low),
        high=Decimal(high),
        step=Decimal(step),
        unit=unit,
    )


YUAN = both("¥", "元")
MATCH = ChoiceField(
    key="match",
    component="match",
    label=both("Match", "匹配"),
    options=(Option(key="exact", label=both("Exact", "精确")), Option(key="broad", label=both("Broad", "广泛"))),
    default="broad",
)
FLAG = FlagField(key="negative", component="match", label=both("Negative", "否定"))
NOTE = TextField(key="note", component="note", label=both("Note", "说明"), max_length=10)
BID = number(unit=YUAN)
ROWS = tuple(Row(key=f"k{place}", label=both(f"Word {place}", f"词{place}"), cells=(place,)) for place in range(3))
KEYWORDS = DecisionTable(
    key="keywords",
    title=both("Keywords", "关键词"),
    rows=ROWS,
    fields=(BID, MATCH, FLAG),
    columns=(Column(label=both("Searches", "搜索量")),),
    row_label=both("Keyword", "关键词"),
)
CAMPAIGN = DecisionTable(
    key="campaign", title=both("Campaign", "计划"), rows=(Row(key="all", label=both("All", "全部")),), fields=(NOTE,)
)
FORM = DecisionForm(tables=(KEYWORDS, CAMPAIGN))
STANDING: Decision = {"bid": [0.5, 0.5, 0.5], "match": ["broad"] * 3, "negative": [False] * 3, "note": ["old"]}


def raw(**changes: str) -> dict[str, list[str]]:
    fields = {f"bid.k{place}": "1" for place in range(3)} | {f"match.k{place}": "exact" for place in range(3)}
    fields["note.all"] = "new"
    return {key: [text] for key, text in (fields | {k.replace("_", "."): v for k, v in changes.items()}).items()}


def code(field: Any, text: str) -> str:
    with pytest.raises(UnreadableError) as error:
        read_value(field, text)
    return error.value.refusal.code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1250", 1250.0),
        (" 2.5 ", 2.5),
        ("２．５", 2.5),
        ("１２", 12.0),
        ("2,5", 2.5),
        ("0,125", 0.125),
        ("1,234.56", 1234.56),
        ("1.234,56", 1234.56),
        ("1,234,567", 1234567.0),
        ("1.234.567", 1234567.0),
        ("1 234", 1234.0),
        ("1'234", 1234.0),
        ("1.5E+03", 1500.0),
        ("¥12.5", 12.5),
        ("￥12.5", 12.5),
        ("12.5元", 12.5),
        ("CNY 12.5", 12.5),
        ("-0", 0.0),
        ("\N{MINUS SIGN}0", 0.0),
        (".5", 0.5),
        ("5.", 5.0),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, value: float) -> None:
    read = read_value(number(high="10000000", step="0.005", unit=YUAN), text)
    assert read == value
    assert str(read) != "-0.0"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("¥", "empty"),
        ("abc", "not-a-number"),
        ("1/2", "not-a-number"),
        ("=1+1", "not-a-number"),
        ("1,23,456", "not-a-number"),
        ("1.2.3", "not-a-number"),
        ("12.5 13", "not-a-number"),
        ("0x10", "not-a-number"),
        ("1e999", "not-a-number"),
        ("1e99", "out-of-range"),
        ("9" * 60, "not-a-number"),
        ("NaN", "not-finite"),
        ("-nan", "not-finite"),
        ("ｎａｎ", "not-finite"),
        ("inf", "not-finite"),
        ("-Infinity", "not-finite"),
        ("∞", "not-finite"),
        ("#DIV/0!", "not-finite"),
        ("-1", "negative"),
        ("\N{MINUS SIGN}1", "negative"),
        ("(5)", "not-a-number"),
        ("10000.01", "out-of-range"),
        ("0.123", "step"),
        ("$5", "currency"),
        ("5 USD", "currency"),
        ("5€", "currency"),
        ("US$5", "currency"),
        ("5美元", "currency"),
        ("1,234", "ambiguous"),
    ],
)
def test_what_is_no_number_of_the_field_says_why(text: str, problem: str) -> None:
    assert code(number(step="0.001" if text == "1,234" else "0.01", unit=YUAN), text) == problem


@pytest.mark.parametrize(
    ("text", "ok"), [("0", True), ("-0.01", False), ("10", True), ("10.01", False), ("9.99", True)]
)
def test_the_bounds_belong_to_the_range(text: str, *, ok: bool) -> None:
    field = number(high="10")
    if ok:
        assert read_value(field, text) == float(text)
    else:
        assert code(field, text) in {"negative", "out-of-range"}


def test_of_two_readings_the_only_one_that_fits_is_meant() -> None:
    assert read_value(number(step="1", high="5000"), "1,234") == 1234.0
    assert read_value(number(step="0.001", high="10"), "1,234") == 1.234
    assert code(number(step="0.001", high="1"), "1,234") == "ambiguous"


@pytest.mark.parametrize("text", ["1,000", "2,000", "12,000", "150,000", "+1,500", "１，０００"])
@pytest.mark.parametrize(("step", "high"), [("1", "200"), ("0.01", "8"), ("0.001", "8")])
def test_thousands_are_never_a_few(text: str, step: str, high: str) -> None:
    if step == "0.001" and text == "+1,500":
        assert read_value(number(step=step, high=high), text) == 1.5, "a field of three decimals"
    else:
        assert code(number(step=step, high=high), text) == "out-of-range"


def test_an_ambiguous_number_is_told_in_both_readings() -> None:
    with pytest.raises(UnreadableError) as error:
        read_value(number(step="0.001"), "1,234")
    assert error.value.refusal.text["en"] == "“1,234” can be read in two ways: write 1234 or 1.234."


def test_the_currency_of_the_field_is_named_and_where_there_is_none_that_is_said() -> None:
    with pytest.raises(UnreadableError) as ours:
        read_value(BID, "$5")
    assert "¥" in ours.value.refusal.text["en"]
    assert "元" in ours.value.refusal.text["zh-Hans"]
    with pytest.raises(UnreadableError) as none:
        read_value(number(unit=both("pieces", "件")), "$5")
    assert none.value.refusal.text["en"] == MESSAGES["no-currency"]["en"]


def test_a_negative_number_is_read_where_the_field_takes_it() -> None:
    assert read_value(number(low="-5"), "-2.5") == -2.5
    assert code(number(low="-5"), "-6") == "out-of-range"


@pytest.mark.parametrize("text", ["exact", " EXACT ", "Exact", "精确", "ｅｘａｃｔ"])
def test_an_option_is_known_by_key_and_by_label_in_both_languages(text: str) -> None:
    assert read_value(MATCH, text) == "exact"


def test_what_is_not_offered_names_what_is() -> None:
    assert code(MATCH, "") == "empty-choice"
    with pytest.raises(UnreadableError) as error:
        read_value(MATCH, "phrase")
    assert error.value.refusal.text["en"] == "Choose one of: Exact, Broad."
    assert error.value.refusal.text["zh-Hans"] == "请从以下选项中选择：精确、广泛。"


@pytest.mark.parametrize(("text", "value"), [("1", True), ("是", True), ("YES", True), ("", False), ("否", False)])
def test_a_flag_is_yes_or_no(text: str, *, value: bool) -> None:
    assert read_value(FLAG, text) is value


def test_a_flag_that_is_neither_is_refused() -> None:
    assert code(FLAG, "maybe") == "not-a-flag"


def test_a_text_keeps_its_lines_and_has_an_end() -> None:
    assert read_value(NOTE, "a\r\nb") == "a\nb"
    assert read_value(NOTE, "x" * 10) == "x" * 10
    assert code(NOTE, "x" * 11) == "too-long"


def test_a_form_gives_the_decision_in_it() -> None:
    found = read_decision(FORM, raw(negative_k1="1"), STANDING)
    assert found.problems == ()
    assert found.decision == {
        "bid": [1.0] * 3,
        "match": ["exact"] * 3,
        "negative": [False, True, False],
        "note": ["new"],
    }


def test_every_problem_is_named_at_its_field_and_row_and_what_was_typed_is_kept() -> None:
    found = read_decision(FORM, raw(bid_k0="-1", bid_k2="NaN", match_k1="phrase"), STANDING)
    assert found.decision is None
    assert [(each.code, each.field, each.row) for each in found.problems] == [
        ("negative", "bid", 0),
        ("not-finite", "bid", 2),
        ("not-offered", "match", 1),
    ]
    assert found.typed["bid"] == ("-1", "1", "NaN")
    assert found.typed["match"] == ("exact", "phrase", "exact")


def test_a_row_that_was_not_sent_is_a_problem_and_shows_what_stood_there() -> None:
    sent = raw()
    del sent["bid.k1"]
    found = read_decision(FORM, sent, STANDING)
    assert [(each.code, each.field, each.row) for each in found.problems] == [("missing", "bid", 1)]
    assert found.typed["bid"] == ("1", "0.50", "1")


@pytest.mark.parametrize("odd", [None, 5, {"a": 1}, [], [5], [None], [["x"]], True])
def test_a_field_may_hold_anything(odd: Any) -> None:
    found = read_decision(FORM, raw() | {"bid.k1": odd}, STANDING)
    assert [each.code for each in found.problems] == ["missing"]


def test_unknown_fields_are_passed_over() -> None:
    found = read_decision(FORM, raw(bid_k9="5", other="x"), STANDING)
    assert found.decision is not None
    assert len(found.decision["bid"]) == 3


def test_what_is_shown_again_has_no_nul_and_an_end() -> None:
    found = read_decision(FORM, raw(bid_k0="\0fields\0", bid_k1="9" * 100_000), STANDING)
    assert found.typed["bid"][0] == "fields"
    assert len(found.typed["bid"][1]) == MAX_CELL


def test_a_decision_comes_back_from_its_own_csv() -> None:
    decision: Decision = {
        "bid": [0.35, 12.0, 0.0],
        "match": ["exact", "broad", "exact"],
        "negative": [True, False, True],
        "note": ["a,\n"],
    }
    for language in LANGUAGES:
        found = read_csv(FORM, "\ufeff" + write_csv(FORM, decision, language), STANDING)
        assert found.problems == ()
        assert found.decision == decision


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_is_read_whatever_parts_its_cells(delimiter: str, end: str) -> None:
    form = DecisionForm(tables=(KEYWORDS,))
    lines = [["keywords", "出价", "Match"], ["k1", "0.25", "精确"], ["k0", "3", "broad"], ["k2", "1", "exact"]]
    found = read_csv(form, end.join(delimiter.join(line) for line in lines), STANDING)
    assert found.problems == ()
    assert found.decision is not None
    assert found.decision["bid"] == [3.0, 0.25, 1.0]
    assert found.decision["negative"] == [False] * 3


def test_a_german_spreadsheet_has_semicolons_and_decimal_commas() -> None:
    found = read_csv(DecisionForm(tables=(KEYWORDS,)), "keywords;bid\nk0;0,35\nk1;1.234,50\nk2;2\n", STANDING)
    assert found.decision is not None
    assert found.decision["bid"] == [0.35, 1234.5, 2.0]


def test_problems_of_a_table_are_named_at_their_cells_and_lines() -> None:
    text = "keywords,bid,colour\nk0,-5,red\nk9,1,red\nk0,2,red\n"
    found = read_csv(DecisionForm(tables=(KEYWORDS,)), text, STANDING)
    assert found.decision is None
    assert [(each.code, each.field, each.row) for each in found.problems] == [
        ("unknown-column", None, None),
        ("unknown-row", None, None),
        ("repeated-row", None, None),
        ("missing-rows", None, None),
        ("missing-row", "bid", 1),
        ("missing-row", "bid", 2),
        ("negative", "bid", 0),
    ]
    assert "Line 3" in found.problems[1].text["en"]
    assert found.typed["bid"] == ["-5", "0.50", "0.50"] or found.typed["bid"] == ("-5", "0.50", "0.50")


def test_cells_that_a_table_lacks_keep_what_was_typed() -> None:
    typed = {"match": ["exact", "exact", "exact"]}
    found = read_csv(DecisionForm(tables=(KEYWORDS,)), "keywords,bid\nk0,1\nk1,2\nk2,3\n", STANDING, typed)
    assert found.decision is not None
    assert found.decision["match"] == ["exact"] * 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "nothing"),
        (" \n \n", "nothing"),
        ("k0,1\nk1,2\n", "no-header"),
        ("<html><body>", "no-header"),
        ('"', "no-header"),
        ("keywords,bid,bid\nk0,1,1\nk1,1,1\nk2,1,1", "repeated-column"),
        ("x\n" * 10_000, "too-large"),
        ("y" * (MAX_CSV + 1), "too-long-table"),
        ("keywords,bid\n" + "k0,1\n" * 10_000, "too-large"),
    ],
)
def test_a_table_that_is_none_is_refused(text: str, problem: str) -> None:
    found = read_csv(DecisionForm(tables=(KEYWORDS,)), text, STANDING)
    assert found.decision is None
    assert found.problems[0].code == problem
    assert list(found.typed["match"]) == ["broad"] * 3


def test_many_unknown_rows_are_told_in_a_few_lines() -> None:
    text = "keywords,bid\nk0,1\nk1,1\nk2,1\n" + "".join(f"other{line},1\n" for line in range(90))
    found = read_csv(DecisionForm(tables=(KEYWORDS,)), text, STANDING)
    assert len(found.problems) == 9
    assert found.problems[-1].text["en"] == "And 82 more of this kind."


def test_a_table_that_is_missing_whole_is_named() -> None:
    found = read_csv(FORM, "keywords,bid\nk0,1\nk1,1\nk2,1\n", STANDING)
    assert [each.code for each in found.problems] == ["missing-rows"]


def test_no_cell_of_an_export_is_a_formula() -> None:
    rows = tuple(Row(key=f"k{place}", label=both(text, text)) for place, text in enumerate(["=1+1", "@x", "-a", "+b"]))
    table = DecisionTable(key="t", title=both("T", "表"), rows=rows, fields=(number(low="-9"),))
    form = DecisionForm(tables=(table,))
    text = write_csv(form, {"bid": [-1.0, 0, 1, 2]}, "en")
    assert [line.split(",")[1] for line in text.splitlines()[1:]] == ["'=1+1", "'@x", "'-a", "'+b"]
    assert text.splitlines()[1].endswith(",-1.00")
    assert read_csv(form, text, {"bid": [0, 0, 0, 0]}).decision == {"bid": [-1.0, 0.0, 1.0, 2.0]}


@pytest.mark.parametrize("written", ["=1", " =1+1", "＝1", "\n=1"])
def test_a_text_that_looks_like_a_formula_comes_back_as_it_was(written: str) -> None:
    text = write_csv(FORM, {**STANDING, "note": [written]}, "en")
    assert f"'{written}" in text
    found = read_csv(FORM, text, STANDING)
    assert found.decision is not None
    assert found.decision["note"] == [written]


def test_every_message_is_in_both_languages_with_the_same_places() -> None:
    for texts in MESSAGES.values():
        many = {language: text for language, text in texts.items() if not language.endswith("-one")}
        assert set(many) == set(LANGUAGES)
        assert {language.removesuffix("-one") for language in texts} == set(LANGUAGES)
        places = [sorted(part.split("}")[0] for part in text.split("{")[1:]) for text in many.values()]
        assert places[0] == places[1]


@pytest.mark.parametrize(
    ("step", "text"), [("0.01", "2.50"), ("1", "2"), ("0.5", "2.5"), ("100", "2"), ("0.05", "2.50")]
)
def test_a_number_stands_in_its_cell_with_the_decimals_of_its_step(step: str, text: str) -> None:
    assert typed_value(number(step=step), 2.5 if "." in step else 2.0) == text
