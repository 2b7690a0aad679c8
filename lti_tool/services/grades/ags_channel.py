"""The channel `ags`: scores to the grade book of a platform (LTI Assignment and Grade Services 2.0).

Of an outbox row, `target` is the resource link and `subject` the person. What is sent is the score of that person at
that link as it stands when the row is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from lti_tool.lti import ags
from lti_tool.services.grades import scores
from lti_tool.services.grades.columns import Column
from lti_tool.services.grades.score_posts import ByOutboxId, ScoreMessage, ScorePosts
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import Result, Row

_VALUES: Final = ByOutboxId(
    "SELECT o.id, s.value, i.subject, l.registration_id, l.scopes, l.score_maximum, l.url, l.lineitems_url, "
    "k.platform_key, k.title, a.key, t.started_at FROM picked o "
    "JOIN link_score s ON s.resource_link_id = o.target AND s.person_id = o.subject "
    "AND s.organisation_id = o.organisation_id "
    "JOIN line_item l ON l.resource_link_id = o.target AND l.organisation_id = o.organisation_id "
    "JOIN resource_link k ON k.id = o.target AND k.organisation_id = o.organisation_id "
    "JOIN attempt t ON t.id = s.attempt_id "
    "LEFT JOIN activity a ON a.id = k.activity_id "
    "LEFT JOIN identity i ON i.person_id = o.subject AND i.registration_id = l.registration_id "
)


class AgsChannel:
    """Sends scores. One object serves all threads of a worker."""

    name = scores.AGS

    def __init__(self, posts: ScorePosts) -> None:
        self._posts = posts

    def prepare(self, connection: Connection, rows: Sequence[Row]) -> Sequence[ScoreMessage | Reason]:
        """Return the present scores of the rows, or why one cannot be sent."""
        found = {values[0]: values for values in _VALUES.read(connection, [row.id for row in rows])}
        return [self._message(row, found.get(row.id)) for row in rows]

    def send(self, message: ScoreMessage, timestamp: datetime) -> Result:
        """Post one score."""
        return self._posts.send(message, timestamp)

    def _message(self, row: Row, values: tuple[Any, ...] | None) -> ScoreMessage | Reason:
        """Return the message of one row."""
        if values is None:
            return Reason.NO_COLUMN
        _, value, user_id, registration_id, scopes, maximum, url, lineitems_url, link_key, title, activity, begun = (
            values
        )
        if user_id is None:
            return Reason.NO_IDENTITY
        granted = frozenset(scopes.split())
        if ags.SCOPE_SCORE not in granted:
            return Reason.NO_SCOPE
        column = Column(
            organisation_id=row.organisation_id,
            key=row.target,
            url=url,
            lineitems_url=lineitems_url,
            scopes=granted,
            link_key=link_key,
            title=title,
            resource_id=activity or "",
            maximum=maximum,
        )
        lane = self._posts.find_lane(registration_id)
        return ScoreMessage(row.id, value, user_id, registration_id, column, begun, lane)
