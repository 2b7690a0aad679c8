"""`qualoop admin`, `delivery`, `deployment` and `content list`, on each kind of database."""

from __future__ import annotations

import argparse
import re
import threading
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.commands import OrganisationMissingError, admin, delivery, deployment, inbox, install, platform_invites
from lti_tool.models import (
    AdminChange,
    AdminSession,
    Deployment,
    InboxItem,
    MasteryColumn,
    MoodleMatch,
    OutboxRow,
    RegistrationInvite,
    ResourceLink,
)
from lti_tool.services.administration import administration
from lti_tool.services.administration.administration import AdminLinkUsedError, AdminMissingError
from qualoop.values import ValueRefusedError
from tests.factories.tool import Tool
from tests.functional.admin.conftest import Furnished, add
from tests.functional.admin.steps import Desktop, make_link, signed_in

MODULES: tuple[ModuleType, ...] = (admin, delivery, deployment, inbox, install, platform_invites)


@pytest.fixture(autouse=True)
def _on_this_tool(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in MODULES:
        monkeypatch.setattr(module, "open_runtime", lambda: tool.runtime)


def typed(*words: str) -> int:
    parser = argparse.ArgumentParser()
    nouns: Any = parser.add_subparsers()
    for module in (admin, delivery, deployment, inbox):
        module.register(nouns)
    for name, module in (("platform", platform_invites), ("content", install)):
        module.register(nouns.add_parser(name).add_subparsers())
    arguments = parser.parse_args(words)
    status: int = arguments.run(arguments)
    return status


def states(tool: Tool, ours: Furnished) -> list[str]:
    with tool.runtime.database.reading() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.id.in_(ours.rows)).order_by(OutboxRow.id))
        return [row.state for row in rows]


def test_the_printed_link_lets_somebody_in(tool: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("admin", "link", "--organisation", "school", "--name", "Helen") == 0
    link, words = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"https://tool\.example\.test/admin/link/[\w-]{32}", link)
    assert words.startswith("Good once, for 15 minutes.")
    desktop = Desktop(tool)
    assert desktop.sign_in(link.removeprefix("https://tool.example.test")).status_code == 303
    assert typed("admin", "sessions") == 0
    [line] = capsys.readouterr().out.splitlines()
    number, role, name, *_ = line.split("\t")
    assert (role, name) == ("administrator", "Helen")
    assert typed("admin", "revoke", number) == 0
    assert desktop.get("/admin/").status_code == 401
    with pytest.raises(AdminMissingError):
        typed("admin", "revoke", number)
    capsys.readouterr()
    typed("admin", "sessions")
    assert capsys.readouterr().out == "Nobody is signed in.\n"


def test_everybody_is_signed_out(tool: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    people = [signed_in(tool), signed_in(tool)]
    assert typed("admin", "revoke", "--all") == 0
    assert capsys.readouterr().out == "Signed out: 2.\n"
    assert {person.get("/admin/").status_code for person in people} == {401}


@pytest.mark.parametrize(
    "words",
    [
        ("admin", "link"),
        ("admin", "revoke"),
        ("admin", "revoke", "x", "--all"),
        ("delivery", "send-again", "--organisation", "school"),
        ("delivery", "dismiss", "1", "--all", "--organisation", "school"),
    ],
)
def test_who_does_not_say_what_is_asked(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as raised:
        typed(*words)
    assert raised.value.code == 2


def test_of_two_who_use_a_link_at_once_one_is_let_in(tool: Tool) -> None:
    token = make_link(tool).rpartition("/")[2]
    outcomes, start = [], threading.Barrier(4)

    def attempt() -> None:
        start.wait()
        try:
            with tool.runtime.database.transaction() as session:
                administration.sign_in(session, token, tool.clock.now)
            outcomes.append("in")
        except AdminLinkUsedError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["admin-link-used"] * 3 + ["in"]
    with tool.runtime.database.reading() as session:
        assert len(session.scalars(select(AdminSession)).all()) == 1


def test_old_links_and_sessions_are_cleared_away(tool: Tool) -> None:
    signed_in(tool)
    tool.clock.advance(days=31)
    make_link(tool)
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(AdminSession)).all() == []
        assert session.scalars(select(AdminChange)).first() is not None


def test_the_queue_on_the_command_line(tool: Tool, ours: Furnished, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("delivery", "list", "--organisation", "school", "--course", "ours C") == 0
    out = capsys.readouterr().out
    assert [line.split("\t")[0] for line in out.splitlines()[:-1]] == [str(ours.rows[n]) for n in (3, 1, 0)]
    assert out.endswith("3 in all.\n")
    assert "Ours 0" not in out
    typed("delivery", "list", "--organisation", "school", "--issuer", tool.platform.issuer, "--reason", "refused")
    assert capsys.readouterr().out == "Nothing fits.\n"
    with pytest.raises(AdminMissingError):
        typed("delivery", "list", "--organisation", "school", "--issuer", "https://nobody.example.test")


def test_sending_again_and_putting_aside(tool: Tool, ours: Furnished) -> None:
    org = ("--organisation", "school")
    typed("delivery", "dismiss", str(ours.rows[1]), *org)
    typed("delivery", "send-again", "--all", *org)
    assert states(tool, ours) == ["due", "dead", "done", "needs-person"]
    typed("delivery", "send-again", str(ours.rows[1]), str(ours.rows[3]), *org)
    assert states(tool, ours) == ["due", "due", "done", "due"]
    with tool.runtime.database.reading() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.id.in_(ours.rows)).order_by(OutboxRow.id)).all()
        assert [row.rev for row in rows] == [2, 2, 1, 2]
        assert {row.attempts for row in rows if row.state == "due"} == {0}
        assert [change.action for change in session.scalars(select(AdminChange).order_by(AdminChange.id))] == [
            "dismissed",
            "sent-again",
            "sent-again",
        ]
        items = session.scalars(select(InboxItem).where(InboxItem.reason.startswith("delivery-")))
        assert {item.state for item in items} == {"resolved"}


