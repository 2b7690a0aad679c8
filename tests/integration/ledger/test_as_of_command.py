"""`qualoop ledger as-of`, as an operator types it."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest

from lti_tool.commands import OrganisationMissingError
from tests.factories.tool import NOON
from tests.integration.ledger.conftest import School
from tests.integration.ledger.test_commands import SCHOOL, typed

LEARNER = str(uuid.UUID(int=5))


@pytest.fixture
def school(commanded: School) -> School:
    """A school that learnt late of something, and corrected two results on the next day."""
    first = commanded.record(LEARNER, "p-1")
    second = commanded.record(LEARNER, "p-2")
    commanded.record(str(uuid.UUID(int=6)), "of-another")
    commanded.tool.clock.advance(days=1)
    commanded.record(LEARNER, "p-3", "1", occurred_at=NOON - timedelta(hours=1))
    commanded.correct(first.uuid)
    commanded.correct(second.uuid, "0.8")
    return commanded


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[list[str]]:
    """Return the words of each line that is printed."""
    assert typed("as-of", *SCHOOL, "--learner", LEARNER, *words) == 0
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_it_lists_what_was_known_by_the_end_of_a_day(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    head, *rows = lines(capsys, "--known-by", "2026-03-02")
    assert head == ["happened", "recorded", "part", "score", "counted", "correction"]
    noon = ["2026-03-02", "12:00:00Z"]
    assert rows == [[*noon, *noon, f"keywords/p-{number}", "0.5", "0.5"] for number in (1, 2)]


def test_it_tells_late_evidence_and_corrections(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    _, *rows = lines(capsys, "--known-by", "2026-03-03T12:00")
    assert [row[4:] for row in rows] == [
        ["keywords/p-1", "0.5", "-", "voided:", "error"],
        ["keywords/p-2", "0.5", "0.8", "revised:", "error"],
        ["keywords/p-3", "1", "1"],
    ]
    assert rows[2][:4] == ["2026-03-02", "11:00:00Z", "2026-03-03", "12:00:00Z"]


def test_it_can_be_asked_about_an_earlier_time(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    _, *rows = lines(capsys, "--known-by", "2026-03-03", "--about", "2026-03-02T11:30+00:00")
    assert [row[4] for row in rows] == ["keywords/p-3"]


def test_it_says_so_where_nothing_was_known(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("as-of", *SCHOOL, "--learner", LEARNER, "--known-by", "2026-03-01") == 0
    assert capsys.readouterr().out == (
        "No evidence of this learner up to 2026-03-01 23:59:59Z was known by 2026-03-01 23:59:59Z.\n"
    )
    assert typed("as-of", *SCHOOL, "--learner", str(uuid.UUID(int=9)), "--known-by", "2026-03-09") == 0
    assert capsys.readouterr().out.startswith("No evidence of this learner")


def test_it_gives_data(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("as-of", *SCHOOL, "--learner", LEARNER, "--known-by", "2026-03-03", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["learner"], told["known_by"]) == (LEARNER, "2026-03-03T23:59:59.999999+00:00")
    first, second, third = told["evidence"]
    assert (first["counted"], first["correction"]["type"], first["correction"]["reason"]) == (None, "voided", "error")
    assert (second["score"], second["counted"], second["correction"]["type"]) == ("0.5", "0.8", "revised")
    assert third["correction"] is None
    assert third["recorded_at"] == "2026-03-03T12:00:00+00:00"

    assert typed("as-of", *SCHOOL, "--learner", LEARNER, "--known-by", "2026-03-01", "--json") == 0
    assert json.loads(capsys.readouterr().out)["evidence"] == []


@pytest.mark.parametrize("option", ["--known-by", "--about"])
def test_a_date_that_is_none_is_refused(school: School, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"--known-by": "2026-03-03", option: "2026-02-30"}
    with pytest.raises(SystemExit) as refused:
        lines(capsys, *(word for pair in given.items() for word in pair))
    assert refused.value.code == 2
    told = capsys.readouterr().err
    assert f"argument {option}: '2026-02-30'" in told
    assert "neither a date (2026-03-31) nor a time" in told


def test_another_organisation_is_not_asked(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    school.another()
    words = ("--learner", LEARNER, "--known-by", "2026-03-03")
    assert typed("as-of", "--organisation", "other", *words) == 0
    assert capsys.readouterr().out.startswith("No evidence of this learner")
    with pytest.raises(OrganisationMissingError):
        typed("as-of", "--organisation", "nowhere", *words)
