"""`qualoop platform`: links with which platforms register themselves, their approval, and the steps by hand."""

from __future__ import annotations

import argparse
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.commands import add_organisation, get_organisation, open_runtime
from lti_tool.commands.by_hand import desk_of, somebody
from lti_tool.lti.platform_profiles import Product
from lti_tool.models import Registration
from lti_tool.services.administration import platforms
from lti_tool.services.administration.platforms import InviteLine, InviteState
from lti_tool.services.platforms import invites
from lti_tool.services.platforms import steps as platform_steps
from qualoop.errors import QualoopError
from qualoop.values import LANGUAGES


class PlatformMissingError(QualoopError):
    """There is no registration of this issuer and client id in this organisation."""

    code = "platform-missing"


def register(verbs: Any) -> None:
    """Add `platform invite`, `invites`, `approve`, `refuse` and `steps`."""
    invite = verbs.add_parser("invite", help="make a link with which one platform registers itself; printed once")
    add_organisation(invite)
    invite.add_argument("--days", type=int, default=invites.LIFE.days, help="how long it is good (%(default)s)")
    invite.add_argument("--issuer", help="only this platform may use it")
    invite.add_argument("--host", action="append", default=[], metavar="HOST", help="of its services elsewhere; repeat")
    invite.add_argument("--by", default=somebody(), metavar="NAME", help="who makes it (%(default)s)")
    invite.set_defaults(run=_invite)
    listing = verbs.add_parser("invites", help="list the links of an organisation and what came of them")
    add_organisation(listing)
    listing.set_defaults(run=_invites)
    withdraw = verbs.add_parser("withdraw", help="delete a link that was not used")
    withdraw.add_argument("number", type=int, metavar="NUMBER", help="as `platform invites` lists it")
    add_organisation(withdraw)
    withdraw.set_defaults(run=_withdraw)
    for name, help_text, run in (
        ("approve", "let a platform that registered itself launch us", _approve),
        ("refuse", "delete a platform that registered itself and waits", _refuse),
    ):
        verb = verbs.add_parser(name, help=help_text)
        verb.add_argument("--issuer", required=True)
        verb.add_argument("--client-id", required=True)
        verb.set_defaults(run=run)
    steps = verbs.add_parser("steps", help="print what a platform's administrator does, with our addresses")
    steps.add_argument("product", choices=[product.value for product in platform_steps.PRODUCTS])
    steps.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0])
    steps.set_defaults(run=_steps)


def _invite(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    terms = platforms.invite_terms(
        made_by=arguments.by,
        days=arguments.days,
        issuer=arguments.issuer,
        hosts=arguments.host,
        allow_loopback=runtime.settings.allow_loopback,
    )
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        token = platforms.invite(desk_of(session, organisation.id, runtime.clock()), terms)
    print(f"{runtime.settings.base_url}/lti/register/{token}")
    print(f"Good once, for {arguments.days} days. It is not shown again. Give it to the platform's administrator only;")
    print("what registers with it waits until you approve it: qualoop platform approve")
    return 0


def _withdraw(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        platforms.withdraw_invite(desk_of(session, organisation.id, runtime.clock()), arguments.number)
    print(f"Withdrew link {arguments.number}.")
    return 0


def _invites(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.reading() as session:
        organisation = get_organisation(session, arguments.organisation)
        lines = platforms.list_invites(session, organisation.id, runtime.clock())
        for line in lines:
            made = f"{line.invite.created_at:%Y-%m-%d %H:%M}"
            print(f"{line.invite.id}\t{made}\t{line.invite.made_by}\t{_state(line)}")
    if not lines:
        print("No links were made.")
    return 0


def _state(line: InviteLine) -> str:
    """Say what came of a link, in words."""
    if line.state in {InviteState.GOOD, InviteState.EXPIRED}:
        gone = line.state is InviteState.EXPIRED
        return f"{'expired' if gone else 'good until'} {line.invite.expires_at:%Y-%m-%d %H:%M}"
    if line.registration is None:
        return "used, refused"
    return f"used, {line.registration.state}: {line.registration.issuer} {line.registration.client_id}"


def _approve(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        row = get_registration(session, arguments)
        platforms.approve(desk_of(session, row.organisation_id, runtime.clock()), row)
    print(f"Approved {row.issuer} (client {row.client_id}). Its launches are taken within a few seconds.")
    return 0


def _refuse(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        row = get_registration(session, arguments)
        platforms.refuse(desk_of(session, row.organisation_id, runtime.clock()), row)
    print(f"Refused {arguments.issuer} (client {arguments.client_id}) and deleted it here.")
    return 0


def _steps(arguments: argparse.Namespace) -> int:
    base_url = open_runtime().settings.base_url
    for line in platform_steps.printed(Product(arguments.product), base_url, language=arguments.language):
        print(line)
    return 0


def get_registration(session: Session, arguments: argparse.Namespace) -> Registration:
    """Return the registration that an operator names, of whatever organisation; raise PlatformMissingError."""
    found = session.scalar(
        select(Registration).where(
            Registration.issuer == arguments.issuer, Registration.client_id == arguments.client_id
        )
    )
    if found is None:
        raise PlatformMissingError
    return found
