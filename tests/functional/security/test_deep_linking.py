"""S23 and what else of the security list choosing activities touches, over HTTP, with what hostile platforms send."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import func, select

from lti_tool.models import DeepLink, InboxItem, Person
from lti_tool.services.launches.deep_links import LIFE, purge_requests
from tests.factories.choosing import DL, FIRST, SECOND, open_chooser, request_of, sent_by
from tests.factories.launches import LTI, MEMBERSHIP, Case, LaunchingPlatform
from tests.factories.tool import Tool, register_platform

HOSTILE = "\"><script>alert(1)</script>'"


def code_of(text: str) -> str:
    return text.partition("<code>")[2].partition("</code>")[0]


def refusal(tool: Tool, case: Case, role: str = "teacher") -> tuple[int, str]:
    response = tool.browser().launch(case, role=role)
    assert "Set-Cookie" not in response.headers
    return response.status_code, code_of(response.text)


@pytest.mark.parametrize("role", ["Learner", "Mentor", "Instructor#TeachingAssistant", "Officer"])
def test_s23_only_teachers_and_designers_choose(fresh_tool: Tool, role: str) -> None:
    principal, _, sub_role = role.partition("#")
    uris = [MEMBERSHIP + principal]
    uris += [f"{MEMBERSHIP.removesuffix('#')}/{principal}#{sub_role}"] if sub_role else []
    assert refusal(fresh_tool, request_of(fresh_tool, claims={LTI + "roles": uris})) == (403, "not-allowed")
    with fresh_tool.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(DeepLink)) == 0
        assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_s23_a_designer_may_choose(tool: Tool) -> None:
    case = request_of(tool, claims={LTI + "roles": [MEMBERSHIP + "ContentDeveloper"]})
    assert open_chooser(tool, case).get().status_code == 200


def test_s23_what_the_platform_says_is_escaped(tool: Tool) -> None:
    context = {"id": "c-9", "title": HOSTILE, "label": HOSTILE}
    chooser = open_chooser(tool, request_of(tool, title=HOSTILE, data=HOSTILE, claims={LTI + "context": context}))
    answered = chooser.answer(FIRST)
    for page in (chooser.get(f"?q={HOSTILE}&post={HOSTILE}"), chooser.get(f"grades?pick={FIRST}"), answered):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
    assert sent_by(answered).claims[DL + "data"] == HOSTILE


def test_s23_the_return_address_is_escaped(tool: Tool) -> None:
    url = tool.platform.issuer + '/return?a="><script>alert(1)</script>'
    answered = open_chooser(tool, request_of(tool, deep_link_return_url=url)).answer(FIRST)
    assert "<script>alert" not in answered.text
    assert sent_by(answered).url == url


@pytest.mark.parametrize("size", [33_000, 60_000, 1_000_000])
def test_s23_s30_large_data_is_refused(tool: Tool, size: int) -> None:
    response = tool.browser().launch(request_of(tool, data="x" * size), role="teacher")
    assert response.status_code in {400, 413}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://evil.example.test/return", "data:text/html,x"])
def test_s15_s23_a_foreign_return_address_is_refused(tool: Tool, url: str) -> None:
    assert refusal(tool, request_of(tool, deep_link_return_url=url)) == (400, "lti-service-origin")


def test_s15_the_target_of_a_request_is_ours(tool: Tool) -> None:
    case = request_of(tool, claims={LTI + "target_link_uri": "https://evil.example.test/"})
    assert refusal(tool, case) == (400, "lti-target-refused")


def test_s23_a_platform_that_takes_no_resource_links_is_told_so(tool: Tool) -> None:
    assert refusal(tool, request_of(tool, accept_types=["link", "html"])) == (400, "lti-content-type")


def test_s5_an_unknown_deployment_cannot_choose(fresh_tool: Tool) -> None:
    case = request_of(fresh_tool, claims={LTI + "deployment_id": "another"})
    assert refusal(fresh_tool, case) == (400, "lti-deployment-unknown")
    with fresh_tool.runtime.database.reading() as session:
        assert session.scalars(select(InboxItem)).one().reason == "deployment-unknown"


def test_s23_a_deployment_that_was_withdrawn_gets_no_answer(fresh_tool: Tool) -> None:
    chooser = open_chooser(fresh_tool)
    known = fresh_tool.runtime.registrations.all()[0].deployments
    known.update({name: (row, "refused") for name, (row, _) in known.items()})
    refused = chooser.answer(FIRST)
    assert (refused.status_code, code_of(refused.text)) == (400, "lti-deployment-unknown")


def test_s23_the_answer_is_for_the_platform_that_asked(fresh_tool: Tool) -> None:
    """Two platforms of one organisation: each answer has the issuer, the client and the deployment of its request."""
    other = LaunchingPlatform(issuer="https://other.example.test", client_id="client-2", deployment_id="d-2")
    with fresh_tool.runtime.database.transaction() as session:
        register_platform(fresh_tool.runtime, other, fresh_tool.organisation_id, session=session)
    fresh_tool.runtime.registrations.forget()
    fresh_tool.keys.documents[other.jwks_url] = other.jwks()
    fresh_tool.platform = other
    claims = sent_by(open_chooser(fresh_tool).answer(FIRST)).claims
    assert (claims["aud"], claims["iss"], claims[LTI + "deployment_id"]) == (other.issuer, "client-2", "d-2")


def test_s23_the_same_choice_sent_again_is_the_same_answer(tool: Tool) -> None:
    chooser = open_chooser(tool)
    first = sent_by(chooser.answer(FIRST))
    tool.clock.advance(seconds=30)
    assert sent_by(chooser.answer(FIRST)) == first


def test_s23_another_choice_after_the_answer_is_refused(tool: Tool) -> None:
    chooser = open_chooser(tool)
    chooser.answer(FIRST)
    for again in (chooser.answer(SECOND), chooser.post("cancel")):
        assert (again.status_code, code_of(again.text)) == (400, "lti-already-answered")
        assert "JWT" not in again.text


def test_s23_an_old_answer_is_not_given_again(fresh_tool: Tool) -> None:
    chooser = open_chooser(fresh_tool)
    chooser.answer(FIRST)
    fresh_tool.clock.advance(minutes=5)
    assert code_of(chooser.answer(FIRST).text) == "lti-already-answered"


def test_s23_a_cancelled_choice_has_no_items(tool: Tool) -> None:
    sent = sent_by(open_chooser(tool, request_of(tool, data="d")).post("cancel"))
    assert (sent.items, sent.claims[DL + "data"]) == ([], "d")


def test_s23_where_one_is_taken_one_is_given(tool: Tool) -> None:
    chooser = open_chooser(tool, request_of(tool, accept_multiple=None))
    assert 'type="radio"' in chooser.get().text
    assert 'type="checkbox" name="pick"' not in chooser.get().text
    assert len(sent_by(chooser.answer(FIRST, SECOND)).items) == 1


@pytest.mark.parametrize("keys", [[], ["not-installed"], ["../../etc/passwd"], ["a\r\nb=c"]])
def test_s23_what_cannot_be_chosen_is_not_sent(tool: Tool, keys: list[str]) -> None:
    refused = open_chooser(tool).answer(*keys)
    assert refused.status_code == 422
    assert "JWT" not in refused.text


@pytest.mark.parametrize("points", ["", "0", "-5", "7.5", "1001", "1e3", "٣", "+5", "100 0", "9" * 5000, HOSTILE])
def test_s23_a_maximum_is_a_whole_number(tool: Tool, points: str) -> None:
    refused = open_chooser(tool).answer(FIRST, **{f"points-{FIRST}": points})
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.text
    assert "<script>alert" not in refused.text


def test_s16_a_request_opens_for_its_own_cookie_only(tool: Tool) -> None:
    chooser = open_chooser(tool)
    stranger = open_chooser(tool).browser.get(chooser.base)
    assert (stranger.status_code, code_of(stranger.text)) == (401, "session-gone")


def test_s16_the_session_of_a_launch_opens_no_request_and_the_other_way_round(tool: Tool) -> None:
    chooser = open_chooser(tool)
    lesson = chooser.browser.open_lesson()
    assert chooser.browser.get(chooser.base.replace("/choose/", "/a/")).status_code == 401
    assert chooser.browser.get(lesson.replace("/a/", "/choose/")).status_code == 401


def test_s16_a_request_ends(fresh_tool: Tool) -> None:
    chooser = open_chooser(fresh_tool)
    fresh_tool.clock.now += LIFE
    assert chooser.get().status_code == 401
    fresh_tool.clock.advance(seconds=1)
    with fresh_tool.runtime.database.connection() as connection:
        assert purge_requests(connection, fresh_tool.clock.now) == 1


@pytest.mark.parametrize("path", ["answer", "cancel", f"preview/{FIRST}/do/go"])
def test_s30_a_form_of_another_site_changes_nothing(tool: Tool, path: str) -> None:
    chooser = open_chooser(tool)
    refused = chooser.post(path, token=False, pick=[FIRST])
    assert (refused.status_code, code_of(refused.text)) == (403, "form-token")
    assert sent_by(chooser.answer(SECOND)).items


def test_s17_the_cookie_works_in_a_foreign_frame_and_nowhere_else(tool: Tool) -> None:
    cookies = tool.browser().launch(request_of(tool), role="teacher").headers.getlist("Set-Cookie")
    opened = next(cookie for cookie in cookies if "Max-Age=0" not in cookie)
    flags = {part.strip() for part in opened.split(";")[1:]}
    assert opened.startswith("__Host-")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"} <= flags


def test_s20_only_the_last_page_may_send_a_form_to_the_platform(tool: Tool) -> None:
    chooser, issuer = open_chooser(tool), tool.platform.issuer
    pages = [chooser.get(), chooser.get(f"grades?pick={FIRST}"), chooser.get(f"preview/{FIRST}/")]
    for page in pages:
        assert "form-action 'self';" in page.headers["Content-Security-Policy"]
    answered = chooser.answer(FIRST).headers["Content-Security-Policy"]
    assert f"form-action 'self' {issuer};" in answered
    assert f"frame-ancestors {issuer}" in answered


def test_s27_the_log_holds_neither_token_nor_return_address(tool: Tool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    chooser = open_chooser(tool, request_of(tool, data="secret-data"))
    token = sent_by(chooser.answer(FIRST)).token
    chooser.answer(SECOND)
    refusal(tool, request_of(tool, deep_link_return_url="https://evil.example.test/?sesskey=S"))
    assert "code=lti-already-answered" in caplog.text
    for secret in (token, "sesskey", "secret-data", "evil"):
        assert secret not in caplog.text


def test_a_preview_gives_nothing_away_and_stores_nothing(tool: Tool) -> None:
    chooser = open_chooser(tool)
    for action, form in _TAMPERING:
        page = chooser.post(f"preview/{FIRST}/do/{action}", **form)
        assert page.status_code == 200
        assert "q-solution" not in page.text
        assert 'class="q-feedback-head"' not in page.text
    assert chooser.get("preview/not-installed/").status_code == 404


_TAMPERING: list[tuple[str, dict[str, Any]]] = [
    ("go", {"step": "_summary"}),
    ("go", {"step": "nowhere"}),
    ("go", {}),
    ("answer", {"item": "intent", "try": "1", "choice": "a"}),
    ("reveal", {"item": "intent", "try": "1"}),
    ("hint", {"item": "intent", "hint": "1"}),
    ("finish", {"unanswered": "10"}),
    ("restart", {"attempt": "_summary"}),
]
