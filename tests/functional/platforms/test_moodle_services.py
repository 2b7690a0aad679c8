"""Every captured answer of a Moodle's services, replayed to our own requests: understood, or refused for its reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lti_tool.lti import ags
from tests.factories.launches import moodle
from tests.factories.tool import Tool, app_of
from tests.fakes.registering_platform import RegisteringPlatform, http, registering_platform
from tests.functional.platforms.moodle_expected import COMPETENCIES, REGISTRATIONS, SERVICES
from tests.functional.platforms.moodle_replay import MOODLE, Replay, Step, replaying
from tests.functional.registration.steps import code_of, make_link, register

SOURCES = Path(__file__).parents[3] / "lti_tool"


@pytest.fixture(scope="module")
def replay(tool: Tool) -> Iterator[Replay]:
    with replaying(tool) as running:
        yield running


def steps() -> list[Any]:
    return [
        pytest.param(step, said, id=f"{name}-{number}")
        for name, table in SERVICES.items()
        for number, (step, (_, said)) in enumerate(zip(moodle(name), table, strict=True))
    ]


@pytest.mark.parametrize("name", SERVICES)
def test_the_table_names_every_step(name: str) -> None:
    assert [step["label"] for step in moodle(name)] == [label for label, _ in SERVICES[name]]


@pytest.mark.parametrize(("step", "said"), steps())
def test_a_step_of_the_services(replay: Replay, step: Step, said: str) -> None:
    assert replay.understood(step) == said


def test_scores_go_where_and_as_moodle_took_them(replay: Replay) -> None:
    """The captured request and ours: same address, same media type, one line, no member that Moodle was not sent."""
    step = next(each for each in moodle("scores-and-results") if each["label"].startswith("22 with comment"))
    assert replay.understood(step) == "done"
    [(head, body)] = replay.moodle.sent
    address = urlsplit(step["request"]["url"])
    assert head.startswith(f"POST {address.path}?{address.query} HTTP/1.1")
    assert f"content-type: {ags.SCORE_TYPE}\r\n" in head.lower() + "\r\n"
    assert b"\n" not in body
    assert set(json.loads(body)) == set(step["request"]["json"])


def test_what_does_harm_is_sent_nowhere() -> None:
    """PUT rescales grades, DELETE takes a column away: the tool has neither."""
    for path in SOURCES.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert '"PUT"' not in text, path
        assert '"DELETE"' not in text, path


def test_the_table_names_every_call_of_the_web_services() -> None:
    assert [(call["label"], call["function"]) for call in moodle("competency-web-services")] == [
        (label, function) for label, function, _ in COMPETENCIES
    ]


@pytest.mark.parametrize("number", range(len(COMPETENCIES)))
def test_a_call_of_the_web_services(replay: Replay, number: int) -> None:
    call = moodle("competency-web-services")[number]
    assert replay.competencies(call) == COMPETENCIES[number][2]


# -- Dynamic Registration


@pytest.fixture
def open_tool(fresh_tool: Tool) -> Tool:
    """A tool that may call loopback."""
    runtime = replace(fresh_tool.runtime, settings=replace(fresh_tool.runtime.settings, allow_loopback=True))
    return replace(fresh_tool, runtime=runtime, app=app_of(runtime))


@pytest.fixture
def registering(open_tool: Tool) -> Iterator[RegisteringPlatform]:
    """A Moodle with the captured configuration."""
    exchange = moodle("dynreg-full-exchange")
    with registering_platform() as running:
        document = json.dumps(exchange["openid_configuration"]).replace(MOODLE, running.origin)
        running.configuration = http(document.encode())
        running.answer = http(json.dumps(exchange["response"]).encode())
        yield running


def test_the_whole_registration(open_tool: Tool, registering: RegisteringPlatform) -> None:
    exchange = moodle("dynreg-full-exchange")
    assert set(exchange) == {
        "request",
        "openid_configuration",
        "token_header",
        "token",
        "sent",
        "status",
        "response_headers",
        "response",
    }
    assert urlsplit(exchange["request"]["args"]["openid_configuration"]).path.endswith("/openid-configuration.php")
    done = register(open_tool, registering, make_link(open_tool))
    assert done.status_code == 303, done.text
    [sent] = registering.registrations()
    head, _, body = sent.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /mod/lti/openid-registration.php ")
    # Whatever the captured tool sent and Moodle needs, we send too; what Moodle ignores may be missing.
    ours, theirs = json.loads(body), exchange["sent"]
    assert set(theirs) - set(ours) <= {"logo_uri", "contacts", "client_name#zh"}
    known = open_tool.runtime.registrations.all()
    [registered] = [each for each in known if each.registration.issuer == registering.origin]
    assert registered.registration.client_id == exchange["response"]["client_id"]
    assert registered.registration.token_url == registering.origin + "/mod/lti/token.php"
    assert registered.registration.profile.name == "Moodle"
    assert registered.state == "pending"


def test_the_table_names_every_registration() -> None:
    assert [call["label"] for call in moodle("dynreg-variants")] == list(REGISTRATIONS)
    asked = [call["label"] for call in moodle("dynreg-variants") if call["request"]["method"] != "POST"]
    assert asked == [label for label, said in REGISTRATIONS.items() if said == "never sent"]


@pytest.mark.parametrize("label", [label for label, said in REGISTRATIONS.items() if said != "never sent"])
def test_an_answer_to_a_registration(open_tool: Tool, registering: RegisteringPlatform, label: str) -> None:
    response = next(call for call in moodle("dynreg-variants") if call["label"] == label)["response"]
    page = response.get("html_error_page")
    body = f"<!DOCTYPE html><p>{page['visible_message']}" if page else response.get("body")
    registering.answer = http(
        (body if body is not None else json.dumps(response["json"])).encode(), f"{response['status']} -", ""
    )
    done = register(open_tool, registering, make_link(open_tool))
    assert ("registered" if done.status_code == 303 else code_of(done.text)) == REGISTRATIONS[label]
    registered = {each.registration.issuer for each in open_tool.runtime.registrations.all()}
    assert (registering.origin in registered) == (REGISTRATIONS[label] == "registered")
