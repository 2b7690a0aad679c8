"""Decisions as people give them: fields of a form, and tables pasted or sent from a spreadsheet.

Anything may stand in what a browser sends, so every reading returns all problems at once, each at its field and row, with
the text that was typed; a decision comes only of what has none. A form's fields are named `FIELD.ROW`: the keys of the
field and of the row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from qualoop.assessment.wording import clean
from qualoop.simulators.decisions import (
    ChoiceField,
    Decision,
    DecisionForm,
    DecisionTable,
    Field,
    FlagField,
    NumberField,
    TextField,
    Value,
)
from qualoop.simulators.engine import Refusal
from qualoop.values import LANGUAGES, Text

MAX_CELL: Final = 120
"""The longest text that is looked at in a cell, but for fields of text."""

YES: Final = frozenset({"1", "true", "yes", "y", "on", "x", "是", "对", "√", "✓"})
NO: Final = frozenset({"", "0", "false", "no", "n", "off", "否", "不", "×"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What was read: the decision, None where there are problems; and what stands in each field, by row, as text."""

    decision: Decision | None
    problems: tuple[Refusal, ...]
    typed: Mapping[str, Sequence[str]]


class UnreadableError(Exception):
    """A typed text gives no value; ``refusal`` says why, without its place."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


def cell_name(field: Field, row: str) -> str:
    """Return how the form's field of one row is called."""
    return f"{field.key}.{row}"


def refusal(code: str, field: str | None = None, row: int | None = None, **places: str) -> Refusal:
    """Return a problem in words; ``places`` fills in its text, of which there may be another for a ``count`` of one."""
    forms, one = MESSAGES[code], "-one" if places.get("count") == "1" else ""
    texts = {language: forms.get(language + one, forms[language]).format_map(places) for language in LANGUAGES}
    return Refusal(code=code, text=Text(texts), field=field, row=row)


def read_decision(form: DecisionForm, raw: Mapping[str, Any], standing: Decision) -> Entered:
    """Return the decision in a posted form.

    A check box that was not ticked is not sent, so a missing flag is a no; every other field that is missing is a problem, and
    shows what stood there before.
    """
    typed: dict[str, list[str]] = {}
    problems: list[Refusal] = []
    for table, field in form:
        before = typed_values(field, standing[field.key])
        cells = [_sent(raw, field, row.key) for row in table.rows]
        typed[field.key] = [
            shown(field, cell) if cell is not None else stood for cell, stood in zip(cells, before, strict=True)
        ]
        if not isinstance(field, FlagField):
            problems += [refusal("missing", field.key, place) for place, cell in enumerate(cells) if cell is None]
    return entered(form, typed, problems)


def entered(form: DecisionForm, typed: Mapping[str, Sequence[str]], problems: Sequence[Refusal] = ()) -> Entered:
    """Return what the texts in all fields come to; cells that ``problems`` name already are not read again."""
    decision: dict[str, list[Value]] = {}
    found = list(problems)
    known = {(each.field, each.row) for each in problems}
    for _, field in form:
        values: list[Value] = []
        for place, text in enumerate(typed[field.key]):
            if (field.key, place) in known:
                continue
            try:
                values.append(read_value(field, text))
            except UnreadableError as error:
                why = error.refusal
                found.append(Refusal(code=why.code, text=why.text, field=field.key, row=place))
        decision[field.key] = values
    return Entered(
        decision=None if found else decision,
        problems=tuple(found),
        typed={key: tuple(values) for key, values in typed.items()},
    )


def typed_values(field: Field, values: Sequence[Value]) -> list[str]:
    """Return a field's values as they stand in its cells: numbers with a point, flags as `1` or nothing."""
    return [typed_value(field, value) for value in values]


def typed_value(field: Field, value: Value) -> str:
    """Return a value as it stands in a cell."""
    if isinstance(field, NumberField):
        return f"{float(value):.{decimals(field)}f}"
    if isinstance(field, FlagField):
        return "1" if value else ""
    return str(value)


def decimals(field: NumberField) -> int:
    """Return with how many decimals a field's numbers are written: those of its step."""
    exponent = field.step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def read_value(field: Field, text: str) -> Value:
    """Return the value that a cell's text means; raise UnreadableError."""
    match field:
        case NumberField():
            return _read_number(field, text)
        case ChoiceField():
            return _read_choice(field, text)
        case FlagField():
            return _read_flag(text)
        case TextField():
            return _read_text(field, text)


