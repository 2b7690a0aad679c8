"""S10: our keys are published before they sign and after, on each kind of database, whoever rotates at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from lti_tool.db import Database, micros
from lti_tool.lti.errors import SealedKeyError
from lti_tool.lti.tool_keys import make_tool_key
from lti_tool.models import ToolKey
from lti_tool.services.platforms import tool_keys
from lti_tool.services.platforms.key_rotation import (
    MADE_BEFORE,
    PUBLISHED_AFTER,
    PUBLISHED_BEFORE,
    Moved,
    Terms,
    replace_at_once,
    rotate,
    rotate_due,
)
from lti_tool.services.platforms.tool_keys import ACTIVE, LEDGER, LTI, NEXT, PURPOSES, RETIRED
from lti_tool.services.schema import configuration, migrate
from tests.factories.tool import NOON, SECRET, Tool

DAY = timedelta(days=1)
EVERY = timedelta(days=90)
ALMOST = timedelta(seconds=1)


class Keys:
    """The keys of an installation, and a clock."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOON

    def terms(self, *, every: timedelta = EVERY, secret: str = SECRET) -> Terms:
        return Terms(secret=secret, now=self.now, every=every)

    def ensure(self, purpose: str = LTI) -> str:
        with self.database.transaction() as session:
            return tool_keys.ensure_key(session, purpose, secret=SECRET, now=self.now).kid

    def rotate(self, purpose: str = LTI) -> Moved:
        with self.database.transaction() as session:
            return rotate(session, purpose, self.terms())

    def replace(self, purpose: str = LTI) -> Moved:
        with self.database.transaction() as session:
            return replace_at_once(session, purpose, "it stood in a log", self.terms())

    def work(self, *, every: timedelta = EVERY) -> None:
        with self.database.transaction() as session:
            rotate_due(session, self.terms(every=every))

    def rows(self, state: str, purpose: str = LTI) -> list[ToolKey]:
        with self.database.reading() as session:
            query = select(ToolKey).where(ToolKey.purpose == purpose, ToolKey.state == state).order_by(ToolKey.id)
            return list(session.scalars(query))

    def kids(self, state: str, purpose: str = LTI) -> list[str]:
        return [row.kid for row in self.rows(state, purpose)]

    def published(self, purpose: str = LTI) -> set[str]:
        with self.database.reading() as session:
            body = tool_keys.platform_key_set(session, self.now) if purpose == LTI else tool_keys.seal_key_set(session)
        return {key["kid"] for key in json.loads(body)["keys"]}


@pytest.fixture
def keys(database: Database) -> Keys:
    made = Keys(database)
    for purpose in PURPOSES:
        made.ensure(purpose)
    return made


def test_s10_a_key_is_published_a_day_before_it_signs_and_two_weeks_after(keys: Keys) -> None:
    first = keys.ensure()
    second = keys.rotate().made
    assert second is not None
    assert keys.published() == {first, second}
    keys.now += PUBLISHED_BEFORE - ALMOST
    assert keys.rotate() == Moved()
    assert keys.ensure() == first
    keys.now += ALMOST
    assert keys.rotate() == Moved(signing=second, retired=first)
    assert keys.ensure() == second
    keys.now += PUBLISHED_AFTER - ALMOST
    assert keys.published() == {first, second}
    keys.now += ALMOST
    assert keys.published() == {second}
    assert (PUBLISHED_BEFORE, PUBLISHED_AFTER) == (DAY, 14 * DAY)


def test_s10_the_key_address_shows_the_next_key_and_the_former(tool: Tool) -> None:
    keys = Keys(tool.runtime.database)

    def shown() -> list[str]:
        return [key["kid"] for key in tool.browser().get("/lti/jwks").get_json()["keys"]]

    (first,) = shown()
    second = keys.rotate().made
    assert shown() == [first, second]
    tool.clock.now = keys.now = keys.now + DAY
    keys.rotate()
    assert shown() == [first, second]
    tool.clock.now += PUBLISHED_AFTER
    assert shown() == [second]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_s10_a_retired_key_has_no_private_half(keys: Keys, purpose: str) -> None:
    keys.rotate(purpose)
    keys.now += DAY
    keys.rotate(purpose)
    (retired,), (active,) = keys.rows(RETIRED, purpose), keys.rows(ACTIVE, purpose)
    assert (retired.private_encrypted, retired.active_at, retired.retired_at) == (b"", NOON, keys.now)
    assert active.private_encrypted
    assert (active.created_at, active.active_at, active.retired_at) == (NOON, keys.now, None)


