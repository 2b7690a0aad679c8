"""A process that saves marks, one after the other, and prints which revision is saved: to be killed.

`python -m tests.integration.marking.saver ADDRESS ORGANISATION REGISTRATION CONTEXT LINK MARKER WORK SEEN`
"""

from __future__ import annotations

import sys
import uuid

from sqlalchemy import select

from lti_tool.db import Database
from lti_tool.models import Person
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link
from lti_tool.services.marking import marking
from lti_tool.services.marking.cases import Desk, Marker
from lti_tool.services.marking.marking import Judgement
from tests.factories.rubrics import sheet
from tests.factories.tool import NOON, SECRET


def main(url: str, place: tuple[int, int, int, int], marker_id: int, *, work: str, seen: int) -> None:
    """Save until somebody ends it."""
    database = Database(url)
    organisation, registration, context, link = place
    with database.reading() as session:
        marker_uuid = session.scalars(select(Person.uuid).where(Person.id == marker_id)).one()
    desk = Desk(
        link=Link(
            organisation_id=organisation,
            registration_id=registration,
            context_id=context,
            resource_link_id=link,
            activity_id=None,
        ),
        marker=Marker(person_id=marker_id, uuid=marker_uuid, roles=frozenset({"teacher"})),
        work=work,
        secret=SECRET,
        contents=Contents(),
    )
    while True:
        word = str(uuid.uuid4())
        with database.transaction() as session:
            seen = marking.save(session, desk, Judgement(sheet=sheet(1, 1, overall=word), seen=seen), now=NOON).revision
        sys.stdout.write(f"{seen} {word}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[2:7]]
    main(
        sys.argv[1],
        (numbers[0], numbers[1], numbers[2], numbers[3]),
        numbers[4],
        work=sys.argv[7],
        seen=int(sys.argv[8]),
    )
