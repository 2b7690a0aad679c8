"""One-time links and the sessions that they open: used twice, expired, guessed, idle, forged, framed, logged."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import select

from lti_tool.models import AdminChange, AdminLink, AdminSession
from lti_tool.services.administration import administration
from lti_tool.services.people.roles import Role
from lti_tool.views.admin_guards import COOKIE
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import Tool
from tests.functional.admin.steps import Desktop, code_of, make_link, signed_in


@pytest.fixture
def tool(fresh_tool: Tool) -> Tool:
    return fresh_tool


def test_a_link_lets_one_person_in(tool: Tool) -> None:
    page = signed_in(tool).get("/admin/")
    assert page.status_code == 200
    assert "School" in page.text
    assert "What needs you" in page.text


def test_looking_at_a_link_does_not_use_it_up(tool: Tool) -> None:
    """Programs that show previews of links, and people who hesitate, only look."""
    link = make_link(tool)
    for _ in range(3):
        page = Desktop(tool).get(link)
        assert page.status_code == 200
        assert "Helen" in page.text
        assert page.headers["Cache-Control"] == "no-store"
    assert Desktop(tool).sign_in(link).status_code == 303


def test_a_link_is_good_once(tool: Tool) -> None:
    link, other = make_link(tool), Desktop(tool)
    token = other.token(link)
    assert Desktop(tool).sign_in(link).status_code == 303
    again = other.send(link, csrf=token)
    assert (again.status_code, code_of(again)) == (410, "admin-link-used")
    assert code_of(other.get(link)) == "admin-link-used"
    assert code_of(other.get("/admin/")) == "admin-session-gone"


@pytest.mark.parametrize(("seconds", "good"), [(-1, True), (0, False), (1, False)])
def test_a_link_expires_after_fifteen_minutes(tool: Tool, *, seconds: int, good: bool) -> None:
    desktop, link = Desktop(tool), make_link(tool)
    token = desktop.token(link)
    tool.clock.advance(minutes=15, seconds=seconds)
    answer = desktop.send(link, csrf=token)
    assert answer.status_code == (303 if good else 410)
    assert good or code_of(answer) == "admin-link-expired"


@pytest.mark.parametrize("token", ["x", "A" * 32, "A" * 5000, "%00", "☃"])
def test_a_guessed_link_opens_nothing(tool: Tool, token: str) -> None:
    """192 bits are not found by trying, and a try costs us one look at an index."""
    make_link(tool)
    for answer in (Desktop(tool).get(f"/admin/link/{token}"), Desktop(tool).send(f"/admin/link/{token}", csrf="x")):
        assert answer.status_code in {403, 404}
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(AdminSession)).all() == []


def test_tokens_and_secrets_have_192_bits_and_are_stored_as_hashes(tool: Tool) -> None:
    link = make_link(tool)
    token = link.rpartition("/")[2]
    desktop = Desktop(tool)
    desktop.sign_in(link)
    cookie = desktop.client.get_cookie(COOKIE, domain="tool.example.test")
    assert cookie is not None
    assert administration.TOKEN_BYTES == 24
    assert len(token) == len(cookie.value) == 32
    with tool.runtime.database.reading() as session:
        stored = str(
            [row.__dict__ for table in (AdminLink, AdminSession, AdminChange) for row in session.scalars(select(table))]
        )
    assert token not in stored
    assert cookie.value not in stored


def test_s17_the_cookie_is_for_our_own_pages_alone(tool: Tool) -> None:
    desktop, link = Desktop(tool), make_link(tool)
    answer = desktop.sign_in(link)
    [cookie] = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith(f"{COOKIE}=")]
    parts = {part.strip() for part in cookie.split(";")[1:]}
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={8 * 3600}"} <= parts
    assert not {part for part in parts if part.startswith(("Partitioned", "Domain"))}


def test_s20_no_page_may_be_framed(tool: Tool) -> None:
    desktop, link = Desktop(tool), make_link(tool)
    for page in (
        desktop.get(link),
        desktop.sign_in(link),
        desktop.get("/admin/"),
        desktop.get("/admin/platforms/1234"),
    ):
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_a_session_ends_after_two_hours_without_a_click(tool: Tool) -> None:
    desktop = signed_in(tool)
    for _ in range(3):
        tool.clock.advance(hours=1, minutes=59)
        assert desktop.get("/admin/").status_code == 200
    tool.clock.advance(hours=2)
    gone = desktop.get("/admin/")
    assert (gone.status_code, code_of(gone)) == (401, "admin-session-gone")


def test_a_session_ends_after_eight_hours(tool: Tool) -> None:
    desktop = signed_in(tool)
    for _ in range(7):
        tool.clock.advance(hours=1)
        assert desktop.get("/admin/").status_code == 200
    tool.clock.advance(hours=1)
    assert desktop.get("/admin/").status_code == 401


def test_signing_out_ends_the_session_for_good(tool: Tool) -> None:
    desktop = signed_in(tool)
    cookie = desktop.client.get_cookie(COOKIE, domain="tool.example.test")
    assert cookie is not None
    out = desktop.post("/admin/sign-out")
    assert out.headers["Location"] == "/admin/signed-out"
    assert desktop.get("/admin/signed-out").status_code == 200
    desktop.client.set_cookie(COOKIE, cookie.value, domain="tool.example.test", secure=True)
    assert code_of(desktop.get("/admin/")) == "admin-session-gone"


def test_somebody_else_can_be_signed_out(tool: Tool) -> None:
    one, two = signed_in(tool), signed_in(tool)
    with tool.runtime.database.reading() as session:
        newest = session.scalars(select(AdminSession.uuid).order_by(AdminSession.id.desc())).first()
    assert one.post(f"/admin/people/{newest}/end").status_code == 303
    assert two.get("/admin/").status_code == 401
    assert one.get("/admin/").status_code == 200
    again = one.post(f"/admin/people/{newest}/end")
    assert (again.status_code, code_of(again)) == (404, "admin-missing")


def test_the_cookie_of_a_launch_opens_no_administration(tool: Tool) -> None:
    browser = tool.browser()
    browser.open_lesson(role="teacher")
    assert browser.get("/admin/").status_code == 401


def test_s30_a_foreign_page_signs_nobody_in(tool: Tool) -> None:
    """The form is bound to the browser that opened the link: nobody ends up in somebody else's session."""
    link, attacker, victim = make_link(tool), Desktop(tool), Desktop(tool)
    token = attacker.token(link)
    for forged in (victim.send(link, csrf=token), victim.send(link), victim.send(link, csrf="")):
        assert (forged.status_code, code_of(forged)) == (403, "form-token")
    assert attacker.send(link, csrf=token).status_code == 303


