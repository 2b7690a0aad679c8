"""Invitations and what comes of them, on each kind of database: parallel tries, the command line, the migration."""

from __future__ import annotations

import argparse
import re
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from alembic import command as alembic
from sqlalchemy import func, select, text

from lti_tool.commands import OrganisationMissingError, platform, platform_invites
from lti_tool.commands.platform_invites import PlatformMissingError
from lti_tool.db import Database
from lti_tool.lti.dynamic_registration import Opening, read_opening
from lti_tool.lti.registration_errors import (
    InviteBusyError,
    InviteExpiredError,
    InviteUsedError,
    RegistrationPendingError,
    RegistrationThereError,
)
from lti_tool.models import Deployment, InboxItem, Registration, RegistrationInvite
from lti_tool.services.administration import inbox_actions
from lti_tool.services.platforms import dynamic_registration, invites
from lti_tool.services.platforms.approval import RegistrationNotPendingError
from lti_tool.services.schema import configuration, migrate
from qualoop.errors import QualoopError
from qualoop.values import ValueRefusedError
from tests.factories.tool import NOON, Tool
from tests.fakes.registering_platform import CLIENT_ID, RegisteringPlatform, registering_platform


@pytest.fixture
def lms() -> Iterator[RegisteringPlatform]:
    with registering_platform() as running:
        yield running


