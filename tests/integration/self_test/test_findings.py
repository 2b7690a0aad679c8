"""Each fault of a platform is found under its name, and nothing else is; nothing is written to the platform."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from lti_tool.lti import ags, nrps
from lti_tool.lti.registration import Registration
from lti_tool.models import Identity, LineItem
from lti_tool.services.administration import self_test, self_test_report
from lti_tool.services.administration.self_test import State
from tests.factories.tool import Tool
from tests.integration.self_test.platform import COLUMN, MEMBERS, PAGE, CheckedPlatform

Fault = Callable[[CheckedPlatform], None]


def outcomes(tool: Tool, registration: Registration) -> dict[str, tuple[State, str]]:
    found = self_test.run(tool.runtime, registration)
    for language in ("en", "zh-Hans"):
        for line in self_test_report.lines(found, registration, "https://tool.example.test", language=language):
            assert line.sentence
            assert line.change or line.state in {State.WORKS, State.SKIPPED} or line.check in {"groups", "clock"}
    return {each.check: (each.state, each.code) for each in found}


def faults(found: dict[str, tuple[State, str]]) -> dict[str, str]:
    return {check: code for check, (state, code) in found.items() if state is State.FAILS}


def test_all_is_well_where_all_is_well(tool: Tool, used: CheckedPlatform, registration: Registration) -> None:
    found = outcomes(tool, registration)
    working = {check for check, (state, _) in found.items() if state is State.WORKS}
    assert working == {
        "own_address", "own_keys", "platform_keys", "deployments", "names", "token", "line_items", "columns", "scores",
        "results", "roster", "clock",
    }  # fmt: skip
    assert faults(found) == {}
    # The only request that is no reading asks for tokens.
    assert {asked for asked in used.asked if not asked.startswith("GET")} == {"POST /token"}


def test_before_the_first_launch_nothing_is_called_a_fault(
    tool: Tool, platform: CheckedPlatform, registration: Registration
) -> None:
    found = outcomes(tool, registration)
    assert faults(found) == {}
    assert found["token"] == (State.WORKS, "ok")
    assert {found[check] for check in ("line_items", "scores", "results", "roster")} == {(State.UNSEEN, "no-launch")}


@pytest.mark.parametrize(
    ("path", "answer", "expected"),
    [
        ("/jwks", (503, b""), {"platform_keys": "status"}),
        ("/jwks", (200, PAGE), {"platform_keys": "unreadable"}),
        ("/jwks", (200, b'{"keys": []}'), {"platform_keys": "none-usable"}),
        ("/token", (404, PAGE), {"token": "keys-unreachable"}),
        ("/token", (404, b""), {"token": "status"}),
        ("/token", (401, b""), {"token": "wrong-client"}),
        ("/token", (400, b'{"error": "invalid_client"}'), {"token": "wrong-client"}),
        ("/token", (400, b'{"error": "Expired token"}'), {"token": "token-refused"}),
        ("/token", (200, PAGE), {"token": "unreadable"}),
        (COLUMN, (404, b""), {"line_items": "gone"}),
        (f"{COLUMN}/results", (403, b""), {"results": "closed"}),
        (MEMBERS, (200, PAGE), {"roster": "unreadable"}),
        (MEMBERS, (500, b""), {"roster": "status"}),
    ],
)
def test_a_wrong_answer_is_found_under_its_name(
    tool: Tool,
    used: CheckedPlatform,
    registration: Registration,
    path: str,
    answer: tuple[int, bytes],
    expected: dict[str, str],
) -> None:
    used.answers[path] = answer
    assert faults(outcomes(tool, registration)) == expected


def test_services_are_not_tried_without_a_token(tool: Tool, used: CheckedPlatform, registration: Registration) -> None:
    used.answers["/token"] = (404, PAGE)
    found = outcomes(tool, registration)
    assert {found[check] for check in ("line_items", "results", "roster")} == {(State.SKIPPED, "no-token")}
    assert used.asked.count("POST /token") == 1


def test_a_scope_that_the_token_lacks_is_told_apart_from_one_that_no_launch_offers(
    tool: Tool, used: CheckedPlatform, registration: Registration
) -> None:
    used.grants -= {ags.SCOPE_SCORE, nrps.SCOPE_MEMBERS_READ}
    assert faults(outcomes(tool, registration)) == {"scores": "scope-kept", "roster": "invalid-scope"}
    with tool.runtime.database.transaction() as session:
        session.execute(update(LineItem).values(scopes=ags.SCOPE_LINE_ITEM_READ))
    used.grants.add(ags.SCOPE_LINE_ITEM_READ)
    found = outcomes(tool, registration)
    assert {found[check] for check in ("scores", "results")} == {(State.ABSENT, "no-scope")}


@pytest.mark.parametrize(("ahead_s", "code"), [(60, "near"), (-60, "near"), (61, "off"), (-300, "off")])
def test_the_clocks_are_compared(
    tool: Tool, used: CheckedPlatform, registration: Registration, ahead_s: int, code: str
) -> None:
    used.ahead_s = ahead_s
    assert outcomes(tool, registration)["clock"][1] == code


def test_names_that_are_withheld_are_no_fault(tool: Tool, used: CheckedPlatform, registration: Registration) -> None:
    with tool.runtime.database.transaction() as session:
        session.execute(update(Identity).values(name=None))
    assert outcomes(tool, registration)["names"] == (State.ABSENT, "nameless")


def test_a_token_goes_to_no_other_host(tool: Tool, used: CheckedPlatform, registration: Registration) -> None:
    with tool.runtime.database.transaction() as session:
        session.scalars(select(LineItem)).one().url = "https://elsewhere.example.test/7"
    found = faults(outcomes(tool, registration))
    assert found == {"line_items": "unreachable", "results": "unreachable"}


def test_what_belongs_to_another_organisation_is_not_seen(
    tool: Tool, used: CheckedPlatform, registration: Registration
) -> None:
    with tool.runtime.database.reading() as session:
        facts = self_test.read_facts(session, registration.organisation_id + 1, registration.id)
    assert (facts.people, facts.approved, facts.has_course, facts.column, facts.delivery) == (0, 0, False, None, None)
