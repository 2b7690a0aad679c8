"""`qualoop deployment`: which deployments of a platform may launch us."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from lti_tool.commands import add_organisation, get_organisation, open_runtime
from lti_tool.commands.by_hand import add_platform, desk_of
from lti_tool.commands.platform_invites import get_registration
from lti_tool.models import Registration
from lti_tool.services.administration import platforms
from lti_tool.services.administration.administration import Desk
from qualoop.commands import Nouns


def register(nouns: Nouns) -> None:
    """Add `deployment list`, `approve` and `refuse`."""
    noun = nouns.add_parser("deployment", help="list, approve and refuse deployments of platforms")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser("list", help="list them: issuer, client id, deployment, state, number of courses")
    add_organisation(listing)
    listing.set_defaults(run=_list)
    for name, help_text, act in (
        ("approve", "let a deployment launch us", platforms.approve_deployment),
        ("refuse", "let a deployment launch us no more", platforms.refuse_deployment),
    ):
        verb = verbs.add_parser(name, help=help_text)
        add_platform(verb)
        verb.add_argument("--deployment", required=True, metavar="ID")
        verb.set_defaults(run=_decide, act=act)


def _list(arguments: argparse.Namespace) -> int:
    with open_runtime().database.reading() as session:
        organisation_id = get_organisation(session, arguments.organisation).id
        lines = platforms.deployments(session, organisation_id)
        for line in lines:
            row = platforms.get_platform(session, organisation_id, line.registration_id)
            print(f"{row.issuer}\t{row.client_id}\t{line.deployment_id}\t{line.state.value}\t{line.courses} courses")
    if not lines:
        print("No deployment is known.")
    return 0


def _decide(arguments: argparse.Namespace) -> int:
    act: Callable[[Desk, Registration, str], None] = arguments.act
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        row = get_registration(session, arguments)
        act(desk_of(session, row.organisation_id, runtime.clock()), row, arguments.deployment)
    print(f"Deployment {arguments.deployment}: done. It counts within a few seconds.")
    return 0
