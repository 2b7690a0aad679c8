"""The findings of a self-test in words, as lines of text, and where they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.lti.registration import Registration
from lti_tool.models import AdminChange
from lti_tool.services.administration.administration import Action, Desk
from lti_tool.services.administration.self_test import Finding, State, read_findings
from lti_tool.services.mechanisms.authored_words import words_of
from qualoop.values import Text

FILE: Final = Path(__file__).with_name("self_test_advice.yaml")
_NO_ADVICE: Final = frozenset({State.WORKS, State.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One finding in words: ``change`` is what to change and where, empty where nothing is."""

    check: str
    name: str
    state: State
    word: str
    sentence: str
    change: str
    seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The last run: what was found, when and by whom."""

    findings: Sequence[Finding]
    at: datetime
    by: str


def lines(findings: Sequence[Finding], registration: Registration, base_url: str, *, language: str) -> list[Line]:
    """Return the findings in one language, with the advice for the registration's product."""
    product = registration.profile.product.value
    return [_line(finding, product, base_url, language) for finding in findings]


def printed(found: Sequence[Line], registration: Registration, at: datetime) -> list[str]:
    """Return a report as lines of text: addresses, no token, no key, nobody's name."""
    head = [
        f"{at:%Y-%m-%d %H:%M} UTC",
        f"issuer: {registration.issuer}",
        f"client_id: {registration.client_id}",
        f"product: {registration.profile.name}",
        "",
    ]
    for line in found:
        head.append(f"[{line.word}] {line.name}: {line.sentence}")
        if line.change:
            head.append(f"    → {line.change}")
    return head


def has_faults(findings: Sequence[Finding]) -> bool:
    """Say whether something does not work."""
    return any(finding.state is State.FAILS for finding in findings)


def keep(desk: Desk, registration: Registration, findings: Sequence[Finding]) -> None:
    """Keep a run in the list of changes, in the caller's transaction."""
    desk.note(
        Action.PLATFORM_CHECKED,
        registration.issuer,
        registration=registration.id,
        findings=[finding.as_stored() for finding in findings],
    )


def find_kept(session: Session, organisation_id: int, registration_id: int) -> Kept | None:
    """Return the last run of a registration, None where there was none."""
    rows = session.scalars(
        select(AdminChange)
        .where(AdminChange.organisation_id == organisation_id, AdminChange.action == Action.PLATFORM_CHECKED.value)
        .order_by(AdminChange.id.desc())
    )
    row = next((row for row in rows if row.details.get("registration") == registration_id), None)
    if row is None:
        return None
    return Kept(findings=read_findings(row.details["findings"]), at=row.at, by=row.name)


def _line(finding: Finding, product: str, base_url: str, language: str) -> Line:
    words = words_of(FILE)
    check = words["checks"][finding.check]
    outcome = check["outcomes"].get(finding.code) or words["common"][finding.code]
    values: dict[str, str | int] = {**finding.values, "base": base_url}
    why = words["failures"].get(str(values.get("why", "")), words["failures"]["other"])
    values["why"] = Text(why)[language]
    where = check.get("where", {})
    change = outcome.get("change") or where.get(product) or where.get("other")
    wanted = change if finding.state not in _NO_ADVICE else None
    return Line(
        check=finding.check,
        name=Text(check["name"])[language],
        state=finding.state,
        word=Text(words["states"][finding.state.value])[language],
        sentence=Text(outcome["says"])[language].format_map(values),
        change=Text(wanted)[language].format_map(values) if wanted else "",
        seen_at=finding.seen_at,
    )
