"""The self-test of a registration: what works between a platform and this tool, and what does not.

It judges from what was seen (self_test_facts) and from requests that only read (self_test_probes). No score is sent: a
self-test never writes to a grade book. Words and advice are self_test_advice.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select

from lti_tool.lti import ags, nrps
from lti_tool.lti.errors import LtiError
from lti_tool.lti.platform_profiles import ResultAddress
from lti_tool.lti.registration import Registration
from lti_tool.models import ToolKey
from lti_tool.services.administration.self_test_facts import Facts, SeenColumn, read_facts
from lti_tool.services.administration.self_test_probes import OK, Answer, Grant, Prober, Values
from lti_tool.services.platforms import tool_keys
from lti_tool.services.platforms.runtime import Runtime

#: What launches may be off by, seconds (id tokens are taken with this leeway).
MAX_SKEW_S: Final = 60
_READS_COLUMNS: Final = frozenset({ags.SCOPE_LINE_ITEM, ags.SCOPE_LINE_ITEM_READ})
_AGS_SCOPES: Final = _READS_COLUMNS | {ags.SCOPE_SCORE, ags.SCOPE_RESULT_READ}


class State(StrEnum):
    """How one thing stands. The codes are stored and never change."""

    WORKS = "works"
    FAILS = "fails"
    UNSEEN = "unseen"
    ABSENT = "not-offered"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: ``code`` is its outcome in self_test_advice.yaml, ``values`` fill its sentence; never a secret or a name."""

    check: str
    state: State
    code: str
    values: Values = field(default_factory=dict)
    seen_at: datetime | None = None

    def as_stored(self) -> dict[str, Any]:
        """Return the finding as JSON keeps it."""
        return {
            "check": self.check,
            "state": self.state.value,
            "code": self.code,
            "values": dict(self.values),
            "seen_at": self.seen_at.isoformat() if self.seen_at else None,
        }