def test_s10_keys_of_seals_stay_published_for_good(keys: Keys) -> None:
    signed = {keys.ensure(LEDGER)}
    for _ in range(3):
        keys.rotate(LEDGER)
        keys.now += 400 * DAY
        keys.rotate(LEDGER)
        signed.add(keys.ensure(LEDGER))
    assert len(signed) == 4
    assert keys.published(LEDGER) == signed


def test_s10_a_leaked_key_is_replaced_at_once(keys: Keys) -> None:
    leaked, beside = keys.ensure(), keys.rotate().made
    assert beside is not None
    keys.now += timedelta(hours=1)
    moved = keys.replace()
    assert (moved.retired, moved.made) == (leaked, keys.ensure())
    assert keys.published() == {moved.made}, "the next key lay beside the one that leaked"
    assert keys.kids(RETIRED) == [leaked, beside]
    for row in keys.rows(RETIRED):
        assert (row.private_encrypted, row.published_until, row.retired_for) == (b"", keys.now, "it stood in a log")
    assert not keys.kids(NEXT)


def test_s10_a_leaked_key_of_seals_goes_on_proving_them(keys: Keys) -> None:
    leaked, beside = keys.ensure(LEDGER), keys.rotate(LEDGER).made
    moved = keys.replace(LEDGER)
    assert keys.published(LEDGER) == {leaked, moved.signing}
    assert beside not in keys.published(LEDGER)
    assert keys.ensure(LEDGER) == moved.signing != leaked


def test_s10_keys_under_a_lost_secret_can_be_replaced(keys: Keys) -> None:
    keys.rotate()
    keys.now += DAY
    with keys.database.transaction() as session, pytest.raises(SealedKeyError):
        rotate(session, LTI, keys.terms(secret="another secret of this installation"))
    assert len(keys.kids(ACTIVE)) == len(keys.kids(NEXT)) == 1
    assert keys.replace().signing == keys.ensure()


def test_s10_a_process_signs_with_the_key_that_another_process_promoted(keys: Keys) -> None:
    """A key that was opened is kept by what the database says, not for the life of the process."""
    first = keys.ensure()
    other = Database(keys.database.engine.url.render_as_string(hide_password=False))
    elsewhere = Keys(other)
    second = elsewhere.rotate().made
    elsewhere.now += DAY
    elsewhere.rotate()
    other.close()
    assert keys.ensure() == second != first


def test_the_schedule_publishes_a_week_ahead_and_rotates_every_ninety_days(keys: Keys) -> None:
    first = {purpose: keys.ensure(purpose) for purpose in PURPOSES}
    keys.now = NOON + EVERY - MADE_BEFORE - ALMOST
    keys.work()
    assert not keys.kids(NEXT)
    keys.now += ALMOST
    keys.work()
    keys.work()
    waiting = {purpose: keys.kids(NEXT, purpose) for purpose in PURPOSES}
    assert [len(kids) for kids in waiting.values()] == [1, 1]
    keys.now = NOON + EVERY - ALMOST
    keys.work()
    assert {purpose: keys.ensure(purpose) for purpose in PURPOSES} == first
    keys.now += ALMOST
    keys.work()
    keys.work()
    for purpose in PURPOSES:
        assert keys.kids(ACTIVE, purpose) == waiting[purpose]
        assert keys.kids(RETIRED, purpose) == [first[purpose]]
        assert not keys.kids(NEXT, purpose)


def test_s10_a_worker_that_slept_publishes_a_day_before_it_rotates(keys: Keys) -> None:
    first = keys.ensure()
    keys.now += 3 * EVERY
    keys.work()
    (waiting,) = keys.kids(NEXT)
    keys.now += PUBLISHED_BEFORE - ALMOST
    keys.work()
    assert keys.ensure() == first
    keys.now += ALMOST
    keys.work()
    assert keys.ensure() == waiting


def test_without_a_schedule_only_a_person_rotates(keys: Keys) -> None:
    first = keys.ensure()
    keys.rotate()
    keys.now += 10 * EVERY
    keys.work(every=timedelta(0))
    assert keys.ensure() == first
    keys.rotate()
    assert keys.ensure() != first