def find_flag(text: str) -> bool | None:
    """Return whether a text says yes or no, None where it says neither."""
    word = clean(text[:MAX_CELL]).casefold()
    return True if word in YES else False if word in NO else None


def find_option(field: ChoiceField, text: str) -> str | None:
    """Return the key of the option that a text names, by key or by label in either language."""
    # Nearly always it is a key, as the page's own list sends it.
    if any(option.key == text for option in field.options):
        return text
    word = clean(text[:MAX_CELL]).casefold()
    for option in field.options:
        if word in {option.key.casefold(), *(clean(label).casefold() for label in option.label.by_language.values())}:
            return option.key
    return None


def row_places(table: DecisionTable) -> dict[str, int]:
    """Return a table's rows by key, in the spelling in which `clean` leaves them."""
    return {clean(row.key): place for place, row in enumerate(table.rows)}


def _sent(raw: Mapping[str, Any], field: Field, row: str) -> str | None:
    """Return what was sent for a cell, None where nothing was; a block's JSON may hold anything."""
    values = raw.get(cell_name(field, row))
    if isinstance(values, list | tuple):
        # A host's own marks may repeat a field; the last is what a browser's own form would hold.
        values = values[-1] if values else None
    if values is None and isinstance(field, FlagField):
        return ""
    return values if isinstance(values, str) else None


def shown(field: Field, text: str) -> str:
    """Return a sent text as it may be shown again: without NUL, which marks what a host fills in.

    What is written as a text stays whole, however much too long, so that it can be shortened; hosts limit what they take.
    """
    bare = text.replace("\0", "")
    return bare if isinstance(field, TextField) else bare[:MAX_CELL]


def _read_number(field: NumberField, text: str) -> float:
    bare = text if _PLAIN.fullmatch(text) else _without_unit(clean(text), field)
    if not bare:
        raise UnreadableError(refusal("empty"))
    if bare.casefold().lstrip("+-") in _NOT_FINITE:
        raise UnreadableError(refusal("not-finite"))
    number = _meant(bare, field)
    if number < field.low or number > field.high:
        code = "negative" if number < 0 <= field.low else "out-of-range"
        raise UnreadableError(refusal(code, low=plain(field.low), high=plain(field.high)))
    if number % field.step:
        raise UnreadableError(refusal("step", step=plain(field.step)))
    # Never -0.0, which compares as 0 and is written otherwise.
    return float(number) or 0.0


def plain(number: Decimal) -> str:
    """Return a number in digits, without exponent and trailing zeros."""
    return f"{number.normalize():f}"


def _meant(text: str, field: NumberField) -> Decimal:
    """Return the number that a text without signs of units means; of two readings the only one that the field takes.

    That `1,234` is 1.234 comes into question only in a field of three decimals, and of `1,000` nowhere: whoever writes it
    means a thousand, and is told where that is too much.
    """
    digits = _GROUPING.sub("", text.translate(_ALIKE))
    if _AMBIGUOUS.fullmatch(digits):
        grouped, point = digits.replace(",", ""), digits.replace(",", ".")
        if not field.step % _CENT or not Decimal(point) % 1:
            return Decimal(grouped)
        fits = [one for one in (Decimal(grouped), Decimal(point)) if _takes(field, one)]
        if len(fits) == 1:
            return fits[0]
        raise UnreadableError(refusal("ambiguous", text=text, grouped=grouped, point=point))
    for notation, group_mark in _NOTATIONS:
        if notation.fullmatch(digits):
            bare = digits.replace(group_mark, "") if group_mark else digits
            return Decimal(bare.replace(",", "."))
    raise UnreadableError(refusal("not-a-number"))


def _takes(field: NumberField, number: Decimal) -> bool:
    return field.low <= number <= field.high and not number % field.step


