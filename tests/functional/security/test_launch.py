"""The security list of docs/security.md, over HTTP: one test a requirement, named by its number."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from lti_tool.models import Identity, InboxItem, LaunchState, LtiSession, Person
from lti_tool.services.people.logins import purge_states
from lti_tool.views.oidc import MAX_SESSIONS
from tests.factories.launches import LTI, TOOL_ORIGIN, Case, public_jwk, rsa_key
from tests.factories.tool import Tool


def case(**claims: object) -> Case:
    return Case(name="patched", header={}, claims=claims, payload=None, code=None, roles=())


def code_of(text: str) -> str:
    return text.partition("<code>")[2].partition("</code>")[0]


def test_s1_state_is_bound_to_the_browser(tool: Tool) -> None:
    begun, other = tool.browser(), tool.browser()
    state, nonce = begun.authenticate()
    token = tool.platform.id_token(nonce=nonce, now=int(tool.clock.now.timestamp()))
    refused = other.answer(token, state)
    assert (refused.status_code, code_of(refused.text)) == (400, "lti-browser-mismatch")
    assert begun.answer(token, state).status_code == 200


def test_s1_state_expires_after_ten_minutes(fresh_tool: Tool) -> None:
    browser = fresh_tool.browser()
    state, nonce = browser.authenticate()
    fresh_tool.clock.advance(minutes=10, seconds=1)
    token = fresh_tool.platform.id_token(nonce=nonce, now=int(fresh_tool.clock.now.timestamp()))
    assert code_of(browser.answer(token, state).text) == "lti-state-expired"


def test_s1_a_state_of_nobody_is_refused(tool: Tool) -> None:
    token = tool.platform.id_token(nonce="n", now=int(tool.clock.now.timestamp()))
    assert code_of(tool.browser().answer(token, "invented").text) == "lti-state-unknown"


def test_s2_a_replayed_launch_is_refused(tool: Tool) -> None:
    browser = tool.browser()
    state, nonce = browser.authenticate()
    cookie = browser.client.get_cookie(next(iter(browser.client._cookies.values())).key, "tool.example.test")
    token = tool.platform.id_token(nonce=nonce, now=int(tool.clock.now.timestamp()))
    assert browser.answer(token, state).status_code == 200
    assert cookie
    browser.client.set_cookie(cookie.key, cookie.value, domain="tool.example.test", secure=True)
    replayed = browser.answer(token, state)
    assert (replayed.status_code, code_of(replayed.text)) == (400, "lti-state-used")


def test_s2_a_refused_launch_uses_its_state_up(tool: Tool) -> None:
    browser = tool.browser()
    state, nonce = browser.authenticate()
    now = int(tool.clock.now.timestamp())
    assert browser.answer(tool.platform.id_token(case(exp=now - 3600), nonce=nonce, now=now), state).status_code == 400
    assert code_of(browser.answer(tool.platform.id_token(nonce=nonce, now=now), state).text) == "lti-state-used"


def test_s2_a_launch_refused_for_its_target_uses_its_state_up(tool: Tool) -> None:
    browser = tool.browser()
    state, nonce = browser.authenticate()
    now = int(tool.clock.now.timestamp())
    foreign = case(**{LTI + "target_link_uri": "https://evil.example.test/"})
    refused = browser.answer(tool.platform.id_token(foreign, nonce=nonce, now=now), state)
    assert code_of(refused.text) == "lti-target-refused"
    assert code_of(browser.answer(tool.platform.id_token(nonce=nonce, now=now), state).text) == "lti-state-used"


def test_s2_a_launch_without_a_lesson_uses_its_state_up(tool: Tool) -> None:
    browser = tool.browser()
    state, nonce = browser.authenticate()
    now = int(tool.clock.now.timestamp())
    unchosen = case(**{LTI + "target_link_uri": None, LTI + "resource_link": {"id": "empty"}})
    refused = browser.answer(tool.platform.id_token(unchosen, nonce=nonce, now=now), state)
    assert (refused.status_code, code_of(refused.text)) == (404, "content-missing")
    assert tool.platform.issuer + "/course/1" in refused.text
    assert 'class="q-tab"' not in refused.text
    assert code_of(browser.answer(tool.platform.id_token(nonce=nonce, now=now), state).text) == "lti-state-used"


def test_s3_a_token_is_refused_with_a_new_state(tool: Tool) -> None:
    browser = tool.browser()
    state, nonce = browser.authenticate()
    token = tool.platform.id_token(nonce=nonce, now=int(tool.clock.now.timestamp()))
    assert browser.answer(token, state).status_code == 200
    state, _ = browser.authenticate()
    assert code_of(browser.answer(token, state).text) == "lti-nonce-mismatch"


def test_s3_states_are_purged_only_after_expiry_and_leeway(fresh_tool: Tool) -> None:
    fresh_tool.browser().authenticate()
    database = fresh_tool.runtime.database

    def purged_after(minutes: int) -> int:
        fresh_tool.clock.advance(minutes=minutes)
        with database.connection() as connection:
            return purge_states(connection, fresh_tool.clock.now)

    assert purged_after(14) == 0
    assert purged_after(2) == 1
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LaunchState)) == 0


def test_s5_an_unknown_deployment_waits_for_approval(fresh_tool: Tool) -> None:
    response = fresh_tool.browser().launch(case(**{LTI + "deployment_id": "another"}))
    assert (response.status_code, code_of(response.text)) == (400, "lti-deployment-unknown")
    with fresh_tool.runtime.database.reading() as session:
        item = session.scalars(select(InboxItem)).one()
        assert (item.reason, item.details["deployment_id"]) == ("deployment-unknown", "another")
        assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_s9_broken_keys_are_a_page_and_the_next_launch_works(fresh_tool: Tool) -> None:
    good = fresh_tool.keys.documents.pop(fresh_tool.platform.jwks_url)
    response = fresh_tool.browser().launch()
    assert (response.status_code, code_of(response.text)) == (502, "lti-jwks-unavailable")
    fresh_tool.keys.documents[fresh_tool.platform.jwks_url] = b"<html>not keys</html>"
    fresh_tool.clock.advance(seconds=31)
    assert code_of(fresh_tool.browser().launch().text) == "lti-jwks-unavailable"
    fresh_tool.keys.documents[fresh_tool.platform.jwks_url] = good
    fresh_tool.clock.advance(seconds=31)
    assert fresh_tool.browser().launch().status_code == 200


def test_s9_a_rotated_key_is_fetched_once(fresh_tool: Tool) -> None:
    assert fresh_tool.browser().launch().status_code == 200
    key = rsa_key("rotated")
    rotated = replace(fresh_tool.platform, key=key, kid="platform-key-2")
    fresh_tool.keys.documents[rotated.jwks_url] = json.dumps(
        {"keys": [{**public_jwk(key), "kid": rotated.kid, "use": "sig", "alg": "RS256"}]}
    ).encode()
    fresh_tool.platform = rotated
    fresh_tool.clock.advance(seconds=31)
    before = len(fresh_tool.keys.fetched)
    assert fresh_tool.browser().launch().status_code == 200
    assert len(fresh_tool.keys.fetched) == before + 1


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.test/lti/activity/sem-1-1-keywords-and-intent",
        TOOL_ORIGIN + "@evil.example.test/lti/activity/x",
        TOOL_ORIGIN + "/anything/else",
        TOOL_ORIGIN + "/lti/activity/not-installed",
        "javascript:alert(1)",
        "//tool.example.test/lti/activity/x",
    ],
)
def test_s15_a_target_that_is_not_ours_is_refused(tool: Tool, target: str) -> None:
    response = tool.browser().launch(case(**{LTI + "target_link_uri": target}))
    assert (response.status_code, code_of(response.text)) == (400, "lti-target-refused")


def test_s15_a_return_address_is_a_web_address_or_nothing(tool: Tool) -> None:
    page = tool.browser().launch(case(**{LTI + "launch_presentation": {"return_url": "javascript:alert(1)"}}))
    assert page.status_code == 200
    assert "javascript:" not in page.text


def test_s16_two_tabs_keep_their_own_sessions(tool: Tool) -> None:
    browser = tool.browser()
    first, second = browser.open_lesson(), browser.open_lesson()
    assert first != second
    assert browser.get(first).status_code == browser.get(second).status_code == 200


def test_s16_many_launches_do_not_overflow_the_request(tool: Tool) -> None:
    """A server refuses headers beyond some size: without room being made, the day's last launch would be the last."""
    browser = tool.browser()
    pages = [browser.open_lesson() for _ in range(MAX_SESSIONS + 3)]
    assert len(browser.client._cookies) == MAX_SESSIONS
    assert browser.get(pages[-1]).status_code == 200
    assert browser.get(pages[-MAX_SESSIONS]).status_code == 200
    assert browser.get(pages[0]).status_code == 401


