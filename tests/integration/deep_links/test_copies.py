"""Copies of a link that was made by choosing: Moodle's launches of them, re-signed, find their activity again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.models import Activity, Context, LineItem, Registration, ResourceLink
from tests.factories.choosing import FIRST, SECOND, Chooser, open_chooser, request_of, sent_by
from tests.factories.launches import AGS, LTI, Case, moodle
from tests.factories.tool import Tool

COPY = "launch-course-copy-history"
FRESH = {"nonce": "$nonce", "iat": "$now", "exp": "$now+60"}


@pytest.fixture
def moodle_tool(tool: Tool) -> Tool:
    """The tool, with the captured Moodle registered."""
    claims = moodle(COPY)["claims"]
    platform = replace(tool.platform, issuer=claims["iss"], client_id=claims["aud"])
    with tool.runtime.database.transaction() as session:
        row = session.scalars(select(Registration)).one()
        row.issuer, row.client_id, row.jwks_url = platform.issuer, platform.client_id, platform.jwks_url
        row.token_url, row.auth_login_url = platform.token_url, platform.auth_login_url
    tool.runtime.registrations.forget()
    tool.keys.documents[platform.jwks_url] = platform.jwks()
    tool.platform = platform
    return tool


def resigned(name: str, **changed: Any) -> Case:
    """Return a captured launch, to be signed anew."""
    payload = {**moodle(name)["claims"], **FRESH, **changed}
    return Case(
        name=name,
        header={},
        claims={},
        payload={k: v for k, v in payload.items() if v is not None},
        code=None,
        roles=(),
    )


def launched_copy(item: dict[str, Any], number: int) -> Case:
    """Return Moodle's launch of a copy of an item: all ids are new, url and custom are the item's."""
    captured = moodle(COPY)["claims"]
    return resigned(
        COPY,
        **{
            LTI + "resource_link": {**captured[LTI + "resource_link"], "id": str(1000 + number)},
            LTI + "context": {**captured[LTI + "context"], "id": str(50 + number)},
            LTI + "custom": {**captured[LTI + "custom"], **item["custom"]},
            LTI + "target_link_uri": item["url"] if number % 2 else None,
            AGS: {
                **captured[AGS],
                "lineitem": f"{captured['iss']}/mod/lti/services.php/{number}/lineitems/9/lineitem?type_id=1",
            },
        },
    )


def test_the_request_of_moodle_is_answered(moodle_tool: Tool) -> None:
    # The bare tool that Moodle knew had another address.
    case = resigned(
        "launch-deeplink-teacher", **{LTI + "target_link_uri": request_of(moodle_tool).claims[LTI + "target_link_uri"]}
    )
    sent = sent_by(Chooser(*_opened(moodle_tool, case)).answer(FIRST, SECOND))
    assert sent.url.startswith(moodle_tool.platform.issuer + "/mod/lti/contentitem_return.php?")
    assert not [name for name in sent.claims if name.endswith("/data")]
    assert all("\n" not in value for item in sent.items for value in item["custom"].values())


def _opened(tool: Tool, case: Case) -> tuple[Any, Any]:
    browser = tool.browser()
    return browser, browser.launch(case)


def test_copies_find_their_activity_without_the_teacher(moodle_tool: Tool) -> None:
    """Duplicated in its course (0), in a copied course (1), and in a copy of that (2): with and without a target."""
    url = moodle_tool.platform.issuer + "/mod/lti/contentitem_return.php?course=2"
    item = sent_by(open_chooser(moodle_tool, request_of(moodle_tool, deep_link_return_url=url)).answer(SECOND)).items[0]
    for number in range(3):
        page = moodle_tool.browser().launch(launched_copy(item, number))
        assert page.status_code in {200, 303}, page.text
    with moodle_tool.runtime.database.reading() as session:
        keys = session.scalars(
            select(Activity.key).join(ResourceLink, ResourceLink.activity_id == Activity.id).order_by(ResourceLink.id)
        ).all()
        assert keys == [SECOND] * 3
        assert len(session.scalars(select(Context).join(ResourceLink)).all()) == 3
        columns = session.scalars(select(LineItem.url)).all()
    assert len(set(columns)) == 3


def test_a_copy_of_what_is_not_installed_is_refused(moodle_tool: Tool) -> None:
    item = {"custom": {"qualoop_activity": "gone"}, "url": "https://tool.example.test/lti/activity/gone"}
    assert moodle_tool.browser().launch(launched_copy(item, 1)).status_code == 400