def _without_unit(text: str, field: NumberField) -> str:
    """Return a text without the field's own unit at either end; raise UnreadableError for another currency."""
    own = {clean(unit).casefold() for unit in field.unit.by_language.values()} if field.unit else set()
    lowered = text.casefold()
    units = set() if _FOREIGN.search(text) else own | _alike_units(own)
    for unit in sorted(units, key=len, reverse=True):
        if lowered.startswith(unit) or lowered.endswith(unit):
            return text[len(unit) :].strip() if lowered.startswith(unit) else text[: -len(unit)].strip()
    if _is_currency(text):
        ours = {language: field.unit[language] if field.unit else "" for language in LANGUAGES}
        code = "currency" if any(_is_currency(unit) for unit in own) else "no-currency"
        texts = {language: MESSAGES[code][language].format(unit=ours[language]) for language in LANGUAGES}
        raise UnreadableError(Refusal(code="currency", text=Text(texts)))
    return text


def _is_currency(text: str) -> bool:
    return bool(_CURRENCY.search(text)) or any(unicodedata.category(char) == "Sc" for char in text)


def _alike_units(own: set[str]) -> set[str]:
    """Return other ways to write a unit: the yuan has many."""
    return set(_YUAN) if own & _YUAN else set()


def _read_choice(field: ChoiceField, text: str) -> str:
    key = find_option(field, text)
    if key is not None:
        return key
    if not clean(text):
        raise UnreadableError(refusal("empty-choice"))
    texts = {
        language: MESSAGES["not-offered"][language].format(
            options=_LISTS[language].join(option.label[language] for option in field.options)
        )
        for language in LANGUAGES
    }
    raise UnreadableError(Refusal(code="not-offered", text=Text(texts)))


def _read_flag(text: str) -> bool:
    answer = find_flag(text)
    if answer is None:
        raise UnreadableError(refusal("not-a-flag"))
    return answer


def _read_text(field: TextField, text: str) -> str:
    # Browsers send line ends as CR LF, and count them as one.
    tidy = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if len(tidy) > field.max_length:
        raise UnreadableError(refusal("too-long", length=f"{len(tidy):,}", longest=f"{field.max_length:,}"))
    return tidy


_ALIKE: Final = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{IDEOGRAPHIC FULL STOP}": "."})
# Blanks and apostrophes between thousands, and a blank after a sign.
_GROUPING: Final = re.compile(r"(?<=[0-9])[ '’](?=[0-9]{3}(?![0-9]))|(?<=^[+-]) ")
# What nearly every cell holds, and what needs no cleaning.
_PLAIN: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,12})?")
_CENT: Final = Decimal("0.01")
_AMBIGUOUS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
# Each notation with the mark that only groups its digits. `1,234` alone never comes here: it may be 1234 or 1.234.
_NOTATIONS: Final = (
    (re.compile(r"[+-]?(?:[0-9]{1,15}\.?[0-9]{0,12}|\.[0-9]{1,12})(?:[eE][+-]?[0-9]{1,2})?"), ""),
    (re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3}){1,4}\.[0-9]{0,12}"), ","),
    (re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3}){2,4}"), ","),
    (re.compile(r"[+-]?[0-9]{0,15},[0-9]{1,12}"), ""),
    (re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,4},[0-9]{0,12}"), "."),
    (re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,4}"), "."),
)
_NOT_FINITE: Final = frozenset({"nan", "inf", "infinity", "∞", "snan", "#n/a", "#num!", "#div/0!", "#value!", "#ref!"})
_CURRENCY: Final = re.compile(r"(?i)\b(?:usd|eur|gbp|jpy|cny|rmb|hkd|krw|inr)\b|元|圆|英镑")
# Names of other currencies that end as the yuan does.
_FOREIGN: Final = re.compile(r"[美欧日港韩澳加]元")
_YUAN: Final = frozenset({"¥", "元", "cny", "rmb", "人民币", "yuan"})
_LISTS: Final = {"en": ", ", "zh-Hans": "、"}