@pytest.fixture
def invited(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """A tool that may call loopback, and that the commands work on."""
    runtime = replace(tool.runtime, settings=replace(tool.runtime.settings, allow_loopback=True))
    monkeypatch.setattr(platform, "open_runtime", lambda: runtime)
    monkeypatch.setattr(platform_invites, "open_runtime", lambda: runtime)
    return replace(tool, runtime=runtime)


def invite(tool: Tool, **terms: str) -> RegistrationInvite:
    with tool.runtime.database.transaction() as session:
        token = invites.make(session, tool.organisation_id, invites.Terms(made_by="ops", **terms), now=tool.clock.now)
        return invites.get(session, token)


def opened(lms: RegisteringPlatform) -> Opening:
    return read_opening(lms.opening(), allow_loopback=True)


def typed(*words: str) -> int:
    parser = argparse.ArgumentParser()
    platform.register(parser.add_subparsers())
    arguments = parser.parse_args(["platform", *words])
    status: int = arguments.run(arguments)
    return status


def test_s14_of_many_tries_at_once_one_registers(invited: Tool, lms: RegisteringPlatform) -> None:
    made, outcomes, start = invite(invited), [], threading.Barrier(4)

    def attempt() -> None:
        start.wait()
        try:
            dynamic_registration.register(invited.runtime, made, opened(lms))
            outcomes.append("registered")
        except QualoopError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("registered") == 1
    assert set(outcomes) <= {"registered", InviteBusyError.code, InviteUsedError.code}
    assert len(lms.registrations()) == 1
    with invited.runtime.database.reading() as session:
        query = select(func.count()).select_from(Registration).where(Registration.client_id == CLIENT_ID)
        assert session.scalar(query) == 1


def test_s14_two_links_and_one_client_id_store_it_once(invited: Tool, lms: RegisteringPlatform) -> None:
    """Even where both passed every check before either stored: the second is told that it is there."""
    first, second = invite(invited), invite(invited)
    dynamic_registration.register(invited.runtime, first, opened(lms))
    lms.configure(jwks_uri=f"{lms.origin}/others")
    with pytest.raises(RegistrationThereError):
        dynamic_registration.register(invited.runtime, second, opened(lms))
    with invited.runtime.database.reading() as session:
        rows = session.execute(select(RegistrationInvite.used_at, RegistrationInvite.busy_until).order_by("id")).all()
    assert [tuple(row) for row in rows] == [(NOON, None), (None, None)]


def test_s14_an_invitation_is_consumed_once_in_the_database(invited: Tool) -> None:
    made = invite(invited)
    with invited.runtime.database.transaction() as session:
        registration_id = session.scalars(select(Registration.id)).one()
        invites.claim(session, made, NOON)
        with pytest.raises(InviteBusyError):
            invites.claim(session, made, NOON)
        invites.release(session, made)
        invites.claim(session, made, NOON)
        invites.use_up(session, made, registration_id, NOON)
        with pytest.raises(InviteUsedError):
            invites.use_up(session, made, registration_id, NOON)
        with pytest.raises(InviteUsedError):
            invites.claim(session, made, NOON)


def test_s14_an_expired_invitation_begins_nothing(invited: Tool) -> None:
    made = invite(invited)
    with invited.runtime.database.transaction() as session, pytest.raises(InviteExpiredError):
        invites.claim(session, made, NOON + invites.LIFE)


def test_the_inbox_approves_what_waits(invited: Tool, lms: RegisteringPlatform) -> None:
    dynamic_registration.register(invited.runtime, invite(invited), opened(lms))
    known = invited.runtime.registrations
    with pytest.raises(RegistrationPendingError):
        known.get_by_issuer(lms.origin, CLIENT_ID)
    with invited.runtime.database.transaction() as session:
        item = session.scalars(select(InboxItem)).one()
        inbox_actions.decide(session, invited.organisation_id, item.id, action="approve", now=NOON)
    known.forget()
    found = known.get_by_issuer(lms.origin, CLIENT_ID)
    assert [state for _, state in found.deployments.values()] == ["approved"]


def test_from_the_printed_link_to_the_approval(
    invited: Tool, lms: RegisteringPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("invite", "--organisation", "school", "--by", "Ada") == 0
    found = re.search(r"^https://tool\.example\.test/lti/register/(\S+)$", capsys.readouterr().out, re.MULTILINE)
    assert found
    with invited.runtime.database.reading() as session:
        made = invites.get(session, found[1])
    typed("invites", "--organisation", "school")
    assert "\tAda\tgood until 2026-03-09 12:00" in capsys.readouterr().out
    dynamic_registration.register(invited.runtime, made, opened(lms))
    named = ("--issuer", lms.origin, "--client-id", CLIENT_ID)
    typed("invites", "--organisation", "school")
    assert f"used, pending: {lms.origin} {CLIENT_ID}" in capsys.readouterr().out
    typed("list")
    assert f"{lms.origin}\t{CLIENT_ID}\tMoodle 127.0.0.1:{lms.server.port}\tpending" in capsys.readouterr().out
    assert typed("approve", *named) == 0
    typed("invites", "--organisation", "school")
    out = capsys.readouterr().out
    assert "used, active" in out
    assert found[1] not in out
    with pytest.raises(RegistrationNotPendingError):
        typed("refuse", *named)


def test_refusing_deletes_what_waits(
    invited: Tool, lms: RegisteringPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    dynamic_registration.register(invited.runtime, invite(invited), opened(lms))
    named = ("--issuer", lms.origin, "--client-id", CLIENT_ID)
    assert typed("refuse", *named) == 0
    with pytest.raises(PlatformMissingError):
        typed("refuse", *named)
    typed("invites", "--organisation", "school")
    assert "used, refused" in capsys.readouterr().out
    with invited.runtime.database.reading() as session:
        assert session.scalars(select(Deployment.state)).all() == ["approved"]


@pytest.mark.parametrize(
    "words",
    [
        ("--days", "0"),
        ("--days", "91"),
        ("--issuer", "http://lms.example.test"),
        ("--host", "https://a.test"),
        ("--host", ""),
    ],
)
def test_a_link_has_sensible_terms(invited: Tool, words: tuple[str, str]) -> None:
    with pytest.raises(ValueRefusedError):
        typed("invite", "--organisation", "school", *words)


def test_a_link_is_for_an_organisation_that_is_there(invited: Tool) -> None:
    with pytest.raises(OrganisationMissingError):
        typed("invite", "--organisation", "nobody")


@pytest.mark.parametrize("product", ["moodle", "open-edx", "canvas", "brightspace", "blackboard"])
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_the_steps_hold_this_installations_addresses(
    invited: Tool, capsys: pytest.CaptureFixture[str], product: str, language: str
) -> None:
    assert typed("steps", product, "--language", language) == 0
    out = capsys.readouterr().out
    for path in ("/lti/login", "/lti/launch", "/lti/jwks"):
        assert f"https://tool.example.test{path}" in out
    assert "{" not in out
    assert ("not tried by us" in out.lower()) == (language == "en")


def test_before_approvals_every_registration_was_active(database: Database) -> None:
    with database.connection() as connection:
        alembic.downgrade(configuration(connection), "0007")
    with database.connection() as connection:
        connection.execute(
            text(
                "INSERT INTO organisation (id, uuid, key, name, kind, created_at) VALUES (1, 'u', 'k', 'n', 'school', 0)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO registration (organisation_id, issuer, client_id, name, auth_login_url, token_url, jwks_url, "
                "algorithms, service_origins, created_at) VALUES (1, 'https://a.test', 'c', '', 'https://a.test', "
                "'https://a.test', 'https://a.test', '[]', '[]', 0)"
            )
        )
    migrate(database)
    with database.transaction() as session:
        assert session.scalars(select(Registration.state)).one() == "active"
        session.add(
            Registration(
                organisation_id=1, issuer="https://a.test", client_id="d", auth_login_url="https://a.test",
                token_url="https://a.test", jwks_url="https://a.test", algorithms=[], service_origins=[],
                state="pending", created_at=NOON,
            )
        )  # fmt: skip
    with database.connection() as connection:
        alembic.downgrade(configuration(connection), "0007")
        assert connection.execute(text("SELECT client_id FROM registration")).scalars().all() == ["c"]
