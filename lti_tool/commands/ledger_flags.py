"""`qualoop ledger appeal`, `decide`, `withdraw`, `reinstate`: what people say over a learner's knowledge points."""

from __future__ import annotations

import argparse
from typing import Any, Final
from uuid import UUID

from lti_tool.commands import add_organisation, get_organisation, open_runtime
from lti_tool.services.ledger import flags
from lti_tool.services.platforms.runtime import Runtime
from qualoop.errors import QualoopError
from qualoop.framework import Framework
from qualoop.records import APPEAL_OUTCOMES, Outcome

OPERATOR: Final = "operator"
"""The actor of what is done by command where no person's pseudonym is given."""

_POINT_VERBS: Final = {
    "appeal": (None, "put knowledge points of a learner under appeal"),
    "withdraw": (Outcome.WITHDRAWN, "withdraw knowledge points of a learner"),
    "reinstate": (Outcome.REINSTATED, "take a withdrawal back"),
}


class FrameworkMissingError(QualoopError):
    """This organisation has no framework yet: install one with `qualoop content install`."""

    code = "framework-missing"


def register(verbs: Any) -> None:
    """Add the verbs."""
    for name, (outcome, says) in _POINT_VERBS.items():
        verb = verbs.add_parser(name, help=says)
        add_organisation(verb)
        verb.add_argument("--learner", required=True, type=UUID, metavar="UUID", help="the pseudonym")
        verb.add_argument("--words", default="", help="why; kept under the learner's data key")
        verb.add_argument("--actor", default=OPERATOR, metavar="UUID", help="the pseudonym of who says so")
        verb.add_argument("codes", nargs="+", metavar="CODE", help="knowledge points")
        verb.set_defaults(run=_say, outcome=outcome)
    decide = verbs.add_parser("decide", help="decide an open appeal; somebody else than who opened it")
    add_organisation(decide)
    decide.add_argument("--appeal", required=True, type=UUID, metavar="UUID", help="what `appeal` printed")
    decide.add_argument("--actor", required=True, metavar="UUID", help="the pseudonym of who decides")
    decide.add_argument("outcome", type=Outcome, choices=sorted(APPEAL_OUTCOMES), metavar="upheld|changed")
    decide.set_defaults(run=_decide)


def _say(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        framework = _framework(runtime, session, organisation.id)
        notice = flags.Notice(
            learner=arguments.learner,
            codes=tuple(arguments.codes),
            actor=arguments.actor,
            secret=runtime.settings.secret_key,
            words=arguments.words,
        )
        now = runtime.clock()
        if arguments.outcome is None:
            made = flags.open_appeal(session, organisation, framework, notice, now=now)
        else:
            made = flags.decide_points(session, organisation, framework, notice, outcome=arguments.outcome, now=now)
    print(f"Recorded as event {made}. Every page shows it from now on.")
    return 0


def _decide(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        made = flags.decide_appeal(
            session, organisation, arguments.appeal, arguments.outcome, actor=arguments.actor, now=runtime.clock()
        )
    print(f"Recorded as event {made}. A result that was wrong is mended with: qualoop ledger revise")
    return 0


def _framework(runtime: Runtime, session: Any, organisation_id: int) -> Framework:
    found = runtime.contents.find_framework(session.connection(), organisation_id)
    if found is None:
        raise FrameworkMissingError
    return found
