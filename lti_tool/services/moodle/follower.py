"""What keeps the competencies of each Moodle up to date: evidence as it comes, and once a day everything else.

Once a day competencies are matched anew, and everybody is looked at: a review falls due by time alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select, update

from lti_tool.lti.errors import LtiError
from lti_tool.lti.registration import Registration
from lti_tool.models import MoodleMatch, MoodleService
from lti_tool.services.content.contents import Contents
from lti_tool.services.mastery.watch import Moved
from lti_tool.services.moodle.matching import MoodleMatcher
from lti_tool.services.moodle.ratings import CHANNEL, PEOPLE_AT_ONCE, Scope, enqueue_changes
from lti_tool.services.platforms.runtime import Runtime
from qualoop.errors import QualoopError

EVERY: Final = timedelta(days=1)

log = logging.getLogger(__name__)


class MoodleFollower:
    """Enqueues the ratings of people whose mastery moved (see services.mastery_watch)."""

    name = CHANNEL

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def follows(self, connection: Connection, organisation_id: int) -> bool:
        """Say whether anything of the organisation matches a Moodle that may be rated."""
        return bool(_scopes(connection, organisation_id))

    def take(self, connection: Connection, organisation_id: int, moved: Moved, now: datetime) -> None:
        """Enqueue what moved; where that may be everybody, let the daily look, which goes piece by piece, be due now."""
        if moved.learners is None:
            connection.execute(
                update(MoodleService)
                .where(MoodleService.organisation_id == organisation_id, MoodleService.token_encrypted.is_not(None))
                .values(recheck_at=now)
            )
            return
        learners = sorted(moved.learners)
        for scope in _scopes(connection, organisation_id):
            for start in range(0, len(learners), PEOPLE_AT_ONCE):
                some = learners[start : start + PEOPLE_AT_ONCE]
                enqueue_changes(connection, self._contents, scope, learners=some, now=now)


class MoodleUpkeep:
    """The daily look at each Moodle."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._matcher = MoodleMatcher(runtime)

    def run_due(self, is_ending: Callable[[], bool]) -> None:
        """Look at each Moodle that is due. What a worker that ends leaves is due still."""
        now = self._runtime.clock()
        with self._runtime.database.reading() as session:
            due = session.execute(
                select(MoodleService.organisation_id, MoodleService.registration_id, MoodleService.matched_at)
                .where(MoodleService.recheck_at <= now, MoodleService.token_encrypted.is_not(None))
                .order_by(MoodleService.recheck_at)
            ).all()
        for organisation_id, registration_id, matched_at in due:
            if is_ending():
                return
            self._look(
                Scope(organisation_id=organisation_id, registration_id=registration_id),
                is_stale=matched_at is None or now - matched_at >= EVERY,
                is_ending=is_ending,
            )

    def _look(self, scope: Scope, *, is_stale: bool, is_ending: Callable[[], bool]) -> None:
        """Match anew where that was long ago, then look at everybody, some people in each transaction."""
        runtime, now = self._runtime, self._runtime.clock()
        try:
            registration = runtime.registrations.get(scope.registration_id).registration
        except LtiError:
            self._be_due(scope, now + EVERY, seen=now)
            return
        if is_stale:
            self._match(registration)
        after: int | None = 0
        while after is not None:
            if is_ending():
                return
            with runtime.database.connection() as connection:
                after = enqueue_changes(connection, runtime.contents, scope, after=after, now=now)
        self._be_due(scope, now + EVERY, seen=now)

    def _match(self, registration: Registration) -> None:
        """Match anew; where that fails the matches stay, and the page says why."""
        try:
            self._matcher.match(registration)
        except QualoopError as error:
            log.warning("the competencies of registration %d could not be matched: %s", registration.id, error.code)

    def _be_due(self, scope: Scope, at: datetime, *, seen: datetime) -> None:
        """Be due again, unless somebody has asked for another look since this one began."""
        with self._runtime.database.connection() as connection:
            connection.execute(
                update(MoodleService)
                .where(
                    MoodleService.organisation_id == scope.organisation_id,
                    MoodleService.registration_id == scope.registration_id,
                    MoodleService.recheck_at <= seen,
                )
                .values(recheck_at=at)
            )


def _scopes(connection: Connection, organisation_id: int) -> list[Scope]:
    """Return the registrations of an organisation with a token and at least one match."""
    rows = connection.scalars(
        select(MoodleService.registration_id)
        .where(
            MoodleService.organisation_id == organisation_id,
            MoodleService.token_encrypted.is_not(None),
            select(MoodleMatch.id)
            .where(
                MoodleMatch.organisation_id == organisation_id,
                MoodleMatch.registration_id == MoodleService.registration_id,
                MoodleMatch.is_current,
            )
            .exists(),
        )
        .order_by(MoodleService.registration_id)
    )
    return [Scope(organisation_id=organisation_id, registration_id=each) for each in rows]
