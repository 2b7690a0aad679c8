"""A flipped unit in the course: its activity, the version of its readiness check, and the links of its steps.

Whatever a learner will answer is registered here, parts and tags, before anybody can open it. What changes later makes
another version; attempts that were begun keep theirs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, ContentVersion, FlippedStep, FlippedUnit, ResourceLink
from lti_tool.services.flipped.supply import Stock
from lti_tool.services.flipped.units import is_copy, plan_of
from lti_tool.services.flipped.words import link_title, step_title
from lti_tool.services.mastery import content_install
from lti_tool.services.mastery.content_install import ChosenTags
from qualoop.assessment import Item, guess_floor
from qualoop.classroom.flipped_unit import ACTIVITIES, MINUTES_AN_ITEM, CheckItem, StepKind, UnitPlan
from qualoop.ledger import canonical_body
from qualoop.player.flipped import CHECK_KIND, UNIT_KIND
from qualoop.values import LANGUAGES, Text

LINK_PREFIX: Final = "flipped:"
_DIGITS: Final = 12
_LONGEST_PART: Final = 60
_LONGEST_TITLE: Final = 255
#: Answered once, and told afterwards: a check says who is prepared.
CHECK_SETTINGS: Final[Mapping[str, Any]] = {
    "tries_per_item": 1,
    "max_attempts": 1,
    "show_feedback": "after_submit",
    "show_solution": "after_submit",
    "show_score": "after_submit",
}
_CHECK_SUMMARY: Final = {
    "en": "A few questions on what you worked through. They are no test: they tell your teacher what to spend the class on.",
    "zh-Hans": "就课前内容回答几道题。这不是考试：你的老师会据此安排课堂时间。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """What an activity is to show: its document, the manifest of its parts, their tags."""

    key: str
    kind: str
    document: Mapping[str, Any]
    manifest: Mapping[str, Any]
    tags: Mapping[str, Mapping[str, str]]


def publish(session: Session, unit: FlippedUnit, stock: Stock, *, language: str, now: datetime) -> Activity:
    """Bring the activity, the check and the links of a unit up to its plan, and return the unit's activity.

    The unit's row is the caller's to lock. Doing it again changes nothing. New links are called by their steps in a
    ``language``, that of whoever publishes, as a platform's links are.
    """
    plan = plan_of(unit)
    activity = _activity(session, unit, plan, stock, now=now)
    unit.activity_id = activity.id
    wanted: dict[str, tuple[int, dict[str, Any]]] = {}
    if plan.check and StepKind.CHECK in plan.keys and (version := _check_version(unit, plan, stock)) is not None:
        check = _store(session, unit, version, stock, now=now)
        wanted[StepKind.CHECK.value] = (check.id, dict(CHECK_SETTINGS))
    for step in plan.steps:
        if step.kind in ACTIVITIES and step.key in stock.things:
            wanted[step.key] = (stock.things[step.key].activity_id, _own_settings(session, stock, step.key))
    titles = {step.key: link_title(step, stock.title_of(step.key), plan.title)[language] for step in plan.steps}
    _link(session, unit, wanted, titles, now=now)
    session.flush()
    return activity


def _activity(session: Session, unit: FlippedUnit, plan: UnitPlan, stock: Stock, *, now: datetime) -> Activity:
    """Return the unit's activity, brought up to its plan. A copied course keeps the one that its links name.

    That one is offered as the first course has planned it, whatever the copies become.
    """
    if unit.activity_id is None:
        key = f"{UNIT_KIND}-{unit.uuid.replace('-', '')[:_DIGITS]}"
    else:
        activity = session.get_one(Activity, unit.activity_id)
        if is_copy(session, unit):
            return activity
        key = activity.key
    return _store(session, unit, _unit_version(key, plan, stock), stock, now=now)


def _unit_version(key: str, plan: UnitPlan, stock: Stock) -> _Version:
    steps = [
        {
            "kind": step.kind.value,
            "title": dict(step_title(step, stock.title_of(step.key)).by_language),
            "minutes": plan.minutes_of(step),
        }
        for step in plan.steps
    ]
    return _Version(
        key=key,
        kind=UNIT_KIND,
        document={
            "title": dict(plan.title.by_language),
            "summary": dict(_summary(plan, stock).by_language),
            "minutes": plan.minutes(),
            "knowledge_points": list(plan.points),
            "steps": steps,
        },
        manifest={"parts": []},
        tags={},
    )


def _summary(plan: UnitPlan, stock: Stock) -> Text:
    """Return the knowledge points of a unit by their titles."""
    points = [stock.framework.find_knowledge_point(code) for code in plan.points]
    joints = {"en": "; ", "zh-Hans": "；"}
    return Text({language: joints[language].join(p.title[language] for p in points if p) for language in LANGUAGES})


def _check_version(unit: FlippedUnit, plan: UnitPlan, stock: Stock) -> _Version | None:
    """Return the readiness check as a lesson of questions; None where nothing of it is installed any more."""
    asked = [(item, found) for item in plan.check if (found := _item(stock, item)) is not None]
    if not asked:
        return None
    names = _part_names([item for item, _ in asked])
    items = [
        # A check has no hints: it asks what somebody knows without them.
        found.model_dump(mode="json", exclude_none=True, exclude={"hints"})
        | {"key": names[item.id], "knowledge_points": {item.point: "1"}}
        for item, found in asked
    ]
    return _Version(
        key=f"{CHECK_KIND}-{unit.uuid.replace('-', '')[:_DIGITS]}",
        kind=CHECK_KIND,
        document=_check_document(plan, stock, items),
        manifest={
            "parts": [
                {"key": names[item.id], "type": found.type, "options": guess_floor(found), "max": "1"}
                for item, found in asked
            ]
        },
        tags={names[item.id]: {item.point: "1"} for item, _ in asked},
    )


def _check_document(plan: UnitPlan, stock: Stock, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a lesson that asks questions and has nothing to read, in the languages that all of its lessons have."""
    spoken = [set(stock.things[item.activity].languages) for item in plan.check if item.activity in stock.things]
    languages = [each for each in LANGUAGES if all(each in known for known in spoken)] or list(LANGUAGES)
    framework = stock.framework
    return {
        "format": "qualoop-package",
        "key": CHECK_KIND,
        "version": "1",
        "framework": {"code": framework.code, "version": framework.version},
        "title": {"en": "Readiness check", "zh-Hans": "准备检查"},
        "summary": dict(_CHECK_SUMMARY),
        "minutes": MINUTES_AN_ITEM * len(plan.check) + 1,
        "knowledge_points": list(dict.fromkeys(code for item in items for code in item["knowledge_points"])),
        "languages": languages,
        "authors": [],
        "licence": "",
        "sources": [],
        "sections": {language: {} for language in languages},
        "steps": [{"key": item["key"], "type": "question", "item": item["key"]} for item in items],
        "items": items,
    }


