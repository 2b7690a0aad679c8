"""Erasure: who somebody is goes, what was written freely cannot be read any more, and the chain still verifies."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from joserfc.jwk import KeySet
from sqlalchemy import func, inspect, select, text

from lti_tool.models import Attempt, Enrolment, Identity, LearnerKey, LtiSession, Organisation, OutboxRow, Person
from lti_tool.services import erasure
from lti_tool.services.erasure import Erased
from lti_tool.services.ledger import verification
from lti_tool.services.ledger.verification import Verified
from lti_tool.services.people.learner_keys import (
    KeyOwner,
    LearnerErasedError,
    LearnerMissingError,
    SealedTextError,
    open_text,
    sealed_text,
)
from lti_tool.services.records.ledger_download import published_keys
from qualoop.ledger import EventType
from tests.factories.tool import SECRET
from tests.integration.ledger.conftest import TEACHER, School

NAME, EMAIL, SUBJECT = "Zhang Xiaoyu", "xiaoyu@school.example", "subject-of-xiaoyu"


@pytest.fixture
def school(teaching: School) -> School:
    return teaching


def launched(school: School) -> str:
    """Let the learner launch and answer; return the pseudonym."""
    seat = school.enter(SUBJECT, name=NAME, changes={"email": EMAIL})
    seat.answer(right=[True, False])
    return seat.who.person_uuid


def erase(school: School, learner: str, organisation_id: int | None = None) -> Erased:
    with school.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, organisation_id or school.tool.organisation_id)
        return erasure.erase(session, organisation, learner, actor=TEACHER, now=school.tool.clock.now)


def verified(school: School) -> object:
    with school.tool.runtime.database.reading() as session:
        organisation = session.get_one(Organisation, school.tool.organisation_id)
        keys = KeySet.import_key_set({"keys": [dict(key) for key in published_keys(session)]})
        return verification.verify(session, organisation, keys)


def owner(school: School, learner: str, secret: str = SECRET) -> KeyOwner:
    return KeyOwner(organisation_id=school.tool.organisation_id, learner=learner, secret=secret)


def everything_stored(school: School) -> str:
    """Return every value of every table as text."""
    with school.tool.runtime.database.reading() as session:
        tables = inspect(session.connection()).get_table_names()
        return "\n".join(
            str(tuple(bytes(value) if isinstance(value, memoryview) else value for value in row))
            for table in tables
            for row in session.execute(text(f'SELECT * FROM "{table}"'))
        )


def test_the_chain_still_verifies_and_says_that_somebody_was_erased(school: School) -> None:
    learner = launched(school)
    school.seal()
    assert erase(school, learner) == Erased(accounts=1, again=False)
    school.seal()
    (event,) = school.events(EventType.ERASED)
    assert (event.learner, event.actor) == (learner, TEACHER)
    found = verified(school)
    assert isinstance(found, Verified)
    assert found.unsealed == 0
    assert len(school.events(EventType.EVIDENCE_RECORDED)) == 2


def test_nothing_stored_leads_to_the_person(school: School) -> None:
    learner = launched(school)
    before = everything_stored(school)
    assert all(known in before for known in (NAME, EMAIL, SUBJECT))
    erase(school, learner)
    after = everything_stored(school)
    assert [known for known in (NAME, EMAIL, SUBJECT) if known in after] == []
    with school.tool.runtime.database.reading() as session:
        for table in (Identity, LtiSession, Enrolment, OutboxRow):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        assert set(map(str, session.scalars(select(Attempt.state)))) == {"{}"}


def test_nothing_stays_in_the_free_pages_of_the_file(school: School) -> None:
    database = school.tool.runtime.database
    if not database.is_sqlite:
        return  # PostgreSQL clears them by VACUUM.
    learner = launched(school)
    erase(school, learner)
    database.close()  # The last one that goes writes the log back into the file.
    assert EMAIL.encode() not in Path(str(database.engine.url.database)).read_bytes()


def test_only_the_one_learner_is_erased(school: School) -> None:
    other = school.enter("s-2", name="Someone else").who.person_uuid
    erase(school, launched(school))
    with school.tool.runtime.database.reading() as session:
        organisation = session.get_one(Organisation, school.tool.organisation_id)
        (left,) = erasure.find(session, organisation, "someone ELSE")
    assert left.learner == other


def test_the_same_human_comes_back_as_a_new_person(school: School) -> None:
    learner = launched(school)
    erase(school, learner)
    again = launched(school)
    assert again != learner
    with school.tool.runtime.database.reading() as session:
        assert {learner, again} <= set(session.scalars(select(Person.uuid)))


def test_an_open_page_of_an_erased_learner_is_closed(school: School) -> None:
    seat = school.enter(SUBJECT, name=NAME)
    assert seat.get("record/").status_code == 200
    erase(school, seat.who.person_uuid)
    assert seat.get("record/").status_code == 401


def test_erasing_again_makes_no_second_event(school: School) -> None:
    learner = launched(school)
    erase(school, learner)
    assert erase(school, learner) == Erased(accounts=0, again=True)
    assert len(school.events(EventType.ERASED)) == 1


def test_a_learner_of_another_organisation_is_not_there(school: School) -> None:
    learner, other = launched(school), school.another()
    with pytest.raises(LearnerMissingError):
        erase(school, learner, other.id)
    assert school.events(EventType.ERASED) == []


def test_free_text_cannot_be_read_after_erasure_nor_written(school: School) -> None:
    learner, now = launched(school), school.tool.clock.now
    evidence = school.record(learner, "p-1")
    school.correct(evidence.uuid, "1", note="Her second answer was right.")
    (row,) = school.events(EventType.ASSERTION_REVISED)
    token = json.loads(row.body)["note"]
    with school.tool.runtime.database.connection() as connection:
        assert open_text(connection, owner(school, learner), token) == "Her second answer was right."
    erase(school, learner)
    with school.tool.runtime.database.connection() as connection:
        assert open_text(connection, owner(school, learner), token) is None
        with pytest.raises(LearnerErasedError):
            sealed_text(connection, owner(school, learner), "more", now)
        (key,) = connection.execute(select(LearnerKey.key_encrypted, LearnerKey.destroyed_at))
    assert tuple(key) == (None, now)
    with pytest.raises(LearnerErasedError):
        school.correct(evidence.uuid, note="more")
    school.correct(evidence.uuid)


def test_a_token_opens_for_its_learner_and_secret_only(school: School) -> None:
    first, second = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
    now = school.tool.clock.now
    with school.tool.runtime.database.connection() as connection:
        token = sealed_text(connection, owner(school, first), "你好", now)
        again = sealed_text(connection, owner(school, first), "你好", now)
        sealed_text(connection, owner(school, second), "hello", now)
        assert token.isascii()
        assert token != again
        assert open_text(connection, owner(school, first), again) == "你好"
        flipped = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
        for who, what in (
            (owner(school, second), token),
            (owner(school, first, "another secret, just as long as it must be"), token),
            (owner(school, first), flipped),
            (owner(school, first), "plain words"),
            (owner(school, str(uuid.UUID(int=3))), token),
        ):
            with pytest.raises(SealedTextError):
                open_text(connection, who, what)
        with pytest.raises(SealedTextError, match="at most"):
            sealed_text(connection, owner(school, first), "x" * 4001, now)
