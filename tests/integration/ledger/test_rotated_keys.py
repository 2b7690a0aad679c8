"""S10: seals of any age verify after the key of seals has changed, in the ledger and in what learners took away."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from sqlalchemy import select

from lti_tool.models import LearnerKey, LedgerSeal, Organisation
from lti_tool.services.ledger import verification
from lti_tool.services.ledger.verification import Verified
from lti_tool.services.platforms import key_rotation
from lti_tool.services.platforms.key_rotation import Terms
from lti_tool.services.platforms.tool_keys import LEDGER, PURPOSES
from lti_tool.services.records.ledger_download import published_keys
from tests.factories.tool import SECRET
from tests.integration.ledger.conftest import School

LEARNER = str(uuid.UUID(int=5))


@pytest.fixture
def school(teaching: School) -> School:
    return teaching


def rotate(school: School) -> None:
    """Let the next key of seals sign, once it was published for a day."""
    for _ in range(2):
        with school.tool.runtime.database.transaction() as session:
            terms = Terms(secret=SECRET, now=school.tool.clock.now, every=timedelta(0))
            key_rotation.rotate(session, LEDGER, terms)
        school.tool.clock.advance(days=1)


def replace(school: School) -> None:
    """Replace every key at once."""
    with school.tool.runtime.database.transaction() as session:
        terms = Terms(secret=SECRET, now=school.tool.clock.now, every=timedelta(0))
        for purpose in PURPOSES:
            key_rotation.replace_at_once(session, purpose, "leaked", terms)


def signers(school: School) -> list[str]:
    """Return the ids of the keys that signed the seals, in their order."""
    with school.tool.runtime.database.reading() as session:
        signatures = session.scalars(select(LedgerSeal.signature).order_by(LedgerSeal.number)).all()
    return [str(jws.extract_compact(signature.encode()).protected["kid"]) for signature in signatures]


@pytest.mark.parametrize("change", [rotate, replace])
def test_s10_seals_of_every_key_verify(school: School, change: Any) -> None:
    for number in range(3):
        school.record(LEARNER, f"p-{number}")
        school.seal()
        change(school)
    # Long after a key of messages would have left publication.
    school.tool.clock.advance(days=1000)
    assert len(set(signers(school))) == 3
    with school.tool.runtime.database.reading() as session:
        organisation = session.get_one(Organisation, school.tool.organisation_id)
        keys = KeySet.import_key_set({"keys": [dict(key) for key in published_keys(session)]})
        found = verification.verify(session, organisation, keys)
    assert isinstance(found, Verified)
    assert (found.seals, found.unsealed) == (3, 0)


@pytest.mark.parametrize("change", [rotate, replace])
def test_s10_a_download_holds_the_keys_of_all_its_seals(school: School, change: Any) -> None:
    seat = school.enter("s-1")
    for number in range(2):
        school.record(seat.who.person_uuid, f"p-{number}")
        school.seal()
        change(school)
    document = school.enter("s-1").get("record/download?format=json").get_json()
    keys = KeySet.import_key_set({"keys": document["keys"]})
    assert len(document["seals"]) == 2
    for seal in document["seals"]:
        signed = jws.deserialize_compact(seal["signature"], keys)
        assert signed.payload.decode() == f"{seal['organisation']}.{seal['number']}.{seal['chain_hash']}"
    assert {key["kid"] for key in document["keys"]} >= set(signers(school))


def test_s10_what_was_taken_away_before_can_be_compared_after(school: School) -> None:
    seat = school.enter("s-1")
    school.record(seat.who.person_uuid, "p-1")
    school.seal()
    taken = seat.get("record/download?format=json").get_json()
    rotate(school)
    replace(school)
    shown = school.tool.browser().get("/ledger/keys").get_json()["keys"]
    assert all(key in shown for key in taken["keys"])


def test_s10_data_keys_of_learners_are_left_alone(school: School) -> None:
    """They lie under the installation's secret, not under a signing key."""
    seat = school.enter("s-1")
    learner = seat.who.person_uuid
    school.correct(school.record(learner, "p-1").uuid, note="Marked twice by mistake.")

    def sealed() -> Any:
        with school.tool.runtime.database.reading() as session:
            return session.execute(select(LearnerKey.learner, LearnerKey.key_encrypted)).all()

    before = sealed()
    assert [row.learner for row in before] == [learner]
    rotate(school)
    replace(school)
    assert sealed() == before
    document = json.loads(school.enter("s-1").get("record/download?format=json").text)
    assert document["events"][-1]["note"] == "Marked twice by mistake."
