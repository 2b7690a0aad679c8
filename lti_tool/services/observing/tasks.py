"""What can be observed in a course: the activities of its links that are judged by a rubric, and every installed rubric.

A task is known by the key of its activity, or as `rubric:KEY`. What is observed by a rubric alone, or by a version of a
rubric that its activity has no longer, is evidence of a version that is registered for that rubric.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, ContentVersion, ResourceLink, RubricVersion, TagSet
from lti_tool.services.attempts.marking_setups import find_setup
from lti_tool.services.classes import questions
from lti_tool.services.classes.questions import Wanted
from lti_tool.services.content import rubrics, tag_sets
from lti_tool.services.content.contents import ContentMissingError, Contents
from lti_tool.services.content.rubrics import StoredRubric
from lti_tool.services.courses.members import Link
from lti_tool.services.observing.titles import places_of, tell_apart
from qualoop.assessment.rubric import Rubric, manifest_parts, rubric_tags
from qualoop.classroom.assessors import task_level
from qualoop.framework import Framework
from qualoop.ledger import canonical_body
from qualoop.values import Text

KIND: Final = "observed-practice"
PREFIX: Final = "rubric:"
_KEY_DIGITS: Final = 16
_ALONE: Final = Text({"en": "rubric only", "zh-Hans": "仅按评分标准"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What can be observed: by which rubric, what its evidence names, and of which level it is (a rank, None: unknown)."""

    key: str
    title: Text
    rubric: StoredRubric
    activity: str
    content: str
    level: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What evidence of a capture names. ``is_older`` says that the task takes another version of the rubric by now."""

    activity: str
    content: str
    level: int | None
    is_older: bool
    registers: bool = False
    """Whether the rubric is to be registered first (`register`), since no package carries it."""


def list_tasks(connection: Connection, contents: Contents, link: Link) -> Sequence[Task]:
    """Return what can be observed in the link's course: its activities in their order, then rubrics by key.

    No two are called alike (`titles.tell_apart`).
    """
    framework = contents.find_framework(connection, link.organisation_id)
    found: dict[str, Task] = {}
    links: dict[str, int] = {}
    for row in connection.execute(_links(link)):
        setup = find_setup(connection, link.organisation_id, row.id)
        if setup is None or row.key in found:
            continue
        stored = rubrics.get(connection, link.organisation_id, setup.rubric_version_id)
        if _carries(row.manifest, stored.rubric):
            title = _title(connection, contents, link.organisation_id, row.version_id) or stored.rubric.title
            tags = _tags(connection, link.organisation_id, row.version_id)
            links[row.key] = row.id
            found[row.key] = Task(
                key=row.key,
                title=title,
                rubric=stored,
                activity=row.key,
                content=row.hash,
                level=task_level(framework, _codes(tags, stored.rubric)),
            )
    for stored in rubrics.list_newest(connection, link.organisation_id):
        key = f"{PREFIX}{stored.rubric.key}"
        activity, content = own_version(stored.hash)
        level = task_level(framework, _codes(rubric_tags(stored.rubric), stored.rubric))
        found[key] = Task(
            key=key, title=stored.rubric.title, rubric=stored, activity=activity, content=content, level=level
        )
    return _told_apart(connection, link, found, links)


def _told_apart(connection: Connection, link: Link, found: Mapping[str, Task], links: Mapping[str, int]) -> list[Task]:
    """Return tasks with titles that tell them apart; a rubric alone says that it is one, among several its key, too."""
    places = {
        **places_of(connection, link, links),
        **{
            key: [_ALONE, Text({"en": f"rubric {name}", "zh-Hans": f"评分标准 {name}"})]
            for key in found
            if (name := key.removeprefix(PREFIX)) != key
        },
    }
    titles = tell_apart({key: task.title for key, task in found.items()}, places)
    return [replace(task, title=titles[key]) for key, task in found.items()]


def find_rubric(connection: Connection, organisation_id: int, identity: str) -> StoredRubric | None:
    """Return the version of a rubric with this hash, None where the organisation has none."""
    version = connection.scalar(
        select(RubricVersion.id)
        .where(RubricVersion.organisation_id == organisation_id, RubricVersion.hash == identity)
        .order_by(RubricVersion.id)
        .limit(1)
    )
    return None if version is None else rubrics.get(connection, organisation_id, version)


def find_place(
    connection: Connection,
    organisation_id: int,
    tasks: Mapping[str, Task],
    key: str,
    *,
    rubric: StoredRubric,
    framework: Framework | None,
) -> Place | None:
    """Return what evidence of a task by a version of a rubric names; None where there is no such task.

    Nor is there one by another rubric: that would be another task, which an invitation may not be for.
    """
    task = tasks.get(key)
    if task is None and key != f"{PREFIX}{rubric.rubric.key}":
        return None
    if task is not None and task.rubric.rubric.key != rubric.rubric.key:
        return None
    if task is not None and task.rubric.hash == rubric.hash:
        return Place(
            activity=task.activity,
            content=task.content,
            level=task.level,
            is_older=False,
            registers=task.key.startswith(PREFIX),
        )
    version = _carrying_version(connection, organisation_id, key, rubric)
    if version is not None:
        tags = _tags(connection, organisation_id, version.id)
        level = task_level(framework, _codes(tags, rubric.rubric))
        return Place(activity=key, content=version.hash, level=level, is_older=True)
    return place_alone(rubric, framework)


def place_alone(rubric: StoredRubric, framework: Framework | None) -> Place:
    """Return what evidence by a rubric names where no activity carries it, or not any more."""
    activity, content = own_version(rubric.hash)
    level = task_level(framework, _codes(rubric_tags(rubric.rubric), rubric.rubric))
    return Place(activity=activity, content=content, level=level, is_older=True, registers=True)


def own_version(identity: str) -> tuple[str, str]:
    """Return activity and content hash of what is observed by the rubric with this hash alone."""
    return (
        f"{KIND}-{identity[:_KEY_DIGITS]}",
        hashlib.sha256(canonical_body({"kind": KIND, "rubric": identity})).hexdigest(),
    )


def register(
    session: Session, organisation_id: int, stored: StoredRubric, framework: Framework | None, *, now: datetime
) -> None:
    """Register manifest and tags of what is observed by a rubric alone, once; its tags are the rubric's own."""
    activity, content = own_version(stored.hash)
    rubric = stored.rubric
    tags = {
        part: {code: share for code, share in points.items() if _is_known(framework, code)}
        for part, points in rubric_tags(rubric).items()
    }
    wanted = Wanted(
        key=activity,
        kind=KIND,
        content_hash=content,
        manifest={"parts": _named_parts(rubric), "rubric": stored.hash, "title": dict(rubric.title.by_language)},
        tags={row.key: tags.get(row.key, {}) for row in rubric.rows},
    )
    named = {"code": framework.code, "version": framework.version} if framework else {"code": "none", "version": "0"}
    questions.store(session, organisation_id, wanted, named, now=now, once=True)


