"""What an organisation has installed to build flipped units of: lessons, practice projects, questions on one knowledge point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, select

from lti_tool.models import Activity, ContentVersion, TagSet
from lti_tool.services.content import tag_sets
from lti_tool.services.content.contents import Contents
from lti_tool.services.records.records import knowledge_points_of
from qualoop.assessment import Item
from qualoop.classroom.flipped_unit import ItemOffer, Offer
from qualoop.classroom.unit_building import Supply
from qualoop.content_packages import Lesson, LiveProject, Project
from qualoop.framework import Framework
from qualoop.values import Text

_LESSON: Final = "micro-lesson"
_PICTURED: Final = "hotspot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stocked:
    """A lesson or project: its version, and, of a lesson, its questions on one knowledge point each.

    ``own`` are those that its author wrote for readiness checks: no step of the lesson asks them.
    """

    offer: Offer
    activity_id: int
    content_hash: str
    languages: tuple[str, ...]
    items: Mapping[str, Item] = field(default_factory=dict)
    points: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Everything that units can be built of, by key."""

    framework: Framework
    things: Mapping[str, Stocked]

    @property
    def supply(self) -> Supply:
        """Return what a proposal is made of."""
        return Supply(
            framework=self.framework,
            offers={key: thing.offer for key, thing in self.things.items()},
            items=self.questions(self.things),
        )

    def questions(self, activities: Mapping[str, object] | Sequence[str]) -> list[ItemOffer]:
        """Return the questions of some lessons."""
        return [
            ItemOffer(activity=key, item=item, point=point, is_own=item in self.things[key].own)
            for key in activities
            if key in self.things
            for item, point in self.things[key].points.items()
        ]

    def find_question(self, name: str) -> ItemOffer | None:
        """Return the question of an `ItemOffer.id`."""
        activity, _, item = name.partition("/")
        return next((each for each in self.questions([activity]) if each.item == item), None)

    def title_of(self, key: str) -> Text | None:
        """Return the title of a lesson or project; None where it is installed no more."""
        return self.things[key].offer.title if key in self.things else None

    def prompt_of(self, activity: str, item: str) -> Text | None:
        """Return what a question asks, as its author wrote it (Markdown)."""
        found = self.things[activity].items.get(item) if activity in self.things else None
        return found.prompt if found else None


def read_stock(connection: Connection, contents: Contents, organisation_id: int, framework: Framework) -> Stock:
    """Return what an organisation has installed to build units of."""
    things: dict[str, Stocked] = {}
    rows = connection.execute(
        select(Activity.id, Activity.key, Activity.version_id, ContentVersion.hash, TagSet.tags)
        .join(ContentVersion, ContentVersion.id == Activity.version_id)
        .join(TagSet, TagSet.version_id == ContentVersion.id)
        .where(
            Activity.organisation_id == organisation_id,
            ContentVersion.document != "",
            Activity.kind.in_((_LESSON, "practice-project", "live-project")),
            tag_sets.holds(),
        )
        .order_by(Activity.key)
    )
    for activity_id, key, version_id, content_hash, tags in rows:
        if version_id is None:
            continue
        opened = contents.get(connection, organisation_id, version_id)
        content, description = opened.content, opened.kind.describe(opened.content)
        items = _questions(content, tags)
        things[key] = Stocked(
            offer=Offer(
                key=key,
                title=description.title,
                minutes=description.minutes,
                points=tuple(knowledge_points_of(tags)),
                is_practice=isinstance(content, Project | LiveProject),
            ),
            activity_id=activity_id,
            content_hash=content_hash,
            languages=tuple(getattr(content, "languages", ())),
            items=items,
            points={item: next(iter(tags[item])) for item in items},
            own=frozenset(items).intersection(getattr(content, "readiness", ())),
        )
    return Stock(framework=framework, things=things)


def _questions(content: object, tags: Mapping[str, Mapping[str, str]]) -> dict[str, Item]:
    """Return the questions of a lesson that stand for themselves: on one knowledge point, and without a picture."""
    if not isinstance(content, Lesson):
        return {}
    return {
        key: item
        for key, item in {**content.readiness, **content.items}.items()
        if len(tags.get(key, ())) == 1 and item.type != _PICTURED and item.figure is None
    }
