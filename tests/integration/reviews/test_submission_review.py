"""Submission Review 1.0: what somebody handed in, opened from the platform's grade book."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.models import Activity, Enrolment, Identity, Registration, ResourceLink
from tests.factories.classrooms import LESSON, Seat, enter
from tests.factories.launches import LTI, TOOL_ORIGIN, Case, moodle
from tests.factories.tool import Tool

REVIEW = "LtiSubmissionReviewRequest"


def review_case(for_user: Any, *, sub: str, name: str | None = None, lesson: str = LESSON, **changes: Any) -> Case:
    """Return a platform's request to review what somebody handed in."""
    claims = {
        "sub": sub,
        "name": name,
        "given_name": None,
        "family_name": None,
        LTI + "message_type": REVIEW,
        LTI + "for_user": for_user,
        LTI + "resource_link": {"id": f"r-{lesson}", "title": "Keywords and intent"},
        LTI + "target_link_uri": f"{TOOL_ORIGIN}/lti/activity/{lesson}",
        **changes,
    }
    return Case("review", {}, claims, None, None, ())


def reviewed(tool: Tool, for_user: Any, *, role: str = "teacher", sub: str = "t-1", **changes: Any) -> TestResponse:
    """Launch a review and open the page that it leads to."""
    browser = tool.browser()
    response = browser.launch(review_case(for_user, sub=sub, **changes), role=role)
    return browser.get(response.headers["Location"]) if response.status_code == 303 else response


def words(page: TestResponse) -> str:
    """Return the text of a page on one line."""
    assert page.status_code == 200, page.text
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


@pytest.fixture
def sam(tool: Tool) -> Seat:
    """A learner who has handed one attempt in: the first question right, the others wrong."""
    enter(tool, "t-1", role="teacher", name="Tina Teacher")
    seat = enter(tool, "s-1", name="Sam Student")
    seat.answer(right=[True, False, False])
    seat.finish()
    return seat


def test_a_teacher_sees_every_answer(tool: Tool, sam: Seat) -> None:
    page = reviewed(tool, {"user_id": "s-1"})
    text = words(page)
    assert "Sam Student" in text
    assert "is the score that counts" in text
    assert text.count("picked, right") + text.count("picked, not right") >= 1
    assert page.text.count('data-tone="good"><div class="q-feedback-head">'.replace("><", ">\n<")) == 1
    assert "Question 1" in text
    assert "Solution" in text
    # Nothing can be sent for the learner from here.
    assert "/do/" not in page.text


def test_what_is_not_answered_yet_is_said(tool: Tool) -> None:
    seat = enter(tool, "s-1", name="Sam Student")
    seat.answer(right=[True])
    text = words(reviewed(tool, {"user_id": "s-1"}))
    assert "It is not handed in yet" in text
    assert "Not answered." in text


def test_which_attempt_counts_and_all_of_them(tool: Tool, sam: Seat) -> None:
    sam.restart()
    sam.answer(right=[True, True, True, True])
    sam.finish()
    page = reviewed(tool, {"user_id": "s-1"})
    rows = re.findall(
        r'<tr role="row"( data-shown)?>\s*<th scope="row".*?attempt=(\d)#answers.*?</th>', page.text, re.DOTALL
    )
    assert rows == [(" data-shown", "2"), ("", "1")]
    assert len(re.findall(r'data-tone="good">counts</span>', page.text)) == 1
    first = re.search(r'href="(/a/[^"]*attempt=1)#answers"', page.text)
    assert first
    # The address is of this launch only: another browser gets nothing with it.
    assert tool.browser().get(first[1]).status_code == 401


def test_somebody_without_an_attempt_has_an_empty_page(tool: Tool, sam: Seat) -> None:
    enter(tool, "s-2", name="New Student", lesson="sem-1-3-paid-search")
    assert "This learner has not opened the activity yet." in words(reviewed(tool, {"user_id": "s-2"}))


@pytest.mark.parametrize("user", ["nobody", "x" * 255, "<script>"])
def test_somebody_unknown_is_an_empty_page(tool: Tool, sam: Seat, user: str) -> None:
    assert "This person has not opened anything here yet" in words(reviewed(tool, {"user_id": user}))


def test_who_has_left_is_still_found(tool: Tool, sam: Seat) -> None:
    with tool.runtime.database.transaction() as session:
        for enrolment in session.scalars(select(Enrolment)):
            enrolment.left_at = tool.clock()
    assert "Sam Student" in words(reviewed(tool, {"user_id": "s-1"}))


@pytest.mark.parametrize("for_user", [None, {}, {"user_id": ""}, {"user_id": 4}, {"user_id": "x" * 256}, "s-1", []])
def test_a_message_that_names_nobody_is_refused(tool: Tool, for_user: Any) -> None:
    assert reviewed(tool, for_user).status_code == 400


# -- Who may look


def test_a_learner_sees_the_own_work_only(tool: Tool, sam: Seat) -> None:
    enter(tool, "s-2", name="Other Student")
    for user in ("s-2", "t-1", "nobody"):
        refused = reviewed(tool, {"user_id": user}, role="learner", sub="s-1")
        assert (refused.status_code, "review-refused" in refused.text) == (403, True)
        assert "Other Student" not in refused.text
    text = words(reviewed(tool, {"user_id": "s-1"}, role="learner", sub="s-1"))
    assert "Your answers" in text
    assert "your answer" in text


