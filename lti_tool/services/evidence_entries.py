"""The evidence behind a learner's levels: ledger events, the explanations beside them, the names of what was answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jinja2.filters import do_striptags
from sqlalchemy import Connection, select

from lti_tool.models import ContentVersion, LedgerEvent, MasteryUpdate
from lti_tool.services import mastery_cache
from lti_tool.services.contents import Contents
from qualoop.content_packages import Lesson, block_html
from qualoop.ledger import Evidence
from qualoop.records import EvidenceEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPart:
    """What was answered, in the reader's language: the activity's title and the question."""

    activity: str
    question: str


def list_entries(connection: Connection, organisation_id: int, learner: str) -> Sequence[EvidenceEntry]:
    """Return a learner's evidence in ledger order, with what each piece did in the adopted generation."""
    place = mastery_cache.find_adopted(connection, organisation_id)
    if place is None:
        return ()
    rows = connection.execute(
        select(LedgerEvent.id, LedgerEvent.occurred_at, LedgerEvent.body, MasteryUpdate.explanation)
        .join(LedgerEvent, LedgerEvent.id == MasteryUpdate.event_seq)
        .where(
            MasteryUpdate.organisation_id == organisation_id,
            MasteryUpdate.generation_id == place.generation_id,
            MasteryUpdate.learner == learner,
            # Named twice, so that the learner's own index is used on both tables, not the whole organisation's.
            LedgerEvent.organisation_id == organisation_id,
            LedgerEvent.learner == learner,
        )
        .order_by(LedgerEvent.id)
    )
    return [
        EvidenceEntry(seq=seq, at=at, evidence=Evidence.from_body(json.loads(body)), explanation=explanation)
        for seq, at, body, explanation in rows
    ]


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
    versions = {
        content: version_id
        for version_id, content in connection.execute(
            select(ContentVersion.id, ContentVersion.hash).where(
                ContentVersion.organisation_id == organisation_id,
                ContentVersion.hash.in_({content for content, _ in wanted}),
            )
        )
    }
    opened = {
        content: contents.get(connection, organisation_id, version_id).content
        for content, version_id in versions.items()
    }
    return {
        (content, part): _named(opened.get(content), activity, part, language)
        for (content, part), activity in wanted.items()
    }


def _named(content: object, activity: str, part: str, language: str) -> NamedPart:
    """Return the names of one part; those of a lesson are its title and the text of the question."""
    if not isinstance(content, Lesson):
        return NamedPart(activity=activity, question=part)
    shown = content.shown_language(language)
    item = content.items.get(part)
    question = do_striptags(block_html(item.prompt[shown])) if item else part
    return NamedPart(activity=content.title[shown], question=question)