def _item(stock: Stock, item: CheckItem) -> Item | None:
    thing = stock.things.get(item.activity)
    return thing.items.get(item.item) if thing else None


def _part_names(items: list[CheckItem]) -> dict[str, str]:
    """Return the part of each question by its id: its own key, with a number where two lessons have the same."""
    found: dict[str, str] = {}
    for number, item in enumerate(items, start=1):
        name = item.item[:_LONGEST_PART].strip("-")
        found[item.id] = f"{name}-{number}" if name in found.values() else name
    return found


def _store(session: Session, unit: FlippedUnit, wanted: _Version, stock: Stock, *, now: datetime) -> Activity:
    """Store activity, version and tags where they are not there, and let the activity point to the version."""
    organisation_id = unit.organisation_id
    activity = content_install.find_activity(session, organisation_id, wanted.key)
    if activity is None:
        activity = Activity(organisation_id=organisation_id, key=wanted.key, kind=wanted.kind, created_at=now)
        session.add(activity)
        session.flush()
    content_hash = hashlib.sha256(canonical_body(dict(wanted.document))).hexdigest()
    version = content_install.find_version(session, activity, content_hash)
    if version is None:
        version = ContentVersion(
            organisation_id=organisation_id,
            activity_id=activity.id,
            hash=content_hash,
            label="1",
            document=json.dumps(wanted.document, ensure_ascii=False, separators=(",", ":")),
            manifest=dict(wanted.manifest),
            installed_at=now,
        )
        session.add(version)
        session.flush()
        if wanted.tags:
            framework = {"code": stock.framework.code, "version": stock.framework.version}
            tags_hash = hashlib.sha256(canonical_body({"framework": framework, "tags": wanted.tags})).hexdigest()
            chosen = ChosenTags(key=wanted.key, tags=wanted.tags, tags_hash=tags_hash, framework=framework)
            content_install.adopt_tags(session, version, chosen, now)
    activity.version_id = version.id
    session.flush()
    return activity


def _own_settings(session: Session, stock: Stock, key: str) -> dict[str, Any]:
    """Return what the links of an installed activity begin with."""
    return dict(session.get_one(Activity, stock.things[key].activity_id).link_settings)


def _link(
    session: Session,
    unit: FlippedUnit,
    wanted: Mapping[str, tuple[int, dict[str, Any]]],
    titles: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    """Add the links that steps of the unit have not yet; a step that went keeps its link, and what was done there."""
    known = set(
        session.scalars(
            select(FlippedStep.key).where(
                FlippedStep.organisation_id == unit.organisation_id, FlippedStep.flipped_unit_id == unit.id
            )
        )
    )
    for key, (activity_id, settings) in wanted.items():
        if key in known:
            continue
        link = ResourceLink(
            organisation_id=unit.organisation_id,
            context_id=unit.context_id,
            platform_key=f"{LINK_PREFIX}{unit.uuid}:{key}",
            title=titles[key][:_LONGEST_TITLE],
            activity_id=activity_id,
            settings=settings,
            created_at=now,
        )
        session.add(link)
        session.flush()
        session.add(
            FlippedStep(
                organisation_id=unit.organisation_id, flipped_unit_id=unit.id, resource_link_id=link.id, key=key
            )
        )
