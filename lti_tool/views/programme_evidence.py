"""Process, improvement and forms of evidence: of a class as a table and a file, of one learner, and of oneself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, Response, g, render_template, request, url_for
from sqlalchemy.orm import Session as Transaction

from lti_tool.lti.errors import translatable
from lti_tool.services.courses.members import Member, get_member
from lti_tool.services.learners.evidence import ClassLine, class_evidence, learner_evidence, required
from lti_tool.services.people.roles import Permission
from lti_tool.services.records.records import Subject
from lti_tool.services.warnings import early_warnings
from lti_tool.services.warnings.facts import Around, learner_units
from lti_tool.services.warnings.history import TeachersWords, words_to
from lti_tool.services.warnings.rules import course_rules
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.record import own_subject
from lti_tool.views.table_files import csv_response
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.framework import Framework
from qualoop.ledger import EvidenceForm
from qualoop.policies.multi_form import multi_form_rule
from qualoop.records.multi_form import missing_sentence
from qualoop.spreadsheet_cells import Value

blueprint = Blueprint("programme_evidence", __name__)

SORTS: Final = ("name", "gain", "presence", "readiness")
SHEET_HEAD: Final = (
    translatable("Learner"),
    translatable("Pseudonym"),
    translatable("Readiness checks handed in"),
    translatable("Readiness checks"),
    translatable("Mean score of the checks %"),
    translatable("Class sessions attended"),
    translatable("Class sessions expected"),
    translatable("Questions answered in class"),
    translatable("Questions asked in class"),
    translatable("Works handed in"),
    translatable("Reviews of peers done"),
    translatable("Reviews of peers given"),
    translatable("Knowledge points with a gain to tell"),
    translatable("Mean gain, points"),
    translatable("Forms of evidence"),
    translatable("Assessors"),
    translatable("Open early warning"),
)


@blueprint.app_context_processor
def words_of_letters() -> dict[str, Any]:
    """Give templates the number of a teacher's letters to whoever opened the launch; asked for only on own records."""
    return {"letters_here": _letters_here}


