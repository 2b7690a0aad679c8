"""Sites that send evidence on the administration pages: how they stand, a further key, the end of one."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest

from lti_tool.services.sources import sources
from lti_tool.services.sources.sources import NewKey
from qualoop.exchange import Secret
from tests.factories.sources import INLINE, INLINE_HASH, Site, event, make_site
from tests.factories.tool import Tool
from tests.functional.admin.conftest import Furnished
from tests.functional.admin.steps import Desktop, signed_in

PAGE = "/admin/sources/"


def number_of(desktop: Desktop) -> str:
    found = re.search(r'name="source" value="([0-9]+)"', desktop.get(PAGE).text)
    assert found
    return found[1]


def facts(page: str) -> dict[str, str]:
    return {
        unescape(name): re.sub("<[^>]+>", "", unescape(value)).strip()
        for name, value in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page)
    }


@pytest.fixture
def desktop(tool: Tool) -> Desktop:
    return signed_in(tool)


def test_without_a_site_it_says_how_one_is_added(desktop: Desktop) -> None:
    assert "qualoop source add" in desktop.get(PAGE).text


def test_it_shows_last_contact_what_waits_and_what_was_refused(tool: Tool, desktop: Desktop) -> None:
    site = make_site(tool, of_platform=False)
    assert facts(desktop.get(PAGE).text)["Heard of last"] == "Never yet"
    outcomes = site.send(
        event(), event(2, activity=INLINE, content=INLINE_HASH, part="q1"), event(3, score="7"), event(4, form="odd")
    )
    assert outcomes == ["accepted", "waits", "event-malformed", "event-malformed"]
    page = desktop.get(PAGE).text
    found = facts(page)
    assert found.pop("Heard of last") != "Never yet"
    assert found == {
        "Learners": "1",
        "Answers that wait for their content": "1",
        "Answers refused in the last day": "2",
    }
    assert "Needs a look" in page
    assert site.key.secret not in page
    assert "2026" in desktop.get(PAGE).text


def test_a_further_key_is_shown_once_and_the_former_one_ended(tool: Tool, desktop: Desktop) -> None:
    site = make_site(tool)
    answer = desktop.post(f"{PAGE}rotate", source=number_of(desktop))
    kid, secret = (unescape(one) for one in re.findall(r"data-q-copy-text>(.*?)</code>", answer.text))
    new = Site(tool, NewKey(kid=kid, secret=Secret(secret)))
    assert new.ask("GET", "/api/v1/changes", request_id=str(uuid.UUID(int=1))).status_code == 200
    assert site.ask("GET", "/api/v1/changes", request_id=str(uuid.UUID(int=2))).status_code == 200
    assert secret not in desktop.get(PAGE).text
    assert desktop.post(f"{PAGE}revoke", source=number_of(desktop), key=site.key.kid).status_code == 303
    assert site.ask("GET", "/api/v1/changes").json["code"] == "key-unknown"
    assert new.ask("GET", "/api/v1/changes", request_id=str(uuid.UUID(int=3))).status_code == 200
    assert desktop.post(f"{PAGE}revoke", source=number_of(desktop), key=site.key.kid).status_code == 404
    listed = desktop.get("/admin/people").text
    assert "Made a further key of a site" in listed
    assert "Ended a key of a site" in listed


def test_a_site_is_ended_with_all_its_keys(tool: Tool, desktop: Desktop) -> None:
    site = make_site(tool)
    number = number_of(desktop)
    assert desktop.post(f"{PAGE}revoke", source=number).headers["Location"].endswith("done=source")
    assert site.ask("GET", "/api/v1/changes").json["code"] == "key-unknown"
    assert "Ended" in desktop.get(PAGE).text
    assert desktop.post(f"{PAGE}rotate", source=number).status_code == 404


@pytest.mark.parametrize("number", ["0", "x", "9" * 30, ""])
def test_what_is_no_site_is_not_found(desktop: Desktop, number: str) -> None:
    assert desktop.post(f"{PAGE}rotate", source=number).status_code == 404


def test_nobody_sees_or_ends_a_site_of_another_organisation(tool: Tool, theirs: Furnished) -> None:
    site = make_site(tool, "their-site", of_platform=False, organisation_id=theirs.organisation_id)
    of_them = number_of(signed_in(tool, organisation_id=theirs.organisation_id))
    ours = signed_in(tool)
    assert "their-site" not in ours.get(PAGE).text
    for path in ("rotate", "revoke"):
        assert ours.post(f"{PAGE}{path}", source=of_them, key=site.key.kid).status_code == 404
    with tool.runtime.database.reading() as session:
        [(row, keys)] = sources.listed(session, theirs.organisation_id)
    assert (row.revoked_at, [key.revoked_at for key in keys]) == (None, [None])


def test_it_speaks_chinese(tool: Tool, desktop: Desktop) -> None:
    make_site(tool)
    desktop.post("/admin/language", language="zh-Hans", back=PAGE)
    page = desktop.get(PAGE).text
    assert all(word in page for word in ("发送证据的站点", "最近联系", "有效的密钥", "再创建一个密钥"))