def test_the_token_is_in_no_log(tool: Tool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    link = make_link(tool)
    desktop = Desktop(tool)
    desktop.sign_in(link)
    cookie = desktop.client.get_cookie(COOKIE, domain="tool.example.test")
    assert cookie is not None
    for _ in range(2):
        desktop.get(link)
        desktop.send(link, csrf="x")
    desktop.get("/admin/platforms/99")
    assert caplog.records
    assert link.rpartition("/")[2] not in caplog.text
    assert cookie.value not in caplog.text
    assert "Helen" not in caplog.text


def test_the_language_follows_the_browser_and_the_switch(tool: Tool) -> None:
    link = make_link(tool)
    assert "登录" in Desktop(tool).get(link, **{"Accept-Language": "zh-CN"}).text
    desktop = signed_in(tool)
    assert 'lang="en"' in desktop.get("/admin/").text
    assert 'lang="zh-Hans"' in desktop.get("/admin/", **{"Accept-Language": "zh"}).text
    back = desktop.post("/admin/language", language="zh-Hans", back="/admin/content/?x=1")
    assert back.headers["Location"] == "/admin/content/?x=1"
    assert 'class="q-document"' in desktop.get("/admin/").text
    assert '<html lang="zh-Hans"' in desktop.get("/admin/").text


@pytest.mark.parametrize("back", ["https://evil.example.test/", "//evil.example.test", "/admin/\\evil", "/a/x", ""])
def test_s15_the_switch_leads_nowhere_else(tool: Tool, back: str) -> None:
    answer = signed_in(tool).post("/admin/language", language="en", back=back)
    assert answer.headers["Location"] == "/admin/"


def test_an_operator_chooses_an_organisation_first(tool: Tool) -> None:
    operator = Desktop(tool)
    operator.sign_in(make_link(tool, Role.OPERATOR))
    assert operator.get("/admin/").headers["Location"] == "/admin/organisations"
    assert operator.get("/admin/keys/").status_code == 200
    assert "School" in operator.get("/admin/organisations").text
    chosen = operator.post("/admin/organisations", organisation=str(tool.organisation_id))
    assert chosen.headers["Location"] == "/admin/"
    assert operator.get("/admin/").status_code == 200
    for wrong in ("99", "x", "9" * 40):
        assert operator.post("/admin/organisations", organisation=wrong).status_code == 404


def test_an_administrator_has_neither_keys_nor_other_organisations(tool: Tool) -> None:
    desktop = signed_in(tool)
    for path in ("/admin/keys/", "/admin/organisations"):
        refused = desktop.get(path)
        assert (refused.status_code, code_of(refused)) == (403, "admin-not-allowed")
    for path in ("/admin/keys/rotate", "/admin/keys/replace", "/admin/organisations"):
        assert code_of(desktop.post(path, purpose="lti", reason="x")) == "admin-not-allowed"
    assert desktop.client.get("/admin/", base_url=TOOL_ORIGIN).status_code == 200
