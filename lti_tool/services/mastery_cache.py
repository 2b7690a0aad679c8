"""The cached states of the mastery engine: read, advanced by one response, written back, in the caller's transaction.

The cache can be dropped and rebuilt from the ledger: each row belongs to a *generation*, and one generation of an
organisation is adopted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, text

from lti_tool.db import Prepared, micros, stored_json
from lti_tool.models import MasteryGeneration
from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.engine import Difficulty, Learner, Memory, Response, State, Update, step
from qualoop.mastery.explanation import MODEL
from qualoop.policies import DEFAULT_TABLE

ADOPTED: Final = "adopted"
LEARNER, MEMORY, ITEM, KNOWLEDGE_POINT, MEETINGS = "learner", "memory", "item", "kp", "meetings"

_GENERATION = Prepared(
    select(MasteryGeneration.id).where(
        MasteryGeneration.organisation_id == bindparam("organisation_id"),
        MasteryGeneration.state == bindparam("state"),
    )
)
_FIRST_GENERATION = Prepared(
    text(
        "INSERT INTO mastery_generation (organisation_id, number, state, model, constants, weights, through_seq, "
        "created_at) VALUES (:organisation_id, 1, 'adopted', :model, :constants, :weights, 0, :now) RETURNING id"
    )
)
_SAVE = Prepared(
    text(
        "INSERT INTO mastery_state (organisation_id, generation_id, owner, subject, numbers) "
        "VALUES (:organisation_id, :generation_id, :owner, :subject, :numbers) "
        "ON CONFLICT (generation_id, owner, subject) DO UPDATE SET numbers = excluded.numbers"
    )
)
_EXPLAIN = Prepared(
    text(
        "INSERT INTO mastery_update (organisation_id, generation_id, event_seq, learner, explanation) "
        "VALUES (:organisation_id, :generation_id, :event_seq, :learner, :explanation)"
    )
)
_LOADS: dict[int, Prepared] = {}


@dataclass(frozen=True, slots=True)
class Place:
    """Where states are kept: one generation of one organisation."""

    organisation_id: int
    generation_id: int


def adopted_place(connection: Connection, organisation_id: int, now: datetime) -> Place:
    """Return the adopted generation of the organisation; the first one is made here."""
    found = find_adopted(connection, organisation_id)
    if found is not None:
        return found
    made = _FIRST_GENERATION.one(
        connection,
        {
            "organisation_id": organisation_id,
            "model": MODEL,
            "constants": DEFAULT_CONSTANTS.id,
            "weights": DEFAULT_TABLE,
            "now": micros(now),
        },
    )
    if made is None:
        raise RuntimeError("no generation could be made")
    return Place(organisation_id, made[0])


def find_adopted(connection: Connection, organisation_id: int) -> Place | None:
    """Return the adopted generation of the organisation, or None before the first evidence."""
    found = _GENERATION.one(connection, {"organisation_id": organisation_id, "state": ADOPTED})
    return None if found is None else Place(organisation_id, found[0])


def advance(
    connection: Connection,
    place: Place,
    *,
    learner: str,
    item: str,
    response: Response,
    constants: Constants = DEFAULT_CONSTANTS,
) -> Update:
    """Apply one response to the cached states and save them; return the numbers that explain it."""
    state = load_state(connection, place, learner, response.weights, item=item)
    after, update = step(state, response, constants)
    _SAVE.run_many(connection, [_saved(place, *entry) for entry in _entries(after, learner, item)])
    return update


def count_meeting(connection: Connection, place: Place, learner: str, item: str) -> int:
    """Count this meeting of a learner with an item, over all attempts, and return the how-manieth it is."""
    subject = f"{learner}|{item}"
    found = _load(connection, place, [(MEETINGS, subject)]).get((MEETINGS, subject), [0])
    number = int(found[0]) + 1
    _SAVE.run(connection, _saved(place, MEETINGS, subject, [number]))
    return number


def save_explanation(
    connection: Connection, place: Place, *, event_seq: int, learner: str, explanation: Mapping[str, Any]
) -> None:
    """Keep why mastery moved, beside the sequence number of the event that moved it."""
    _EXPLAIN.run(
        connection,
        {
            "organisation_id": place.organisation_id,
            "generation_id": place.generation_id,
            "event_seq": event_seq,
            "learner": learner,
            "explanation": json.dumps(explanation, ensure_ascii=False),
        },
    )


def load_state(
    connection: Connection, place: Place, learner: str, codes: Iterable[str], *, item: str | None = None
) -> State:
    """Return what is known of a learner on some knowledge points (and of one item)."""
    codes = list(codes)
    keys = [(LEARNER, learner)]
    keys += [(MEMORY, f"{learner}|{code}") for code in codes] + [(KNOWLEDGE_POINT, code) for code in codes]
    keys += [(ITEM, item)] if item else []
    found = _load(connection, place, keys)
    learner_numbers = found.get((LEARNER, learner))
    item_numbers = found.get((ITEM, item)) if item else None
    memories = {code: found.get((MEMORY, f"{learner}|{code}")) for code in codes}
    points = {code: found.get((KNOWLEDGE_POINT, code)) for code in codes}
    return State(
        learner=Learner(*learner_numbers) if learner_numbers else None,
        item=Difficulty(*item_numbers) if item_numbers else None,
        memories={code: Memory(*numbers) for code, numbers in memories.items() if numbers},
        knowledge_points={code: Difficulty(*numbers) for code, numbers in points.items() if numbers},
    )


def _load(connection: Connection, place: Place, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[Any]]:
    """Return the saved numbers of each key that has any."""
    size = len(keys)
    if size not in _LOADS:
        choices = " OR ".join(f"(owner = :o{i} AND subject = :s{i})" for i in range(size))
        _LOADS[size] = Prepared(
            text(
                "SELECT owner, subject, numbers FROM mastery_state WHERE generation_id = :generation_id "  # noqa: S608 - counted placeholders only
                f"AND ({choices})"
            )
        )
    parameters: dict[str, Any] = {"generation_id": place.generation_id}
    for i, (owner, subject) in enumerate(keys):
        parameters[f"o{i}"], parameters[f"s{i}"] = owner, subject
    rows = _LOADS[size].all(connection, parameters)
    return {(owner, subject): stored_json(numbers) for owner, subject, numbers in rows}


def _entries(state: State, learner: str, item: str) -> Iterable[tuple[str, str, tuple[Any, ...]]]:
    """Return owner, subject and numbers of everything that a response moved."""
    if state.learner and state.item:
        yield LEARNER, learner, astuple(state.learner)
        yield ITEM, item, astuple(state.item)
    for code, memory in state.memories.items():
        yield MEMORY, f"{learner}|{code}", astuple(memory)
    for code, difficulty in state.knowledge_points.items():
        yield KNOWLEDGE_POINT, code, astuple(difficulty)


def _saved(place: Place, owner: str, subject: str, numbers: Sequence[Any]) -> dict[str, Any]:
    """Return the parameters that save one state."""
    return {
        "organisation_id": place.organisation_id,
        "generation_id": place.generation_id,
        "owner": owner,
        "subject": subject,
        "numbers": json.dumps(numbers),
    }
