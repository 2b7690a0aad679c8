"""`qualoop ledger`, as an operator types it."""

from __future__ import annotations

import argparse
import json
import uuid
from pathlib import Path

import pytest
from sqlalchemy import func, select

from lti_tool.commands import OrganisationMissingError
from lti_tool.commands import ledger as command
from lti_tool.models import Identity
from lti_tool.services.ledger.flags import AppealRefusedError
from lti_tool.services.people.learner_keys import LearnerMissingError
from qualoop.ledger import EventType
from tests.integration.ledger.conftest import School

LEARNER = str(uuid.UUID(int=5))
SCHOOL = ("--organisation", "school")


@pytest.fixture
def school(commanded: School) -> School:
    return commanded


def typed(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.register(parser.add_subparsers())
    arguments = parser.parse_args(["ledger", *words])
    status: int = arguments.run(arguments)
    return status


def test_seal_and_verify(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    school.record(LEARNER, "p-1")
    assert typed("seal") == 0
    school.record(LEARNER, "p-2")
    assert typed("verify") == 0
    out, err = capsys.readouterr()
    assert "events, 1 seals, 1 not sealed yet: as recorded." in out
    assert "school: " in err
    assert " events" in err


def test_verify_names_the_first_broken_event(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    events = [school.record(LEARNER, f"p-{number}") for number in range(3)]
    typed("seal", *SCHOOL)
    school.tamper("UPDATE ledger_event SET body = replace(body, '0.5', '1') WHERE uuid = :u", u=str(events[1].uuid))
    capsys.readouterr()
    assert typed("verify", *SCHOOL) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"school: BROKEN: event-changed: event {events[1].uuid}, seq ")
    assert out.endswith(", seal 1\n")


def test_verify_compares_with_what_was_kept(school: School, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed("seal")
    kept = tmp_path / "kept.json"
    kept.write_text(school.tool.browser().get(f"/ledger/roots/{school.organisation().uuid}").text)
    assert typed("verify", "--kept", str(kept)) == 0
    school.tamper("DELETE FROM ledger_seal")
    assert typed("verify", "--kept", str(kept)) == 1
    assert "BROKEN: cut-off" in capsys.readouterr().out
    kept.write_text("[]")
    with pytest.raises(command.KeptSealsError):
        typed("verify", "--kept", str(kept))


def test_export_writes_a_page_or_data(school: School, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seat = school.enter("s-1")
    learner = seat.who.person_uuid
    school.record(learner, "p-1")
    page, data = tmp_path / "record.html", tmp_path / "record.json"
    for path in (page, data):
        assert typed("export", *SCHOOL, "--learner", learner, "--out", str(path)) == 0
    assert f"1 events, 1 not sealed yet: {page}" in capsys.readouterr().out
    assert "<!doctype html>" in page.read_text()
    assert json.loads(data.read_text())["learner"] == learner
    with pytest.raises(LearnerMissingError):
        typed("export", *SCHOOL, "--learner", LEARNER, "--out", str(page))


def test_void_and_revise(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    event = str(school.record(LEARNER, "p-1").uuid)
    assert typed("revise", *SCHOOL, "--event", event, "--reason", "appeal", "--score", "0.8", "--note", "Right.") == 0
    (revised,) = school.events(EventType.ASSERTION_REVISED)
    body = json.loads(revised.body)
    assert (body["target"], body["reason"], body["score"], revised.actor) == (event, "appeal", "0.8", "operator")
    assert typed("void", *SCHOOL, "--event", event, "--reason", "error", "--actor", LEARNER) == 0
    (voided,) = school.events(EventType.ASSERTION_VOIDED)
    assert (json.loads(voided.body), voided.actor) == ({"target": event, "reason": "error"}, LEARNER)
    assert "qualoop replay --organisation school" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("void", "--event", LEARNER, "--reason", "dislike"),
        ("void", "--event", "the first", "--reason", "error"),
        ("void", "--event", LEARNER),
        ("revise", "--event", LEARNER, "--reason", "error", "--score", "1.2"),
        ("revise", "--event", LEARNER, "--reason", "error", "--score", "nan"),
        ("revise", "--event", LEARNER, "--reason", "error"),
        ("erase", "--learner", "everybody", "--yes"),
    ],
)
def test_nonsense_is_refused_before_anything_is_opened(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit):
        typed(*words, *SCHOOL)


def test_an_organisation_that_is_not_there(school: School) -> None:
    with pytest.raises(OrganisationMissingError):
        typed("void", "--organisation", "none", "--event", LEARNER, "--reason", "error")


def test_find_and_erase(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    seat = school.enter("subject-1", name="Zhang Xiaoyu", changes={"email": "Xiaoyu@school.example"})
    learner = seat.who.person_uuid
    for words in ("subject-1", "zhang xiaoyu", "XIAOYU@school.example", learner):
        assert typed("find", *SCHOOL, words) == 0
        assert capsys.readouterr().out == f"{learner}\tTest LMS\tsubject-1\tZhang Xiaoyu\tXiaoyu@school.example\n"
    assert typed("find", *SCHOOL, "zhang") == 0
    assert capsys.readouterr().out == "Nobody.\n"

    assert typed("erase", *SCHOOL, "--learner", learner) == 1
    assert "Zhang Xiaoyu" in capsys.readouterr().out
    assert identities(school) == 1
    assert typed("erase", *SCHOOL, "--person", learner, "--yes") == 0
    assert capsys.readouterr().out == "1 accounts forgotten, data key destroyed.\n"
    assert identities(school) == 0
    assert len(school.events(EventType.ERASED)) == 1


def identities(school: School) -> int:
    with school.tool.runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Identity)) or 0


def test_an_appeal_is_opened_and_decided_by_somebody_else(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    learner = school.enter("s-1").who.person_uuid
    assert typed("appeal", *SCHOOL, "--learner", learner, "--words", "Question 3 was ambiguous.", "SEM-1.1") == 0
    (opened,) = school.events(EventType.APPEAL_OPENED)
    assert opened.uuid in capsys.readouterr().out
    with pytest.raises(AppealRefusedError):
        typed("decide", *SCHOOL, "--appeal", opened.uuid, "--actor", opened.actor, "upheld")
    assert typed("decide", *SCHOOL, "--appeal", opened.uuid, "--actor", str(uuid.UUID(int=78)), "upheld") == 0
    (decided,) = school.events(EventType.APPEAL_DECIDED)
    assert json.loads(decided.body) == {"appeal": opened.uuid, "outcome": "upheld"}


def test_a_withdrawal_is_said_and_taken_back(school: School) -> None:
    learner = school.enter("s-1").who.person_uuid
    for verb in ("withdraw", "reinstate"):
        assert typed(verb, *SCHOOL, "--learner", learner, "SEM-1.1", "SEM-1.2") == 0
    said = [json.loads(event.body) for event in school.events(EventType.DECISION_MADE)]
    assert [row["outcome"] for row in said] == ["withdrawn", "reinstated"]
    assert all(row["knowledge_points"] == ["SEM-1.1", "SEM-1.2"] for row in said)
