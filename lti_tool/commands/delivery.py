"""`qualoop delivery`: what waits to reach the platforms, what failed and why; send again, put aside."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.commands import add_organisation, get_organisation, open_runtime
from lti_tool.commands.by_hand import desk_of
from lti_tool.models import Registration
from lti_tool.services.administration import deliveries
from lti_tool.services.administration.administration import Desk
from lti_tool.services.administration.deliveries import Filter, Line, Shown
from lti_tool.services.administration.platforms import get_platform
from lti_tool.services.mechanisms.delivery_reasons import Reason
from qualoop.commands import Nouns


def register(nouns: Nouns) -> None:
    """Add `delivery list`, `send-again` and `dismiss`."""
    noun = nouns.add_parser("delivery", help="see what has not reached the platforms, and send it again")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser("list", help="list deliveries: number, state, person, course, platform, tries, why")
    _add_filter(listing)
    listing.add_argument("--page", type=int, default=1, metavar="N", help="fifty on a page")
    listing.set_defaults(run=_list)
    for name, help_text, act in (
        ("send-again", "send again at once what has not arrived", deliveries.send_again),
        ("dismiss", "put failures aside until something changes", deliveries.dismiss),
    ):
        verb = verbs.add_parser(name, help=help_text)
        verb.add_argument("number", nargs="*", type=int, metavar="NUMBER", help="as `delivery list` lists it")
        verb.add_argument("--all", action="store_true", help="everything that the filter finds")
        _add_filter(verb)
        verb.set_defaults(run=_change, act=act, refuse=verb.error)


def _add_filter(verb: argparse.ArgumentParser) -> None:
    """Add the options that say which deliveries."""
    add_organisation(verb)
    verb.add_argument("--state", choices=[each.value for each in Shown], default=Shown.ATTENTION.value)
    verb.add_argument("--issuer", help="to this platform only")
    verb.add_argument("--client-id", help="with --issuer, where it has several")
    verb.add_argument("--channel", default="", help="such as ags")
    verb.add_argument("--reason", choices=[each.value for each in Reason])
    verb.add_argument("--course", default="", metavar="TEXT", help="whose title has this in it")


def _list(arguments: argparse.Namespace) -> int:
    with open_runtime().database.reading() as session:
        organisation_id = get_organisation(session, arguments.organisation).id
        wanted = _filter(session, organisation_id, arguments)
        found = deliveries.look(session, organisation_id, wanted, page=max(arguments.page - 1, 0))
    for line in found.lines:
        print(_said(line))
    print(f"{found.total} in all." if found.lines else "Nothing fits.")
    return 0


def _change(arguments: argparse.Namespace) -> int:
    if bool(arguments.number) == arguments.all:
        arguments.refuse("say which: NUMBER, or --all")
    act: Callable[[Desk, Filter | Collection[int]], int] = arguments.act
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        organisation_id = get_organisation(session, arguments.organisation).id
        wanted = _filter(session, organisation_id, arguments) if arguments.all else arguments.number
        changed = act(desk_of(session, organisation_id, runtime.clock()), wanted)
    print(f"Changed: {changed}.")
    return 0


def _filter(session: Session, organisation_id: int, arguments: argparse.Namespace) -> Filter:
    """Return what the options ask for; raise AdminMissingError for a platform that is not of the organisation."""
    registration_id = None
    if arguments.issuer:
        query = select(Registration.id).where(
            Registration.issuer == arguments.issuer, Registration.organisation_id == organisation_id
        )
        if arguments.client_id:
            query = query.where(Registration.client_id == arguments.client_id)
        registration_id = get_platform(session, organisation_id, session.scalars(query).first() or 0).id
    return Filter(
        shown=Shown(arguments.state),
        registration_id=registration_id,
        channel=arguments.channel,
        reason=Reason(arguments.reason) if arguments.reason else None,
        course=arguments.course,
    )


def _said(line: Line) -> str:
    """Return a line of the list. People are shown by their pseudonym: a terminal keeps what it showed."""
    state = "dismissed" if line.is_dismissed else line.state.value
    tries = f"{line.attempts} tries"
    place = (line.channel, line.person_uuid or "-", line.course or "-", line.platform or "-")
    return "\t".join((str(line.id), state, *place, tries, line.reason.value if line.reason else "-"))
