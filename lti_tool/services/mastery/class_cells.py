"""The levels of a class in arrays: learners down, knowledge points across.

A class of 300 has 12,000 levels on one page, so what `qualoop.mastery` reads of one learner and one knowledge point is
computed here for all of them at once (docs/mastery.md, read-outs); a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from lti_tool.db import Direct, Driver
from lti_tool.services.mastery import cache, tables
from qualoop.mastery.constants import DEFAULT_CONSTANTS, KAPPA, Constants
from qualoop.mastery.engine import MIN_DIFFICULTY_VARIANCE, Z_90

READ_AT_ONCE: Final = 5_000
"""Learners per statement: every database takes as many parameters."""

# By learner alone: each is one run of the key, where asking for code by code would be 12,000 look-ups.
_MEMORIES: Final = Direct(
    "SELECT learner, code, m, v_m, n, at, items, forms, CASE WHEN competent_at IS NULL THEN 0 ELSE 1 END "
    "FROM mastery_memory WHERE generation_id = ? AND learner IN ?"
)
_ROW: Final = np.dtype(
    [
        *(("learner", "O"), ("code", "O"), ("m", "f8"), ("v_m", "f8"), ("n", "f8"), ("at", "f8")),
        *(("items", "i8"), ("forms", "i8"), ("was_competent", "i8")),
    ]
)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Stored(NamedTuple):
    """What the cache holds of a class, flat: one entry for each learner and knowledge point with evidence."""

    row: Counts
    column: Counts
    g: Floats
    v_g: Floats
    m: Floats
    v_m: Floats
    n: Counts
    at: Floats
    items: Counts
    forms: Counts
    was_competent: Flags
    c: Floats
    v_c: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCells:
    """Levels of a class: arrays of shape (learners, points).

    ``level``, ``low`` and ``high`` lie in [0, 1] and are NaN where there is no evidence; ``n`` counts answers, ``items``
    different items; ``mean`` and ``sd`` are in logits, ``at`` in seconds since 1970.
    """

    level: Floats
    low: Floats
    high: Floats
    mean: Floats
    sd: Floats
    n: Counts
    items: Counts
    forms: Counts
    at: Floats
    was_competent: Flags


def read_cells(
    connection: Connection, organisation_id: int, people: Sequence[str], *, codes: Sequence[str], now: datetime
) -> ClassCells:
    """Return the levels of people of the organisation, by pseudonym and knowledge point in the order given."""
    shape = (len(people), len(codes))
    place = cache.find_adopted(connection, organisation_id)
    stored = _load(connection, place, people, codes) if place and people and codes else None
    return _spread(shape, stored, now.timestamp(), DEFAULT_CONSTANTS)


def _load(connection: Connection, place: cache.Place, people: Sequence[str], codes: Sequence[str]) -> Stored | None:
    """Return what the cache holds of ``people`` on ``codes``; None where that is nothing."""
    driver, of = Driver(connection), place.generation_id
    columns = {code: number for number, code in enumerate(codes)}
    places = {person: number for number, person in enumerate(people)}
    rows: list[tuple[Any, ...]] = []
    ability = np.tile((0.0, DEFAULT_CONSTANTS.v_g0), (len(people), 1))
    difficulty = np.tile((0.0, DEFAULT_CONSTANTS.v_c0), (len(codes), 1))
    for start in range(0, len(people), READ_AT_ONCE):
        some = driver.listed(people[start : start + READ_AT_ONCE])
        rows += [row for row in driver.all(_MEMORIES, (of, some)) if row[1] in columns]
        for learner, g, v_g, *_ in driver.all(tables.LEARNERS, (of, some)):
            ability[places[learner]] = g, v_g
    for code, c, v_c in driver.all(tables.POINTS, (of, driver.listed(codes))):
        difficulty[columns[code]] = c, v_c
    return _arranged(rows, places, columns, ability=ability, difficulty=difficulty) if rows else None


def _arranged(
    rows: Sequence[tuple[Any, ...]],
    places: Mapping[str, int],
    columns: Mapping[str, int],
    *,
    ability: Floats,
    difficulty: Floats,
) -> Stored:
    """Return rows of memories, each with its learner's ability and its point's difficulty, as one array a column."""
    read = np.array(rows, _ROW)
    row = np.fromiter(map(places.__getitem__, read["learner"]), np.int64, len(rows))
    column = np.fromiter(map(columns.__getitem__, read["code"]), np.int64, len(rows))
    return Stored(
        row=row,
        column=column,
        g=ability[row, 0],
        v_g=ability[row, 1],
        m=read["m"],
        v_m=read["v_m"],
        n=read["n"].astype(np.int64),
        at=read["at"],
        items=read["items"],
        forms=read["forms"],
        was_competent=read["was_competent"].astype(np.bool_),
        c=difficulty[column, 0],
        v_c=difficulty[column, 1],
    )


def _spread(shape: tuple[int, int], stored: Stored | None, now: float, constants: Constants) -> ClassCells:
    """Read out what is stored and lay it out by learner and knowledge point."""
    spots = None if stored is None else (stored.row, stored.column)

    def laid(values: NDArray[Any] | None, empty: float) -> NDArray[Any]:
        table = np.full(shape, empty, np.float64 if np.isnan(empty) else np.int64)
        if spots is not None and values is not None:
            table[spots] = values
        return table

    nan = float("nan")
    out = None if stored is None else _read_out(stored, now, constants)
    level, low, high, mean, sd = out or (None,) * 5
    return ClassCells(
        level=laid(level, nan),
        low=laid(low, nan),
        high=laid(high, nan),
        mean=laid(mean, nan),
        sd=laid(sd, nan),
        n=laid(stored.n if stored else None, 0),
        items=laid(stored.items if stored else None, 0),
        forms=laid(stored.forms if stored else None, 0),
        at=laid(stored.at if stored else None, nan),
        was_competent=laid(stored.was_competent if stored else None, 0).astype(np.bool_),
    )


def _read_out(stored: Stored, now: float, c: Constants) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return level, low, high, mean and standard deviation after forgetting; idleness never raises a level."""
    kept = np.exp(-c.phi_m * np.log1p(np.maximum(now - stored.at, 0.0) / c.tau))
    m = np.minimum(stored.m, stored.m * kept)
    v_m = np.minimum(c.v_m0, stored.v_m * kept * kept + c.v_m0 * (1.0 - kept * kept))
    mean = c.base + stored.g + m - stored.c
    variance = stored.v_g + v_m + np.maximum(MIN_DIFFICULTY_VARIANCE, stored.v_c)
    sd = np.sqrt(variance)
    level = _sigmoid(mean / np.sqrt(1.0 + KAPPA * variance))
    return level, _sigmoid(mean - Z_90 * sd), _sigmoid(mean + Z_90 * sd), mean, sd


def _sigmoid(x: Floats) -> Floats:
    shares: Floats = 1.0 / (1.0 + np.exp(-x))
    return shares