def test_s16_a_session_opens_for_its_own_cookie_only(tool: Tool) -> None:
    page = tool.browser().open_lesson()
    stranger = tool.browser()
    stranger.open_lesson()
    refused = stranger.get(page)
    assert (refused.status_code, code_of(refused.text)) == (401, "session-gone")


def test_s16_a_session_ends(fresh_tool: Tool) -> None:
    browser = fresh_tool.browser()
    page = browser.open_lesson()
    fresh_tool.clock.advance(hours=12, seconds=1)
    assert browser.get(page).status_code == 401


def test_s17_cookies_work_in_a_foreign_frame_and_nowhere_else(tool: Tool) -> None:
    browser = tool.browser()
    cookies = browser.login().headers.getlist("Set-Cookie") + browser.launch().headers.getlist("Set-Cookie")
    assert len(cookies) == 3
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        flags = {part.strip() for part in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"} <= flags
        assert not any(flag.startswith("Domain") for flag in flags)


def test_s20_only_the_platform_may_frame_us(tool: Tool) -> None:
    browser = tool.browser()
    page = browser.get(browser.open_lesson())
    policy = page.headers["Content-Security-Policy"]
    assert f"frame-ancestors {tool.platform.issuer}" in policy
    assert "script-src 'self'" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in browser.get("/").headers["Content-Security-Policy"]


def test_s21_login_takes_get_and_post(tool: Tool) -> None:
    platform = tool.platform
    query = {"iss": platform.issuer, "login_hint": "1", "target_link_uri": platform.target_link_uri}
    response = tool.browser().client.get("/lti/login", query_string=query, base_url=TOOL_ORIGIN)
    assert response.status_code == 302
    sent = parse_qs(urlsplit(response.headers["Location"]).query)
    assert sent["site"] == ["main"]
    assert sent["redirect_uri"] == [TOOL_ORIGIN + "/lti/launch"]


@pytest.mark.parametrize("absent", ["iss", "login_hint", "target_link_uri"])
def test_s21_login_needs_its_three_parameters(tool: Tool, absent: str) -> None:
    response = tool.browser().login(**{absent: ""})
    assert (response.status_code, code_of(response.text)) == (400, "lti-login-parameter")


def test_s21_an_unknown_issuer_is_a_page_without_echo(tool: Tool) -> None:
    response = tool.browser().login(iss="https://evil.example.test/<script>alert(1)</script>")
    assert (response.status_code, code_of(response.text)) == (400, "lti-unknown-issuer")
    assert "evil" not in response.text


def test_s21_in_a_frame_the_cookie_is_looked_for(tool: Tool) -> None:
    browser, platform = tool.browser(), tool.platform
    query = {"iss": platform.issuer, "login_hint": "1", "target_link_uri": platform.target_link_uri}
    framed = {"query_string": query, "headers": {"Sec-Fetch-Dest": "iframe"}, "base_url": TOOL_ORIGIN}
    page = browser.client.get("/lti/login", **framed)
    assert page.status_code == 200
    assert len(page.data) < 1024
    go_on = page.text.partition('content="0;url=')[2].partition('"')[0].replace("&amp;", "&")
    assert browser.get(go_on).headers["Location"].startswith(platform.issuer + "/auth")
    without = tool.browser().get(go_on)
    assert without.status_code == 200
    assert 'target="_blank"' in without.text
    assert "/lti/login?" in without.text


def test_s22_a_refusal_of_the_platform_is_explained_and_escaped(tool: Tool) -> None:
    form = {"error": "<script>x</script>", "error_description": "<b>no</b>", "state": "s"}
    response = tool.browser().client.post("/lti/launch", data=form, base_url=TOOL_ORIGIN)
    assert (response.status_code, code_of(response.text)) == (400, "lti-platform-refused")
    assert "<script>x" not in response.text
    assert "<b>no</b>" not in response.text


def test_s24_an_administrator_of_the_institution_has_no_rights_in_the_course(tool: Tool) -> None:
    role = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
    browser = tool.browser()
    response = browser.launch(case(**{LTI + "roles": [role]}))
    assert response.status_code == 200
    page = response.text.partition('data-canonical-url="')[2].partition('"')[0]
    assert browser.get(page + "class/").status_code == 403


def test_s26_people_are_never_joined_by_email(fresh_tool: Tool) -> None:
    for subject in ("one", "two"):
        assert fresh_tool.browser().launch(case(sub=subject, email="same@example.test")).status_code == 200
    with fresh_tool.runtime.database.reading() as session:
        assert session.scalar(select(func.count(func.distinct(Identity.person_id)))) == 2


def test_s26_the_same_person_is_found_again(fresh_tool: Tool) -> None:
    for _ in range(2):
        fresh_tool.browser().launch()
    with fresh_tool.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1
        assert session.scalar(select(func.count()).select_from(LtiSession)) == 2


def test_s27_the_log_holds_nothing_personal(tool: Tool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    browser = tool.browser()
    browser.launch()
    state, nonce = browser.authenticate()
    token = tool.platform.id_token(case(sub="x" * 300), nonce=nonce, now=int(tool.clock.now.timestamp()))
    browser.answer(token, state)
    assert "reference=" in caplog.text
    for secret in ("Sam", "learner@example.test", token, state, "/course/1"):
        assert secret not in caplog.text


def test_s30_a_form_without_its_token_changes_nothing(tool: Tool) -> None:
    browser = tool.browser()
    page = browser.open_lesson()
    response = browser.client.post(f"{page}do/finish", data={"unanswered": "10"}, base_url=TOOL_ORIGIN)
    assert (response.status_code, code_of(response.text)) == (403, "form-token")


def test_s30_large_bodies_are_refused(tool: Tool) -> None:
    big = {"id_token": "x" * 600_000, "state": "s"}
    assert tool.browser().client.post("/lti/launch", data=big, base_url=TOOL_ORIGIN).status_code == 413
