"""Every captured exchange of a Moodle, replayed: launches and dialogs here, services in test_moodle_services.py.

The last test holds that no file and no step of one is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from lti_tool.models import Identity, LineItem, Registration, ResourceLink
from tests.factories import launches
from tests.factories.choosing import DL, FIRST, SECOND, Chooser, sent_by
from tests.factories.launches import AGS, LTI, TOOL_ORIGIN, moodle
from tests.factories.tool import Tool
from tests.functional.platforms import moodle_expected as expected
from tests.functional.platforms.moodle_launches import (
    LESSON,
    captured_moodle,
    know_moodle,
    launch,
    ours,
    sent_to_moodle,
)
from tests.functional.platforms.moodle_replay import MOODLE

OUR_LINK: Final = {"qualoop_activity": LESSON}
#: File -> (status and code or page of the launch as it was, the same of a link of ours).
#: A link that names no lesson of ours is an empty place: its teacher is shown the class, anybody else why it is empty.
LAUNCHES: Final[Mapping[str, tuple[str, str]]] = {
    "launch-student": ("content-missing", "lesson"),
    "launch-admin": ("class", "class"),
    "launch-private-no-name-no-ags": ("content-missing", "lesson"),
    "launch-no-lineitem": ("content-missing", "lesson"),
    "launch-target-link-with-query": ("content-missing", "lesson"),
    "launch-course-copy-history": ("content-missing", "lesson"),
    "launch-browser-iframe-cookies": ("content-missing", "lesson"),
    "launch-submission-review": ("review", "review"),
    "launch-deeplink-teacher": ("choose", "choose"),
}
#: Files whose steps are walked below, with how many there are.
DIALOGS: Final = {
    "login-init-student": 1,
    "launch-hops": 5,
    "auth-request-variants": 20,
    "deeplink-hops": 4,
    "deeplink-response-sent": 1,
    "deeplink-response-several-items": 5,
}


@pytest.fixture
def tool(fresh_tool: Tool) -> Tool:
    """A tool that knows the captured Moodle."""
    know_moodle(fresh_tool)
    return fresh_tool


@pytest.fixture
def moodle_tool(tool: Tool) -> Tool:
    """The same, launched by the captured Moodle."""
    return replace(tool, platform=captured_moodle())


def came_of(tool: Tool, name: str, custom: dict[str, str] | None) -> str:
    _, response = launch(tool, name, custom)
    if response.status_code == 200:
        assert 'data-canonical-url="/a/' in response.text
        return "lesson"
    if response.status_code == 303:
        parts = response.headers["Location"].strip("/").split("/")
        return parts[2] if parts[0] == "a" else parts[0]
    return response.text.partition("<code>")[2].partition("</code>")[0]


@pytest.mark.parametrize("name", LAUNCHES)
def test_a_launch(tool: Tool, name: str) -> None:
    assert (came_of(tool, name, None), came_of(tool, name, OUR_LINK)) == LAUNCHES[name]


@pytest.mark.parametrize("name", [name for name, (_, right) in LAUNCHES.items() if right in {"lesson", "class"}])
def test_what_a_launch_says_is_understood(tool: Tool, name: str) -> None:
    """The person by the subject, the link by its id, the column where there is one, the product."""
    launch(tool, name, OUR_LINK)
    claims = moodle(name)["claims"]
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(Identity.subject)).one() == claims["sub"]
        link = session.scalars(select(ResourceLink)).one()
        assert link.platform_key == claims[LTI + "resource_link"]["id"]
        assert link.title == claims[LTI + "resource_link"]["title"]
        products = session.execute(select(Registration.client_id, Registration.product)).all()
        assert {row[0]: row[1] for row in products}[claims["aud"]] == "moodle"
        endpoint = claims.get(AGS, {})
        column = session.scalars(select(LineItem)).one_or_none()
        # Without scopes there is no grade service, whatever column is named (docs/platforms.md).
        assert (column is not None) == bool(endpoint.get("scope"))
        if column is not None:
            assert column.url == (endpoint["lineitem"] or None)


def test_names_are_shown_where_they_are_sent_and_missed_nowhere(tool: Tool) -> None:
    _, named = launch(tool, "launch-student", OUR_LINK)
    _, nameless = launch(tool, "launch-private-no-name-no-ags", OUR_LINK)
    assert (named.status_code, nameless.status_code) == (200, 200)
    assert not {"name", "given_name", "email"} & set(moodle("launch-private-no-name-no-ags")["claims"])


def test_our_cookie_is_of_the_kind_that_came_through_the_frame(moodle_tool: Tool) -> None:
    """Of the captured tool's three cookies the browser sent one: the partitioned one."""
    assert list(moodle("launch-browser-iframe-cookies")["cookies_seen"]) == ["lti_state_part"]
    kinds = next(hop["set_cookie_by_tool"] for hop in moodle("launch-hops") if "set_cookie_by_tool" in hop)
    [alike] = [kind for kind in kinds if kind.startswith("lti_state_part=")]
    flags = {part.strip() for part in alike.split(";")[1:]}
    [cookie] = moodle_tool.browser().login().headers.getlist("Set-Cookie")
    assert flags <= {part.strip() for part in cookie.split(";")[1:]}


