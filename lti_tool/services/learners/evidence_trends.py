"""What each answer of a class did to the levels, and who judged: read for all learners of a course at once.

A class of 300 has tens of thousands of updates, so that they are unpacked in arrays; a test compares them with
`qualoop.records.EvidenceEntry.moves`. What a correction has taken back goes as soon as levels are computed again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from lti_tool.db import Direct, Driver
from lti_tool.services.mastery import cache
from lti_tool.services.mastery.class_cells import READ_AT_ONCE
from lti_tool.services.mastery.explanations import DAY_S, HEAD, POINT, Head, Point
from qualoop.ledger import EvidenceForm
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.moves import Move
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """What each answer of one learner did, by knowledge point in ledger order, and what people judged of it.

    Evidence without weight is in ``moves`` as what is not asked about.
    """

    moves: Mapping[str, Sequence[Move]] = field(default_factory=dict)
    judged: Sequence[FormFact] = ()


def read_trends(
    connection: Connection, organisation_id: int, people: Sequence[str], codes: Collection[str]
) -> dict[str, Trends]:
    """Return the trends of some learners, by pseudonym, on some knowledge points."""
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
    moves, rated = _moves(told, [bytes(row[3]) for row in rows], wanted)
    judged = _judged(driver, organisation_id, [each for each in told if each[1] in rated], wanted)
    return {learner: Trends(moves=moves.get(learner, {}), judged=judged.get(learner, ())) for learner in people}


_Told = tuple[str, int, tuple[str, ...]]
_ByLearner = dict[str, dict[str, list[Move]]]


def _moves(told: Sequence[_Told], packed: Sequence[bytes], wanted: frozenset[str]) -> tuple[_ByLearner, set[int]]:
    """Return the moves by learner and code, and which events were judged by somebody. Rows are in ledger order."""
    lines: list[Sequence[Move]] = [()] * len(told)
    rated: set[int] = set()
    for numbers, table in _tables(packed):
        for number, weighs, is_rated, read in zip(numbers, *_read(table), strict=True):
            lines[number] = read
            if weighs and is_rated:
                rated.add(told[number][1])
    found: _ByLearner = defaultdict(lambda: defaultdict(list))
    for (learner, _, codes), line in zip(told, lines, strict=True):
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


def _read(table: NDArray[np.float64]) -> tuple[list[bool], list[bool], list[list[Move]]]:
    """Return of each update whether it weighs anything, whether a person judged, and what it did to each of its points."""
    head = {name: table[:, place] for name, place in _HEAD.items()}
    points = table[:, HEAD:].reshape(len(table), -1, POINT)
    column = {name: points[:, :, place] for name, place in _POINT.items()}
    column |= {name: np.broadcast_to(values[:, None], points.shape[:2]) for name, values in head.items()}
    column |= _faded(column)
    moves = np.stack([column[name] for name in Move._fields if name in column], axis=2)
    weighs = (head["omega"] > 0.0).tolist()
    # Both are 0 where nobody rated (`Head`); a rater's severity is never known so well that it does not move at all.
    is_rated = (head["severity"] != 0.0) | (head["severity_after"] != 0.0)
    told = zip(weighs, moves.tolist(), strict=True)
    lines = [[Move._make((*each, counts)) for each in line] for counts, line in told]
    return weighs, is_rated.tolist(), lines


def _faded(column: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Return memories as an answer finds them, and the share that was left of them, as `kernel.fade` has them."""
    # What came late came before the touch that it follows in the ledger.
    waited = np.maximum(column["days"], 0.0) * DAY_S
    slow = np.exp(-DEFAULT_CONSTANTS.phi_m * np.log1p(waited / DEFAULT_CONSTANTS.tau))
    touched, start = column["n"] > 0.0, DEFAULT_CONSTANTS.v_m0
    variance = start + np.minimum(column["v_m"] - start, 0.0) * slow * slow
    return {
        "m": np.where(touched, column["m"] * slow, column["m"]),
        "v_m": np.where(touched, variance, column["v_m"]),
        "kept": np.where(touched, slow, 1.0),
    }


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