def test_the_inbox_really_sends_again(tool: Tool, ours: Furnished) -> None:
    with tool.runtime.database.reading() as session:
        item = session.scalars(select(InboxItem.id).where(InboxItem.reason == "delivery-dead")).one()
    typed("inbox", "decide", str(item), "send-again", "--organisation", "school")
    assert states(tool, ours) == ["due", "due", "done", "needs-person"]


def test_deployments_are_approved_and_refused(tool: Tool, ours: Furnished, capsys: pytest.CaptureFixture[str]) -> None:
    named = ("--issuer", tool.platform.issuer, "--client-id", tool.platform.client_id, "--deployment")
    typed("deployment", "list", "--organisation", "school")
    unknown, approved = capsys.readouterr().out.splitlines()
    assert unknown.split("\t")[2:] == ["Ours-dep", "unknown", "0 courses"]
    assert approved.split("\t")[3:] == ["approved", "1 courses"]
    typed("deployment", "refuse", *named, "Ours-dep")
    with tool.runtime.database.reading() as session:
        row = session.scalars(select(Deployment).where(Deployment.deployment_id == "Ours-dep")).one()
        assert (row.state, session.get_one(InboxItem, ours.item).resolution) == ("refused", "refuse")
    typed("deployment", "approve", *named, "new-one")
    for wrong in ("", "x" * 256, "a\nb"):
        with pytest.raises(ValueRefusedError):
            typed("deployment", "approve", *named, wrong)
    capsys.readouterr()
    typed("deployment", "list", "--organisation", "school")
    assert [line.split("\t")[3] for line in capsys.readouterr().out.splitlines()] == ["approved", "refused", "approved"]


def test_what_is_installed_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    typed("content", "list", "--organisation", "school")
    first = capsys.readouterr().out.splitlines()[0].split("\t")
    assert first[1] == "micro-lesson"
    assert re.fullmatch(r"\S+ \([0-9a-f]{12}\)", first[2])
    with pytest.raises(OrganisationMissingError):
        typed("content", "list", "--organisation", "nobody")


def test_a_link_is_withdrawn(tool: Tool, ours: Furnished) -> None:
    typed("platform", "withdraw", str(ours.invite_id), "--organisation", "school")
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(RegistrationInvite)).all() == []
    with pytest.raises(AdminMissingError):
        typed("platform", "withdraw", str(ours.invite_id), "--organisation", "school")


def test_changes_are_listed_with_who_made_them(tool: Tool, ours: Furnished, capsys: pytest.CaptureFixture[str]) -> None:
    desktop = signed_in(tool)
    desktop.post("/admin/deliveries/", act="send-again:all")
    typed("admin", "changes", "--organisation", "school")
    newest = capsys.readouterr().out.splitlines()[0].split("\t")
    assert newest[1:4] == ["Helen (pages)", "sent-again", "2"]
    typed("admin", "changes")
    assert capsys.readouterr().out == "Nothing was changed yet.\n"


@pytest.mark.parametrize(
    "page", ["", "platforms/", "platforms/invites", "deliveries/?state=all", "content/", "jobs/", "people"]
)
def test_every_page_works_on_each_database(tool: Tool, ours: Furnished, page: str) -> None:
    assert signed_in(tool).get(f"/admin/{page}").status_code == 200


def test_a_platforms_page_works_on_each_database(tool: Tool, ours: Furnished) -> None:
    assert "Ours-dep" in signed_in(tool).get(f"/admin/platforms/{ours.platform}").text


@pytest.mark.parametrize("channel", ["ags_mastery", "moodle_competency"])
def test_every_channel_stands_in_the_queue_with_its_place(
    tool: Tool, ours: Furnished, capsys: pytest.CaptureFixture[str], channel: str
) -> None:
    now = tool.clock.now
    with tool.runtime.database.transaction() as session:
        link = session.get_one(ResourceLink, ours.link)
        place = {"organisation_id": ours.organisation_id, "registration_id": ours.platform, "code": "SEM-1.1"}
        column = MasteryColumn(
            **place,
            context_id=link.context_id,
            resource_link_id=link.id,
            subject="kp",
            title="Keywords",
            language="en",
            state="there",
            asked_at=now,
        )
        match = MoodleMatch(**place, competency_id=1, title="Keywords", competent=2, updated_at=now)
        target = add(session, column if channel == "ags_mastery" else match)
        row = session.get_one(OutboxRow, ours.rows[0])
        row.channel, row.target = channel, target.id
    typed("delivery", "list", "--organisation", "school", "--channel", channel, "--issuer", tool.platform.issuer)
    line, total = capsys.readouterr().out.splitlines()
    course = "Ours course" if channel == "ags_mastery" else "-"
    shown = line.split("\t")
    assert (shown[0], shown[2], *shown[4:6], total) == (str(ours.rows[0]), channel, course, "Ours LMS", "1 in all.")
    assert "Keywords" in signed_in(tool).get(f"/admin/deliveries/?channel={channel}").text
