"""`qualoop platform check`: what works between a platform and this tool, and what to change where not."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lti_tool.commands import open_runtime
from lti_tool.commands.by_hand import add_platform, desk_of
from lti_tool.commands.platform_invites import get_registration
from lti_tool.services.administration import self_test, self_test_report
from qualoop.values import LANGUAGES


def register(verbs: Any) -> None:
    """Add `platform check`."""
    check = verbs.add_parser("check", help="say what works with a platform and what to change; exits 1 on a fault")
    add_platform(check)
    check.add_argument("--json", action="store_true", help="findings for programs")
    check.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0])
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.reading() as session:
        registration_id = get_registration(session, arguments).id
    registration = runtime.registrations.get(registration_id).registration
    findings = self_test.run(runtime, registration)
    with runtime.database.transaction() as session:
        self_test_report.keep(desk_of(session, registration.organisation_id, runtime.clock()), registration, findings)
    lines = self_test_report.lines(findings, registration, runtime.settings.base_url, language=arguments.language)
    if arguments.json:
        shown = [
            {**finding.as_stored(), "sentence": line.sentence, "change": line.change}
            for finding, line in zip(findings, lines, strict=True)
        ]
        print(json.dumps(shown, ensure_ascii=False, indent=1))
    else:
        print("\n".join(self_test_report.printed(lines, registration, runtime.clock())))
    return int(self_test_report.has_faults(findings))
