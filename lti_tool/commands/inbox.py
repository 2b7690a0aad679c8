"""`qualoop inbox`: what needs a person, and the decision about it."""

from __future__ import annotations

import argparse

from lti_tool.commands import add_organisation, get_organisation, open_runtime
from lti_tool.commands.by_hand import desk_of
from lti_tool.services.administration import overview
from lti_tool.services.mechanisms import inbox
from qualoop.commands import Nouns


def register(nouns: Nouns) -> None:
    """Add `inbox list` and `inbox decide`."""
    noun = nouns.add_parser("inbox", help="see what needs a person, and decide about it")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser("list", help="list what is open: number, reason, what it is about, possible actions")
    add_organisation(listing)
    listing.set_defaults(run=_list)
    decide = verbs.add_parser("decide", help="take one of the actions of an item")
    decide.add_argument("number", type=int, metavar="NUMBER")
    decide.add_argument("action", metavar="ACTION")
    add_organisation(decide)
    decide.set_defaults(run=_decide)


def _list(arguments: argparse.Namespace) -> int:
    with open_runtime().database.reading() as session:
        items = inbox.open_items(session, get_organisation(session, arguments.organisation).id)
        for item in items:
            details = ", ".join(f"{name}={value}" for name, value in item.details.items())
            print(f"{item.id}\t{item.reason}\t{details}\t{' | '.join(item.actions)}")
    if not items:
        print("Nothing needs a person.")
    return 0


def _decide(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        desk = desk_of(session, organisation.id, runtime.clock())
        item = overview.decide(desk, arguments.number, arguments.action)
    print(f"{item.reason}: {item.resolution}.")
    return 0
