"""What a table of marks or of attendance says of whom; whatever is not certain is a problem with its row and column."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from qualoop.classroom.tables import Table
from qualoop.values import ONE, ZERO, Score

ATTENDANCE: Final = "attendance"
"""The one column of a table of attendance, as a part."""
_ID_HEADS: Final[Mapping[str, frozenset[str]]] = {
    "pseudonym": frozenset({"pseudonym", "learner id", "匿名编号", "学员编号"}),
    "number": frozenset({"student number", "number", "id", "id number", "username", "login", "学号", "编号", "用户名"}),
    "email": frozenset({"email", "e-mail", "email address", "邮箱", "电子邮件", "电子邮箱", "邮件地址"}),
    "name": frozenset({"learner", "name", "student", "full name", "姓名", "学生", "学员", "学员姓名"}),
}
_PRESENCE_HEADS: Final = frozenset({"attendance", "present", "presence", "status", "出勤", "考勤", "到课"})
_PRESENT: Final = frozenset(
    {"present", "p", "yes", "y", "1", "true", "x", "✓", "late", "l", "remote", "出勤", "到", "是", "√", "迟到", "线上"}
)
_ABSENT: Final = frozenset({"absent", "a", "no", "n", "0", "false", "excused", "缺勤", "缺课", "否", "请假", "×"})
_LONGEST_MARK: Final = 12
_THOUSANDS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(?![0-9,])")


class Trouble(StrEnum):
    """What can be wrong with a table."""

    NO_IDENTITY = "no-identity"
    NO_COLUMN = "no-column"
    COLUMN_TWICE = "column-twice"
    FOREIGN = "foreign-column"
    EMPTY = "empty-column"
    NOBODY = "nobody"
    UNKNOWN = "unknown-learner"
    AMBIGUOUS = "ambiguous-learner"
    ROW_TWICE = "learner-twice"
    CONFLICT = "different-learners"
    NOT_A_MARK = "not-a-mark"
    OUT_OF_RANGE = "out-of-range"
    NOT_PRESENCE = "not-presence"

    @property
    def stops_all(self) -> bool:
        """Say whether nothing of the table can be taken."""
        return self in {Trouble.NO_IDENTITY, Trouble.NO_COLUMN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong: at ``row`` of the file (0: the header), in the column called ``column``, where ``text`` stands."""

    trouble: Trouble
    row: int = 0
    column: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A learner of the course: a pseudonym, and what may stand for it in a table."""

    uuid: str
    name: str = ""
    numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One mark of one learner, at its row; presence is 1, absence 0."""

    row: int
    learner: str
    part: str
    score: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTable:
    """What a table says, and what is wrong with it."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By what a table is read: the parts that columns may name, the full mark, whose rows a teacher has named by hand."""

    parts: frozenset[str]
    full: Decimal
    people: Sequence[Known]
    matches: Mapping[int, str]


