"""What a replay reads: evidence from segments and from the ledger, tags as of an event, corrections."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from lti_tool.db import Direct, Driver, moment
from lti_tool.services.content import parts
from lti_tool.services.ledger.standings import read_corrections
from qualoop.ledger import Standing, settle_corrections
from qualoop.mastery import segments
from qualoop.mastery.joining import Joined, Part, correct, join
from qualoop.mastery.segments import Fact, Facts, Segment
from qualoop.policies import WeightTable, vote_number

log = logging.getLogger(__name__)

#: Evidence in one segment. What is newer than the last whole segment is read from the ledger.
SEGMENT_ROWS: Final = 250_000
FOLDER: Final = "segments"

_EVIDENCE = Direct(
    "SELECT id, learner, occurred_at, body FROM ledger_event WHERE organisation_id = ? AND id > ? AND id <= ? "
    "AND type = 'evidence.recorded' ORDER BY id LIMIT ?"
)
_COUNT = Direct(
    "SELECT count(*) FROM ledger_event WHERE organisation_id = ? AND id > ? AND id <= ? AND type = 'evidence.recorded'"
)
_SEQS = Direct("SELECT uuid, id FROM ledger_event WHERE organisation_id = ? AND uuid IN ?")
# From the newest on: what has come since then is all that is read.
_NEWEST_BY = Direct(
    "SELECT id FROM ledger_event WHERE organisation_id = ? AND recorded_at <= ? ORDER BY id DESC LIMIT 1"
)
_LATER = Direct(
    "SELECT id FROM ledger_event WHERE organisation_id = ? AND id <= ? AND recorded_at > ? "
    "AND type = 'evidence.recorded'"
)


class Tags:
    """The tags of each part, chosen as for an answer that comes now (`parts.stored_tags`): by ``as_of``, the number of an
    event up to which adoptions of tags count. ``or_first``: content that was tagged only later has its first tags.
    """

    def __init__(self, connection: Connection, organisation_id: int, as_of: int, *, or_first: bool = True) -> None:
        self._organisation_id = organisation_id
        self._known: dict[tuple[str, str], Mapping[str, Part]] = {}
        self._adopted = parts.read_adopted(connection, organisation_id, as_of)
        self._or_first = or_first

    @classmethod
    def of(cls, connection: Connection, organisation_id: int, cursor: Mapping[str, Any]) -> Tags:
        """Return the tags that a replay has fixed at its beginning."""
        as_of = cursor["basis"] if cursor["tags"] is None else cursor["tags"]
        # What was not tagged by a moment did not count at it.
        or_first = cursor["choice"].get("recorded_by") is None
        return cls(connection, organisation_id, as_of, or_first=or_first)

    def find(self, connection: Connection, name: str) -> Part | None:
        """Return what is known of a part by its name (`segments.part_name`); None where it has no tags."""
        activity, part, content = segments.split_part(name)
        key = (activity, content)
        if key not in self._known:
            self._known[key] = self._read(connection, *key)
        return self._known[key].get(part)

    def _read(self, connection: Connection, activity: str, content: str) -> Mapping[str, Part]:
        """Return the tagged parts of a content version."""
        version = parts.find_version(connection, self._organisation_id, activity, content)
        if version is None:
            return {}
        tags = parts.stored_tags(connection, self._organisation_id, version, self._adopted, or_first=self._or_first)
        return {key: Part(tags=points, options=version.options.get(key)) for key, points in (tags or {}).items()}


@dataclass(frozen=True, slots=True)
class Stretch:
    """The evidence of one organisation with sequence numbers above ``after``, up to and with ``through``.

    ``recorded_by``, in microseconds since 1970, cuts what is joined with corrections at a moment too: events that were
    recorded side by side may have their numbers in another order.
    """

    organisation_id: int
    after: int
    through: int
    recorded_by: int | None = None


def newest_by(connection: Connection, organisation_id: int, recorded_by: int) -> int:
    """Return the number of the newest event that was recorded by a moment, in microseconds since 1970; 0 for none."""
    row = Driver(connection).one(_NEWEST_BY, (organisation_id, recorded_by))
    return int(row[0]) if row else 0


def read_rows(connection: Connection, stretch: Stretch, limit: int) -> list[tuple[int, str, int, dict[str, Any]]]:
    """Return up to ``limit`` pieces of evidence in ledger order: number, learner, microseconds, body."""
    rows = Driver(connection).all(_EVIDENCE, (stretch.organisation_id, stretch.after, stretch.through, limit))
    return [(seq, learner, at, json.loads(body)) for seq, learner, at, body in rows]


def count_rows(connection: Connection, stretch: Stretch) -> int:
    """Return how many pieces of evidence there are."""
    row = Driver(connection).one(_COUNT, (stretch.organisation_id, stretch.after, stretch.through))
    return int(row[0]) if row else 0


def read_facts(connection: Connection, stretch: Stretch, limit: int) -> Facts:
    """Return up to ``limit`` pieces of evidence as columns."""
    return segments.gather(
        Fact(
            seq=seq,
            occurred_at=at,
            learner=learner,
            part=segments.part_name(body["activity"], body["part"], body["content"]),
            form=segments.form_name(body["form"], body.get("occasion", ""), vote_number(body["form"], body["try"])),
            score=body["score"],
            hints=body["hints"],
            rater=body["rater"],
        )
        for seq, learner, at, body in read_rows(connection, stretch, limit)
    )


class Log:
    """The evidence of one organisation: in segments as far as there are whole ones, the rest in the ledger.

    Without a ``folder``, or without the library that reads segments, everything comes from the ledger. New segments
    hold ``segment_rows`` pieces of evidence, `SEGMENT_ROWS` where that is None.
    """

    def __init__(self, organisation_id: int, folder: Path | None, segment_rows: int | None = None) -> None:
        self._organisation_id = organisation_id
        self._rows = segment_rows or SEGMENT_ROWS
        self._folder = folder if segments.is_available() else None

    def write_next_segment(self, connection: Connection, through: int) -> bool:
        """Write the next whole segment up to ``through``, below which no event is still being written.

        False where there is none to write, and where the disk refuses: the ledger has it all.
        """
        if self._folder is None:
            return False
        after = self._covered(through)[-1].through if self._covered(through) else 0
        facts = read_facts(connection, Stretch(self._organisation_id, after, through), self._rows)
        if len(facts) < self._rows:
            return False
        try:
            segments.write(self._folder, facts, after=after, through=int(facts.seq[-1]))
        except OSError:
            log.exception("a segment could not be written; the replay reads the ledger instead")
            return False
        return True

    def read(self, connection: Connection, through: int) -> Facts:
        """Return the evidence up to ``through``. A segment that is damaged is made again from the ledger."""
        covered = self._covered(through)
        rest = Stretch(self._organisation_id, covered[-1].through if covered else 0, through)
        tail = read_facts(connection, rest, count_rows(connection, rest))
        if not covered:
            return tail
        found = (self._read_segment(connection, segment) for segment in covered)
        rows = sum(segment.rows for segment in covered) + len(tail)
        return segments.join(chain(found, [segments.as_stretch(tail)]), rows)

    def _read_segment(self, connection: Connection, segment: Segment) -> segments.Stretch:
        """Return the facts of a segment; where it is damaged, it is written anew from the ledger."""
        try:
            return segments.read(segment)
        except segments.SegmentDamagedError:
            stretch = Stretch(self._organisation_id, segment.after, segment.through)
            facts = read_facts(connection, stretch, count_rows(connection, stretch))
            segment.path.unlink(missing_ok=True)
            return segments.read(
                segments.write(segment.path.parent, facts, after=segment.after, through=segment.through)
            )

    def _covered(self, through: int) -> Sequence[Segment]:
        """Return the segments that hold nothing newer than ``through``."""
        found = segments.find(self._folder) if self._folder is not None else ()
        return [segment for segment in found if segment.through <= through]


def joined(connection: Connection, facts: Facts, tags: Tags, *, stretch: Stretch, table: WeightTable) -> Joined:
    """Return facts with the corrections of a stretch, cut at its moment if it has one, with tags and weights."""
    by = None if stretch.recorded_by is None else moment(stretch.recorded_by)
    standings = settle_corrections(
        read_corrections(connection, stretch.organisation_id, through_seq=stretch.through, recorded_by=by)
    )
    seqs = _seqs(connection, stretch.organisation_id, standings)
    voided = {seqs[uuid] for uuid, standing in standings.items() if standing.voided and uuid in seqs}
    revised = {
        seqs[uuid]: standing.score.as_text()
        for uuid, standing in standings.items()
        if standing.score is not None and not standing.voided and uuid in seqs
    }
    facts = correct(facts, voided=voided | _later(connection, stretch), revised=revised)
    found = ((name, tags.find(connection, name)) for name in facts.part.values)
    return join(facts, {name: part for name, part in found if part is not None}, table)


def _later(connection: Connection, stretch: Stretch) -> set[int]:
    """Return the numbers of the evidence of a stretch that was recorded after its moment."""
    if stretch.recorded_by is None:
        return set()
    rows = Driver(connection).all(_LATER, (stretch.organisation_id, stretch.through, stretch.recorded_by))
    return {seq for (seq,) in rows}


def _seqs(connection: Connection, organisation_id: int, standings: Mapping[str, Standing]) -> dict[str, int]:
    """Return the sequence numbers of corrected events."""
    driver = Driver(connection)
    rows = driver.all(_SEQS, (organisation_id, driver.listed(standings))) if standings else []
    return dict(rows)
