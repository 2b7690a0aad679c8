"""`qualoop assessor`: what an organisation asks of its assessors, and from which level on."""

from __future__ import annotations

import argparse

from lti_tool.commands import add_organisation, get_organisation, open_runtime
from lti_tool.services.people import assessor_qualifications
from qualoop.classroom.assessors import QualificationKind, QualificationRule
from qualoop.commands import Nouns

_KINDS = [kind.value for kind in QualificationKind]


def register(nouns: Nouns) -> None:
    """Add `assessor rule`."""
    noun = nouns.add_parser("assessor", help="what is asked of who judges practice, and from which level on")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")
    rule = verbs.add_parser("rule", help="show the rule, or set it: from a level on only qualified assessors judge")
    rule.add_argument("--from-level", type=int, metavar="RANK", help="the first level it holds for, 1 is the lowest")
    rule.add_argument("--kind", choices=_KINDS, action="append", help="what is asked for; give both for both")
    rule.add_argument("--off", action="store_true", help="ask for nothing any more")
    add_organisation(rule)
    rule.set_defaults(run=_rule)


def _rule(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        organisation_id = get_organisation(session, arguments.organisation).id
        if arguments.off or arguments.from_level is not None:
            kinds = frozenset(QualificationKind(each) for each in arguments.kind or _KINDS)
            wanted = QualificationRule(from_level=None if arguments.off else max(arguments.from_level, 1), kinds=kinds)
            assessor_qualifications.set_rule(session, organisation_id, wanted, now=runtime.clock())
        found = assessor_qualifications.rule_of(session.connection(), organisation_id)
    if found.from_level is None:
        print("Nothing is asked of assessors: every invited one judges every level.")
    else:
        kinds_asked = " and ".join(sorted(kind.value for kind in found.kinds))
        print(f"From level {found.from_level} on an assessor needs a confirmed qualification: {kinds_asked}.")
    return 0
