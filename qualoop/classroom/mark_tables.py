"""What a table of marks or of attendance says of whom; whatever is not certain is a problem with its row and column."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from qualoop.classroom.mark_heads import (
    ATTENDANCE,
    ID_HEADS,
    IGNORED,
    MARK,
    MARK_HEADS,
    PRESENCE_HEADS,
    TASK,
    TASK_HEADS,
    bare_head,
    comparable,
    head_key,
    identity_of,
    read_presence,
)
from qualoop.classroom.roll_call import CAME, Presence
from qualoop.classroom.tables import Table
from qualoop.values import ONE, ZERO, Score

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
    UNSURE = "unsure-column"
    UNKNOWN_TASK = "unknown-task"

    @property
    def stops_all(self) -> bool:
        """Say whether nothing of the table can be taken."""
        return self in {Trouble.NO_IDENTITY, Trouble.NO_COLUMN}

    @property
    def is_about_whom(self) -> bool:
        """Say whether a person could say whose the row is."""
        return self in {Trouble.NOBODY, Trouble.UNKNOWN, Trouble.AMBIGUOUS, Trouble.CONFLICT, Trouble.ROW_TWICE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong: at ``row`` of the file (0: the header), in the column called ``column``, where ``text`` stands.

    ``told`` is how the row names its learner: kind of column -> text.
    """

    trouble: Trouble
    row: int = 0
    column: str = ""
    text: str = ""
    told: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A learner of the course: a pseudonym, and what may stand for it in a table."""

    uuid: str
    name: str = ""
    numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One mark of one learner, at its row; presence is 1, absence 0, and ``said`` is what of the two it was."""

    row: int
    learner: str
    part: str
    score: Score
    said: Presence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTable:
    """What a table says, and what is wrong with it. ``meanings`` is what each column is taken as, empty where left alone."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    meanings: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Say whether every column that is not empty has a meaning, and nothing is missing."""
        wrong = {Trouble.NO_IDENTITY, Trouble.NO_COLUMN, Trouble.UNSURE, Trouble.FOREIGN, Trouble.COLUMN_TWICE}
        return all(each.trouble not in wrong for each in self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By what a table is read: the parts that columns may name, the full mark, whose rows a teacher has named by hand.

    ``names`` is what people call parts (`head_key` -> part). ``columns`` is what a teacher has said of a column, by its
    index: a kind of identity, a part, TASK, MARK or IGNORED.
    """

    parts: frozenset[str]
    full: Decimal
    people: Sequence[Known]
    matches: Mapping[int, str]
    names: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[int, str] = field(default_factory=dict)


def read_table(table: Table, terms: Terms) -> ReadTable:
    """Read a table; only rows of whom it is certain, and cells without fault, become entries.

    What is wrong with a cell is told of every row, whose ever it is.
    """
    columns, problems = _columns(table, terms)
    if any(problem.trouble.stops_all for problem in problems):
        return ReadTable(entries=(), problems=tuple(problems), meanings=columns.meanings)
    learners, wrong = _learners(table, columns, terms)
    problems += wrong
    entries: list[Entry] = []
    for number, row in zip(table.numbers, table.rows, strict=True):
        for index, part in _parts_of(row, columns, terms):
            made = _entry(number, learners.get(number, ""), part, row[index], full=terms.full)
            if isinstance(made, Trouble):
                told = row[columns.task] if made is Trouble.UNKNOWN_TASK else row[index]
                problems.append(Problem(trouble=made, row=number, column=table.header[index], text=told))
            elif made is not None and number in learners:
                entries.append(made)
    ordered = tuple(sorted(problems, key=lambda each: each.row))
    return ReadTable(entries=tuple(entries), problems=ordered, meanings=columns.meanings)


def _parts_of(row: Sequence[str], columns: _Columns, terms: Terms) -> Iterator[tuple[int, str]]:
    """Give the cells of a row that say something, as place and part; the part is empty where the row's task is unknown."""
    yield from columns.parts.items()
    if columns.mark >= 0 and row[columns.mark]:
        yield columns.mark, _part_named(row[columns.task], terms)


def _part_named(title: str, terms: Terms) -> str:
    head = comparable(title)
    return head if head in terms.parts else terms.names.get(head_key(title), "")


def find_learners(table: Table, people: Sequence[Known]) -> tuple[Mapping[int, str], Sequence[Problem]]:
    """Return whose each row is by the number of the row, and what is wrong with the others: who is read as in `read_table`."""
    kinds = {index: kind for index, title in enumerate(table.header) if (kind := identity_of(title))}
    named = {index: kind for index, kind in kinds.items() if any(row[index] for row in table.rows)}
    if not named:
        return {}, [Problem(trouble=Trouble.NO_IDENTITY)]
    terms = Terms(parts=frozenset(), full=Decimal(1), people=people, matches={})
    return _learners(table, _Columns(named, {}, ()), terms)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where things stand in a row. ``mark`` is of the task that stands at ``task``; both -1 where there is none."""

    identities: Mapping[int, str]
    parts: Mapping[int, str]
    meanings: tuple[str, ...]
    task: int = -1
    mark: int = -1


def _columns(table: Table, terms: Terms) -> tuple[_Columns, list[Problem]]:
    """Return what each column is; a foreign or empty one is told and left alone."""
    heads = [_meaning(index, head, terms) for index, head in enumerate(table.header)]
    # Of a part of a table that was read before: what a column is was decided by all of its rows.
    said = {index for index, chosen in terms.columns.items() if chosen != IGNORED}
    filled = [index in said or any(row[index] for row in table.rows) for index in range(len(heads))]
    counts = Counter(head for head, is_filled in zip(heads, filled, strict=True) if head and is_filled)
    has_pairs = counts[TASK] == 1 and counts[MARK] == 1
    found: dict[int, str] = {}
    problems: list[Problem] = []
    for index, (title, meaning, is_filled) in enumerate(zip(table.header, heads, filled, strict=True)):
        trouble = _trouble(title, meaning, counts, is_filled=is_filled, has_pairs=has_pairs)
        if trouble is not None and terms.columns.get(index) != IGNORED:
            problems.append(Problem(trouble=trouble, column=title or f"#{index + 1}"))
        elif meaning and is_filled:
            found[index] = meaning
    identities = {index: meaning for index, meaning in found.items() if meaning in ID_HEADS}
    parts = {index: meaning for index, meaning in found.items() if meaning not in {*ID_HEADS, TASK, MARK}}
    places = {meaning: index for index, meaning in found.items()} if has_pairs else {}
    if not identities:
        problems.append(Problem(trouble=Trouble.NO_IDENTITY))
    if not parts and MARK not in places:
        problems.append(Problem(trouble=Trouble.NO_COLUMN))
    meanings = tuple(found.get(index, "") for index in range(len(heads)))
    return _Columns(identities, parts, meanings, places.get(TASK, -1), places.get(MARK, -1)), problems


def _trouble(
    title: str, meaning: str, counts: Mapping[str, int], *, is_filled: bool, has_pairs: bool
) -> Trouble | None:
    """Return why a column is left alone."""
    if meaning in ID_HEADS:
        return None
    if not is_filled:
        return Trouble.EMPTY if title else None
    if meaning == MARK and not has_pairs:
        return Trouble.UNSURE
    if not meaning or (meaning == TASK and not has_pairs):
        return Trouble.FOREIGN
    return Trouble.COLUMN_TWICE if counts[meaning] > 1 else None


def _meaning(index: int, title: str, terms: Terms) -> str:
    """Return what a column is called inside: how learners are named, TASK, MARK, or a part; empty for a foreign one."""
    chosen = terms.columns.get(index, "")
    if chosen in {*ID_HEADS, *terms.parts, TASK, MARK}:
        return chosen
    if chosen == IGNORED:
        return ""
    head, kind = bare_head(title), identity_of(title)
    if kind:
        return kind
    if ATTENDANCE in terms.parts:
        return ATTENDANCE if head in PRESENCE_HEADS else ""
    if part := _part_named(title, terms):
        return part
    return MARK if head in MARK_HEADS else TASK if head in TASK_HEADS else ""


def _learners(table: Table, columns: _Columns, terms: Terms) -> tuple[dict[int, str], list[Problem]]:
    """Return whose each row is, each learner once (once for each task); every other row is a problem."""
    index = _index(terms.people)
    known = {each.uuid for each in terms.people}
    found: dict[int, str] = {}
    about: dict[int, tuple[str, str]] = {}
    wrong: dict[int, Trouble] = {}
    told: dict[int, Mapping[str, str]] = {}
    for number, row in zip(table.numbers, table.rows, strict=True):
        told[number] = {kind: row[column] for column, kind in columns.identities.items() if row[column]}
        whose = terms.matches.get(number, "")
        named = whose if whose in known else _who(told[number], index)
        if isinstance(named, Trouble):
            wrong[number] = named
        else:
            found[number], about[number] = named, (named, comparable(row[columns.task]) if columns.task >= 0 else "")
    times = Counter(about.values())
    for number in [number for number, each in about.items() if times[each] > 1]:
        wrong[number] = Trouble.ROW_TWICE
        del found[number]
    problems = [
        Problem(trouble=trouble, row=number, text=", ".join(told[number].values()), told=told[number])
        for number, trouble in wrong.items()
    ]
    return found, problems


_Index = Mapping[str, Mapping[str, frozenset[str]]]


def _index(people: Sequence[Known]) -> _Index:
    made: dict[str, dict[str, set[str]]] = {kind: defaultdict(set) for kind in ID_HEADS}
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
    if not part:
        return Trouble.UNKNOWN_TASK
    if part == ATTENDANCE:
        said = read_presence(text)
        if said is None:
            return Trouble.NOT_PRESENCE
        return Entry(row=number, learner=learner, part=part, score=ONE if said in CAME else ZERO, said=said)
    score = read_mark(text, full)
    return score if isinstance(score, Trouble) else Entry(row=number, learner=learner, part=part, score=score)


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