def comparable(text: str) -> str:
    """Return a text as it is compared: one width, one case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def read_table(table: Table, terms: Terms) -> ReadTable:
    """Read a table; only rows of whom it is certain, and cells without fault, become entries."""
    columns, problems = _columns(table, terms)
    if any(problem.trouble.stops_all for problem in problems):
        return ReadTable(entries=(), problems=tuple(problems))
    learners, wrong = _learners(table, columns, terms)
    problems += wrong
    entries: list[Entry] = []
    for number, row in zip(table.numbers, table.rows, strict=True):
        if number in learners:
            for index, part in columns.parts.items():
                made = _entry(number, learners[number], part, row[index], full=terms.full)
                if isinstance(made, Entry):
                    entries.append(made)
                elif made is not None:
                    problems.append(Problem(trouble=made, row=number, column=table.header[index], text=row[index]))
    return ReadTable(entries=tuple(entries), problems=tuple(sorted(problems, key=lambda each: each.row)))


def find_learners(table: Table, people: Sequence[Known]) -> tuple[Mapping[int, str], Sequence[Problem]]:
    """Return whose each row is by the number of the row, and what is wrong with the others: who is read as in `read_table`."""
    kinds = {index: kind for index, title in enumerate(table.header) if (kind := identity_of(title))}
    named = {index: kind for index, kind in kinds.items() if any(row[index] for row in table.rows)}
    if not named:
        return {}, [Problem(trouble=Trouble.NO_IDENTITY)]
    terms = Terms(parts=frozenset(), full=Decimal(1), people=people, matches={})
    return _learners(table, _Columns(named, {}), terms)


def identity_of(title: str) -> str:
    """Return how the column of this head names learners, empty where it does not."""
    return next((kind for kind, titles in _ID_HEADS.items() if comparable(title) in titles), "")


def is_presence_head(title: str) -> bool:
    """Say whether the column of this head says who was there."""
    return comparable(title) in _PRESENCE_HEADS


@dataclass(frozen=True, slots=True)
class _Columns:
    identities: Mapping[int, str]
    parts: Mapping[int, str]


def _columns(table: Table, terms: Terms) -> tuple[_Columns, list[Problem]]:
    """Return what each column is; a foreign or empty one is told and left alone."""
    identities: dict[int, str] = {}
    parts: dict[int, str] = {}
    problems: list[Problem] = []
    heads = [_meaning(head, terms) for head in table.header]
    counts = Counter(head for head in heads if head)
    for index, (title, meaning) in enumerate(zip(table.header, heads, strict=True)):
        is_empty = not any(row[index] for row in table.rows)
        if meaning in _ID_HEADS and not is_empty:
            identities[index] = meaning
        elif meaning not in _ID_HEADS and (trouble := _trouble(title, meaning, counts, is_empty=is_empty)):
            problems.append(Problem(trouble=trouble, column=title or f"#{index + 1}"))
        elif meaning and not is_empty:
            parts[index] = meaning
    if not identities:
        problems.append(Problem(trouble=Trouble.NO_IDENTITY))
    if not parts:
        problems.append(Problem(trouble=Trouble.NO_COLUMN))
    return _Columns(identities, parts), problems


def _trouble(title: str, meaning: str, counts: Mapping[str, int], *, is_empty: bool) -> Trouble | None:
    """Return why a column is left alone."""
    if is_empty:
        return Trouble.EMPTY if title else None
    if not meaning:
        return Trouble.FOREIGN
    return Trouble.COLUMN_TWICE if counts[meaning] > 1 else None


def _meaning(title: str, terms: Terms) -> str:
    """Return what a column is called inside: how learners are named, or a part; empty for a foreign one."""
    head = comparable(title)
    for kind, titles in _ID_HEADS.items():
        if head in titles:
            return kind
    if ATTENDANCE in terms.parts:
        return ATTENDANCE if head in _PRESENCE_HEADS else ""
    return head if head in terms.parts else ""


def _learners(table: Table, columns: _Columns, terms: Terms) -> tuple[dict[int, str], list[Problem]]:
    """Return whose each row is, each learner once; every other row is a problem."""
    index = _index(terms.people)
    known = {each.uuid for each in terms.people}
    found: dict[int, str] = {}
    problems: list[Problem] = []
    for number, row in zip(table.numbers, table.rows, strict=True):
        told = {kind: row[column] for column, kind in columns.identities.items() if row[column]}
        whose = terms.matches.get(number, "")
        named = whose if whose in known else _who(told, index)
        if isinstance(named, Trouble):
            problems.append(Problem(trouble=named, row=number, text=", ".join(told.values())))
        else:
            found[number] = named
    times = Counter(found.values())
    for number in [number for number, learner in found.items() if times[learner] > 1]:
        del found[number]
        row = table.rows[table.numbers.index(number)]
        text = ", ".join(row[column] for column in columns.identities if row[column])
        problems.append(Problem(trouble=Trouble.ROW_TWICE, row=number, text=text))
    return found, problems


_Index = Mapping[str, Mapping[str, frozenset[str]]]


def _index(people: Sequence[Known]) -> _Index:
    made: dict[str, dict[str, set[str]]] = {kind: defaultdict(set) for kind in _ID_HEADS}
    for each in people:
        for kind, text in _names(each):
            if text:
                made[kind][comparable(text)].add(each.uuid)
    return {kind: {text: frozenset(whose) for text, whose in texts.items()} for kind, texts in made.items()}


def _names(each: Known) -> Iterator[tuple[str, str]]:
    yield "pseudonym", each.uuid
    yield "name", each.name
    yield from (("number", number) for number in each.numbers)
    yield from (("email", email) for email in each.emails)


def _who(told: Mapping[str, str], index: _Index) -> str | Trouble:
    """Return the learner of a row: what names one for sure comes first, a name by itself last."""
    if not told:
        return Trouble.NOBODY
    sure = [index[kind].get(comparable(text), frozenset()) for kind, text in told.items() if kind != "name"]
    certain = {learner for found in sure if len(found) == 1 for learner in found}
    if len(certain) > 1:
        return Trouble.CONFLICT
    if certain:
        return next(iter(certain))
    if any(sure) or (sure and "name" not in told):
        return Trouble.AMBIGUOUS if any(sure) else Trouble.UNKNOWN
    # A number that nobody has is never overruled by a name.
    named = index["name"].get(comparable(told.get("name", "")), frozenset())
    if sure or not named:
        return Trouble.UNKNOWN
    return next(iter(named)) if len(named) == 1 else Trouble.AMBIGUOUS


def _entry(number: int, learner: str, part: str, text: str, *, full: Decimal) -> Entry | Trouble | None:
    """Return a cell as an entry, what is wrong with it, or None for an empty one."""
    if not text:
        return None
    score = _presence(text) if part == ATTENDANCE else read_mark(text, full)
    return score if isinstance(score, Trouble) else Entry(row=number, learner=learner, part=part, score=score)


def _presence(text: str) -> Score | Trouble:
    said = comparable(text)
    if said in _PRESENT:
        return ONE
    return ZERO if said in _ABSENT else Trouble.NOT_PRESENCE


def read_mark(text: str, full: Decimal) -> Score | Trouble:
    """Return a mark as a share of the full one; a decimal comma is one, too, unless it may part thousands (1,234)."""
    written = unicodedata.normalize("NFKC", text).replace(" ", "")
    if len(written) > _LONGEST_MARK or _THOUSANDS.match(written):
        return Trouble.NOT_A_MARK
    is_share = written.endswith("%")
    try:
        mark = Decimal(written.removesuffix("%").replace(",", "."))
    except InvalidOperation:
        return Trouble.NOT_A_MARK
    if not mark.is_finite():
        return Trouble.NOT_A_MARK
    most = Decimal(100) if is_share else full
    return Score.of(mark, most) if 0 <= mark <= most else Trouble.OUT_OF_RANGE
