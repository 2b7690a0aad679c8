"""`qualoop keys`: the keys with which the tool signs, and their rotation."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from typing import Final

from lti_tool.commands import open_runtime
from lti_tool.commands.by_hand import desk_of
from lti_tool.services.administration import keys as administration_keys
from lti_tool.services.administration.keys import Coming, KeyLine
from lti_tool.services.platforms import key_rotation, tool_keys
from lti_tool.services.platforms.key_rotation import InUse, Moved, Terms
from qualoop.commands import Nouns

MAX_REASON: Final = 255
_COMING: Final = {
    Coming.SIGNS: "signs from {at} on",
    Coming.SIGNS_WHEN_ASKED: "signs when asked, from {at} on",
    Coming.SUCCESSOR: "signs until {at}; its successor is published on {successor_at}",
    Coming.REPLACED: "signs until {at}",
    Coming.STAYS: "signs until somebody rotates",
    Coming.PUBLISHED: "published until {at}",
    Coming.PUBLISHED_FOR_GOOD: "published for good: its seals are checked with it",
    Coming.GONE: "no longer published since {at}",
}
_AGAIN: Final = "qualoop keys rotate"
_CACHED: Final = {
    tool_keys.LTI: (
        "Platforms that keep our keys for a while refuse our requests until they fetch them again; grades wait and are "
        "sent again by themselves. Where a platform has our key pasted by hand, paste the new one from /lti/jwks."
    ),
    tool_keys.LEDGER: (
        "Whoever has the former key can sign seals of a ledger that was changed. Compare with seals that you kept: "
        "qualoop ledger verify --kept FILE"
    ),
}


def register(nouns: Nouns) -> None:
    """Add `keys list` and `keys rotate`."""
    noun = nouns.add_parser("keys", help="list and rotate the keys with which the tool signs")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")
    verbs.add_parser("list", help="list them, with what happens next and when").set_defaults(run=_list)
    rotate = verbs.add_parser("rotate", help="publish a next key, or let it sign once it was published for a day")
    rotate.add_argument("--purpose", choices=tool_keys.PURPOSES, help="messages to platforms, or seals (default: both)")
    rotate.add_argument(
        "--now",
        type=_reason,
        metavar="REASON",
        help="the key has leaked or is lost: let a new one sign at once, and publish the former no more",
    )
    rotate.set_defaults(run=_rotate)


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not 0 < len(reason) <= MAX_REASON:
        raise argparse.ArgumentTypeError(f"a reason has 1 to {MAX_REASON} characters")
    return reason


def _list(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    terms = key_rotation.terms_of(runtime.settings, runtime.clock())
    with runtime.database.reading() as session:
        for line in administration_keys.key_lines(session, terms):
            print(f"{line.key.kid}\t{line.key.purpose}\t{line.key.state}\t{_day(line.since)}\t{_coming(line)}")
    return 0


def _coming(line: KeyLine) -> str:
    """Say what happens next to a key, and when, and why it was retired ahead of its time."""
    said = _COMING[line.coming].format(at=_day(line.at), successor_at=_day(line.successor_at))
    return f"{said} ({line.key.retired_for})" if line.key.retired_for else said


def _rotate(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    terms = key_rotation.terms_of(runtime.settings, runtime.clock())
    for purpose in [arguments.purpose] if arguments.purpose else tool_keys.PURPOSES:
        if arguments.now:
            with runtime.database.transaction() as session:
                moved = administration_keys.replace(desk_of(session, None, terms.now), purpose, arguments.now, terms)
            print(f"{purpose}: {moved.signing} signs from now on.")
            print(f"{purpose}: {_CACHED[purpose]}", file=sys.stderr)
            continue
        with runtime.database.transaction() as session:
            moved = administration_keys.rotate(desk_of(session, None, terms.now), purpose, terms)
            print(f"{purpose}: {_said(moved, key_rotation.in_use(session, purpose), terms)}")
    return 0


def _said(moved: Moved, keys: InUse, terms: Terms) -> str:
    """Say what a rotation did, and what is still to come."""
    if moved.signing is not None:
        return f"{moved.signing} signs from now on."
    if keys.waiting is None:
        return "somebody else rotates just now; see: qualoop keys list"
    due = keys.due_at(terms.every)
    by_itself = f" The worker does it on {_day(due)}." if due else ""
    since = "from now on" if moved.made else f"since {_day(keys.waiting.created_at)}"
    earliest = _day(key_rotation.can_sign_from(keys.waiting))
    return f"{keys.waiting.kid} is published {since}. To let it sign: {_AGAIN}, not before {earliest}.{by_itself}"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "-"
