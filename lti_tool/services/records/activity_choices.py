"""The activities that an organisation can put into a course, of whatever kind, and how one finds some of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from lti_tool.models import Activity, TagSet
from lti_tool.services.content.contents import Contents
from lti_tool.services.records.records import knowledge_points_of
from qualoop.framework import Framework, KnowledgePoint, Post, Unit
from qualoop.player import UnknownKindError
from qualoop.player.flipped import CHECK_KIND
from qualoop.values import Text

MAX_SEARCH: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One activity as it is offered; points, units and posts are those of the framework that it serves."""

    key: str
    version_id: int
    kind: Text
    title: Text
    summary: Text
    minutes: int | None
    points: tuple[KnowledgePoint, ...]
    units: tuple[Unit, ...]
    posts: tuple[Post, ...]

    def has_words(self, words: Iterable[str]) -> bool:
        """Say whether every word stands somewhere in what the activity is called and serves, in any language."""
        named: Sequence[KnowledgePoint | Unit | Post] = (*self.points, *self.units, *self.posts)
        texts = [self.title, self.summary, self.kind, *(each.title for each in named)]
        there = [text for each in texts for text in each.by_language.values()] + [each.code for each in named]
        haystack = "\n".join(there).casefold()
        return all(word in haystack for word in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What somebody looks for: words, and codes of a post, a unit and a knowledge point; empty means any."""

    text: str = ""
    post: str = ""
    unit: str = ""
    point: str = ""

    @property
    def is_empty(self) -> bool:
        """Say whether everything is looked for."""
        return not (self.text.strip() or self.post or self.unit or self.point)

    def of(self, choices: Iterable[Choice]) -> list[Choice]:
        """Return those that fit."""
        words = self.text[:MAX_SEARCH].casefold().split()
        return [choice for choice in choices if self._fits(choice) and choice.has_words(words)]

    def _fits(self, choice: Choice) -> bool:
        looked_for = ((self.post, choice.posts), (self.unit, choice.units), (self.point, choice.points))
        return all(not code or code in {each.code for each in there} for code, there in looked_for)


def list_choices(connection: Connection, contents: Contents, organisation_id: int) -> list[Choice]:
    """Return the organisation's activities in the order of their keys; without those whose kind is not installed."""
    framework = contents.find_framework(connection, organisation_id)
    found: dict[str, Choice] = {}
    for key, version_id, tags in connection.execute(
        select(Activity.key, Activity.version_id, TagSet.tags)
        .join(TagSet, TagSet.version_id == Activity.version_id, isouter=True)
        .where(
            Activity.organisation_id == organisation_id,
            Activity.version_id.is_not(None),
            # It comes with its unit, and with nothing else.
            Activity.kind != CHECK_KIND,
        )
        # A later tag set of the same version replaces the earlier one.
        .order_by(Activity.key, TagSet.adopted_at, TagSet.id)
    ):
        try:
            offer = contents.get_offer(connection, organisation_id, version_id)
        except UnknownKindError:
            continue
        points = _points(framework, knowledge_points_of(tags or {}))
        units = _units(framework, points)
        found[key] = Choice(
            key=key,
            version_id=version_id,
            kind=offer.kind,
            title=offer.description.title,
            summary=offer.description.summary,
            minutes=offer.description.minutes,
            points=points,
            units=units,
            posts=_posts(framework, units),
        )
    return list(found.values())


def _points(framework: Framework | None, codes: Sequence[str]) -> tuple[KnowledgePoint, ...]:
    found = (framework.find_knowledge_point(code) for code in sorted(codes)) if framework else ()
    return tuple(point for point in found if point)


def _units(framework: Framework | None, points: Iterable[KnowledgePoint]) -> tuple[Unit, ...]:
    found = (
        {unit.code: unit for point in points for unit in framework.units_of_knowledge_point(point.code)}
        if framework
        else {}
    )
    return tuple(found.values())


def _posts(framework: Framework | None, units: Iterable[Unit]) -> tuple[Post, ...]:
    found = {post.code: post for unit in units for post in framework.posts_of_unit(unit.code)} if framework else {}
    return tuple(found.values())
