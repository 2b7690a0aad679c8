"""Tells tasks of the same name apart, for a phone in the room: by their unit and its date, their place in the course, or key.

A course often calls a link as its activity is called, in one language: that says nothing of the task.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from lti_tool.models import FlippedStep, FlippedUnit, ResourceLink
from lti_tool.services.courses.members import Link
from qualoop.classroom.flipped_unit import from_document
from qualoop.values import LANGUAGES, Text


def tell_apart(titles: Mapping[str, Text], places: Mapping[str, Sequence[Text]]) -> dict[str, Text]:
    """Return titles of which no two are alike in any language, by key.

    To one that stands alone nothing is added; to others the first of their ``places`` that tells them apart. One that
    has none stays as it is once all others say theirs; where none is left, the key tells them apart.
    """
    found = dict(titles)
    telling = {key: [place for place in own if not _says(titles[key], place)] for key, own in places.items()}
    for depth in range(max((len(each) for each in telling.values()), default=0)):
        for key in _alike(found):
            if depth < len(own := telling.get(key, ())):
                found[key] = _with(titles[key], own[depth])
    for key in _alike(found):
        found[key] = _with(titles[key], Text(dict.fromkeys(LANGUAGES, key)))
    return found


def _with(title: Text, place: Text) -> Text:
    return Text({tag: f"{title[tag]} · {place[tag]}" for tag in LANGUAGES})


def _says(title: Text, place: Text) -> bool:
    """Say whether a title says all that a place does, in whichever language."""
    said = {" ".join(title[tag].casefold().split()) for tag in LANGUAGES}
    return all(" ".join(place[tag].casefold().split()) in said for tag in LANGUAGES)


def _alike(titles: Mapping[str, Text]) -> list[str]:
    """Return the keys of titles that another one equals in some language."""
    counts = Counter((tag, title[tag]) for title in titles.values() for tag in LANGUAGES)
    return [key for key, title in titles.items() if any(counts[tag, title[tag]] > 1 for tag in LANGUAGES)]


def places_of(connection: Connection, link: Link, links: Mapping[str, int]) -> dict[str, list[Text]]:
    """Return where tasks stand in the course, by key; ``links`` is the resource link of each.

    What says most comes first: the flipped unit with the day of its class, then what the platform calls the link.
    """
    own = (ResourceLink.organisation_id == link.organisation_id, ResourceLink.id.in_(links.values()))
    titled = dict(connection.execute(select(ResourceLink.id, ResourceLink.title).where(*own)).all())
    plans: dict[int, dict[str, Any]] = dict(
        connection.execute(
            select(FlippedStep.resource_link_id, FlippedUnit.plan)
            .join(FlippedUnit, FlippedUnit.id == FlippedStep.flipped_unit_id)
            .where(
                FlippedStep.organisation_id == link.organisation_id, FlippedStep.resource_link_id.in_(links.values())
            )
        ).all()
    )
    return {key: [*_of_unit(plans.get(each)), *_of_link(titled.get(each))] for key, each in links.items()}


def _of_unit(document: dict[str, Any] | None) -> list[Text]:
    if document is None:
        return []
    plan = from_document(document)
    day = plan.dates.class_at or plan.dates.before or plan.dates.after
    dated = f" ({day.date().isoformat()})" if day else ""
    return [Text({tag: f"{plan.title[tag]}{dated}" for tag in LANGUAGES})]


def _of_link(title: str | None) -> list[Text]:
    return [Text(dict.fromkeys(LANGUAGES, title))] if title else []
