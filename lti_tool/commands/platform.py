"""`qualoop platform`: the learning platforms that may launch us."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.commands import add_organisation, get_organisation, open_runtime, platform_check, platform_invites
from lti_tool.lti.platform_profiles import Product
from lti_tool.lti.registration import DEFAULT_ALGORITHMS
from lti_tool.lti.registration import Registration as RegistrationValue
from lti_tool.models import Deployment, Registration
from lti_tool.services.administration.inbox_actions import approve_deployment
from lti_tool.services.platforms.runtime import Runtime
from qualoop.commands import Nouns
from qualoop.errors import QualoopError

_SHOWN = ("issuer", "client_id", "name", "auth_login_url", "token_url", "jwks_url")


class PlatformThereError(QualoopError):
    """This issuer and client id are registered already (--replace writes over it, within its organisation)."""

    code = "platform-there"


def register(nouns: Nouns) -> None:
    """Add `platform add`, `list` and `show`, and what invites platforms and approves them."""
    noun = nouns.add_parser("platform", help="register and list learning platforms")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")
    add = verbs.add_parser("add", help="register a platform by hand")
    add_organisation(add)
    for option in ("issuer", "client-id", "auth-login-url", "token-url", "jwks-url"):
        add.add_argument(f"--{option}", required=True)
    add.add_argument("--deployment", action="append", default=[], metavar="ID", help="an approved deployment; repeat")
    add.add_argument("--name", default="", help="as people know it")
    add.add_argument("--auth-audience", help="audience of our token requests, where it is not the token URL")
    add.add_argument("--service-origin", action="append", default=[], metavar="ORIGIN", help="of services elsewhere")
    products = [product.value for product in Product]
    add.add_argument("--product", choices=products, help="which it is, where its launches do not tell")
    add.add_argument("--replace", action="store_true", help="change the registration that is there")
    add.set_defaults(run=_add)
    verbs.add_parser("list", help="list registrations and their state").set_defaults(run=_list)
    show = verbs.add_parser("show", help="print what to enter in the platform, and one registration")
    show.add_argument("--organisation", metavar="KEY", help="with --issuer: whose registration")
    show.add_argument("--issuer")
    show.add_argument("--client-id")
    show.set_defaults(run=_show)
    platform_invites.register(verbs)
    platform_check.register(verbs)


def _add(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        row = _find(session, arguments.issuer, arguments.client_id)
        if row and not (arguments.replace and row.organisation_id == organisation.id):
            raise PlatformThereError
        row = row or Registration(organisation_id=organisation.id, created_at=runtime.clock())
        _fill(row, arguments)
        session.add(row)
        session.flush()
        for deployment_id in arguments.deployment:
            approve_deployment(session, row.id, row.organisation_id, deployment_id, now=runtime.clock())
    print(f"Registered {arguments.issuer} (client {arguments.client_id}).")
    return 0


def _fill(row: Registration, arguments: argparse.Namespace) -> None:
    """Take the arguments over; the value object refuses what cannot be right."""
    checked = RegistrationValue(
        id=row.id or 0,
        organisation_id=row.organisation_id,
        issuer=arguments.issuer,
        client_id=arguments.client_id,
        auth_login_url=arguments.auth_login_url,
        token_url=arguments.token_url,
        jwks_url=arguments.jwks_url,
        auth_audience=arguments.auth_audience,
        algorithms=DEFAULT_ALGORITHMS,
        service_origins=tuple(arguments.service_origin),
    )
    row.issuer, row.client_id, row.name = checked.issuer, checked.client_id, arguments.name
    row.auth_login_url, row.token_url, row.jwks_url = checked.auth_login_url, checked.token_url, checked.jwks_url
    row.auth_audience, row.product = checked.auth_audience, arguments.product or row.product
    row.algorithms, row.service_origins = list(checked.algorithms), list(checked.service_origins)


def _list(arguments: argparse.Namespace) -> int:
    with open_runtime().database.reading() as session:
        rows = session.scalars(select(Registration).order_by(Registration.issuer, Registration.client_id)).all()
        for row in rows:
            print(f"{row.issuer}\t{row.client_id}\t{row.name}\t{row.state}")
    if not rows:
        print("No platform is registered yet: qualoop platform invite, or platform add.", file=sys.stderr)
    return 0


def _show(arguments: argparse.Namespace) -> int:
    """Print what the platform's administrator enters, then the registration where one is named."""
    runtime = open_runtime(any_version=not arguments.issuer)
    # Looked for first: who mistypes reads why, and nothing that seems to be an answer.
    lines = list(_registration(runtime, arguments)) if arguments.issuer else []
    base = runtime.settings.base_url
    print("Enter in the platform:")
    print(f"  Tool URL, target link   {base}/lti/activity/KEY")
    print(f"  Login initiation URL    {base}/lti/login")
    print(f"  Redirection URI         {base}/lti/launch")
    print(f"  Public keyset URL       {base}/lti/jwks")
    print("Step by step, for one product: qualoop platform steps")
    for line in lines:
        print(line)
    return 0


def _registration(runtime: Runtime, arguments: argparse.Namespace) -> Iterator[str]:
    """Yield a registration line by line; raise OrganisationMissingError, PlatformMissingError."""
    with runtime.database.reading() as session:
        organisation = get_organisation(session, arguments.organisation or "")
        row = _find(session, arguments.issuer, arguments.client_id)
        if row is None or row.organisation_id != organisation.id:
            raise platform_invites.PlatformMissingError
        for name in (*_SHOWN, "auth_audience", "state"):
            yield f"{name}: {getattr(row, name)}"
        for deployment in session.scalars(select(Deployment).where(Deployment.registration_id == row.id)):
            yield f"deployment: {deployment.deployment_id} ({deployment.state})"


def _find(session: Session, issuer: str, client_id: str | None) -> Registration | None:
    """Return a registration by issuer and, where it is given, client."""
    query = select(Registration).where(Registration.issuer == issuer)
    if client_id:
        query = query.where(Registration.client_id == client_id)
    return session.scalars(query).first()
