"""A process that records evidence, one piece per transaction, and prints what is acknowledged: to be killed.

`python -m tests.integration.evidence.recorder ADDRESS ORGANISATION SEED`
"""

from __future__ import annotations

import sys

from lti_tool.db import Database
from lti_tool.services.evidence import evidence
from tests.factories.evidence import NOON, LedgerSchool, activity_keys, pseudonyms

ACTIVITIES, LEARNERS = 3, 5


def main(url: str, organisation: str, seed: str) -> None:
    """Record until somebody ends it."""
    database = Database(url)
    school = LedgerSchool(
        organisation_id=int(organisation), activities=activity_keys(ACTIVITIES), learners=pseudonyms(LEARNERS)
    )
    for submission in school.submissions(1_000_000, seed=int(seed)):
        with database.connection() as connection:
            recorded = evidence.record(connection, school.organisation_id, submission, now=NOON)
        sys.stdout.write(f"{recorded.uuid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
