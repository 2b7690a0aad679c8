"""`qualoop worker`, `job` and `replay`, as an operator types them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from types import ModuleType

import pytest
from sqlalchemy import select

from lti_tool import worker
from lti_tool.commands import job, replay
from lti_tool.models import LaunchState, LedgerSeal, Registration
from lti_tool.services.people import logins
from tests.factories.tool import SECRET, Tool, make_tool


@pytest.fixture
def tool(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tool]:
    monkeypatch.setenv("QUALOOP_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)
    made = make_tool(sqlite_url)
    yield made
    made.runtime.database.close()


def typed(noun: ModuleType, *words: str) -> int:
    parser = argparse.ArgumentParser()
    noun.register(parser.add_subparsers())
    arguments = parser.parse_args(words)
    status: int = arguments.run(arguments)
    return status


def test_the_worker_seals_the_ledger_and_clears_away_old_logins(tool: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    database = tool.runtime.database
    with database.transaction() as session:
        registration = session.scalars(select(Registration.id)).one()
        logins.open_login(
            session.connection(),
            registration_id=registration,
            organisation_id=tool.organisation_id,
            now=tool.clock.now,  # long ago, by the clock of the command
        )
    assert typed(worker, "worker", "--once") == 0

    assert capsys.readouterr().out == "Tried 0 deliveries.\n"
    with database.reading() as session:
        assert [seal.number for seal in session.scalars(select(LedgerSeal))] == [1]
        assert not session.scalars(select(LaunchState)).all()


def test_a_replay_shows_among_the_jobs(tool: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(replay, "replay") == 0
    assert typed(job, "job", "list") == 0
    assert "\treplay\tdone\t0 of 0\t" in capsys.readouterr().out


def test_the_worker_wants_a_current_database(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUALOOP_DATABASE_URL", f"sqlite:///{tmp_path_factory.mktemp('empty') / 'empty.db'}")
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)
    assert typed(worker, "worker", "--once") == 1
    assert "qualoop database migrate" in capsys.readouterr().err