def test_a_learner_cannot_reach_others_by_address(tool: Tool, sam: Seat) -> None:
    other = enter(tool, "s-2", name="Other Student")
    for path in ("", "?attempt=1", "1/asset/figures/x.svg"):
        assert other.get(f"review/{sam.who.person_uuid}/{path}").status_code == 403
    assert other.get("review/").status_code == 403
    assert other.get(f"review/{other.who.person_uuid}/").status_code == 200


def test_an_attempt_under_way_tells_its_learner_nothing(tool: Tool) -> None:
    seat = enter(tool, "s-1", name="Sam Student")
    seat.answer(right=[False])
    page = seat.get(f"review/{seat.who.person_uuid}/")
    assert "This attempt is not handed in yet" in words(page)
    assert "Solution" not in page.text


@pytest.mark.parametrize("rule", ["never", "after_due"])
def test_what_the_settings_hide_is_hidden_from_its_learner(tool: Tool, sam: Seat, rule: str) -> None:
    hidden = {"show_feedback": rule, "show_solution": rule, "show_score": rule}
    with tool.runtime.database.transaction() as session:
        session.scalars(select(ResourceLink)).one().settings = hidden
    own = words(enter(tool, "s-1", name="Sam Student").get(f"review/{sam.who.person_uuid}/"))
    assert "Solution" not in own
    assert "not right" not in own.lower()
    assert "Credit" not in own
    assert "score that counts" not in own
    assert "shown later" in own
    assert "Solution" in words(reviewed(tool, {"user_id": "s-1"}))


# -- Nobody of elsewhere


def test_of_another_course_nobody_is_found(tool: Tool, sam: Seat) -> None:
    elsewhere = {LTI + "context": {"id": "c-2", "title": "Another course"}}
    page = reviewed(tool, {"user_id": "s-1"}, **elsewhere)
    assert "This person has not opened anything here yet" in words(page)
    teacher = enter(tool, "t-1", role="teacher", context={"id": "c-2", "title": "Another course"})
    assert teacher.get(f"review/{sam.who.person_uuid}/").status_code == 404


def test_of_another_registration_nobody_is_found(tool: Tool, sam: Seat) -> None:
    with tool.runtime.database.transaction() as session:
        session.scalars(select(Identity).where(Identity.subject == "s-1")).one().subject = "s-1-of-another"
    assert "This person has not opened anything here yet" in words(reviewed(tool, {"user_id": "s-1"}))


def test_a_launch_that_is_refused_leaves_nothing(tool: Tool, sam: Seat) -> None:
    browser = tool.browser()
    state, nonce = browser.authenticate()
    now = int(tool.clock.now.timestamp())
    token = tool.platform.id_token(review_case({"user_id": "x"}, sub="s-7"), role="learner", nonce=nonce, now=now)
    assert browser.answer(token, state).status_code == 403
    assert browser.answer(token, state).status_code == 400
    with tool.runtime.database.reading() as session:
        assert not session.scalars(select(Identity.id).where(Identity.subject == "s-7")).all()


# -- As Moodle sends it


def test_the_request_of_moodle_opens_the_work(tool: Tool) -> None:
    claims = moodle("launch-submission-review")["claims"]
    tool.platform = platform = replace(tool.platform, issuer=claims["iss"], client_id=claims["aud"])
    with tool.runtime.database.transaction() as session:
        row = session.scalars(select(Registration)).one()
        row.issuer, row.client_id, row.jwks_url = platform.issuer, platform.client_id, platform.jwks_url
        row.token_url, row.auth_login_url = platform.token_url, platform.auth_login_url
    tool.runtime.registrations.forget()
    tool.keys.documents[platform.jwks_url] = platform.jwks()
    link, context = claims[LTI + "resource_link"], claims[LTI + "context"]
    seat = enter(tool, "4", name="Sam Student", context=context, changes={LTI + "resource_link": link})
    seat.answer(right=[True])
    payload = {
        **claims,
        "nonce": "$nonce",
        "iat": "$now",
        "exp": "$now+60",
        # What our line items name, instead of the address and the parameter of the tool that was captured.
        LTI + "target_link_uri": f"{TOOL_ORIGIN}/lti/activity/{LESSON}",
        LTI + "custom": {**claims[LTI + "custom"], "qualoop_activity": LESSON},
    }
    browser = tool.browser()
    response = browser.launch(Case("moodle", {}, {}, payload, None, ()))
    assert response.status_code == 303, response.text
    assert "Sam Student" in words(browser.get(response.headers["Location"]))
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(Activity.key).join(ResourceLink)).one() == LESSON


def test_the_class_page_leads_there_too(tool: Tool, sam: Seat) -> None:
    teacher = enter(tool, "t-1", role="teacher", name="Tina Teacher")
    page = teacher.get(f"class/{sam.who.person_uuid}/")
    found = re.search(r'href="(/a/[^"]*/review/[^"]*attempt=1)#answers"', page.text)
    assert found
    assert "Answers of attempt 1" in words(teacher.browser.get(found[1]))


def test_the_page_speaks_chinese_and_comes_back_to_itself(tool: Tool, sam: Seat) -> None:
    teacher = enter(tool, "t-1", role="teacher", name="Tina Teacher")
    path = f"review/{sam.who.person_uuid}/"
    page = teacher.get(path)
    assert f'name="back" value="review/{sam.who.person_uuid}"' in page.text
    answer = teacher.post("language", language="zh-Hans", back=f"review/{sam.who.person_uuid}")
    assert answer.headers["Location"].endswith(f"/{path}")
    assert "第 1 次作答的答案" in words(teacher.get(path))
