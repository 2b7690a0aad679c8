"""What the administration pages show and do, over HTTP."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from lti_tool.models import (
    AdminChange,
    Deployment,
    ImportRun,
    InboxItem,
    Job,
    OutboxRow,
    Registration,
    RegistrationInvite,
    ToolKey,
)
from lti_tool.services.people.roles import Role
from tests.factories.launches import Case
from tests.factories.tool import Tool
from tests.functional.admin.conftest import Furnished
from tests.functional.admin.steps import Desktop, signed_in


@pytest.fixture
def desktop(tool: Tool, ours: Furnished) -> Desktop:
    return signed_in(tool)


def states(tool: Tool, ours: Furnished) -> list[str]:
    with tool.runtime.database.reading() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.id.in_(ours.rows)).order_by(OutboxRow.id))
        return [row.state for row in rows]


def changes(tool: Tool) -> list[tuple[str, str]]:
    with tool.runtime.database.reading() as session:
        return [(row.action, row.subject) for row in session.scalars(select(AdminChange).order_by(AdminChange.id))]


def test_the_overview_says_what_needs_somebody(desktop: Desktop) -> None:
    page = desktop.get("/admin/").text
    assert "3 deliveries have failed" in page
    assert "Ours-dep" in page
    assert "The grade is locked" not in page
    assert "could not be reached" in page


def test_an_empty_organisation_is_told_what_to_do_first(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        session.execute(Deployment.__table__.delete())
        session.execute(Registration.__table__.delete())
    desktop = signed_in(tool)
    assert "No platform is connected yet" in desktop.get("/admin/").text
    assert "Make an invite link" in desktop.get("/admin/platforms/").text
    assert "Nothing was to be delivered yet" in desktop.get("/admin/deliveries/").text
    assert "No long work yet" in desktop.get("/admin/jobs/").text


def test_the_queue_shows_why_and_every_try(desktop: Desktop) -> None:
    page = unescape(desktop.get("/admin/deliveries/").text)
    for shown in ("Ours 0", "Ours course", "Ours link", "Ours LMS", "HTTP 403", "does not allow this tool to write"):
        assert shown in page
    assert "Ours 2" not in page
    assert "Ours 2" in desktop.get("/admin/deliveries/?state=done").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {0, 1, 3}),
        ("reason=unreachable", {1}),
        ("state=all", {0, 1, 2, 3}),
        ("state=waiting", set()),
        ("course=COURSE", {0, 1, 3}),
        ("course=100%25", set()),
        ("channel=ags", {0, 1, 3}),
        ("channel=ags_mastery", set()),
        ("state=dismissed", set()),
    ],
)
def test_the_filters_find(desktop: Desktop, query: str, found: set[int]) -> None:
    page = desktop.get(f"/admin/deliveries/?{query}").text
    assert {number for number in range(4) if f"<strong>Ours {number}</strong>" in page} == found


def test_one_is_sent_again(tool: Tool, desktop: Desktop, ours: Furnished) -> None:
    answer = desktop.post("/admin/deliveries/", act=f"send-again:{ours.rows[0]}", reason="not-allowed")
    assert answer.headers["Location"] == "/admin/deliveries/?reason=not-allowed&done=send-again&changed=1"
    assert states(tool, ours) == ["due", "dead", "done", "needs-person"]
    assert ("sent-again", "1") in changes(tool)


def test_the_ticked_are_sent_again_even_what_was_changed_in_the_grade_book(
    tool: Tool, desktop: Desktop, ours: Furnished
) -> None:
    desktop.post("/admin/deliveries/", act="send-again:", row=[str(ours.rows[1]), str(ours.rows[3]), "x", "9" * 30])
    assert states(tool, ours) == ["needs-person", "due", "done", "due"]


def test_all_of_the_filter_leaves_alone_what_arrived_and_what_was_changed_there(
    tool: Tool, desktop: Desktop, ours: Furnished
) -> None:
    desktop.post("/admin/deliveries/", act="send-again:all", state="all")
    assert states(tool, ours) == ["due", "due", "done", "needs-person"]
    desktop.post("/admin/deliveries/", act="send-again:all", reason="overridden")
    assert states(tool, ours) == ["due", "due", "done", "due"]
    with tool.runtime.database.reading() as session:
        items = session.scalars(select(InboxItem).where(InboxItem.reason.startswith("delivery-"))).all()
        assert {(item.state, item.resolution) for item in items} == {("resolved", "send-again")}


def test_what_is_put_aside_needs_nobody_until_it_changes(tool: Tool, desktop: Desktop, ours: Furnished) -> None:
    answer = desktop.post("/admin/deliveries/", act="dismiss:all")
    assert "changed=3" in answer.headers["Location"]
    assert states(tool, ours) == ["needs-person", "dead", "done", "needs-person"]
    assert "Nothing needs you" in desktop.get("/admin/deliveries/").text
    assert "Ours 1" in desktop.get("/admin/deliveries/?state=dismissed").text
    with tool.runtime.database.transaction() as session:
        session.get_one(OutboxRow, ours.rows[1]).rev += 1
    page = desktop.get("/admin/deliveries/").text
    assert "Ours 1" in page
    assert "Ours 0" not in page


def test_a_deployment_is_approved_where_it_is_asked_about(tool: Tool, desktop: Desktop, ours: Furnished) -> None:
    assert desktop.post(f"/admin/inbox/{ours.item}", action="approve").status_code == 303
    page = desktop.get(f"/admin/platforms/{ours.platform}").text
    assert "Ours-dep" in page
    assert "Waits for a decision" not in page
    again = desktop.post(f"/admin/inbox/{ours.item}", action="approve")
    assert again.status_code == 409
    assert "Go back to the administration pages" in again.text
    assert ("inbox-decided", "deployment-unknown") in changes(tool)


def test_a_refused_deployment_launches_nothing_and_asks_nobody_again(
    tool: Tool, desktop: Desktop, ours: Furnished
) -> None:
    mine = tool.platform.deployment_id
    assert tool.browser().launch().status_code == 200
    desktop.post(f"/admin/platforms/{ours.platform}/deployments", action="refuse", deployment=mine)
    refused = tool.browser().launch()
    assert (refused.status_code, "lti-deployment-unknown" in refused.text) == (400, True)
    with tool.runtime.database.reading() as session:
        asked = [item.details.get("deployment_id") for item in session.scalars(select(InboxItem))]
    assert mine not in asked
    desktop.post(f"/admin/platforms/{ours.platform}/deployments", action="approve", deployment=mine)
    assert (
        tool.browser().launch(Case(name="x", header={}, claims={}, payload=None, code=None, roles=())).status_code
        == 200
    )
    assert [name for name, _ in changes(tool)][-2:] == ["deployment-refused", "deployment-approved"]


def test_a_platform_is_renamed(tool: Tool, desktop: Desktop, ours: Furnished) -> None:
    url = f"/admin/platforms/{ours.platform}"
    assert desktop.post(url, name="  Our   Canvas ", product="canvas").status_code == 303
    with tool.runtime.database.reading() as session:
        row = session.get_one(Registration, ours.platform)
        assert (row.name, row.product) == ("Our Canvas", "canvas")
    assert desktop.post(url, name="x" * 256, product="").status_code == 422
    assert desktop.post(url, name="x", product="<b>").status_code == 422
    assert desktop.post(f"{url}/deployments", action="approve", deployment="").status_code == 422
    assert desktop.post(f"{url}/deployments", action="odd", deployment="1").status_code == 404
    assert desktop.post(f"{url}/decide", action="approve").status_code == 409


def test_a_waiting_platform_is_approved_or_refused(tool: Tool, desktop: Desktop, ours: Furnished) -> None:
    def wait() -> int:
        with tool.runtime.database.transaction() as session:
            old = session.get_one(Registration, ours.platform)
            values = {c.key: getattr(old, c.key) for c in Registration.__table__.columns if c.key != "id"}
            row = Registration(**values | {"client_id": "waiting", "name": "Waiting", "state": "pending"})
            session.add(row)
            session.flush()
            return row.id

    platform = wait()
    assert "This platform waits for you" in desktop.get(f"/admin/platforms/{platform}").text
    gone = desktop.post(f"/admin/platforms/{platform}/decide", action="refuse")
    assert gone.headers["Location"] == "/admin/platforms/?done=refused"
    assert desktop.get(f"/admin/platforms/{platform}").status_code == 404
    platform = wait()
    desktop.post(f"/admin/platforms/{platform}/decide", action="approve")
    assert "This platform waits for you" not in desktop.get(f"/admin/platforms/{platform}").text
    assert {"platform-refused", "platform-approved"} <= {name for name, _ in changes(tool)}


def test_an_invite_link_is_shown_once_and_withdrawn(tool: Tool, desktop: Desktop, ours: Furnished) -> None:
    page = desktop.post("/admin/platforms/invites", days="3", issuer="https://lms.example.test", hosts="a.test b.test")
    [token] = re.findall(r"https://tool\.example\.test/lti/register/([\w-]{32})", page.text)
    assert page.headers["Cache-Control"] == "no-store"
    assert token not in desktop.get("/admin/platforms/invites").text
    with tool.runtime.database.reading() as session:
        row = session.scalars(select(RegistrationInvite).order_by(RegistrationInvite.id.desc())).first()
        assert row is not None
        assert (row.issuer, row.other_hosts, row.made_by) == ("https://lms.example.test", ["a.test", "b.test"], "Helen")
        number = row.id
    assert desktop.post(f"/admin/platforms/invites/{number}/withdraw").status_code == 303
    assert desktop.get(f"/lti/register/{token}").status_code == 400
    assert desktop.post(f"/admin/platforms/invites/{number}/withdraw").status_code == 404
    assert token not in str(changes(tool))


@pytest.mark.parametrize("wrong", [{"days": "0"}, {"days": "x"}, {"issuer": "http://a"}, {"hosts": "https://a"}])
def test_a_wrong_invitation_is_refused_with_the_form(desktop: Desktop, wrong: dict[str, str]) -> None:
    page = desktop.post("/admin/platforms/invites", **({"days": "7"} | wrong))
    assert page.status_code == 422
    assert "No link was made" in page.text


def test_the_steps_have_this_installations_addresses(desktop: Desktop) -> None:
    page = desktop.get("/admin/platforms/steps?product=canvas").text
    assert "https://tool.example.test/lti/jwks" in page
    assert "Canvas" in page


def test_an_import_is_undone_once(tool: Tool, desktop: Desktop) -> None:
    assert "sem-1-1-keywords-and-intent" in desktop.get("/admin/content/").text
    with tool.runtime.database.reading() as session:
        run = session.scalars(select(ImportRun)).one().uuid
    assert desktop.post("/admin/content/undo", run="another").status_code == 409
    assert desktop.post("/admin/content/undo", run=run).status_code == 303
    assert "Not installed any more" in desktop.get("/admin/content/").text
    assert desktop.post("/admin/content/undo", run=run).status_code == 409


def test_long_work_is_shown_and_stopped(tool: Tool, desktop: Desktop, ours: Furnished) -> None:
    page = desktop.get("/admin/jobs/").text
    assert "Ours message" in page
    assert 'http-equiv="refresh"' in page
    assert desktop.post(f"/admin/jobs/{ours.job_uuid}/stop").status_code == 303
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(Job)).one().interrupt
    assert desktop.post("/admin/jobs/none/stop").status_code == 409


def test_keys_rotate_by_an_operator(tool: Tool) -> None:
    operator = signed_in(tool, Role.OPERATOR)
    page = "/admin/keys/"

    def done(path: str, **form: str) -> str:
        return operator.post(path, page, **form).headers["Location"].rpartition("=")[2]

    assert "Signs until" in operator.get(page).text
    assert done("/admin/keys/rotate", purpose="lti") == "published"
    assert done("/admin/keys/rotate", purpose="lti") == "too-early"
    assert operator.post("/admin/keys/replace", page, purpose="lti", reason=" ").status_code == 422
    assert operator.post("/admin/keys/replace", page, purpose="odd", reason="x").status_code == 404
    assert done("/admin/keys/replace", purpose="lti", reason="stolen") == "replaced"
    assert "stolen" in operator.get(page).text
    with tool.runtime.database.reading() as session:
        assert len(session.scalars(select(ToolKey).where(ToolKey.purpose == "lti")).all()) == 3
    assert "Replaced a key at once" in operator.get("/admin/people").text


def test_every_change_stands_in_the_list(tool: Tool, desktop: Desktop, ours: Furnished) -> None:
    for number in range(60):
        desktop.post(f"/admin/platforms/{ours.platform}", name=f"Name {number}", product="")
    page = desktop.get("/admin/people").text
    assert page.count("Changed a platform") == 50
    assert "Helen" in page
    [older] = re.findall(r"\?before=(\d+)", page)
    rest = desktop.get(f"/admin/people?before={older}").text
    assert rest.count("Changed a platform") == 10
    assert "(command line)" in rest