def test_a_key_is_made_where_a_purpose_has_none(database: Database) -> None:
    keys = Keys(database)
    keys.work()
    assert not keys.kids(ACTIVE), "who needs a key makes it"
    assert keys.rotate().signing == keys.ensure()


# -- Several processes at once

AT_ONCE = 6


def all_at_once(database: Database, do: Callable[[Keys], object], *, after: timedelta = timedelta(0)) -> list[object]:
    """Let several processes, each with connections of its own, do the same at the same moment."""
    url = database.engine.url.render_as_string(hide_password=False)
    together = threading.Barrier(AT_ONCE)

    def one(_: int) -> object:
        own = Database(url)
        keys = Keys(own)
        keys.now += after
        try:
            together.wait(10)
            return do(keys)
        finally:
            own.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def test_s10_processes_that_start_on_an_empty_database_make_one_key(database: Database) -> None:
    found = all_at_once(database, Keys.ensure)
    assert set(found) == set(Keys(database).kids(ACTIVE))
    assert len(set(found)) == 1


def test_s10_workers_at_once_take_each_step_once(keys: Keys) -> None:
    first = keys.ensure()
    all_at_once(keys.database, Keys.work, after=EVERY - MADE_BEFORE)
    (waiting,) = keys.kids(NEXT)
    all_at_once(keys.database, Keys.work, after=EVERY)
    assert (keys.kids(ACTIVE), keys.kids(RETIRED), keys.kids(NEXT)) == ([waiting], [first], [])


def test_s10_people_who_replace_a_key_at_once_leave_one(keys: Keys) -> None:
    signing = {moved.signing for moved in all_at_once(keys.database, Keys.replace) if isinstance(moved, Moved)}
    (active,) = keys.kids(ACTIVE)
    assert active in signing
    assert keys.published() == {active}


def test_s10_signing_goes_on_while_keys_change(keys: Keys) -> None:
    def either(own: Keys) -> object:
        own.rotate()
        return own.ensure()

    keys.rotate()
    found = all_at_once(keys.database, either, after=DAY)
    assert set(found) <= {*keys.kids(ACTIVE), *keys.kids(RETIRED)}
    assert len(keys.kids(ACTIVE)) == 1


@pytest.mark.parametrize("state", [ACTIVE, NEXT])
def test_s10_the_database_itself_refuses_a_second_key_in_a_state(keys: Keys, state: str) -> None:
    keys.rotate()
    key = make_tool_key()
    with pytest.raises(IntegrityError), keys.database.transaction() as session:
        session.add(
            ToolKey(
                kid=key.kid,
                purpose=LTI,
                state=state,
                public_jwk=key.public_jwk,
                private_encrypted=b"x",
                created_at=NOON,
            )
        )


# -- Migration 0005


def add_old(connection: Connection, kid: str, purpose: str, state: str) -> None:
    """Add a key as the version before had it."""
    statement = text(
        "INSERT INTO tool_key (kid, purpose, state, public_jwk, private_encrypted, created_at) "
        "VALUES (:kid, :purpose, :state, '{}', :private, :now)"
    )
    values = {"kid": kid, "purpose": purpose, "state": state, "private": b"sealed", "now": micros(NOON)}
    connection.execute(statement, values)


def test_the_migration_lets_the_keys_go_on_signing(database: Database) -> None:
    with database.connection() as connection:
        command.downgrade(configuration(connection), "0004")
        for purpose in PURPOSES:
            add_old(connection, f"{purpose}-retired", purpose, RETIRED)
            add_old(connection, f"{purpose}-first", purpose, ACTIVE)
            add_old(connection, f"{purpose}-double", purpose, ACTIVE)
    migrate(database)
    keys = Keys(database)
    for purpose in PURPOSES:
        (active,) = keys.rows(ACTIVE, purpose)
        assert (active.kid, active.private_encrypted, active.active_at) == (f"{purpose}-first", b"sealed", NOON)
        assert [bool(row.private_encrypted) for row in keys.rows(RETIRED, purpose)] == [False, False]
    with database.reading() as session:
        ends = {row.kid: row.published_until for row in session.scalars(select(ToolKey))}
    never = {name for name, end in ends.items() if end is None}
    assert never == {"lti-first", "ledger-retired", "ledger-first", "ledger-double"}
    retired, double = ends["lti-retired"], ends["lti-double"]
    assert retired
    assert double == retired + PUBLISHED_AFTER, "it may have signed until now"