MESSAGES: Final[Mapping[str, Mapping[str, str]]] = {
    "missing": {
        "en": "Nothing was sent for this cell: what stood here before is shown. Check it and send again.",
        "zh-Hans": "没有收到这一格的内容，现显示之前的值。请核对后重新提交。",
    },
    "empty": {"en": "Enter a number.", "zh-Hans": "请填写数字。"},
    "empty-choice": {"en": "Choose one of the options.", "zh-Hans": "请选择一项。"},
    "not-a-number": {
        "en": "This is not a number. Write it like 1250 or 2.5.",
        "zh-Hans": "这不是数字。请写成 1250 或 2.5 这样的形式。",
    },
    "not-finite": {
        "en": "Enter an ordinary number: not NaN, not infinity, not a spreadsheet's error.",
        "zh-Hans": "请填写普通数字，不能是 NaN、无穷大或表格错误值。",
    },
    "ambiguous": {
        "en": "“{text}” can be read in two ways: write {grouped} or {point}.",
        "zh-Hans": "“{text}”有两种读法，请写成 {grouped} 或 {point}。",
    },
    "negative": {
        "en": "This cannot be negative: enter a number from {low} to {high}.",
        "zh-Hans": "不能为负数，请填写 {low} 到 {high} 之间的数字。",
    },
    "out-of-range": {
        "en": "Enter a number from {low} to {high}.",
        "zh-Hans": "请填写 {low} 到 {high} 之间的数字。",
    },
    "step": {"en": "Use whole multiples of {step}.", "zh-Hans": "请填写 {step} 的整数倍。"},
    "currency": {
        "en": "Amounts here are in {unit}. Convert it, and leave out the other currency.",
        "zh-Hans": "此处的金额单位为{unit}。请换算后填写，不要带其他货币。",
    },
    "no-currency": {
        "en": "This is not an amount of money: write the number alone.",
        "zh-Hans": "此处填写的不是金额，请只写数字。",
    },
    "not-offered": {"en": "Choose one of: {options}.", "zh-Hans": "请从以下选项中选择：{options}。"},
    "not-a-flag": {"en": "Write yes or no.", "zh-Hans": "请填写“是”或“否”。"},
    "too-long": {
        "en": "These are {length} characters: use at most {longest}.",
        "zh-Hans": "共 {length} 个字符，最多可填写 {longest} 个字符。",
    },
    "nothing": {
        "en": "There is nothing to import. Paste a table with its header line, or choose a file.",
        "zh-Hans": "没有可导入的内容。请粘贴带表头的表格，或选择文件。",
    },
    "no-header": {
        "en": "No header line was found. The first line should read: {header}",
        "zh-Hans": "没有找到表头。第一行应为：{header}",
    },
    "too-large": {
        "en": "You gave {lines} lines, and the table has {count} rows. Nothing was taken: give the header line and the "
        "rows of this table only.",
        "en-one": "You gave {lines} lines, and the table has one row. Nothing was taken: give the header line and this "
        "row only.",
        "zh-Hans": "你提交了 {lines} 行，而表格只有 {count} 行，未导入任何内容。请只保留表头和本表格的行。",
    },
    "too-long-table": {
        "en": "You gave {length} characters, and at most {longest} are read. Nothing was taken: give the header line and "
        "the rows of this table only.",
        "zh-Hans": "你提交了 {length} 个字符，最多可读取 {longest} 个字符，未导入任何内容。请只保留表头和本表格的行。",
    },
    "unknown-row": {
        "en": "Line {line}: there is no row “{name}”.",
        "zh-Hans": "第 {line} 行：没有名为“{name}”的行。",
    },
    "repeated-row": {
        "en": "Line {line}: the row “{name}” comes twice.",
        "zh-Hans": "第 {line} 行：“{name}”重复出现。",
    },
    "unknown-column": {
        "en": "The column “{column}” is none of this table. Leave it out, or give it the name of one.",
        "zh-Hans": "表格中没有“{column}”这一列。请删除该列或改用正确的列名。",
    },
    "repeated-column": {
        "en": "The column “{column}” comes twice.",
        "zh-Hans": "“{column}”列重复出现。",
    },
    "missing-rows": {
        "en": "{count} rows are missing, among them “{name}”: they show what stood there before.",
        "en-one": "The row “{name}” is missing: it shows what stood there before.",
        "zh-Hans": "缺少 {count} 行，其中有“{name}”：这些行显示之前的值。",
        "zh-Hans-one": "缺少“{name}”这一行：该行显示之前的值。",
    },
    "missing-row": {
        "en": "This row was not in the table that you gave.",
        "zh-Hans": "导入的表格中没有这一行。",
    },
    "more": {"en": "And {count} more of this kind.", "zh-Hans": "另有 {count} 处同类问题。"},
}