def read_findings(stored: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Return stored findings."""
    return [
        Finding(
            check=each["check"],
            state=State(each["state"]),
            code=each["code"],
            values=each["values"],
            seen_at=datetime.fromisoformat(each["seen_at"]) if each["seen_at"] else None,
        )
        for each in stored
    ]


def run(runtime: Runtime, registration: Registration) -> list[Finding]:
    """Return what was found, in the order in which somebody sets things right. Nothing is written, here or there."""
    with runtime.database.reading() as session:
        facts = read_facts(session, registration.organisation_id, registration.id)
        published = session.scalars(select(ToolKey).where(ToolKey.purpose == tool_keys.LTI)).all()
        keys = sum(tool_keys.is_published(row, runtime.clock()) for row in published)
    prober = Prober(runtime, registration)
    return [
        _own_address(runtime),
        _judged("own_keys", "published" if keys else "none", good="published", values={"count": keys}),
        _probed("platform_keys", prober.platform_keys(), good="usable"),
        *_SeenChecks(facts).find(),
        *_ServiceChecks(prober, facts, registration).find(),
    ]


def _own_address(runtime: Runtime) -> Finding:
    base_url = runtime.settings.base_url
    if base_url.startswith("https://"):
        return Finding(check="own_address", state=State.WORKS, code="https")
    if runtime.settings.allow_loopback:
        return Finding(check="own_address", state=State.SKIPPED, code="loopback")
    return Finding(check="own_address", state=State.FAILS, code="plain")


def _judged(check: str, code: str, *, good: str, values: Values | None = None) -> Finding:
    return Finding(check=check, state=State.WORKS if code == good else State.FAILS, code=code, values=values or {})


def _probed(check: str, answer: Answer | Grant, *, good: str = OK) -> Finding:
    """Return what a request says about a check; one that there was no time for says nothing."""
    if answer.code == "late":
        return Finding(check=check, state=State.SKIPPED, code="late")
    return _judged(check, answer.code, good=good, values=answer.values)


class _SeenChecks:
    """Checks that need no request."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def find(self) -> Iterator[Finding]:
        facts = self._facts
        yield _seen("launch", facts.launched_at)
        yield self._deployments()
        yield self._names()
        yield _seen(
            "deep_linking", facts.answered_at or facts.asked_at, good="answered" if facts.answered_at else "asked"
        )
        if facts.has_course:
            offered = facts.groups_url is not None
            yield Finding(
                check="groups", state=State.WORKS if offered else State.ABSENT, code="offered" if offered else "absent"
            )
        if facts.competency_faults is not None:
            code = "faults" if facts.competency_faults else "good"
            yield Finding(
                check="competencies",
                state=State.FAILS if facts.competency_faults else State.WORKS,
                code=code,
                values={"count": facts.competency_faults},
                seen_at=facts.competencies_at,
            )

    def _deployments(self) -> Finding:
        facts = self._facts
        if facts.waiting:
            return Finding(check="deployments", state=State.FAILS, code="waiting", values={"count": facts.waiting})
        if facts.approved:
            return Finding(check="deployments", state=State.WORKS, code="approved", values={"count": facts.approved})
        return Finding(check="deployments", state=State.UNSEEN, code="none")

    def _names(self) -> Finding:
        facts = self._facts
        if facts.named:
            return Finding(check="names", state=State.WORKS, code="named")
        if facts.people:
            return Finding(check="names", state=State.ABSENT, code="nameless")
        return Finding(check="names", state=State.UNSEEN, code="nobody")


def _seen(check: str, at: datetime | None, *, good: str = "seen") -> Finding:
    if at is None:
        return Finding(check=check, state=State.UNSEEN, code="never")
    return Finding(check=check, state=State.WORKS, code=good, seen_at=at)


class _ServiceChecks:
    """Checks that ask for a token and read with it."""

    def __init__(self, prober: Prober, facts: Facts, registration: Registration) -> None:
        self._prober = prober
        self._facts = facts
        self._registration = registration

    def find(self) -> Iterator[Finding]:
        column = self._facts.column
        granted = column.scopes & _AGS_SCOPES if column else frozenset()
        # Before the first launch nobody knows what is offered: reading alone is asked for.
        grades = self._prober.token(granted or {ags.SCOPE_LINE_ITEM_READ})
        members = self._prober.token({nrps.SCOPE_MEMBERS_READ}) if _may_go_on(grades) else grades
        yield self._token(grades, members)
        yield from self._grades(column, grades, granted)
        yield self._roster(members)
        yield self._clock()

    def _token(self, grades: Grant, members: Grant) -> Finding:
        return _probed("token", grades if grades.code == OK or members.code != OK else members)

    def _clock(self) -> Finding:
        if not self._prober.skews:
            return Finding(check="clock", state=State.UNSEEN, code="no-date")
        worst = max(self._prober.skews, key=abs)
        return _judged(
            "clock", "near" if abs(worst) <= MAX_SKEW_S else "off", good="near", values={"seconds": abs(worst)}
        )

    def _grades(self, column: SeenColumn | None, grades: Grant, asked: frozenset[str]) -> Iterator[Finding]:
        checks = ("line_items", "columns", "scores", "results")
        if column is None or not asked:
            missing = self._facts.launched_at is None
            state, code = (State.UNSEEN, "no-launch") if missing else (State.ABSENT, "no-service")
            yield from (Finding(check=check, state=state, code=code) for check in checks)
            return
        yield self._line_items(column, grades)
        may = ags.SCOPE_LINE_ITEM in asked
        yield Finding(
            check="columns",
            state=State.WORKS if may else State.ABSENT,
            code="may" if may else "may-not",
            seen_at=column.seen_at,
        )
        yield self._scores(column, grades)
        yield self._results(column, grades)

    def _line_items(self, column: SeenColumn, grades: Grant) -> Finding:
        if not column.scopes & _READS_COLUMNS:
            return Finding(check="line_items", state=State.ABSENT, code="no-scope")
        if not grades.token:
            return _without_token("line_items")
        if column.lineitems_url:
            url = ags.find_line_items_url(
                column.lineitems_url, resource_link_id=column.link_key, resource_id="", tag=""
            )
            listed = self._read("line_items", grades, url, (ags.LINE_ITEMS_TYPE, ags.parse_line_items))
            if listed.state is not State.WORKS or not column.url:
                return listed
        if not column.url:
            return Finding(check="line_items", state=State.ABSENT, code="no-address")
        return self._read("line_items", grades, column.url, (ags.LINE_ITEM_TYPE, ags.parse_line_item))

    def _scores(self, column: SeenColumn, grades: Grant) -> Finding:
        if ags.SCOPE_SCORE not in column.scopes:
            return Finding(check="scores", state=State.ABSENT, code="no-scope")
        if grades.token and ags.SCOPE_SCORE not in grades.scopes:
            return Finding(check="scores", state=State.FAILS, code="scope-kept")
        delivery = self._facts.delivery
        if delivery is None:
            return Finding(check="scores", state=State.UNSEEN, code="never")
        if delivery.arrived:
            return Finding(check="scores", state=State.WORKS, code="arrived", seen_at=delivery.at)
        return Finding(
            check="scores", state=State.FAILS, code="failed", values={"reason": delivery.reason}, seen_at=delivery.at
        )

    def _results(self, column: SeenColumn, grades: Grant) -> Finding:
        if ags.SCOPE_RESULT_READ not in column.scopes:
            return Finding(check="results", state=State.ABSENT, code="no-scope")
        if not column.url:
            return Finding(check="results", state=State.UNSEEN, code="no-address")
        if not grades.token:
            return _without_token("results")
        url = ags.results_url(column.url, "", ResultAddress.ALL)
        return self._read("results", grades, url, (ags.RESULTS_TYPE, ags.parse_results))

    def _roster(self, members: Grant) -> Finding:
        url = self._facts.members_url
        if url is None:
            state, code = (State.ABSENT, "no-service") if self._facts.has_course else (State.UNSEEN, "no-launch")
            return Finding(check="roster", state=state, code=code)
        if members.code == "invalid-scope":
            return Finding(check="roster", state=State.FAILS, code="invalid-scope")
        if not members.token:
            return _without_token("roster")
        return self._read("roster", members, nrps.first_page_url(url), (nrps.MEMBERS_TYPE, nrps.parse_members))

    def _read(self, check: str, grant: Grant, url: str, reading: tuple[str, Callable[[bytes], object]]) -> Finding:
        """Read one answer; ``reading`` is its media type and what understands it."""
        media_type, parse = reading
        answer = self._prober.get(grant, url, media_type)
        if answer.code == OK:
            try:
                parse(answer.body)
            except LtiError:
                answer = Answer("unreadable")
        return _probed(check, answer)


def _may_go_on(grant: Grant) -> bool:
    """Say whether asking for another scope can end otherwise."""
    return grant.code in {OK, "invalid-scope"}


def _without_token(check: str) -> Finding:
    return Finding(check=check, state=State.SKIPPED, code="no-token")