def _named_parts(rubric: Rubric) -> list[dict[str, Any]]:
    """Return the parts of a manifest with what they are called, since no document says it."""
    titles = {row.key: dict(row.title.by_language) for row in rubric.rows}
    return [{**part, "title": titles[part["key"]]} for part in manifest_parts(rubric)]


def _is_known(framework: Framework | None, code: str) -> bool:
    return framework is None or framework.find_knowledge_point(code) is not None


def _links(link: Link) -> Any:
    """Return the query of the course's links that show something, in their order, with the version that they show."""
    return (
        select(ResourceLink.id, Activity.key, Activity.version_id, ContentVersion.hash, ContentVersion.manifest)
        .join(Activity, Activity.id == ResourceLink.activity_id)
        .join(ContentVersion, ContentVersion.id == Activity.version_id)
        .where(
            ResourceLink.organisation_id == link.organisation_id,
            ResourceLink.context_id == link.context_id,
            Activity.organisation_id == link.organisation_id,
            ContentVersion.organisation_id == link.organisation_id,
        )
        .order_by(ResourceLink.id)
    )


def _carries(manifest: Mapping[str, Any] | None, rubric: Rubric) -> bool:
    """Say whether each row of a rubric is a part of a version."""
    known = {part["key"] for part in (manifest or {}).get("parts", ())}
    return all(row.key in known for row in rubric.rows)


def _carrying_version(
    connection: Connection, organisation_id: int, key: str, rubric: StoredRubric
) -> ContentVersion | None:
    """Return the newest version of an activity that carries a rubric: its own one before others with the same rows."""
    with Session(connection) as session:
        versions = session.scalars(
            select(ContentVersion)
            .join(Activity, Activity.id == ContentVersion.activity_id)
            .where(
                ContentVersion.organisation_id == organisation_id,
                Activity.organisation_id == organisation_id,
                Activity.key == key,
            )
            .order_by(ContentVersion.id.desc())
        ).all()
    fitting = [each for each in versions if _carries(each.manifest, rubric.rubric)]
    own = [each for each in fitting if each.manifest.get("rubric") == rubric.hash]
    return next(iter([*own, *fitting]), None)


def _tags(connection: Connection, organisation_id: int, version_id: int) -> Mapping[str, Mapping[str, str]]:
    found = connection.scalar(
        select(TagSet.tags).where(
            TagSet.organisation_id == organisation_id, TagSet.version_id == version_id, tag_sets.holds()
        )
    )
    return found or {}


def _codes(tags: Mapping[str, Mapping[str, str]], rubric: Rubric) -> Collection[str]:
    """Return the knowledge points that the rows of a rubric serve."""
    return {code for row in rubric.rows for code in tags.get(row.key, {})}


def _title(connection: Connection, contents: Contents, organisation_id: int, version_id: int) -> Text | None:
    try:
        return contents.get_offer(connection, organisation_id, version_id).description.title
    except ContentMissingError:
        return None
