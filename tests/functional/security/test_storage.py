"""S18 and S19 over HTTP: launches of a browser that keeps no cookie of ours in the platform's frame."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from lti_tool.models import LaunchState, LtiSession
from lti_tool.services.people.bearers import LIFE, RENEWED_BELOW
from lti_tool.services.people.logins import digest
from tests.factories.frames import FRAME, Frame, hidden, said
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import Tool
from tests.functional.security.test_launch import code_of


def code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, code_of(answer.text)


@pytest.fixture
def frame(tool: Tool) -> Frame:
    return Frame(tool)


def test_s18_the_platform_keeps_what_binds_the_login(frame: Frame) -> None:
    kept = frame.log_in()
    assert (kept["target"], kept["origin"]) == ("_parent", "https://lms.example.test")
    sent = {name: value[0] for name, value in parse_qs(urlsplit(kept["next"]).query).items()}
    assert (sent["state"], sent["nonce"]) == (kept["state"], kept["nonce"])
    assert kept["secret"] not in kept["next"]
    with frame.tool.runtime.database.reading() as session:
        row = session.scalars(select(LaunchState).where(LaunchState.state_hash == digest(kept["state"]))).one()
        assert (row.storage_target, row.binding_hash) == ("_parent", digest(kept["secret"]))


def test_s18_the_state_is_not_the_one_that_was_shown_in_an_address(frame: Frame) -> None:
    page = frame.open("/lti/login", method="POST", data=frame.initiation(), headers=FRAME)
    go_on = unescape(page.text.partition('content="0;url=')[2].partition('"')[0])
    first = parse_qs(urlsplit(go_on).query)["state"][0]
    states = {said(frame.open(go_on, headers=FRAME))["state"] for _ in range(2)}
    assert len(states | {first}) == 3


def test_s18_a_cookie_that_comes_back_is_enough(tool: Tool) -> None:
    browser, form = tool.browser(), Frame(tool).initiation()
    page = browser.client.post("/lti/login", data=form, headers=FRAME, base_url=TOOL_ORIGIN)
    go_on = unescape(page.text.partition('content="0;url=')[2].partition('"')[0])
    assert browser.get(go_on).headers["Location"].startswith(tool.platform.issuer + "/auth")


def test_s18_a_window_goes_on_at_once_whatever_frame_is_named(frame: Frame) -> None:
    headers = {"Sec-Fetch-Dest": "document"}
    answer = frame.open("/lti/login", method="POST", data=frame.initiation(), headers=headers)
    assert answer.status_code == 302


@pytest.mark.parametrize("target", ["", "_top", "_blank", "_self"])
def test_s18_without_a_frame_a_window_is_offered_that_names_none(frame: Frame, target: str) -> None:
    page = frame.refused_cookie(lti_storage_target=target)
    assert page.status_code == 200
    link = re.search(r'href="([^"]*)" target="_blank" rel="noopener"', page.text)
    assert link
    fields = {name: value[0] for name, value in parse_qs(urlsplit(unescape(link[1])).query).items()}
    assert fields == frame.initiation(lti_storage_target="")
    assert "data-q-storage" not in page.text
    assert frame.open(unescape(link[1])).status_code == 302


def test_s18_the_page_that_asks_the_platform_offers_the_window_too(frame: Frame) -> None:
    page = frame.refused_cookie()
    # Once for the script to show, once for who has no script.
    assert page.text.count('target="_blank"') == 2
    assert "lti_storage_target" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert f"frame-ancestors {frame.tool.platform.issuer}" in policy


@pytest.mark.parametrize("target", ["x" * 256, "a\x00b", "a\nb"])
def test_s18_a_frame_out_of_bounds_is_refused(frame: Frame, target: str) -> None:
    query = urlencode(frame.initiation(lti_storage_target=target))
    assert code(frame.open(f"/lti/login?{query}")) == (400, "lti-login-parameter")


def test_s18_a_frames_name_is_escaped(frame: Frame) -> None:
    assert said(frame.refused_cookie(lti_storage_target='"><script>x'))["target"] == '"><script>x'


def test_s18_the_secret_opens_the_launch_once(frame: Frame) -> None:
    kept = frame.log_in()
    posted = frame.token(kept)
    asking = frame.open("/lti/launch", method="POST", data=posted)
    assert {"id-token": posted["id_token"], "state": kept["state"]}.items() <= said(asking).items()
    assert (kept["secret"] in asking.text, asking.headers.getlist("Set-Cookie")) == (False, [])
    assert frame.bring(posted, kept["secret"]).status_code == 200
    assert code(frame.bring(posted, kept["secret"])) == (400, "lti-state-used")
    assert code(frame.open("/lti/launch", method="POST", data=posted)) == (400, "lti-state-used")


@pytest.mark.parametrize("secret", ["", "invented", "x" * 100_000])
def test_s18_without_the_secret_nothing_opens_and_nothing_is_used_up(frame: Frame, secret: str) -> None:
    kept = frame.log_in()
    posted = frame.token(kept)
    assert code(frame.bring(posted, secret)) == (400, "lti-browser-mismatch")
    assert frame.bring(posted, kept["secret"]).status_code == 200


def test_s18_the_secret_of_another_login_does_not_do(frame: Frame) -> None:
    kept, other = frame.log_in(), frame.log_in()
    assert code(frame.bring(frame.token(kept), other["secret"])) == (400, "lti-browser-mismatch")


def test_s18_ten_minutes_and_the_nonce_hold_here_too(fresh_tool: Tool) -> None:
    frame = Frame(fresh_tool)
    kept, other = frame.log_in(), frame.log_in()
    wrong = frame.token({**other, "state": kept["state"]})
    assert code(frame.bring(wrong, kept["secret"])) == (400, "lti-nonce-mismatch")
    assert code(frame.bring(frame.token(kept), kept["secret"])) == (400, "lti-state-used")
    fresh_tool.clock.advance(minutes=10, seconds=1)
    assert code(frame.bring(frame.token(other), other["secret"])) == (400, "lti-state-expired")


def test_s19_a_bearer_opens_the_pages_and_no_cookie_is_set(frame: Frame) -> None:
    page = frame.launch()
    answer = frame.open(page)
    assert answer.status_code == 200
    assert "qualoop-activity" in answer.text
    assert frame.bearer not in answer.text
    assert answer.headers.getlist("Set-Cookie") == []
    assert frame.open(f"{page}record/").status_code == 200


def test_s19_an_answer_counts_and_needs_its_form_token(frame: Frame) -> None:
    page = frame.launch()
    form = hidden(frame.open(page).text)
    assert code(frame.open(f"{page}do/finish", method="POST", data={"attempt": form["attempt"]})) == (403, "form-token")
    done = frame.open(
        f"{page}do/finish", method="POST", data={**form, "unanswered": "10"}, headers={"X-Qualoop-Fragment": "1"}
    )
    assert done.status_code == 200, done.text
    # The token of the page's forms alone does not prove the session.
    bare = Frame(frame.tool)
    assert bare.open(f"{page}do/finish", method="POST", data=form).status_code == 401


def test_s19_a_teacher_gets_the_class_page(fresh_tool: Tool) -> None:
    frame = Frame(fresh_tool)
    page = frame.launch(role="teacher")
    assert page.endswith("/class/")
    assert frame.open(page).status_code == 200


def test_s19_a_learners_bearer_opens_no_class_page(frame: Frame) -> None:
    assert code(frame.open(f"{frame.launch()}class/")) == (403, "not-allowed")


@pytest.mark.parametrize("made", ["another", "later", "short", "bare", "odd", "empty", "basic"])
def test_s19_a_bearer_is_good_for_its_session_only(frame: Frame, made: str) -> None:
    page = frame.launch()
    ends, _, mac = frame.bearer.partition(".")
    other = Frame(frame.tool)
    other.launch()
    sent = {
        "another": f"Bearer {other.bearer}",
        "later": f"Bearer {int(ends) + 60}.{mac}",
        "short": f"Bearer {ends}.{mac[:-1]}",
        "bare": f"Bearer {mac}",
        "odd": "Bearer \u00e9.\u00e9",
        "empty": "Bearer",
        "basic": f"Basic {frame.bearer}",
    }[made]
    assert Frame(frame.tool).open(page, headers={"Authorization": sent}).status_code == 401
    assert frame.open(page).status_code == 200


def test_s19_a_bearer_in_an_address_is_nothing(frame: Frame) -> None:
    page = frame.launch()
    assert Frame(frame.tool).open(f"{page}?bearer={frame.bearer}&access_token={frame.bearer}").status_code == 401


def test_s19_a_bearer_of_a_cookies_session_cannot_be_made(tool: Tool) -> None:
    """Who reads the database has the hash, but not the installation's secret."""
    page = tool.browser().open_lesson()
    stranger = Frame(tool)
    stranger.launch()
    assert stranger.open(page).status_code == 401