# -- The hops


def begin(tool: Tool, form: Mapping[str, str]) -> dict[str, str]:
    """Send Moodle's form that begins a launch, and return what Moodle is asked then."""
    answer = tool.browser().client.post("/lti/login", data=ours(form), base_url=TOOL_ORIGIN)
    assert answer.headers["Location"].startswith(MOODLE + "/auth")
    return sent_to_moodle(answer)


def alike(sent: Mapping[str, str], captured_url: str) -> None:
    """Hold that we ask Moodle what the captured tool asked it, but for what is new each time."""
    captured = {name: values[0] for name, values in parse_qs(urlsplit(captured_url).query).items()}
    new = {"state", "nonce"}
    assert captured.keys() <= sent.keys()
    assert {n: sent[n] for n in captured.keys() - new} == {n: ours(captured[n]) for n in captured.keys() - new}


def test_a_login_initiation(moodle_tool: Tool) -> None:
    form = moodle("login-init-student")["form"]
    sent = begin(moodle_tool, form)
    assert sent["lti_message_hint"] == form["lti_message_hint"]
    assert sent["login_hint"] == form["login_hint"]


def test_the_hops_of_a_launch(moodle_tool: Tool) -> None:
    view, page, login, auth, back = moodle("launch-hops")
    assert (view["method"], page["url"]) == ("GET", view["iframe_attributes"]["src"])
    assert page["auto_form_in_response"]["fields"] == login["form_sent"]
    sent = begin(moodle_tool, page["auto_form_in_response"]["fields"])
    alike(sent, login["location"])
    assert auth["url"] == login["location"]
    assert set(auth["auto_form_in_response"]["fields"]) == set(back["form_sent"]) == {"id_token", "state"}
    assert ours(auth["auto_form_in_response"]["action"]) == sent["redirect_uri"]
    _, response = launch(moodle_tool, "launch-student", OUR_LINK)
    assert response.status_code == back["status"]


def comes_after(tool: Tool, variant: Mapping[str, Any]) -> str:
    """Return what the tool makes of what reaches it after a request to Moodle's authorization endpoint."""
    form = variant["form"]
    if form is None or "id_token" in form["fields"] or not form["action"].startswith("http"):
        fields = form["fields"] if form else {}
        if "id_token" not in fields:
            assert variant["status"] == 404 or fields == {"repost": "true"}
            return "stays at Moodle"
        browser = tool.browser()
        state, nonce = browser.authenticate()
        token = tool.platform.id_token(nonce=nonce, now=int(tool.clock.now.timestamp()))
        answer = browser.answer(token, state if fields["state"] else "")
        return "launched" if answer.status_code == 200 else answer.text.partition("<code>")[2].partition("</code>")[0]
    path = urlsplit(form["action"]).path
    answer = tool.browser().client.post(path, data=ours(form["fields"]), base_url=TOOL_ORIGIN)
    if path == "/lti/login":
        assert sent_to_moodle(answer)["login_hint"] == "0"
        return "login begun"
    assert answer.status_code == 400
    code = answer.text.partition("<code>")[2].partition("</code>")[0]
    return f"{code}: {form['fields']['error']}"


