"""Signed requests over HTTP (S32): who may send, only once, not too much, and what stands in logs and problems."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.models import Organisation, SourceKey, SourceRequest
from lti_tool.services.sources import requests, sources
from lti_tool.services.sources.sources import NewKey
from lti_tool.views.api_guards import METER
from qualoop.exchange import MAX_BODY_BYTES, Secret
from tests.factories.sources import CHANGES, EVIDENCE, Site, event, make_site
from tests.factories.tool import NOON, SECRET, Tool
from tests.integration.sources.test_evidence import recorded

ID = "00000000-0000-4000-8000-000000000001"


def refused(site: Site, body: Any = None, **more: Any) -> tuple[int, str]:
    answer = site.ask("POST", EVIDENCE, {"events": [event()]} if body is None else body, **more)
    assert answer.mimetype == "application/problem+json", answer.text
    told = answer.json
    assert told["type"] in {f"urn:qualoop:problem:{told['code']}", "about:blank"}
    assert told["status"] == answer.status_code
    return answer.status_code, told["code"]


def test_s32_only_a_signature_of_a_good_key_opens_anything(file_tool: Tool, one_site: Site) -> None:
    assert refused(one_site, headers={"Qualoop-Signature": ""}) == (401, "signature-missing")
    assert refused(one_site, headers={"Qualoop-Signature": "v1=" + "0" * 64}) == (401, "signature-wrong")
    forged = replace(one_site, key=NewKey(kid=one_site.key.kid, secret=Secret("qs1.guessed")))
    assert refused(forged) == (401, "signature-wrong")
    unknown = replace(one_site, key=NewKey(kid="0123456789abcdef", secret=one_site.key.secret))
    assert refused(unknown) == (401, "key-unknown")
    assert recorded(file_tool) == []


def test_s32_a_request_that_is_too_old_is_told_by_how_much(file_tool: Tool, one_site: Site) -> None:
    body = json.dumps({"events": [event()]}).encode()
    signed = one_site.signed("POST", EVIDENCE, body)
    file_tool.clock.advance(seconds=301)
    answer = one_site.ask("POST", EVIDENCE, body, headers=signed)
    assert (answer.status_code, answer.json["code"]) == (401, "signature-time")
    assert "301 seconds behind" in answer.json["detail"]


def test_s32_the_same_request_again_is_answered_as_before_and_does_nothing(tool: Tool, site: Site) -> None:
    body = {"events": [event()]}
    first = site.ask("POST", EVIDENCE, body, request_id=ID)
    tool.clock.advance(minutes=30)
    again = site.ask("POST", EVIDENCE, body, request_id=ID)
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert first.json["results"][0]["outcome"] == "accepted"
    assert refused(site, {"events": [event(2)]}, request_id=ID) == (409, "request-replayed")
    assert len(recorded(tool)) == 1


def test_s32_a_reading_request_comes_only_once(site: Site) -> None:
    assert site.ask("GET", CHANGES, request_id=ID).status_code == 200
    assert site.ask("GET", CHANGES, request_id=ID).json["code"] == "request-replayed"


def test_s32_ids_are_kept_until_no_signature_of_theirs_is_good(file_tool: Tool, one_site: Site) -> None:
    one_site.send(event(), request_id=ID)
    for days, left in ((0.99, 1), (1.01, 0)):
        with file_tool.runtime.database.connection() as connection:
            requests.purge_requests(connection, NOON + timedelta(days=days))
        with file_tool.runtime.database.reading() as session:
            assert len(session.scalars(select(SourceRequest)).all()) == left


def test_s32_keys_are_changed_without_a_gap_and_end_at_once(file_tool: Tool, one_site: Site) -> None:
    with file_tool.runtime.database.transaction() as session:
        source = sources.get(session, file_tool.organisation_id, "open-edx")
        second = sources.rotate(session, source, secret=SECRET, now=file_tool.clock())
    newer = replace(one_site, key=second)
    assert (one_site.send(event()), newer.send(event(2))) == (["accepted"], ["accepted"])
    with file_tool.runtime.database.transaction() as session:
        source = sources.get(session, file_tool.organisation_id, "open-edx")
        third = sources.rotate(session, source, secret=SECRET, now=file_tool.clock())
        assert third.retired == one_site.key.kid
        sources.revoke(session, source, kid=second.kid, now=file_tool.clock())
    assert (refused(one_site), refused(newer)) == ((401, "key-unknown"), (401, "key-unknown"))
    newest = replace(one_site, key=third)
    assert newest.send(event(3)) == ["accepted"]
    with file_tool.runtime.database.transaction() as session:
        sources.revoke(
            session, sources.get(session, file_tool.organisation_id, "open-edx"), kid=None, now=file_tool.clock()
        )
    assert refused(newest) == (401, "key-unknown")
    with file_tool.runtime.database.reading() as session:
        assert session.scalars(select(SourceKey.secret_encrypted)).all() == [None, None, None]


def test_s32_a_secret_is_bound_to_its_organisation_and_key(file_tool: Tool, one_site: Site) -> None:
    with file_tool.runtime.database.transaction() as session:
        [key] = session.scalars(select(SourceKey))
        assert one_site.key.secret.encode() not in bytes(key.secret_encrypted or b"")
        other = Organisation(uuid="o", key="other", name="Other", kind="school", created_at=NOON)
        session.add(other)
        session.flush()
        taken = sources.add(session, other.id, "open-edx", name="", registration=None, secret=SECRET, now=NOON)
        moved = session.scalars(select(SourceKey).where(SourceKey.kid == taken.kid)).one()
        moved.secret_encrypted = key.secret_encrypted
    with file_tool.runtime.database.snapshot() as connection, pytest.raises(sources.SourceKeySealedError):
        sources.find_signer(connection, taken.kid, secret=SECRET)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 415, "media-type"),
        (b"{", 400, "body-unreadable"),
        (b'{"events":[NaN]}', 400, "body-unreadable"),
        (b'{"events":["\\ud800"]}', 400, "body-unreadable"),
        (b"[" * 100_000, 400, "body-unreadable"),
        (b"\xff\xfe", 400, "body-unreadable"),
        ({"events": []}, 422, "body-refused"),
        ({"events": [], "more": 1}, 422, "body-refused"),
        ([], 422, "body-refused"),
        (b" " * (MAX_BODY_BYTES + 1), 413, "body-too-large"),
    ],
    ids=["none", "cut", "nan", "surrogate", "deep", "bytes", "empty", "more", "list", "large"],
)
def test_s32_bodies_of_another_form_are_refused(one_site: Site, body: Any, status: int, code: str) -> None:
    assert refused(one_site, body) == (status, code)


def test_s32_a_source_is_slowed_down_and_told_when_to_come_again(one_site: Site) -> None:
    meter = requests.Meter(per_second=1.0, burst=2.0)
    for _ in range(2):
        meter.take(1, NOON)
    with pytest.raises(requests.TooManyRequestsError):
        meter.take(1, NOON)
    meter.take(2, NOON)
    meter.take(1, NOON + timedelta(seconds=1))
    one_site.tool.app.extensions[METER] = requests.Meter(burst=0.0)
    answer = one_site.ask("GET", CHANGES)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")


def test_s32_logs_and_problems_hold_nothing_of_what_was_sent(
    file_tool: Tool, one_site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = event(learner="canary-learner", form="canary-form", attempt="canary-attempt")
    answer = one_site.ask("POST", EVIDENCE, {"events": [sent], "canary-member": "canary-value"})
    assert answer.status_code == 422
    assert one_site.key.secret not in caplog.text
    for told in (caplog.text, answer.text.replace("canary-member", "")):
        assert "canary" not in told


def test_s32_nothing_of_another_organisation_is_reached(tool: Tool, site: Site) -> None:
    with tool.runtime.database.transaction() as session:
        other = Organisation(uuid="o", key="other", name="Other", kind="school", created_at=NOON)
        session.add(other)
        session.flush()
        there = other.id
    theirs = make_site(tool, "open-edx", of_platform=False, organisation_id=there)
    site.send(event())
    # The same event, and the same content, which their organisation has not installed.
    assert theirs.send(event()) == ["waits"]
    assert theirs.register().json["code"] == "framework-missing"
    assert theirs.changes()["changes"] == []


def test_what_the_api_does_not_have_is_a_problem_document_too(one_site: Site) -> None:
    assert one_site.ask("GET", "/api/v1/nothing").json["code"] == "http-404"
    assert one_site.ask("DELETE", CHANGES).json["code"] == "http-405"


def test_the_processes_together_take_no_more_of_a_source_than_one(
    tool: Tool, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "MOST_IN_SPAN", 3)
    other = make_site(tool, "other", of_platform=False)
    for number in range(3):
        # Each by a process of its own, whose meter knows of no other.
        tool.app.extensions.pop(METER, None)
        assert site.send(event(number + 1)) == ["accepted"]
    answer = site.ask("POST", EVIDENCE, {"events": [event(4)]})
    assert (answer.status_code, answer.json["code"]) == (429, "too-many-requests")
    assert int(answer.headers["Retry-After"]) > 0
    # A wrong signature is told first, and another source is not held up.
    assert refused(site, headers={"Qualoop-Signature": "v1=" + "0" * 64}) == (401, "signature-wrong")
    assert other.send(event(5, learner="other")) == ["accepted"]
    tool.clock.advance(seconds=11)
    assert site.send(event(4)) == ["accepted"]
    assert len(recorded(tool)) == 5
