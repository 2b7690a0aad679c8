"""A school for the bench `pages`: one class, lessons that serve its knowledge points, evidence by the million.

Rows go into the tables in bulk and look as the services write them; their numbers are drawn, not computed, because a
page costs the same whatever they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, TypeVar
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.orm import Session

from lti_tool.db import Prepared, micros
from lti_tool.models import (
    Activity,
    ContentVersion,
    Enrolment,
    Identity,
    LedgerEvent,
    MasteryLearner,
    MasteryMemory,
    MasteryPoint,
    MasteryUpdate,
    Person,
    Registration,
    ResourceLink,
    Scoped,
    TagSet,
)
from lti_tool.services.mastery import cache
from tests.factories.tool import Tool, shipped

LESSONS: Final = 16
AT_ONCE: Final = 50_000
DAYS: Final = 120
_NAMES: Final = (
    *("Li Wei", "王芳", "Amara Bello", "李思远", "Daniel Okafor", "张敏", "Sofia Rossi", "刘洋", "Jonas Weber", "陈静"),
    *(
        "Priya Nair",
        "赵磊",
        "Lucía Fernández",
        "孙婷",
        "Mehmet Yılmaz",
        "周杰",
        "Anna Kowalska",
        "吴倩",
        "Tom Baker",
        "郑凯",
    ),
)

_EVENTS: Final = Prepared(insert(LedgerEvent))
_UPDATES: Final = Prepared(insert(MasteryUpdate))

Thing = TypeVar("Thing")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A part of a lesson and what it serves."""

    activity: str
    content: str
    part: str
    code: str


class Draw:
    """Draws numbers from a seed."""

    def __init__(self, seed: int) -> None:
        self._source = np.random.default_rng(seed)

    def near(self, mean: float, deviation: float) -> float:
        """Return a normal number."""
        return float(self._source.normal(mean, deviation))

    def between(self, low: float, high: float) -> float:
        """Return a number of a range."""
        return float(self._source.uniform(low, high))

    def one_of(self, things: Sequence[Thing]) -> Thing:
        """Return one of some things."""
        return things[int(self._source.integers(len(things)))]

    def uuid(self) -> str:
        """Return a random identifier."""
        return str(UUID(bytes=self._source.bytes(16), version=4))