@blueprint.get("/a/<launch>/class/evidence/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> str:
    """Show the class: who took part how, whose levels rose, and in how many forms the units were shown."""
    found, warned = _read_class(session)
    sort = request.args.get("sort", "name")
    sort = sort if sort in SORTS else "name"
    return render_template(
        "programme_class.html",
        session=session,
        here="teaching",
        lines=_sorted(found, sort),
        warned=warned,
        sort=sort,
        sorts=SORTS,
        rule=multi_form_rule(),
        words=Wording(language=session.language),
    )


@blueprint.get("/a/<launch>/class/evidence.csv")
@needs(Permission.VIEW_CLASS)
def download(session: Session) -> Response:
    """Send the table of the class as a file for spreadsheets."""
    found, warned = _read_class(session)
    gettext = catalogue(session.language).gettext
    rows: list[Sequence[Value]] = [[gettext(head) for head in SHEET_HEAD]]
    rows += [_row(line, is_warned=line.member.subject.person_id in warned) for line in found]
    return csv_response(rows, "evidence", runtime().clock().date())


@blueprint.get("/a/<launch>/class/evidence/<person_uuid>/")
@needs(Permission.VIEW_CLASS)
def show_learner(session: Session, person_uuid: str) -> str:
    """Show one learner of this course, with what is behind each number."""
    with runtime().database.reading() as reading:
        member = get_member(reading.connection(), link_of(session), person_uuid)
        warning = early_warnings.open_people(reading, link_of(session)).get(member.subject.person_id)
        units, below = _units(reading, session, member)
    return _page(session, member.subject, member=member, warning=warning, units=units, below=below, here="teaching")


@blueprint.get("/a/<launch>/record/evidence/")
@needs(Permission.VIEW_OWN_RECORD)
def show_own(session: Session) -> str:
    """Show whoever opened the launch the own evidence in this course, and what teachers wrote."""
    parts = runtime()
    with parts.database.reading() as reading:
        subject = own_subject(reading.connection(), session, parts.clock())
        letters = _letters(reading, session)
    return _page(session, subject, letters=letters, here="record")


def _units(reading: Transaction, session: Session, member: Member) -> tuple[Sequence[Mapping[str, Any]], int]:
    """Return the units that a warning could be about as a learner stands to them, and the share that counts as low."""
    parts, link = runtime(), link_of(session)
    connection = reading.connection()
    framework = parts.contents.find_framework(connection, link.organisation_id)
    policy = course_rules(reading, link).policy
    below = policy.not_ready.below
    if framework is None:
        return (), below
    about, secret = required(connection, framework, link), parts.settings.secret_key
    around = Around(framework=framework, about=about, policy=policy, secret=secret, now=parts.clock())
    return [
        {"unit": unit, "low": {code: score for code, score in unit.checked.items() if 100 * score < below}}
        for unit in learner_units(reading, link, member, around)
    ], below


def _letters_here() -> int:
    with runtime().database.reading() as reading:
        return len(_letters(reading, g.session))


def _letters(reading: Transaction, session: Session) -> Sequence[TeachersWords]:
    """Return what teachers of this course wrote to whoever opened the launch."""
    subject = Subject(organisation_id=session.organisation_id, person_id=session.person_id, uuid=session.person_uuid)
    found = words_to(reading, subject, secret=runtime().settings.secret_key)
    return [each for each in found if each.course == session.context_id]


def _page(session: Session, subject: Subject, **more: Any) -> str:
    """Return the page of one learner; ``more`` says whose view it is."""
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        connection = reading.connection()
        framework = parts.contents.find_framework(connection, link.organisation_id)
        found = None
        if framework is not None:
            about = required(connection, framework, link)
            found = learner_evidence(
                reading, parts.contents, about, link, subject=subject, rule=multi_form_rule(), language=session.language
            )
    view = {"member": None, "warning": None, "letters": (), "units": (), "below": 0, **more}
    return render_template(
        "programme_learner.html",
        session=session,
        found=found,
        subject=subject,
        framework=framework,
        forms=[form.value for form in EvidenceForm],
        missing=missing_sentence(found.forms)[session.language] if found else "",
        point_url=_point_url(session, subject, is_own=view["member"] is None),
        words=Wording(language=session.language, framework=framework, parts=found.parts if found else {}),
        **view,
    )


def _point_url(session: Session, subject: Subject, *, is_own: bool) -> Any:
    """Return what gives the address of a knowledge point's page, where all of its evidence is."""
    if is_own:
        return lambda code: url_for("record.show_point", launch=session.uuid, code=code)
    return lambda code: url_for("levels.show_point", launch=session.uuid, person_uuid=subject.uuid, code=code)


def _read_class(session: Session) -> tuple[Sequence[ClassLine], Mapping[int, str]]:
    """Return the table of the class, empty without a framework, and of whom a warning is open."""
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        connection = reading.connection()
        framework: Framework | None = parts.contents.find_framework(connection, link.organisation_id)
        if framework is None:
            return (), {}
        about = required(connection, framework, link)
        found = class_evidence(reading, about, link, rule=multi_form_rule(), now=parts.clock())
        return found, early_warnings.open_people(reading, link)


def _sorted(lines: Sequence[ClassLine], sort: str) -> Sequence[ClassLine]:
    """Return the lines as they are asked for: by name, or those first who may need somebody."""
    keys = {
        "gain": lambda line: (line.mean_gain is None, line.mean_gain or 0.0),
        "presence": lambda line: (not line.process.expected, line.process.came / max(1, line.process.expected)),
        "readiness": lambda line: (line.process.mean_check is not None, line.process.mean_check or 0),
    }
    return sorted(lines, key=keys[sort]) if sort in keys else lines


def _row(line: ClassLine, *, is_warned: bool) -> Sequence[Value]:
    process, mean, gain = line.process, line.process.mean_check, line.mean_gain
    return (
        line.member.name or line.member.short,
        line.member.subject.uuid,
        len(process.checks),
        process.units,
        None if mean is None else round(100 * mean),
        process.came,
        process.expected,
        process.voted,
        process.asked,
        process.handed_in,
        len(process.reviewed),
        process.reviews,
        len(line.gains),
        None if gain is None else round(100 * gain),
        len(line.forms.forms),
        len(line.forms.assessors),
        int(is_warned),
    )
