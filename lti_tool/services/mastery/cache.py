"""The cached states of the mastery engine: read, advanced by evidence, written back, in the caller's transaction.

The cache can be dropped and rebuilt from the ledger: each row belongs to a *generation*, and one generation of an
organisation is adopted. Rows are the kernel's (qualoop.mastery.kernel) just as the driver's cursor gives them.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import Connection, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from lti_tool.db import Driver, Prepared
from lti_tool.models import RARE, LedgerEvent, MasteryGeneration
from lti_tool.services.ledger.adoptions import note_model
from lti_tool.services.mastery import tables
from lti_tool.services.mastery.explanations import StoredUpdate
from qualoop.ledger import EventType
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.explanation import MODEL
from qualoop.policies import DEFAULT_STATUS_POLICY, DEFAULT_TABLE

ADOPTED: Final = "adopted"
LIVE: Final = "live"
LAST_SEQ: Final = 2**62
"""Above every sequence number."""

Row: TypeAlias = list[Any]
"""Numbers as the kernel takes them."""

CURRENT: Final = (MODEL, DEFAULT_CONSTANTS.id, DEFAULT_TABLE, DEFAULT_STATUS_POLICY)
"""Model, constants, weights and policy by which this version takes evidence."""

_GENERATION = Prepared(
    select(
        MasteryGeneration.id,
        MasteryGeneration.tags,
        MasteryGeneration.model,
        MasteryGeneration.constants,
        MasteryGeneration.weights,
        MasteryGeneration.policy,
    ).where(
        MasteryGeneration.organisation_id == bindparam("organisation_id"),
        MasteryGeneration.state == ADOPTED,
    )
)
_EARLIER = Prepared(
    text(
        "SELECT 1 FROM ledger_event WHERE organisation_id = :organisation_id AND type = 'evidence.recorded' "
        "AND learner IS NOT NULL AND id < :seq LIMIT 1"
    )
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where states are kept: one generation of one organisation."""

    organisation_id: int
    generation_id: int


@dataclass(frozen=True, slots=True)
class AdoptedPlace(Place):
    """The adopted generation; ``tags`` is the number of the newest adoption of tags that counts in it (`parts.tags_of`)."""

    tags: int