@dataclass(slots=True, kw_only=True)
class School:
    """A class in a course of the tool, to be filled; all that is drawn is drawn from ``draw``.

    ``updates`` are the numbers of some real updates of mastery, each of one knowledge point.
    """

    tool: Tool
    context_id: int
    codes: Sequence[str]
    draw: Draw = field(default_factory=lambda: Draw(1))
    updates: Sequence[bytes] = ()
    people: list[str] = field(default_factory=list)
    questions: dict[str, list[Question]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The moment at which the pages are read."""
        return self.tool.clock()


def fill(school: School, *, learners: int, rows: int, say: Say) -> None:
    """Add learners, lessons, levels of everybody on everything, and ``rows`` rows of evidence behind them."""
    with school.tool.runtime.database.connection() as connection:
        _add_lessons(connection, school)
        _add_people(connection, school, learners)
        place = cache.place_to_advance(connection, school.tool.organisation_id, 0, school.now)
        if place is None:
            raise RuntimeError("a new database has a generation of other versions")
        _add_states(connection, school, place, rows)
    for start in range(0, rows, AT_ONCE):
        with school.tool.runtime.database.connection() as connection:
            _add_evidence(connection, school, place, range(start, min(start + AT_ONCE, rows)), rows=rows)
        say(f"{min(start + AT_ONCE, rows):,} of {rows:,} rows of evidence")


def _add_lessons(connection: Connection, school: School) -> None:
    """Add lessons that are copies of a shipped one, whose questions serve all knowledge points in turn."""
    pattern = shipped().packages[0].document
    for number in range(LESSONS):
        key, tags = f"bench-{number + 1}", {}
        document = {**pattern, "key": key, "title": {"en": f"Lesson {number + 1}", "zh-Hans": f"第 {number + 1} 课"}}
        text = json.dumps(document, ensure_ascii=False)
        content = sha256(text.encode()).hexdigest()
        for place, item in enumerate(pattern["items"]):
            code = school.codes[(number * len(pattern["items"]) + place) % len(school.codes)]
            tags[item["key"]] = {code: "1"}
            question = Question(activity=key, content=content, part=item["key"], code=code)
            school.questions.setdefault(code, []).append(question)
        activity = _add_version(connection, school, key=key, text=text, tags=tags)
        _add(
            connection,
            school,
            ResourceLink(
                context_id=school.context_id,
                platform_key=key,
                title=f"Lesson {number + 1}",
                activity_id=activity.id,
                settings={},
                created_at=school.now,
            ),
        )


def _add_version(
    connection: Connection, school: School, *, key: str, text: str, tags: Mapping[str, Mapping[str, str]]
) -> Activity:
    """Add an activity with one version of its content and the tags of that."""
    activity = Activity(key=key, kind="micro-lesson", version_id=None, created_at=school.now)
    _add(connection, school, activity)
    content = sha256(text.encode()).hexdigest()
    version = ContentVersion(
        activity_id=activity.id, hash=content, label="1", document=text, manifest={}, installed_at=school.now
    )
    _add(connection, school, version)
    connection.execute(update(Activity).where(Activity.id == activity.id).values(version_id=version.id))
    tag_set = TagSet(version_id=version.id, hash=content, framework="ECQ 0.1.0", tags=dict(tags), adopted_at=school.now)
    _add(connection, school, tag_set)
    return activity


def _add(connection: Connection, school: School, row: Scoped) -> None:
    """Add a row of the school's organisation; it has its id afterwards."""
    row.organisation_id = school.tool.organisation_id
    with Session(connection, expire_on_commit=False) as session:
        session.add(row)
        session.flush()
        session.expunge(row)


def _add_people(connection: Connection, school: School, learners: int) -> None:
    """Add the class: person, identity under a subject that can be launched with, enrolment."""
    registration = select(Registration.id).where(Registration.organisation_id == school.tool.organisation_id)
    registration_id = connection.execute(registration).scalar_one()
    for number in range(learners):
        again = number // len(_NAMES)
        person = Person(uuid=school.draw.uuid(), created_at=school.now)
        school.people.append(person.uuid)
        _add(connection, school, person)
        identity = Identity(
            person_id=person.id,
            registration_id=registration_id,
            subject=f"bench-{number}",
            name=_NAMES[number % len(_NAMES)] + (f" {again + 1}" if again else ""),
            updated_at=school.now,
        )
        _add(connection, school, identity)
        enrolment = Enrolment(context_id=school.context_id, person_id=person.id, roles="learner", updated_at=school.now)
        _add(connection, school, enrolment)


def _add_states(connection: Connection, school: School, place: cache.Place, rows: int) -> None:
    """Add what the engine keeps of a class that has answered so much."""
    draw, where = school.draw, {"organisation_id": place.organisation_id, "generation_id": place.generation_id}
    each = rows / (len(school.people) * len(school.codes))
    connection.execute(delete(MasteryPoint))
    connection.execute(
        insert(MasteryPoint), [{**where, "code": code, "c": draw.near(0.2, 0.7), "v_c": 0.03} for code in school.codes]
    )
    abilities = [(person, draw.near(0.2, 0.6)) for person in school.people]
    connection.execute(
        insert(MasteryLearner),
        [
            {**where, "learner": person, "g": g, "v_g": 0.08, "h": 0.0, "v_h": 0.1, "responses": each * 40}
            for person, g in abilities
        ],
    )
    memories = [
        {
            **where,
            "learner": person,
            "code": code,
            "m": draw.near(0, 0.4),
            "v_m": 0.06 + 0.2 / (1 + n),
            "f": 0.0,
            "v_f": 0.2,
            "n": n,
            "at": (school.now - timedelta(days=draw.between(0, 1) * DAYS)).timestamp(),
            "responses": each * 40,
            "items": min(n, 4),
            "forms": draw.one_of((1, 1, 3)),
            "competent_at": None,
        }
        for person, _ in abilities
        for code in school.codes
        if (n := round(each * (0.3 + 1.4 * draw.between(0, 1)))) > 0
    ]
    for start in range(0, len(memories), AT_ONCE):
        connection.execute(insert(MasteryMemory), memories[start : start + AT_ONCE])


def _add_evidence(connection: Connection, school: School, place: cache.Place, numbers: range, *, rows: int) -> None:
    """Add answers as a class gives them over months: all learners at once, each in the order of time."""
    people = len(school.people)
    events, updates = [], []
    newest = connection.scalar(select(LedgerEvent.id).order_by(LedgerEvent.id.desc()).limit(1)) or 0
    begin = school.now - timedelta(days=DAYS)
    for offset, number in enumerate(numbers):
        person, turn = school.people[number % people], number // people
        question = school.draw.one_of(school.questions[school.codes[turn % len(school.codes)]])
        at = micros(begin + timedelta(days=DAYS) * (number / rows))
        score = school.draw.one_of(("0", "0.5", "1", "1", "1"))
        events.append(_event(school, question, person, seq=newest + 1 + offset, at=at, score=score, turn=turn))
        updates.append(
            {
                "organisation_id": place.organisation_id,
                "generation_id": place.generation_id,
                "learner": person,
                "event_seq": newest + 1 + offset,
                "codes": f";{question.code};",
                "numbers": school.draw.one_of(school.updates),
            }
        )
    _EVENTS.run_many(connection, events)
    _UPDATES.run_many(connection, sorted(updates, key=lambda row: (row["learner"], row["event_seq"])))


def _event(
    school: School, question: Question, person: str, *, seq: int, at: int, score: str, turn: int
) -> Mapping[str, Any]:
    """Return a row of the ledger: an answer to a quiz item."""
    attempt = str(UUID(int=(hash((person, question.activity, turn // 40)) & (2**128 - 1)) | 1, version=4))
    body = json.dumps(
        {
            "activity": question.activity,
            "attempt": attempt,
            "content": question.content,
            "form": "quiz",
            "hints": 0,
            "part": question.part,
            "rater": "auto",
            "score": score,
            "try": 1,
        },
        separators=(",", ":"),
    )
    return {
        "id": seq,
        "organisation_id": school.tool.organisation_id,
        "uuid": school.draw.uuid(),
        "type": "evidence.recorded",
        "learner": person,
        "actor": person,
        "occurred_at": at,
        "recorded_at": at,
        "source": "player",
        "source_id": f"{attempt}:{question.part}:{seq}",
        "attempt": "1",
        "body": body,
        "body_hash": sha256(body.encode()).hexdigest(),
    }