def test_s19_bearers_are_renewed_while_they_are_used_and_end_else(fresh_tool: Tool) -> None:
    frame = Frame(fresh_tool)
    page = frame.launch()
    first = frame.bearer
    assert frame.open(page).status_code == 200
    assert frame.bearer == first
    fresh_tool.clock.advance(seconds=(LIFE - RENEWED_BELOW).total_seconds() + 1)
    assert frame.open(page, method="HEAD").status_code == 200
    assert frame.bearer != first
    fresh_tool.clock.advance(seconds=RENEWED_BELOW.total_seconds())
    assert Frame(fresh_tool, bearer=first).open(page).status_code == 401
    assert frame.open(page).status_code == 200
    fresh_tool.clock.advance(seconds=LIFE.total_seconds() + 1)
    assert code(frame.open(page)) == (401, "session-gone")


def test_s19_a_bearer_of_a_host_whose_clock_is_ahead_is_good(fresh_tool: Tool) -> None:
    frame = Frame(fresh_tool)
    page = frame.launch()
    fresh_tool.clock.advance(seconds=-2)
    assert frame.open(page).status_code == 200


def test_s19_a_bearer_ends_with_its_session(fresh_tool: Tool) -> None:
    frame = Frame(fresh_tool)
    page = frame.launch()
    hours = fresh_tool.runtime.settings.session_hours
    for _ in range(hours * 6 - 1):
        fresh_tool.clock.advance(minutes=10)
        assert frame.open(page, method="HEAD").status_code == 200
    fresh_tool.clock.advance(minutes=11)
    assert frame.open(page).status_code == 401


