"""The course: its activities, one activity with the launch in a frame, and the gradebook."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from demo.lms import course, gradebook
from demo.lms.current import database, find_current_person, lms
from demo.lms.gradebook import Grade
from demo.lms.school import Person

blueprint = Blueprint("course", __name__, url_prefix="/course")

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


def logged_in(view: Callable[Parameters, Answer]) -> Callable[Parameters, Answer | Response]:
    """Send whoever is not logged in to the start page."""

    @wraps(view)
    def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer | Response:
        if find_current_person() is None:
            return redirect(url_for("sign_in.start"))
        return view(*args, **kwargs)

    return guarded


def current_person() -> Person:
    """Return who is logged in, behind `logged_in`."""
    person: Person = g.person
    return person


@blueprint.get("/")
@logged_in
def overview() -> str:
    """Show the activities, with one's own grade or how many students have one."""
    course_id = lms().school.course.id
    everyone = course.members(database(), course_id)
    return render_template(
        "course.html",
        activities=course.activities(database()),
        teachers=[person for person in everyone if person.is_teacher],
        students=[person for person in everyone if person.is_student],
        grades=_by_line_item(gradebook.grades(database(), course_id)),
        returned="returned" in request.args,
        added=request.args.get("added", type=int),
    )


@blueprint.get("/activities/<key>")
@logged_in
def activity(key: str) -> str:
    """Show one activity, opened in a frame."""
    found = course.find_activity(database(), key)
    if found is None:
        abort(404)
    grades = _by_line_item(gradebook.grades(database(), lms().school.course.id))
    own = grades.get(found.line_item_id or 0, {}).get(current_person().id)
    return render_template(
        "activity.html", activity=found, grade=own, student=reviewed_student(), tool_origin=lms().settings.tool_url
    )


def reviewed_student() -> str | None:
    """Return the student whose work this request is to open: any of the course for a teacher, else only oneself."""
    asked, person = request.args.get("student"), current_person()
    if asked is None:
        return None
    students = course.members(database(), lms().school.course.id, "student")
    if asked not in {student.id for student in students} or not (person.is_teacher or asked == person.id):
        abort(404)
    return asked


@blueprint.get("/grades")
@logged_in
def grades() -> str:
    """Show the gradebook: a teacher sees the class, a student the own row; nobody else has one."""
    if current_person().is_mentor:
        abort(404)
    return render_template("grades.html", **_grade_table())


@blueprint.get("/grades/table")
@logged_in
def grade_table() -> str:
    """Return the table alone, for the page that looks for new grades."""
    if current_person().is_mentor:
        abort(404)
    return render_template("_grade_table.html", **_grade_table())


@blueprint.get("/return")
def come_back() -> str:
    """Leave the frame in which the tool sends its users back (launch_presentation.return_url)."""
    return render_template("return.html", added=None)


def _grade_table() -> dict[str, Any]:
    course_id = lms().school.course.id
    shown = course.members(database(), course_id, "student") if current_person().is_teacher else [current_person()]
    titles = {item.line_item_id: item.title for item in course.activities(database())}
    return {
        "columns": gradebook.line_items(database(), course_id),
        "titles": titles,
        "keys": {item.line_item_id: item.key for item in course.activities(database())},
        "students": shown,
        "grades": _by_line_item(gradebook.grades(database(), course_id)),
    }


def _by_line_item(grades: list[Grade]) -> dict[int, dict[str, Grade]]:
    """Return the grades by line item and user."""
    table: dict[int, dict[str, Grade]] = {}
    for grade in grades:
        table.setdefault(grade.line_item_id, {})[grade.user_id] = grade
    return table
