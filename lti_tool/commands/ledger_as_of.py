"""`qualoop ledger as-of`: a learner's evidence as it stood at an earlier moment."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from lti_tool.commands import add_organisation, get_organisation, open_runtime
from lti_tool.services.ledger import as_of
from lti_tool.services.ledger.as_of import Belief, MomentUnreadableError

_COLUMNS: Final = ("happened", "recorded", "part", "score", "counted", "correction")


def a_moment(text: str) -> datetime:
    """Return the moment of an argument, for argparse."""
    try:
        return as_of.read_moment(text)
    except MomentUnreadableError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error


def register(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("as-of", help="list a learner's evidence as it stood at a moment")
    add_organisation(verb)
    verb.add_argument("--learner", required=True, type=UUID, metavar="UUID", help="the pseudonym")
    verb.add_argument(
        "--known-by",
        required=True,
        type=a_moment,
        metavar="DATE-OR-TIME",
        help="what was recorded by then counts, corrections too; a date means its end, UTC",
    )
    verb.add_argument(
        "--about", type=a_moment, metavar="DATE-OR-TIME", help="only what had happened by then; default: all of it"
    )
    verb.add_argument("--json", action="store_true", help="as one JSON document")
    verb.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> int:
    """List what was known."""
    learner, known_by = str(arguments.learner), arguments.known_by
    about = arguments.about or known_by
    with open_runtime().database.reading() as session:
        organisation = get_organisation(session, arguments.organisation)
        found = as_of.evidence_as_of(
            session.connection(), organisation.id, learner, recorded_by=known_by, occurred_by=about
        )
    if arguments.json:
        head = {"learner": learner, "known_by": known_by.isoformat(), "about": about.isoformat()}
        print(json.dumps({**head, "evidence": [_as_data(belief) for belief in found]}, ensure_ascii=False, indent=1))
    elif found:
        _print_table([_COLUMNS, *(_as_row(belief) for belief in found)])
    else:
        print(f"No evidence of this learner up to {_time(about)} was known by {_time(known_by)}.")
    return 0


def _as_data(belief: Belief) -> Mapping[str, Any]:
    """Return evidence as it stood, as plain JSON."""
    evidence, standing = belief.evidence, belief.standing
    return {
        "event": str(belief.uuid),
        "occurred_at": belief.occurred_at.isoformat(),
        "recorded_at": belief.recorded_at.isoformat(),
        "activity": evidence.activity,
        "content": evidence.content,
        "part": evidence.part,
        "form": evidence.form,
        "score": evidence.score.as_text(),
        "counted": None if belief.score is None else belief.score.as_text(),
        "correction": standing
        and {"type": "voided" if standing.voided else "revised", "reason": standing.reason, "event": standing.by},
    }


def _as_row(belief: Belief) -> tuple[str, ...]:
    """Return evidence as it stood, as the cells of a line."""
    evidence, standing = belief.evidence, belief.standing
    return (
        _time(belief.occurred_at),
        _time(belief.recorded_at),
        f"{evidence.activity}/{evidence.part}",
        evidence.score.as_text(),
        "-" if belief.score is None else belief.score.as_text(),
        "" if standing is None else f"{'voided' if standing.voided else 'revised'}: {standing.reason}",
    )


def _print_table(rows: Iterable[tuple[str, ...]]) -> None:
    """Print rows in columns that are as wide as they need to be."""
    listed = list(rows)
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
    for row in listed:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
