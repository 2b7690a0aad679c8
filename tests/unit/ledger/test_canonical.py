"""The bytes of a body are those of RFC 8785, and the hash covers every field of an event."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from qualoop.ledger import Event, EventRefusedError, EventType, body_hash, canonical_body
from tests.unit.ledger.events import MORNING, an_event

any_text = st.text(st.characters(exclude_categories=["Cs"]))
ascii_text = st.text(st.characters(codec="ascii"))
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ascii_text, inner, max_size=4),
    max_leaves=20,
)
bodies = st.dictionaries(ascii_text, plain, max_size=6)
names = any_text.filter(bool)


@given(bodies)
def test_a_body_is_written_as_rfc_8785_says(body: dict[str, Any]) -> None:
    assert canonical_body(body) == rfc8785.dumps(body)


@given(st.fixed_dictionaries(dict.fromkeys(("organisation", "learner", "actor", "source", "source_id"), names)), bodies)
def test_an_event_is_hashed_as_one_rfc_8785_object(texts: dict[str, str], body: dict[str, Any]) -> None:
    event = an_event(**texts, body=body)
    whole: dict[str, Any] = {
        **texts,
        "attempt": "1",
        "body": body,
        "format": "qualoop-event-1",
        "occurred_at": "2026-03-02T08:00:00.000005Z",
        "recorded_at": "2026-03-02T08:00:00.000005Z",
        "type": "evidence.recorded",
        "uuid": "0b6ea45c-8a0e-4c3c-9b5e-6a5a3f0f8f10",
    }
    assert body_hash(event) == hashlib.sha256(rfc8785.dumps(whole)).hexdigest()
    assert body_hash(event, canonical_body(body)) == body_hash(event)


def test_the_hash_never_changes_by_a_change_of_ours() -> None:
    assert body_hash(an_event()) == "8cc53f5905a1b2a636d0ac0a392b636709a0972a10233b754f02d33aaa0135fb"
    assert (
        body_hash(an_event(type=EventType.TAGS_ADOPTED, learner=None))
        == "d0eda024386a4cf5b323f393e929e59d986675b41009891f3d15c6b51588cd5d"
    )


OTHER: dict[str, Any] = {
    "uuid": UUID(int=1),
    "type": EventType.ASSERTION_MADE,
    "organisation": "org-2",
    "learner": "learner-2",
    "actor": "teacher-1",
    "occurred_at": MORNING - timedelta(microseconds=1),
    "recorded_at": MORNING + timedelta(microseconds=1),
    "source": "csv",
    "source_id": "attempt-2/intent",
    "attempt": "2",
    "body": {"score": "0.6"},
}


@pytest.mark.parametrize("field", [field.name for field in fields(Event)])
def test_no_field_can_be_changed_unnoticed(field: str) -> None:
    assert body_hash(an_event(**{field: OTHER[field]})) != body_hash(an_event())


def test_a_text_cannot_pass_for_another_field() -> None:
    """Quoting keeps what is in a field in that field."""
    crafted = an_event(actor='learner-1","attempt":"1', attempt="")
    assert body_hash(crafted) != body_hash(an_event())


@pytest.mark.parametrize(
    "value",
    [0.5, 1.0, float("nan"), Decimal("0.5"), 2**53, -(2**53), {1, 2}, b"x", {"é": 1}, {1: 2}, {None: 1}, "\ud800"],
    ids=repr,
)
def test_what_has_no_one_form_is_refused_wherever_it_stands(value: object) -> None:
    for body in ({"v": value}, {"v": [value]}, {"v": [{"v": value}]}):
        with pytest.raises(EventRefusedError):
            canonical_body(body)


def test_half_a_character_is_refused_in_other_fields_too() -> None:
    with pytest.raises(EventRefusedError):
        body_hash(an_event(source_id="\udfff"))


def nested(depth: int) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for _ in range(depth - 1):
        body = {"v": body}
    return body


def test_depth() -> None:
    assert canonical_body(nested(32)).count(b"{") == 32
    for depth in (33, 5000):
        with pytest.raises(EventRefusedError, match="at most 32 deep"):
            canonical_body(nested(depth))
