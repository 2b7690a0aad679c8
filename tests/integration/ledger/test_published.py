"""What the ledger shows to the world and to its learner: seals, keys, and the own record to take away."""

from __future__ import annotations

import json
import re
import uuid
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from joserfc import jws
from joserfc.jwk import KeySet

from lti_tool.services.platforms import tool_keys
from lti_tool.views import ledger as view
from qualoop.ledger import verify_inclusion
from tests.factories.tool import SECRET
from tests.integration.ledger.conftest import School

ATTACHED = re.compile(r'attachment; filename="learning-record-2026-03-02\.(html|json)"')


@pytest.fixture
def school(teaching: School) -> School:
    return teaching


def fetch(school: School, address: str) -> Any:
    return school.tool.browser().get(address).get_json()


def is_genuine(seal: dict[str, Any], keys: KeySet) -> bool:
    signed = jws.deserialize_compact(seal["signature"], keys)
    return bool(signed.payload.decode() == f"{seal['organisation']}.{seal['number']}.{seal['chain_hash']}")


def test_every_organisation_is_listed_with_its_newest_seal_and_the_keys(school: School) -> None:
    school.another()
    for number in range(2):
        school.record(str(uuid.UUID(int=5)), f"p-{number}")
        school.seal()
    answer = fetch(school, "/ledger/roots")
    (listed,) = answer["organisations"]
    organisation = school.organisation()
    assert listed["organisation"] == organisation.uuid
    assert listed["newest"]["number"] == 2
    assert listed["roots"].endswith(f"/ledger/roots/{organisation.uuid}")
    assert answer["next"] is None
    assert is_genuine(listed["newest"], KeySet.import_key_set({"keys": answer["keys"]}))
    assert answer["keys"] == fetch(school, "/ledger/keys")["keys"]
    # Neither name nor key of the organisation, nor any learner.
    assert all(known not in json.dumps(answer) for known in ("School", "school", str(uuid.UUID(int=5))))


def test_seals_are_paged_from_the_newest_to_the_first(school: School, monkeypatch: Any) -> None:
    monkeypatch.setattr(view, "PAGE", 2)
    for number in range(5):
        school.record(str(uuid.UUID(int=5)), f"p-{number}")
        school.seal()
    address: str | None = f"/ledger/roots/{school.organisation().uuid}"
    numbers = []
    while address:
        answer = fetch(school, address)
        numbers.append([row["number"] for row in answer["seals"]])
        address = answer["next"] and answer["next"].removeprefix(school.tool.runtime.settings.base_url)
    assert numbers == [[5, 4], [3, 2], [1]]


def test_organisations_are_paged(school: School, monkeypatch: Any) -> None:
    monkeypatch.setattr(view, "PAGE", 1)
    school.seal()
    first = fetch(school, "/ledger/roots")
    assert len(first["organisations"]) == 1
    rest = fetch(school, first["next"].removeprefix(school.tool.runtime.settings.base_url))
    assert (rest["organisations"], rest["next"]) == ([], None)


def test_odd_page_numbers_do_no_harm(school: School) -> None:
    school.seal()
    for odd in ("-1", "x", "99999999999999999999999", "１", ""):
        answer = school.tool.browser().get(f"/ledger/roots/{school.organisation().uuid}?before={odd}")
        assert answer.status_code == 200
    assert fetch(school, "/ledger/roots/no-such-organisation")["seals"] == []


def test_the_chain_hash_can_be_made_from_what_is_published(school: School) -> None:
    school.seal()
    (seal,) = fetch(school, f"/ledger/roots/{school.organisation().uuid}")["seals"]
    with school.tool.runtime.database.reading() as session:
        assert json.loads(tool_keys.seal_key_set(session))["keys"]
    assert seal["format"] == "qualoop-seal-1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", seal["sealed_at"])


def test_a_learner_downloads_the_own_record_with_proofs(school: School) -> None:
    seat = school.enter("s-1", name="Zhang Xiaoyu")
    other = school.enter("s-2")
    seat.answer(right=[True, False])
    other.answer(right=[True])
    school.seal()
    fresh = school.record(seat.who.person_uuid, "too-new")
    response = seat.get("record/download?format=json")
    assert response.status_code == 200
    assert ATTACHED.fullmatch(response.headers["Content-Disposition"])
    document = response.get_json()
    (seal,) = document["seals"]
    facts = {name: value for name, value in seal.items() if name not in {"link", "chain_hash", "signature"}}
    link = bytes.fromhex(seal["link"])
    assert sha256(b"\x03" + link + sha256(rfc8785.dumps(facts)).digest()).hexdigest() == seal["chain_hash"]
    assert is_genuine(seal, KeySet.import_key_set({"keys": document["keys"]}))
    *sealed, last = document["events"]
    assert len(sealed) >= 2
    for row in sealed:
        assert sha256(rfc8785.dumps(row["event"])).hexdigest() == row["hash"]
        assert verify_inclusion(
            row["hash"], index=row["index"], size=seal["count"], proof=row["proof"], root=seal["merkle_root"]
        )
    assert (last["event"]["uuid"], last["seal"]) == (str(fresh.uuid), None)
    assert {row["event"]["learner"] for row in document["events"]} == {seat.who.person_uuid}
    assert "Zhang" not in response.text


def test_proofs_of_events_in_many_seals(school: School, monkeypatch: Any) -> None:
    monkeypatch.setattr("lti_tool.services.records.ledger_download.SEALS_AT_ONCE", 2)
    seat = school.enter("s-1")
    learner, stranger = seat.who.person_uuid, str(uuid.UUID(int=5))
    for number in range(5):
        for who in (stranger, learner, stranger) if number != 2 else (stranger,):
            school.record(who, f"p-{number}-{uuid.uuid4()}")
        school.seal()
    document = seat.get("record/download?format=json").get_json()
    seals = {row["number"]: row for row in document["seals"]}
    assert sorted(seals) == [1, 2, 4, 5]
    assert [row["seal"] for row in document["events"]] == [1, 2, 4, 5]
    for row in document["events"]:
        seal = seals[row["seal"]]
        assert verify_inclusion(
            row["hash"], index=row["index"], size=seal["count"], proof=row["proof"], root=seal["merkle_root"]
        )


def test_the_download_is_a_page_in_the_language_of_the_launch(school: School) -> None:
    response = school.enter("s-1", locale="zh-CN").get("record/download")
    assert response.mimetype == "text/html"
    assert ATTACHED.fullmatch(response.headers["Content-Disposition"])
    assert '<html lang="zh-Hans">' in response.text


def test_the_note_of_a_correction_is_readable_for_its_learner(school: School) -> None:
    seat = school.enter("s-1")
    school.correct(school.record(seat.who.person_uuid, "p-1").uuid, note="Marked twice by mistake.")
    document = seat.get("record/download?format=json").get_json()
    assert document["events"][-1]["note"] == "Marked twice by mistake."
    assert document["events"][-1]["event"]["body"]["note"].startswith("sealed-text-1.")


def test_without_the_launch_there_is_no_download(school: School) -> None:
    seat = school.enter("s-1")
    assert school.tool.browser().get(f"{seat.page}record/download").status_code == 401
    assert SECRET not in seat.get("record/download").text
