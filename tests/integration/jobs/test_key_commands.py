"""`qualoop keys` and the worker's chore, as an operator meets them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from lti_tool import worker
from lti_tool.commands import keys as command
from lti_tool.db import Database
from lti_tool.models import ToolKey
from lti_tool.services.platforms import tool_keys
from lti_tool.services.platforms.tool_keys import ACTIVE, LEDGER, LTI, NEXT, PURPOSES, RETIRED
from tests.factories.tool import SECRET

KID = r"[A-Za-z0-9_-]{43}"
AT = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"


@pytest.fixture
def database(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database whose keys are of today, by the clock of the command."""
    monkeypatch.setenv("QUALOOP_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)
    made = Database(sqlite_url)
    with made.transaction() as session:
        for purpose in PURPOSES:
            tool_keys.ensure_key(session, purpose, secret=SECRET, now=datetime.now(UTC))
    yield made
    made.close()


def typed(*words: str) -> int:
    parser = argparse.ArgumentParser()
    nouns = parser.add_subparsers()
    command.register(nouns)
    worker.register(nouns)
    arguments = parser.parse_args(words)
    status: int = arguments.run(arguments)
    return status


def states(database: Database) -> set[tuple[str, str]]:
    with database.reading() as session:
        return {(row.purpose, row.state) for row in session.scalars(select(ToolKey))}


def age(database: Database, **by: float) -> None:
    """Let time pass for the keys."""
    with database.transaction() as session:
        for name in ("created_at", "active_at", "retired_at", "published_until"):
            column = getattr(ToolKey, name)
            for row in session.scalars(select(ToolKey).where(column.is_not(None))).all():
                earlier = getattr(row, name) - timedelta(**by)
                session.execute(update(ToolKey).where(ToolKey.id == row.id).values({name: earlier}))


def listed(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    capsys.readouterr()
    assert typed("keys", "list") == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    for row in rows:
        assert re.fullmatch(KID, row[0])
        assert re.fullmatch(AT, row[3])
    return rows


def test_the_list_says_what_comes_next(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    rows = listed(capsys)
    assert [(purpose, state) for _, purpose, state, _, _ in rows] == [(LTI, ACTIVE), (LEDGER, ACTIVE)]
    assert all(re.fullmatch(f"signs until {AT}; its successor is published on {AT}", row[4]) for row in rows)
    typed("keys", "rotate", "--purpose", "lti")
    signs, waits, _ = listed(capsys)
    assert signs[4].removeprefix("signs until ") == waits[4].removeprefix("signs from ").removesuffix(" on")
    age(database, days=1)
    typed("keys", "rotate")
    former, signs, seals, waits = listed(capsys)
    assert (former[2], signs[2], seals[2], waits[2]) == (RETIRED, ACTIVE, ACTIVE, NEXT)
    assert re.fullmatch(f"published until {AT}", former[4])
    age(database, days=15)
    assert re.fullmatch(f"no longer published since {AT}", listed(capsys)[0][4])
    typed("keys", "rotate", "--purpose", "ledger")
    assert listed(capsys)[2][4] == "published for good: its seals are checked with it"


def test_without_a_schedule_the_list_says_so(
    database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUALOOP_KEY_ROTATION_DAYS", "0")
    typed("keys", "rotate", "--purpose", "lti")
    assert "The worker" not in capsys.readouterr().out
    signs, waits, _ = listed(capsys)
    assert signs[4] == "signs until somebody rotates"
    assert re.fullmatch(f"signs when asked, from {AT} on", waits[4])


def test_rotating_says_what_is_still_to_come(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("keys", "rotate", "--purpose", "lti") == 0
    to_come = f"To let it sign: qualoop keys rotate, not before {AT}. The worker does it on {AT}."
    assert re.fullmatch(f"lti: {KID} is published from now on. {to_come}\n", capsys.readouterr().out)
    assert typed("keys", "rotate", "--purpose", "lti") == 0
    assert re.fullmatch(f"lti: {KID} is published since {AT}. {to_come}\n", capsys.readouterr().out)
    assert states(database) == {(LTI, ACTIVE), (LTI, NEXT), (LEDGER, ACTIVE)}
    age(database, days=1)
    assert typed("keys", "rotate") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(f"lti: {KID} signs from now on.", first)
    assert re.fullmatch(f"ledger: {KID} is published from now on. {to_come}", second)
    assert states(database) == {(LTI, ACTIVE), (LTI, RETIRED), (LEDGER, ACTIVE), (LEDGER, NEXT)}


def test_a_leaked_key_goes_at_once_with_a_warning(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("keys", "rotate", "--now", "  stood in\ta log ") == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(f"lti: {KID} signs from now on.\nledger: {KID} signs from now on.\n", out)
    assert "lti: Platforms that keep our keys for a while refuse our requests" in err
    assert "ledger: Whoever has the former key can sign seals" in err
    former = [row for row in listed(capsys) if row[2] == RETIRED]
    assert re.fullmatch(rf"no longer published since {AT} \(stood in a log\)", former[0][4])
    assert former[1][4] == "published for good: its seals are checked with it (stood in a log)"


def test_the_replacement_of_a_key_is_logged(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    typed("keys", "rotate", "--purpose", "ledger", "--now", "lost")
    (line,) = [record.message for record in caplog.records if record.name == "lti_tool.services.platforms.key_rotation"]
    assert re.fullmatch(f"key replaced at once: purpose=ledger kid={KID} retired={KID} reason=lost", line)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 256])
def test_a_replacement_needs_a_reason(database: Database, reason: str) -> None:
    with pytest.raises(SystemExit):
        typed("keys", "rotate", "--now", reason)
    assert states(database) == {(LTI, ACTIVE), (LEDGER, ACTIVE)}


def test_the_worker_rotates_by_the_schedule(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert typed("worker", "--once") == 0
    assert states(database) == {(LTI, ACTIVE), (LEDGER, ACTIVE)}
    age(database, days=89)
    monkeypatch.setenv("QUALOOP_KEY_ROTATION_DAYS", "0")
    typed("worker", "--once")
    assert states(database) == {(LTI, ACTIVE), (LEDGER, ACTIVE)}
    monkeypatch.delenv("QUALOOP_KEY_ROTATION_DAYS")
    typed("worker", "--once")
    assert states(database) == {(purpose, state) for purpose in PURPOSES for state in (ACTIVE, NEXT)}
    age(database, days=1)
    typed("worker", "--once")
    typed("worker", "--once")
    assert states(database) == {(purpose, state) for purpose in PURPOSES for state in (ACTIVE, RETIRED)}
