"""`qualoop platform`: links with which platforms register themselves, their approval, and the steps by hand."""

from __future__ import annotations

import argparse
import getpass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.commands import add_organisation, get_organisation, open_runtime
from lti_tool.lti.dynamic_registration import is_service_url
from lti_tool.lti.platform_profiles import Product
from lti_tool.models import Registration, RegistrationInvite
from lti_tool.services import invites, platform_approval, platform_steps
from qualoop.errors import QualoopError
from qualoop.values import LANGUAGES, ValueRefusedError

DAYS: Final = range(1, 91)
MAX_NAME: Final = 255


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
    invite.add_argument("--by", default=_somebody(), metavar="NAME", help="who makes it (%(default)s)")
    invite.set_defaults(run=_invite)
    listing = verbs.add_parser("invites", help="list the links of an organisation and what came of them")
    add_organisation(listing)
    listing.set_defaults(run=_invites)
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
    terms = _terms(arguments, allow_loopback=runtime.settings.allow_loopback)
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        token = invites.make(session, organisation.id, terms, now=runtime.clock())
    print(f"{runtime.settings.base_url}/lti/register/{token}")
    print(f"Good once, for {arguments.days} days. It is not shown again. Give it to the platform's administrator only;")
    print("what registers with it waits until you approve it: qualoop platform approve")
    return 0


def _terms(arguments: argparse.Namespace, *, allow_loopback: bool) -> invites.Terms:
    """Return what the link is good for; raise ValueRefusedError."""
    if arguments.days not in DAYS:
        raise ValueRefusedError(f"--days is {DAYS[0]} to {DAYS[-1]}")
    if arguments.issuer and not is_service_url(arguments.issuer, allow_loopback=allow_loopback):
        raise ValueRefusedError("--issuer is an https address")
    hosts = tuple(host.lower() for host in arguments.host)
    if not all(is_service_url(f"https://{host}/", allow_loopback=False) and "/" not in host for host in hosts):
        raise ValueRefusedError("--host is the name of a host, without https:// and path")
    return invites.Terms(
        made_by=arguments.by[:MAX_NAME],
        life=timedelta(days=arguments.days),
        issuer=arguments.issuer,
        other_hosts=hosts,
    )


def _invites(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.reading() as session:
        rows = invites.listed(session, get_organisation(session, arguments.organisation).id)
        for row in rows:
            made = f"{row.created_at:%Y-%m-%d %H:%M}"
            print(f"{row.id}\t{made}\t{row.made_by}\t{_state(session, row, runtime.clock())}")
    if not rows:
        print("No links were made.")
    return 0


def _state(session: Session, invite: RegistrationInvite, now: datetime) -> str:
    """Say what came of a link, in words."""
    if invite.used_at is None:
        gone = invite.expires_at <= now
        return f"{'expired' if gone else 'good until'} {invite.expires_at:%Y-%m-%d %H:%M}"
    registration = session.get(Registration, invite.registration_id) if invite.registration_id else None
    if registration is None:
        return "used, refused"
    return f"used, {registration.state}: {registration.issuer} {registration.client_id}"


def _approve(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        row = _get(session, arguments)
        platform_approval.approve(session, row, now=runtime.clock())
    print(f"Approved {row.issuer} (client {row.client_id}). Its launches are taken within a few seconds.")
    return 0


def _refuse(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        platform_approval.refuse(session, _get(session, arguments), now=runtime.clock())
    print(f"Refused {arguments.issuer} (client {arguments.client_id}) and deleted it here.")
    return 0


def _steps(arguments: argparse.Namespace) -> int:
    base_url = open_runtime().settings.base_url
    for line in platform_steps.printed(Product(arguments.product), base_url, language=arguments.language):
        print(line)
    return 0


def _get(session: Session, arguments: argparse.Namespace) -> Registration:
    """Return the registration that an operator names, of whatever organisation; raise PlatformMissingError."""
    found = session.scalar(
        select(Registration).where(
            Registration.issuer == arguments.issuer, Registration.client_id == arguments.client_id
        )
    )
    if found is None:
        raise PlatformMissingError
    return found


def _somebody() -> str:
    """Return who is logged in on this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "operator"
