"""The channel `ags_mastery`: levels to the grade columns of knowledge points and units.

Of an outbox row, `target` is the column and `subject` the person. What is sent is the level as the adopted generation
has it when the row is claimed, as of the learner's newest evidence; it is noted as what the column was told. A level
that would tell a score which the settings of a link still hold back waits until they let that go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from lti_tool.lti import ags
from lti_tool.lti.ags import MAX_LABEL
from lti_tool.services.content.contents import Contents
from lti_tool.services.grades.columns import Column, Kept
from lti_tool.services.grades.score_posts import NO_GRADE, ByOutboxId, ScoreMessage, ScorePosts
from lti_tool.services.mastery.levels import ColumnLevel, ColumnSubject, SubjectKind, codes_of, is_in, read_levels
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import Result, Row
from lti_tool.services.moodle.mastery_column_levels import CHANNEL, THERE, ColumnValue, keep_values
from lti_tool.services.records.held_back import Held, held_points
from qualoop.framework import Framework

SCORE_MAXIMUM: Final = 100
FOR_LIFE: Final = 0
"""A level is of no attempt: no post is ever a new one."""

_VALUES: Final = ByOutboxId(
    "SELECT o.id, p.uuid, i.subject, c.registration_id, l.scopes, c.url, l.lineitems_url, k.platform_key, c.title, "
    "c.subject, c.code, c.state, c.language FROM picked o "
    "JOIN mastery_column c ON c.id = o.target AND c.organisation_id = o.organisation_id "
    "JOIN resource_link k ON k.id = c.resource_link_id AND k.organisation_id = o.organisation_id "
    "JOIN line_item l ON l.resource_link_id = c.resource_link_id AND l.organisation_id = o.organisation_id "
    "JOIN person p ON p.id = o.subject AND p.organisation_id = o.organisation_id "
    "LEFT JOIN identity i ON i.person_id = o.subject AND i.registration_id = c.registration_id "
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a row asks to send: of whom, on what, to which column."""

    row: Row
    person: str
    user_id: str
    registration_id: int
    column: Column
    subject: ColumnSubject
    language: str


class MasteryColumnChannel:
    """Sends levels. One object serves all threads of a worker."""

    name = CHANNEL

    def __init__(self, posts: ScorePosts, contents: Contents) -> None:
        self._posts = posts
        self._contents = contents

    def prepare(self, connection: Connection, rows: Sequence[Row]) -> Sequence[ScoreMessage | Held | Reason]:
        """Return the present levels of the rows, or why one cannot be sent; note what the columns are told."""
        now = max(row.timestamp for row in rows)
        found = {values[0]: values[1:] for values in _VALUES.read(connection, [row.id for row in rows])}
        asked = [_asked(row, found.get(row.id)) for row in rows]
        by_organisation: dict[int, list[_Asked]] = defaultdict(list)
        for each in asked:
            if isinstance(each, _Asked):
                by_organisation[each.row.organisation_id].append(each)
        messages: dict[int, ScoreMessage | Held | Reason] = {}
        told: list[ColumnValue] = []
        for organisation_id, some in by_organisation.items():
            framework = self._contents.find_framework(connection, organisation_id)
            held = _held(connection, framework, organisation_id, some, now=now)
            free = [each for each in some if each.row.id not in held]
            levels = _levels(connection, framework, organisation_id, free)
            messages |= held
            messages |= {each.row.id: self._message(each, framework, levels) for each in free}
            told += [
                ColumnValue(organisation_id, each.row.target, each.row.subject, levels.get(each.row.id))
                for each in free
            ]
        keep_values(connection, [value for value in told if value.level], now=now)
        return [each if isinstance(each, Reason) else messages[each.row.id] for each in asked]

    def send(self, message: ScoreMessage | Held, timestamp: datetime) -> Result:
        """Post one level, or hand back one that is held."""
        if isinstance(message, Held):
            return message.hand_back(timestamp)
        return self._posts.send(message, timestamp)

    def _message(
        self, asked: _Asked, framework: Framework | None, levels: Mapping[int, ColumnLevel]
    ) -> ScoreMessage | Reason:
        """Return the message of one row."""
        if not is_in(framework, asked.subject):
            return Reason.NOT_IN_FRAMEWORK
        level = levels.get(asked.row.id)
        profile = self._posts.find_profile(asked.registration_id)
        if level is None and not (profile and profile.erases):
            return Reason.NOTHING_LEFT
        return ScoreMessage(
            asked.row.id,
            level.value if level else NO_GRADE,
            asked.user_id,
            asked.registration_id,
            asked.column,
            FOR_LIFE,
            self._posts.find_lane(asked.registration_id),
            level.comment(asked.language) if level else None,
        )


def column_of(
    organisation_id: int,
    column_id: int,
    subject: ColumnSubject,
    *,
    title: str,
    url: str | None,
    lineitems_url: str | None,
    scopes: str,
    link_key: str,
) -> Column:
    """Return the grade column of a knowledge point or unit; the platform may store little of what we call it."""
    return Column(
        organisation_id=organisation_id,
        key=column_id,
        url=url,
        lineitems_url=lineitems_url,
        scopes=frozenset(scopes.split()),
        link_key=link_key,
        title=title[:MAX_LABEL],
        resource_id=f"qualoop:{subject.kind}:{subject.code}",
        maximum=SCORE_MAXIMUM,
        tag=f"qualoop-{subject.kind}",
        kept=Kept.WITH_MASTERY,
    )


def _asked(row: Row, values: tuple[Any, ...] | None) -> _Asked | Reason:
    """Return what a row asks to send, or why it cannot."""
    if values is None:
        return Reason.NO_COLUMN
    person, user_id, registration_id, scopes, url, lineitems_url, link_key, title, kind, code, state, language = values
    if state != THERE:
        return Reason.SWITCHED_OFF
    if user_id is None:
        return Reason.NO_IDENTITY
    subject = ColumnSubject(SubjectKind(kind), code)
    column = column_of(
        row.organisation_id,
        row.target,
        subject,
        title=title,
        url=url,
        lineitems_url=lineitems_url,
        scopes=scopes,
        link_key=link_key,
    )
    if ags.SCOPE_SCORE not in column.scopes:
        return Reason.NO_SCOPE
    return _Asked(row, person, user_id, registration_id, column, subject, language)


def _held(
    connection: Connection, framework: Framework | None, organisation_id: int, asked: Sequence[_Asked], *, now: datetime
) -> Mapping[int, Held]:
    """Return the rows whose level would tell a result that is held back."""
    if framework is None:
        return {}
    held = held_points(connection, organisation_id, {each.row.subject for each in asked}, now)
    found = {}
    for each in asked:
        codes = codes_of(framework, each.subject) if is_in(framework, each.subject) else frozenset()
        moments = [until for code, until in held.get(each.row.subject, {}).items() if code in codes]
        if moments:
            found[each.row.id] = Held(max(moments))
    return found


def _levels(
    connection: Connection, framework: Framework | None, organisation_id: int, asked: Sequence[_Asked]
) -> Mapping[int, ColumnLevel]:
    """Return the levels by row; what has no evidence is left out."""
    if framework is None:
        return {}
    subjects = {each.subject for each in asked if is_in(framework, each.subject)}
    people = sorted({each.person for each in asked})
    found = read_levels(connection, framework, organisation_id, people=people, subjects=subjects)
    return {each.row.id: level for each in asked if (level := found.get((each.person, each.subject)))}