def test_s19_a_reload_in_the_frame_says_what_happened(frame: Frame) -> None:
    page = frame.launch()
    lost = Frame(frame.tool).open(page, headers=FRAME)
    assert code(lost) == (401, "session-lost")
    assert "open the activity again" in lost.text
    # What the platform gave as return address may hold a key of the person's session there.
    assert "/course/1" not in lost.text


def test_s19_a_window_gets_a_session_of_its_own_by_a_form(frame: Frame) -> None:
    page = frame.launch()
    html = frame.open(page).text
    assert f'action="{page}window"' in html
    form = {"csrf": hidden(html)["csrf"], "bearer": frame.bearer, "page": "record/timeline/?before=9"}
    window = Client(frame.tool.app)
    opened = window.post(f"{page}window", data=form, base_url=TOOL_ORIGIN)
    assert opened.status_code == 303
    address = opened.headers["Location"]
    assert address.endswith("/record/timeline/?before=9")
    assert page not in address
    assert frame.bearer not in address
    answer = window.get(address, base_url=TOOL_ORIGIN)
    assert answer.status_code == 200
    assert "keeps no cookies" not in answer.text
    assert Client(frame.tool.app).get(address, base_url=TOOL_ORIGIN).status_code == 401
    with frame.tool.runtime.database.reading() as session:
        ends = session.scalars(
            select(LtiSession.expires_at).where(LtiSession.uuid.in_([page.split("/")[2], address.split("/")[2]]))
        ).all()
        assert len(ends) == 2
        assert len(set(ends)) == 1


@pytest.mark.parametrize("named", ["../../x", "\\\\evil.example.test", "a b", "a\r\nSet-Cookie: x=1", "\u4e2d"])
def test_s19_a_window_leads_to_a_page_of_the_launch_alone(frame: Frame, named: str) -> None:
    page = frame.launch()
    form = {"csrf": hidden(frame.open(page).text)["csrf"], "bearer": frame.bearer, "page": named}
    opened = Client(frame.tool.app).post(f"{page}window", data=form, base_url=TOOL_ORIGIN)
    assert opened.status_code == 303
    assert re.fullmatch(r"/a/[0-9a-f-]{36}/", opened.headers["Location"])


@pytest.mark.parametrize("absent", ["csrf", "bearer"])
def test_s19_a_window_needs_bearer_and_form_token(frame: Frame, absent: str) -> None:
    page = frame.launch()
    form = {"csrf": hidden(frame.open(page).text)["csrf"], "bearer": frame.bearer} | {absent: ""}
    opened = Client(frame.tool.app).post(f"{page}window", data=form, base_url=TOOL_ORIGIN)
    assert opened.status_code == {"csrf": 403, "bearer": 401}[absent]
    assert opened.headers.getlist("Set-Cookie") == []
