"""Group work as a teacher sees it: set, who did not rate, product, factor, penalty, mark; approved or taken back."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import ClassGroupTask, ClassSession
from lti_tool.services.classes import groups_marks, groups_work, sessions
from lti_tool.services.classes import teams as class_teams
from lti_tool.services.classes.groups_work import TaskRefusedError
from lti_tool.services.people.roles import Permission
from lti_tool.views.classroom import corrector, framework_of, in_class
from lti_tool.views.classroom_voting import exact_whole
from lti_tool.views.classroom_words import said
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.link_form import read_moment
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.classroom.peer_factor import MAX_TITLE, FactorRules
from qualoop.classroom.session import ClassRefusedError
from qualoop.values import find_whole

blueprint = Blueprint("classroom_group_work", __name__)

_PAGE: Final = "classroom_group_work.show"
_LONGEST: Final = 8


class FactorRefusedError(ClassRefusedError):
    """The bounds or the penalty are none."""

    code = "class-factor"


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/group-work")
@needs(Permission.VIEW_CLASS)
def show(session: Session, class_uuid: str) -> str:
    """Show the group work of a session, with what comes out for each member."""
    words = Wording(language=session.language)
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        teams = class_teams.read_teams(reading, row)
        may_read = session.may(Permission.READ_PEER_RATINGS)
        tasks = [task_context(reading, row, task, may_read=may_read) for task in groups_work.list_tasks(reading, row)]
    return render_template(
        "class_group_work.html",
        session=session,
        here="teaching",
        row=row,
        teams=teams,
        tasks=tasks,
        may_read=may_read,
        rules=FactorRules(),
        max_title=MAX_TITLE,
        words=words,
        **said(words),
    )


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/group-work/plan")
@needs(Permission.SET_LINK)
def plan(session: Session, class_uuid: str) -> AnyResponse:
    """Set group work for the teams of a session."""
    form = request.form

    def act(transaction: Transaction, row: ClassSession) -> None:
        try:
            deadline = read_moment(form.get("deadline", "").strip())
        except ValueError as error:
            raise TaskRefusedError from error
        groups_work.plan_task(
            transaction, row, form.get("title", ""), _rules(), deadline=deadline, now=runtime().clock()
        )

    return in_class(session, class_uuid, act, page=_PAGE, done="task-planned")


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/group-work/change")
@needs(Permission.SET_LINK)
def change(session: Session, class_uuid: str) -> AnyResponse:
    """Close the ratings, keep a product, approve or take back the marks of a team: what the pressed button says."""
    form, parts = request.form, runtime()
    do, task, team = form.get("do", ""), form.get("task", ""), form.get("team", "")

    def act(transaction: Transaction, row: ClassSession) -> None:
        now, by = parts.clock(), corrector(session)
        if do == "close":
            groups_work.close_task(transaction, row, task, now=now)
        elif do == "remove":
            groups_work.remove_task(transaction, row, task)
        elif do == "product":
            groups_marks.set_product(transaction, row, task, team, product=_product())
        elif do == "approve":
            framework = framework_of(transaction, row.organisation_id)
            groups_marks.approve(transaction, row, framework, task_uuid=task, team_uuid=team, by=by, now=now)
        elif do == "withdraw":
            groups_marks.withdraw(transaction, row, task_uuid=task, team_uuid=team, by=by, now=now)
        else:
            raise ClassRefusedError

    return in_class(session, class_uuid, act, page=_PAGE, done=_DONE.get(do))


_DONE: Final = {
    "close": "task-closed",
    "remove": "task-removed",
    "product": "product",
    "approve": "approved",
    "withdraw": "withdrawn",
}


def task_context(reading: Transaction, row: ClassSession, task: ClassGroupTask, *, may_read: bool) -> dict[str, Any]:
    """Return group work as staff see it; of an approved team the marks as they were approved.

    What mates wrote is opened only for who ``may_read`` it.
    """
    secret = runtime().settings.secret_key
    return {
        "task": task,
        "rules": groups_work.rules_of(task),
        "is_open": groups_work.takes_ratings(task, runtime().clock()),
        "teams": groups_marks.read_marks(reading, row, task),
        "approved": groups_marks.approved_marks(reading, task),
        "comments": groups_work.read_comments(reading, task, secret=secret) if may_read else {},
    }


def _rules() -> FactorRules:
    """Return the bounds and the penalty of the form; raise FactorRefusedError."""
    try:
        low, high = (Decimal(request.form.get(name, "")[:_LONGEST].strip() or "x") for name in ("low", "high"))
        return FactorRules(low=low, high=high, penalty=exact_whole(request.form.get("penalty", "").strip() or "0"))
    except (InvalidOperation, ClassRefusedError) as error:
        raise FactorRefusedError from error


def _product() -> int | None:
    """Return the product of the form, None where the field is empty; raise ProductRefusedError."""
    sent = request.form.get("product", "").strip()
    if not sent:
        return None
    product = find_whole(sent, _LONGEST)
    if product is None:
        raise groups_marks.ProductRefusedError
    return product
