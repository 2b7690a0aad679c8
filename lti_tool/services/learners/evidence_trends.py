"""How the levels of a class moved, answer by answer, and who judged: read for all learners of a course at once.

A class of 300 has tens of thousands of updates, so that their levels are computed in arrays; a test compares them with
`qualoop.records.EvidenceEntry.level_after`. What a correction has taken back goes as soon as levels are computed again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from lti_tool.db import Direct, Driver
from lti_tool.services.mastery import cache
from lti_tool.services.mastery.class_cells import READ_AT_ONCE
from lti_tool.services.mastery.explanations import HEAD, POINT, Head, Point
from qualoop.ledger import EvidenceForm
from qualoop.mastery.constants import DEFAULT_CONSTANTS, KAPPA
from qualoop.mastery.engine import MIN_DIFFICULTY_VARIANCE, Z_90
from qualoop.records.multi_form import FormFact, assessor_of

# The plus keeps SQLite from reading the whole organisation by its index, instead of a few learners by the key.
_UPDATES: Final = Direct(
    "SELECT learner, event_seq, codes, numbers FROM mastery_update WHERE +organisation_id = ? AND generation_id = ? "
    "AND learner IN ? ORDER BY learner, event_seq"
)
_JUDGED: Final = Direct("SELECT id, body FROM ledger_event WHERE +organisation_id = ? AND id IN ?")
_FLOAT: Final = 4
_HEAD: Final = {name: place for place, name in enumerate(Head._fields)}
_POINT: Final = {name: place for place, name in enumerate(Point._fields)}


class Moved(NamedTuple):
    """Where one answer left a knowledge point: the level and its 90 % band, in [0, 1]."""

    level: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """How one learner's levels moved, by knowledge point in ledger order, and what people judged of it."""

    moved: Mapping[str, Sequence[Moved]] = field(default_factory=dict)
    judged: Sequence[FormFact] = ()


def read_trends(
    connection: Connection, organisation_id: int, people: Sequence[str], codes: Collection[str]
) -> dict[str, Trends]:
    """Return the trends of some learners, by pseudonym, on some knowledge points; evidence without weight is left out."""
    place = cache.find_adopted(connection, organisation_id)
    if place is None or not people:
        return {}
    driver = Driver(connection)
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(people), READ_AT_ONCE):
        some = driver.listed(people[start : start + READ_AT_ONCE])
        rows += driver.all(_UPDATES, (organisation_id, place.generation_id, some))
    wanted = frozenset(codes)
    told = [(learner, seq, tuple(text.strip(";").split(";")) if text else ()) for learner, seq, text, _ in rows]
    moved, rated = _moved(told, [bytes(row[3]) for row in rows], wanted)
    judged = _judged(driver, organisation_id, [each for each in told if each[1] in rated], wanted)
    return {learner: Trends(moved=moved.get(learner, {}), judged=judged.get(learner, ())) for learner in people}


_Told = tuple[str, int, tuple[str, ...]]
_ByLearner = dict[str, dict[str, list[Moved]]]


def _moved(told: Sequence[_Told], packed: Sequence[bytes], wanted: frozenset[str]) -> tuple[_ByLearner, set[int]]:
    """Return the moves by learner and code, and which events were judged by somebody. Rows are in ledger order."""
    levels: list[Sequence[Moved]] = [()] * len(told)
    rated: set[int] = set()
    for numbers, table in _tables(packed):
        for number, weighs, is_rated, read in zip(numbers, *_read(table), strict=True):
            levels[number] = read if weighs else ()
            if weighs and is_rated:
                rated.add(told[number][1])
    found: _ByLearner = defaultdict(lambda: defaultdict(list))
    for (learner, _, codes), line in zip(told, levels, strict=True):
        for code, each in zip(codes, line, strict=False):
            if code in wanted:
                found[learner][code].append(each)
    return found, rated


def _tables(packed: Sequence[bytes]) -> Iterator[tuple[Sequence[int], NDArray[np.float64]]]:
    """Give what is packed as tables, one for each number of knowledge points, each with where its rows stood."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for number, data in enumerate(packed):
        by_size[len(data)].append(number)
    for size, numbers in by_size.items():
        joined = b"".join(packed[each] for each in numbers)
        yield numbers, np.frombuffer(joined, "<f4").reshape(len(numbers), size // _FLOAT).astype(np.float64)


def _read(table: NDArray[np.float64]) -> tuple[list[bool], list[bool], list[list[Moved]]]:
    """Return of each update whether it weighs anything, whether a person judged, and the level of each of its points."""
    head = {name: table[:, place] for name, place in _HEAD.items()}
    points = table[:, HEAD:].reshape(len(table), -1, POINT)
    column = {name: points[:, :, place] for name, place in _POINT.items()}
    mean = DEFAULT_CONSTANTS.base + head["g_after"][:, None] + column["m_after"] - column["c_after"]
    variance = head["v_g_after"][:, None] + column["v_m_after"]
    variance += np.maximum(MIN_DIFFICULTY_VARIANCE, column["v_c_after"])
    sd = np.sqrt(variance)
    shares = (mean / np.sqrt(1.0 + KAPPA * variance), mean - Z_90 * sd, mean + Z_90 * sd)
    level, low, high = ((1.0 / (1.0 + np.exp(-each))).tolist() for each in shares)
    lines = [list(map(Moved, *line)) for line in zip(level, low, high, strict=True)]
    # Both are 0 where nobody rated (`Head`); a rater's severity is never known so well that it does not move at all.
    is_rated = (head["severity"] != 0.0) | (head["severity_after"] != 0.0)
    return (head["omega"] > 0.0).tolist(), is_rated.tolist(), lines


def _judged(
    driver: Driver, organisation_id: int, told: Sequence[_Told], wanted: frozenset[str]
) -> dict[str, list[FormFact]]:
    """Return what people judged, by learner."""
    bodies: dict[int, Any] = {}
    for start in range(0, len(told), READ_AT_ONCE):
        some = driver.listed(seq for _, seq, _ in told[start : start + READ_AT_ONCE])
        bodies |= {seq: json.loads(body) for seq, body in driver.all(_JUDGED, (organisation_id, some))}
    found: dict[str, list[FormFact]] = defaultdict(list)
    for learner, seq, codes in told:
        if seq in bodies and not wanted.isdisjoint(codes):
            body = bodies[seq]
            rater = assessor_of(body["rater"], body.get("occasion", ""), learner)
            found[learner].append(FormFact(codes=codes, form=EvidenceForm(body["form"]), rater=rater))
    return found
