"""`qualoop moodle`: the token, the check and its words, the matching as it is printed, the switch."""

from __future__ import annotations

import argparse
import io
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from lti_tool.commands import OrganisationMissingError, moodle
from lti_tool.commands.moodle import NotMoodleError
from lti_tool.commands.platform_invites import PlatformMissingError
from lti_tool.lti.moodle_web_services import GRADE, LIST_COMPETENCIES, SITE_INFO, SUMMARY
from lti_tool.models import MoodleService, Organisation, Registration
from lti_tool.services.moodle.sites import MoodleNotConnectedError
from qualoop.values import ValueRefusedError
from tests.fakes.moodle_site import TOKEN, Answer
from tests.integration.moodle.conftest import CODE, Connected

REFUSED = Answer(b'{"exception":"required_capability_exception","errorcode":"nopermissions","message":"View"}')


@pytest.fixture
def command(quick: Connected, monkeypatch: pytest.MonkeyPatch) -> Connected:
    runtime = replace(quick.tool.runtime)
    monkeypatch.setattr(moodle, "open_runtime", lambda: runtime)
    return quick


def typed(command: Connected, verb: str, *more: str, organisation: str = "school") -> int:
    parser = argparse.ArgumentParser()
    moodle.register(parser.add_subparsers())
    of = command.registration
    where = ("--organisation", organisation, "--issuer", of.issuer, "--client-id", of.client_id)
    arguments = parser.parse_args(["moodle", verb, *where, *more])
    status: int = arguments.run(arguments)
    return status


def stored(command: Connected) -> MoodleService:
    with command.tool.runtime.database.reading() as session:
        return session.scalars(select(MoodleService)).one()


def test_s31_the_token_comes_from_standard_input_and_is_not_printed(
    command: Connected, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command.store_token("f" * 32)
    command.become_competent(command.learner())
    command.work(2)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n"))
    assert typed(command, "token") == 0
    out = capsys.readouterr().out
    assert TOKEN not in out
    assert "1 ratings that had been given up are sent again." in out
    command.work(1)
    assert command.site.grades(4, CODE) == [2]


@pytest.mark.parametrize("token", ["", "short", "x" * 129, "0123456789abcdef 0123456789abcdef", "0123456789abcdé!"])
def test_what_is_no_token_is_refused(command: Connected, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    before = stored(command).token_encrypted
    monkeypatch.setattr("sys.stdin", io.StringIO(token))
    with pytest.raises(ValueRefusedError):
        typed(command, "token")
    assert stored(command).token_encrypted == before


def test_matching_prints_both_lists(command: Connected, capsys: pytest.CaptureFixture[str]) -> None:
    command.site.add_competency("BAKING-1")
    assert typed(command, "match") == 0
    out = capsys.readouterr().out
    assert "1 knowledge points match a competency.\n  1\tin SKILLS-2026 Bakery qualification 2026\n" in out
    assert "Knowledge points without a competency (" in out
    assert "Competencies that are no knowledge point here (1):\n  BAKING-1 About BAKING-1\n" in out
    assert "more\n" in out


def test_everything_there(command: Connected, capsys: pytest.CaptureFixture[str]) -> None:
    command.learner()
    assert typed(command, "check") == 0
    out = capsys.readouterr().out
    assert out.startswith("good\tMoodle takes the token.\n")
    assert out.endswith("good\tThe account of the token may rate learners.\n")
    assert "MISSING" not in out
    assert command.site.called(GRADE) == [], "nothing is changed in Moodle"


def test_before_the_first_learner_rating_is_not_tried(command: Connected, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(command, "check") == 0
    assert "not tried\tWhether learners may be rated has not been tried" in capsys.readouterr().out


def test_each_missing_function_is_named(command: Connected, capsys: pytest.CaptureFixture[str]) -> None:
    command.site.functions = [SITE_INFO, LIST_COMPETENCIES]
    assert typed(command, "check") == 1
    out = capsys.readouterr().out
    assert out.count("MISSING\t") == 4
    assert f"MISSING\tThe external service of the token lacks the function {GRADE}." in out
    assert f"MISSING\tThe external service of the token lacks the function {SUMMARY}." in out
    assert out.count("External services, add the function to the service") == 1, "what to do is said once"


@pytest.mark.parametrize(
    ("function", "capability"),
    [
        ("core_competency_list_competency_frameworks", "moodle/competency:competencyview"),
        (LIST_COMPETENCIES, "moodle/competency:competencyview"),
        ("core_competency_get_scale_values", "moodle/competency:competencymanage"),
        (SUMMARY, "moodle/competency:usercompetencyview, moodle/user:viewdetails"),
    ],
)
def test_each_missing_capability_is_named(
    command: Connected, capsys: pytest.CaptureFixture[str], function: str, capability: str
) -> None:
    command.learner()
    command.site.odd = lambda name, _: REFUSED if name == function else None
    assert typed(command, "check") == 1
    assert f"MISSING\tThe account of the token lacks a capability: {capability}." in capsys.readouterr().out


def test_an_account_that_may_not_rate(command: Connected, capsys: pytest.CaptureFixture[str]) -> None:
    command.learner()
    command.site.can_grade = False
    assert typed(command, "check") == 1
    assert "lacks a capability: moodle/competency:competencygrade." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(b'{"exception":"x","errorcode":"invalidtoken"}'), "Moodle no longer takes the web-service token"),
        (Answer(b"", 403), "web services do not answer at this address"),
        (Answer(b"<html>"), "Moodle gave an answer that could not be understood."),
        (Answer(None), "Moodle could not be reached."),
        (Answer(b'{"exception":"x","errorcode":"accessexception"}'), f"lacks the function {SITE_INFO}."),
    ],
)
def test_who_is_not_let_in_is_told_why(
    command: Connected, capsys: pytest.CaptureFixture[str], answer: Answer, words: str
) -> None:
    command.site.odd = lambda name, _: answer if name == SITE_INFO else None
    assert typed(command, "check") == 1
    assert words in capsys.readouterr().out


def test_no_framework_to_be_seen(command: Connected, capsys: pytest.CaptureFixture[str]) -> None:
    command.site.frameworks.clear()
    assert typed(command, "check") == 1
    assert "MISSING\tMoodle shows no competency framework" in capsys.readouterr().out


def test_the_switch(command: Connected, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(command, "switch", "--falls", "off", "--language", "zh-Hans") == 0
    assert typed(command, "switch") == 0
    assert capsys.readouterr().out == "Ratings never go down by this tool. Notes are in zh-Hans.\n" * 2
    assert typed(command, "switch", "--falls", "on") == 0
    assert capsys.readouterr().out == "Ratings go down again when a status does. Notes are in zh-Hans.\n"


def test_forgetting(command: Connected) -> None:
    assert typed(command, "forget") == 0
    assert stored(command).token_encrypted is None
    for verb in ("forget", "check", "match"):
        with pytest.raises(MoodleNotConnectedError):
            typed(command, verb)


def test_only_the_registration_of_the_organisation(command: Connected) -> None:
    with pytest.raises(OrganisationMissingError):
        typed(command, "check", organisation="nobody")
    with command.tool.runtime.database.transaction() as session:
        session.add(Organisation(uuid="o-2", key="other", name="Other", created_at=command.now))
    with pytest.raises(PlatformMissingError):
        typed(command, "check", organisation="other")


def test_another_product_is_refused(command: Connected) -> None:
    with command.tool.runtime.database.transaction() as session:
        session.execute(update(Registration).values(product="canvas"))
    command.tool.runtime.registrations.forget()
    with pytest.raises(NotMoodleError):
        typed(command, "check")
