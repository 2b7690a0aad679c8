"""Evidence of a course in three views: process, improvement in practice, and in how many forms the units were shown.

For one learner with everything behind each number, or for a whole class as counts. Reads only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.lessons import course_lessons
from lti_tool.services.courses.members import Link, Member, list_members
from lti_tool.services.evidence.entries import list_entries, name_parts
from lti_tool.services.learners.evidence_process import Course, Process, read_process
from lti_tool.services.learners.evidence_trends import Trends, read_trends
from lti_tool.services.mastery.class_cells import ClassCells, read_cells
from lti_tool.services.records.learner_records import Parts
from lti_tool.services.records.records import Subject
from qualoop.framework import Framework
from qualoop.mastery.moves import Move
from qualoop.policies import forms_mask, forms_of
from qualoop.policies.multi_form import MultiFormRule
from qualoop.records import EvidenceEntry
from qualoop.records.level_gain import LevelGain, level_gain, mean_gain
from qualoop.records.multi_form import FormFact, MultiForm, UnitForms, assessor_of, judges_of, multi_form

MOST_ENTRIES: Final = 2000
"""How many of a learner's newest answers one page looks through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """What a course is about: its knowledge points in the framework's order, and its units with those of them."""

    codes: tuple[str, ...]
    units: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerEvidence:
    """One learner of a course. ``entries`` are behind ``forms``, newest first; ``parts`` names what they are of."""

    process: Process
    gains: Sequence[LevelGain]
    forms: MultiForm
    entries: Sequence[EvidenceEntry]
    parts: Parts

    @property
    def mean_gain(self) -> float | None:
        """The mean gain over the knowledge points with two answers or more."""
        return mean_gain(self.gains)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLine:
    """One learner in the table of a class."""

    member: Member
    process: Process
    gains: Sequence[LevelGain]
    forms: MultiForm

    @property
    def mean_gain(self) -> float | None:
        """The mean gain over the knowledge points with two answers or more."""
        return mean_gain(self.gains)


def required(connection: Connection, framework: Framework, link: Link) -> Required:
    """Return what the link's course is about: the knowledge points that its activities serve now, and their units."""
    served = course_lessons(connection, link).keys()
    units = {
        unit.code: tuple(code for code in unit.knowledge_points if code in served) for unit in framework.units.values()
    }
    taught = {code: points for code, points in units.items() if points}
    return Required(codes=tuple(dict.fromkeys(code for points in taught.values() for code in points)), units=taught)


def learner_evidence(
    session: Session,
    contents: Contents,
    about: Required,
    link: Link,
    *,
    subject: Subject,
    rule: MultiFormRule,
    language: str,
) -> LearnerEvidence:
    """Return everything of one learner of the link's course; what is held back from the reader is left out."""
    connection = session.connection()
    course = Course(organisation_id=link.organisation_id, context_id=link.context_id)
    found = list_entries(connection, link.organisation_id, subject.uuid, limit=MOST_ENTRIES, newest_first=True)
    codes = frozenset(about.codes)
    entries = [
        entry
        for entry in found
        if entry.evidence.attempt not in subject.hidden and entry.counts and not codes.isdisjoint(entry.codes)
    ]
    facts = [_form_fact(entry, subject.uuid) for entry in entries]
    return LearnerEvidence(
        process=read_process(session, course, [subject.person_id], hidden=subject.hidden)[subject.person_id],
        gains=_gains(_moves(reversed(found), subject.hidden), about.codes),
        forms=multi_form(facts, about.units, rule),
        entries=entries,
        parts=name_parts(connection, contents, link.organisation_id, entries, language=language),
    )


def class_evidence(
    session: Session, about: Required, link: Link, *, rule: MultiFormRule, now: datetime
) -> Sequence[ClassLine]:
    """Return every learner of the link's course, by name, in few statements: none is made for each learner."""
    connection = session.connection()
    members = list_members(connection, link)
    uuids = [member.subject.uuid for member in members]
    course = Course(organisation_id=link.organisation_id, context_id=link.context_id)
    processes = read_process(session, course, [member.subject.person_id for member in members])
    trends = read_trends(connection, link.organisation_id, uuids, about.codes)
    masks = read_cells(connection, link.organisation_id, uuids, codes=about.codes, now=now)
    return [
        ClassLine(
            member=member,
            process=processes[member.subject.person_id],
            gains=_gains(trends.get(member.subject.uuid, Trends()).moves, about.codes),
            forms=_class_forms(about, masks, row, trends.get(member.subject.uuid, Trends()), rule=rule),
        )
        for row, member in enumerate(members)
    ]


def entries_of(found: LearnerEvidence, form: str) -> Iterator[EvidenceEntry]:
    """Give the entries of one form, or all for an empty one, newest first."""
    return (entry for entry in found.entries if form in {"", entry.evidence.form.value})


def _form_fact(entry: EvidenceEntry, learner: str) -> FormFact:
    evidence = entry.evidence
    rater = assessor_of(evidence.rater, evidence.occasion, learner)
    return FormFact(codes=entry.codes, form=evidence.form, rater=rater)


def _moves(entries: Iterable[EvidenceEntry], hidden: Collection[str]) -> Mapping[str, Sequence[Move]]:
    """Return what each of some entries, in ledger order, did to its knowledge points; those ``hidden`` are not counted."""
    found: dict[str, list[Move]] = defaultdict(list)
    for entry in entries:
        is_counted = entry.counts and entry.evidence.attempt not in hidden
        for code in entry.codes:
            found[code].append(entry.move(code, is_counted=is_counted))
    return found


def _gains(moves: Mapping[str, Sequence[Move]], codes: Collection[str]) -> list[LevelGain]:
    found = (level_gain(code, moves.get(code, ())) for code in codes)
    return [each for each in found if each is not None]


def _class_forms(about: Required, cells: ClassCells, row: int, trends: Trends, *, rule: MultiFormRule) -> MultiForm:
    """Return the forms of one learner from the masks of the cells, where a form counts once, and who judged."""
    column = {code: number for number, code in enumerate(about.codes)}
    counted = forms_mask(rule.forms)
    units = []
    for unit, codes in about.units.items():
        mask = int(np.bitwise_or.reduce(cells.forms[row, [column[code] for code in codes]]))
        judges = judges_of(trends.judged, codes, rule)
        units.append(UnitForms(unit=unit, forms=dict.fromkeys(forms_of(mask & counted), 1), assessors=judges))
    return MultiForm(rule=rule, units=units)
