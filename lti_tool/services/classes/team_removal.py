"""Takes out what stands of teams in a planned session that is to be deleted."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lti_tool.models import ClassSession
from lti_tool.services.classes.groups_work import list_tasks, remove_task
from lti_tool.services.classes.team_checks import list_checks, remove_check
from lti_tool.services.classes.teams import remove_all


def clear_teams(session: Session, row: ClassSession) -> None:
    """Take out group work, checks and teams of which nothing was done; raise ClassMovedError where something was."""
    for task in list_tasks(session, row):
        remove_task(session, row, task.uuid)
    for check in list_checks(session, row):
        remove_check(session, row, check.uuid)
    remove_all(session, row)