def test_the_variants_of_the_authorization(moodle_tool: Tool) -> None:
    tool = replace(
        moodle_tool, platform=replace(moodle_tool.platform, target_link_uri=f"{TOOL_ORIGIN}/lti/activity/{LESSON}")
    )
    said = {variant["case"]: comes_after(tool, variant) for variant in moodle("auth-request-variants")}
    assert said == expected.AUTHORIZATION


# -- Deep Linking


def choose(tool: Tool, *keys: str) -> Any:
    browser, opened = launch(tool, "launch-deeplink-teacher")
    return sent_by(Chooser(browser, opened).answer(*keys))


def test_the_hops_of_a_choice(moodle_tool: Tool) -> None:
    form, auth, picker, back = moodle("deeplink-hops")
    sent = begin(moodle_tool, form["form"]["fields"])
    alike(sent, auth["url"])
    assert ours(auth["form_action"]) == sent["redirect_uri"]
    assert set(auth["fields"]) == {"id_token", "state"}
    assert choose(moodle_tool, FIRST).url == picker["action"]
    assert (back["step"], back["status"]) == ("contentitem_return.php", 200)


def test_an_answer_with_one_item(moodle_tool: Tool) -> None:
    """Ours has every claim of an answer that Moodle took, and of its item what Moodle keeps."""
    captured = moodle("deeplink-response-sent")
    sent = choose(moodle_tool, FIRST)
    assert sent.url == captured["to"]
    taken = captured["payload"]
    assert taken.keys() - {DL + "msg"} <= sent.claims.keys()
    same = {"iss", "aud", LTI + "deployment_id", LTI + "message_type", LTI + "version"}
    assert {name: sent.claims[name] for name in same} == {name: taken[name] for name in same}
    assert sent.claims["exp"] - sent.claims["iat"] <= taken["exp"] - taken["iat"]
    [item], [example] = sent.items, taken[DL + "content_items"]
    assert {"type", "title", "url", "custom", "lineItem"} <= item.keys() & example.keys()
    assert {"scoreMaximum", "label", "resourceId"} <= item["lineItem"].keys() & example["lineItem"].keys()


def test_an_answer_with_several_items(moodle_tool: Tool) -> None:
    """Of five captured items one is as it should be; ours have none of the faults of the others."""
    examples = moodle("deeplink-response-several-items")["payload"][DL + "content_items"]
    assert [each["type"] for each in examples] == ["ltiResourceLink"] * 3 + ["link", "html"]
    assert "\n" in examples[0]["custom"]["weird"]
    assert "lineItem" not in examples[1]
    assert examples[2]["lineItem"]["scoreMaximum"] == 7.5
    items = choose(moodle_tool, FIRST, SECOND).items
    assert len(items) == 2
    for item in items:
        assert item["type"] == "ltiResourceLink"
        assert not any("\n" in value for value in item["custom"].values())
        assert type(item["lineItem"]["scoreMaximum"]) is int
        assert "<" not in item.get("text", "")


# -- Nothing is left out


def test_no_file_and_no_step_is_left_out() -> None:
    files = {path.stem for path in launches.MOODLE.glob("*.json")}
    registrations = {"dynreg-full-exchange", "dynreg-variants"}
    assert files == {*LAUNCHES, *DIALOGS, *expected.SERVICES, *registrations, "competency-web-services"}
    assert len(files) == 27
    steps = {name: len(moodle(name)) for name in files if isinstance(moodle(name), list)}
    assert steps == {
        **{name: count for name, count in DIALOGS.items() if isinstance(moodle(name), list)},
        **{name: len(table) for name, table in expected.SERVICES.items()},
        "dynreg-variants": len(expected.REGISTRATIONS),
        "competency-web-services": len(expected.COMPETENCIES),
    }