class Memory(NamedTuple):
    """What a learner has of one knowledge point: the kernel's row, and what a status asks for besides.

    ``items`` counts different items, ``forms`` holds a bit for each form of evidence (in the order of `EvidenceForm`),
    ``competent_at`` is since when the status has been competent, in microseconds since 1970, or None.
    """

    row: Row
    items: int
    forms: int
    competent_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of one learner: the learner's row, None before the first evidence; memories and points by code.

    Knowledge points never touched are left out.
    """

    learner: Row | None = None
    memories: dict[str, Memory] = field(default_factory=dict)
    points: Mapping[str, Row] = field(default_factory=dict)


def place_to_advance(connection: Connection, organisation_id: int, seq: int, now: datetime) -> AdoptedPlace | None:
    """Return the generation that takes the evidence from ``seq`` on; the first one is made here.

    None where a replay must come first, which the worker runs: the adopted generation was computed by other versions
    than these, which never mix in one state, or there is none although there is earlier evidence.
    """
    keys = {"organisation_id": organisation_id}
    found = _GENERATION.one(connection, keys)
    if found is None:
        if _EARLIER.one(connection, {**keys, "seq": seq}) is None:
            return _make_first(connection, organisation_id, now)
        # Somebody else's first answer may have been committed, with its generation, just between the two look-ups.
        found = _GENERATION.one(connection, keys)
    return _place(organisation_id, found) if found is not None and _is_current(found) else None


def needs_replay(connection: Connection, organisation_id: int) -> bool:
    """Say whether evidence waits for a replay (see `place_to_advance`)."""
    keys = {"organisation_id": organisation_id}
    found = _GENERATION.one(connection, keys)
    if found is not None:
        return not _is_current(found)
    return has_evidence(connection, organisation_id)


def has_evidence(connection: Connection, organisation_id: int) -> bool:
    """Say whether there is any evidence."""
    return _EARLIER.one(connection, {"organisation_id": organisation_id, "seq": LAST_SEQ}) is not None


def find_adopted(connection: Connection, organisation_id: int) -> AdoptedPlace | None:
    """Return the adopted generation of the organisation, or None before the first evidence."""
    found = _GENERATION.one(connection, {"organisation_id": organisation_id})
    return None if found is None else _place(organisation_id, found)


def _place(organisation_id: int, found: Sequence[Any]) -> AdoptedPlace:
    return AdoptedPlace(organisation_id, found[0], int(found[1]))


def _is_current(found: Sequence[Any]) -> bool:
    """Say whether a generation was computed by the versions by which this one takes evidence."""
    return tuple(found[2:]) == CURRENT


def _make_first(connection: Connection, organisation_id: int, now: datetime) -> AdoptedPlace:
    """Make an empty generation and adopt it."""
    of_organisation = MasteryGeneration.organisation_id == organisation_id
    newest = connection.scalar(select(func.max(MasteryGeneration.number)).where(of_organisation))
    # Two first answers at once: the second waits here, and then finds the generation of the first.
    insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    connection.execute(
        insert(MasteryGeneration)
        .values(
            organisation_id=organisation_id,
            number=1 + (newest or 0),
            state=ADOPTED,
            model=MODEL,
            constants=DEFAULT_CONSTANTS.id,
            weights=DEFAULT_TABLE,
            platform=this_platform(),
            tags=tag_basis(connection, organisation_id),
            policy=DEFAULT_STATUS_POLICY,
            regime=LIVE,
            through_seq=0,
            created_at=now,
        )
        .on_conflict_do_nothing()
    )
    made = find_adopted(connection, organisation_id)
    if made is None:
        raise RuntimeError("no generation could be made")
    policy = DEFAULT_STATUS_POLICY
    note_model(
        connection, organisation_id, constants=DEFAULT_CONSTANTS.id, weights=DEFAULT_TABLE, policy=policy, now=now
    )
    return made


def tag_basis(connection: Connection, organisation_id: int) -> str:
    """Return the id of the tags that hold now: the sequence number of their newest adoption, 0 before the first."""
    newest = connection.scalar(
        select(func.max(LedgerEvent.id)).where(
            LedgerEvent.organisation_id == organisation_id, RARE, LedgerEvent.type == EventType.TAGS_ADOPTED.value
        )
    )
    return str(newest or 0)


@lru_cache(maxsize=1)
def this_platform() -> str:
    """Return what decides the last bit of a computed number here: processor, system, C library, Python."""
    machine = f"{platform.machine()} {platform.system()} {' '.join(platform.libc_ver())}"
    return f"{machine} {platform.python_implementation()} {platform.python_version()}"[:128]


def load_learner(connection: Connection, place: Place, learner: str, codes: Iterable[str]) -> Standing:
    """Return what is known of one learner on some knowledge points."""
    return load_class(connection, place, [learner], codes)[learner]


def load_class(
    connection: Connection, place: Place, learners: Sequence[str], codes: Iterable[str]
) -> dict[str, Standing]:
    """Return what is known of each of some learners on some knowledge points, in three statements.

    The points are shared by all.
    """
    driver = Driver(connection)
    wanted, people = driver.listed(codes), driver.listed(learners)
    points = {code: list(row) for code, *row in driver.all(tables.POINTS, (place.generation_id, wanted))}
    rows = driver.all(tables.LEARNERS, (place.generation_id, people))
    known: dict[str, Row] = {learner: list(row) for learner, *row in rows}
    found = {learner: Standing(learner=known.get(learner), points=points) for learner in learners}
    for learner, code, *row, items, forms, competent in driver.all(
        tables.MEMORIES, (place.generation_id, people, wanted)
    ):
        found[learner].memories[code] = Memory(row, items, forms, competent)
    return found


def list_updates(
    connection: Connection,
    place: Place,
    learner: str,
    *,
    code: str | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[StoredUpdate]:
    """Return the newest updates of a learner, newest first: of one knowledge point, before an event, at most so many."""
    rows = Driver(connection).all(
        tables.UPDATES,
        (
            place.generation_id,
            learner,
            LAST_SEQ if before is None else before,
            f"%;{code};%" if code else "%",
            LAST_SEQ if limit is None else limit,
        ),
    )
    return [StoredUpdate(seq=seq, codes=_codes(codes), packed=bytes(packed)) for seq, codes, packed in rows]


def _codes(text: str) -> tuple[str, ...]:
    """Return the knowledge points of an update: ';A;B;' holds A and B."""
    return tuple(text[1:-1].split(";")) if text else ()


def clear(connection: Connection, generation_ids: Iterable[int]) -> None:
    """Delete every state and update of some generations: the ledger can make them again."""
    driver = Driver(connection)
    for generation_id in generation_ids:
        for statement in tables.CLEAR:
            driver.run(statement, (generation_id,))


def dump_states(connection: Connection, place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """Return every state of a generation by table: key, then numbers, in the order of the keys.

    Two dumps are equal where the states are, bit for bit, whatever database they came from.
    """
    driver = Driver(connection)
    return {kind.table: kind.dump(driver, place.generation_id) for kind in tables.KINDS}
