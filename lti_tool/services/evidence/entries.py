"""The evidence behind a learner's levels: ledger events, the explanations beside them, the names of what was answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jinja2.filters import do_striptags
from sqlalchemy import Connection, select

from lti_tool.db import Direct, Driver, moment
from lti_tool.models import ContentVersion
from lti_tool.services.content.contents import Contents
from lti_tool.services.ledger.standings import DatedStanding, read_dated_standings, says_the_same
from lti_tool.services.mastery import cache
from lti_tool.services.mastery.explanations import StoredUpdate, explain, moves
from qualoop.content_packages import Lesson, block_html
from qualoop.ledger import Evidence
from qualoop.policies import DEFAULT_TABLE, WeightTable, weight_table
from qualoop.records import EntryCorrection, EvidenceEntry
from qualoop.values import Text

# The plus keeps SQLite from reading the whole organisation by its index, instead of a few rows by their numbers.
_GENERATION = Direct("SELECT weights, through_seq FROM mastery_generation WHERE id = ? AND organisation_id = ?")
_EVENTS = Direct("SELECT id, uuid, occurred_at, body FROM ledger_event WHERE +organisation_id = ? AND id IN ?")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPart:
    """What was answered, in the reader's language: the activity's title and the question."""

    activity: str
    question: str


def list_entries(
    connection: Connection,
    organisation_id: int,
    learner: str,
    *,
    code: str | None = None,
    before: int | None = None,
    limit: int | None = None,
    newest_first: bool = False,
) -> Sequence[EvidenceEntry]:
    """Return a learner's evidence in ledger order, with what each piece did in the adopted generation and how it counts now.

    ``code`` keeps what moved this knowledge point, ``before`` what stands in the ledger before this sequence number,
    ``limit`` the newest so many.
    """
    place = cache.find_adopted(connection, organisation_id)
    if place is None:
        return ()
    updates = cache.list_updates(connection, place, learner, code=code, before=before, limit=limit)
    if not updates:
        return ()
    driver = Driver(connection)
    weights, through = driver.one(_GENERATION, (place.generation_id, organisation_id)) or (DEFAULT_TABLE, 0)
    rows = driver.all(_EVENTS, (organisation_id, driver.listed(update.seq for update in updates)))
    reader = _Reader(
        rows={row[0]: row[1:] for row in rows},
        standings=read_dated_standings(connection, organisation_id, learner),
        table=weight_table(weights),
        through=through,
    )
    return [reader.entry(update) for update in (updates if newest_first else reversed(updates))]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Makes entries of updates: from ``rows`` of the ledger by number, and how those events stand that were corrected.

    ``table`` weighed the evidence; levels follow the corrections up to number ``through``.
    """

    rows: Mapping[int, tuple[Any, ...]]
    standings: Mapping[str, DatedStanding]
    table: WeightTable
    through: int

    def entry(self, update: StoredUpdate) -> EvidenceEntry:
        """Return one entry, with the score that counts now."""
        uuid, at, body = self.rows[update.seq]
        recorded = Evidence.from_body(json.loads(body))
        correction, evidence = None, recorded
        if (found := self.standings.get(uuid)) and not says_the_same(found.standing, recorded.score):
            standing = found.standing
            correction = EntryCorrection(
                at=found.at,
                reason=standing.reason,
                was=recorded.score,
                is_void=standing.voided,
                is_followed=standing.seq <= self.through,
            )
            evidence = recorded if standing.score is None else replace(recorded, score=standing.score)
        return EvidenceEntry(
            seq=update.seq,
            at=moment(at),
            evidence=evidence,
            # Why it weighs what it weighs does not depend on its score.
            explanation=explain(update, evidence, self.table),
            correction=correction,
            moves=moves(update),
        )


def name_parts(
    connection: Connection,
    contents: Contents,
    organisation_id: int,
    entries: Iterable[EvidenceEntry],
    *,
    language: str,
) -> Mapping[tuple[str, str], NamedPart]:
    """Return the names of everything that ``entries`` are of, by (content hash, part); keys where a name is not known."""
    wanted = {(entry.evidence.content, entry.evidence.part): entry.evidence.activity for entry in entries}
    opened: dict[str, object] = {}
    for version_id, content, is_here, manifest in connection.execute(
        select(ContentVersion.id, ContentVersion.hash, ContentVersion.document != "", ContentVersion.manifest).where(
            ContentVersion.organisation_id == organisation_id,
            ContentVersion.hash.in_({content for content, _ in wanted}),
        )
    ):
        opened[content] = contents.get(connection, organisation_id, version_id).content if is_here else manifest
    return {
        (content, part): _named(opened.get(content), activity, part, language)
        for (content, part), activity in wanted.items()
    }


def _named(content: object, activity: str, part: str, language: str) -> NamedPart:
    """Return the names of one part; those of a lesson are its title and the text of the question.

    Of what a platform carries itself the manifest alone is here, with a title where it has one.
    """
    if isinstance(content, Mapping) and (title := content.get("title")):
        named = next((each["title"] for each in content["parts"] if each["key"] == part and "title" in each), None)
        return NamedPart(activity=Text(title)[language], question=Text(named)[language] if named else part)
    if not isinstance(content, Lesson):
        return NamedPart(activity=activity, question=part)
    shown = content.shown_language(language)
    item = content.items.get(part)
    question = do_striptags(block_html(item.prompt[shown])) if item else part
    return NamedPart(activity=content.title[shown], question=question)
