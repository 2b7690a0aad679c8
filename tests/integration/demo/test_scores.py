"""Scores, results, line items and members: what the tool may do, and what it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.integration.demo.fake_tool import (
    LINE_ITEM_SCOPE,
    MEMBERSHIP_SCOPE,
    RESULT_SCOPE,
    SCORE_SCOPE,
    FakeTool,
    post_score,
    score,
)

RESULTS = {"Accept": "application/vnd.ims.lis.v2.resultcontainer+json"}
MEMBERS = {"Accept": "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"}
LINE_ITEMS = {"Accept": "application/vnd.ims.lis.v2.lineitemcontainer+json"}
LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"


@pytest.fixture
def client(lms: Flask) -> FlaskClient:
    return lms.test_client()


@pytest.fixture
def bearer(client: FlaskClient, tool: FakeTool) -> dict[str, str]:
    return tool.bearer(client, SCORE_SCOPE, RESULT_SCOPE, LINE_ITEM_SCOPE, MEMBERSHIP_SCOPE)


def results(client: FlaskClient, bearer: dict[str, str], url: str) -> list[dict[str, Any]]:
    answer = client.get(url.replace("?", "/results?"), headers=bearer | RESULTS)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.get_json()
    return found


def test_score_is_stored_in_the_maximum_of_its_column(
    client: FlaskClient, bearer: dict[str, str], line_item_url: str
) -> None:
    answer = post_score(client, bearer, score(comment="Well done"), url=line_item_url)
    assert (answer.status_code, answer.data) == (200, b"")
    [result] = results(client, bearer, line_item_url)
    assert (result["userId"], result["resultScore"], result["resultMaximum"]) == ("22", 85, 100)
    assert (result["comment"], result["scoreOf"]) == ("Well done", line_item_url)


@pytest.mark.parametrize(
    ("timestamp", "status"),
    [
        ("2026-11-24T09:59:59.999Z", 409),
        ("2026-11-24T10:00:00.000Z", 409),
        ("2026-11-24T18:00:00+08:00", 409),
        ("2026-11-24T10:00:00.001Z", 200),
        ("2026-11-24T18:00:01+08:00", 200),
    ],
)
def test_only_a_later_score_replaces_one(
    client: FlaskClient, bearer: dict[str, str], line_item_url: str, *, timestamp: str, status: int
) -> None:
    post_score(client, bearer, score(), url=line_item_url)
    answer = post_score(client, bearer, score(scoreGiven=3, timestamp=timestamp), url=line_item_url)
    assert answer.status_code == status
    [result] = results(client, bearer, line_item_url)
    assert result["resultScore"] == (30 if status == 200 else 85)


def test_progress_alone_leaves_the_grade(client: FlaskClient, bearer: dict[str, str], line_item_url: str) -> None:
    post_score(client, bearer, score(), url=line_item_url)
    later = score(gradingProgress="Pending", scoreGiven=1, timestamp="2026-11-24T11:00:00Z")
    assert post_score(client, bearer, later, url=line_item_url).status_code == 200
    assert results(client, bearer, line_item_url)[0]["resultScore"] == 85


@pytest.mark.parametrize(
    "message",
    [
        score(user_id="11"),
        score(user_id="999"),
        score(userId=22),
        score(userId=None),
        score(scoreGiven=None),
        score(scoreGiven="8.5"),
        score(scoreGiven=True),
        score(scoreGiven=-1),
        score(scoreMaximum=None),
        score(scoreMaximum=0),
        score(activityProgress=None),
        score(activityProgress=["Completed"]),
        score(gradingProgress="Done"),
        score(timestamp=None),
        score(timestamp="2026-11-24T10:00:00"),
        score(timestamp=1795446074),
        score(timestamp="0001-01-01T00:00:00+23:00"),
        score(comment=7),
        score(comment="\ud800"),
        {"a": 1},
        [],
        "{nope",
        '{"scoreGiven": NaN}',
        "[" * 100_000,
    ],
)
def test_malformed_score_is_refused(
    client: FlaskClient, bearer: dict[str, str], line_item_url: str, message: object
) -> None:
    answer = post_score(client, bearer, message, url=line_item_url)
    assert answer.status_code == 400
    assert answer.get_json()["error"]
    assert results(client, bearer, line_item_url) == []


def test_score_needs_its_media_type(client: FlaskClient, bearer: dict[str, str], line_item_url: str) -> None:
    answer = post_score(client, bearer, score(), url=line_item_url, media_type="application/json")
    assert answer.status_code == 415


def test_score_needs_its_scope(client: FlaskClient, tool: FakeTool, line_item_url: str) -> None:
    bearer = tool.bearer(client, RESULT_SCOPE, LINE_ITEM_SCOPE)
    assert post_score(client, bearer, score(), url=line_item_url).status_code == 403


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer made-up", "Bearer a b", "Basic YTpi"])
def test_score_needs_a_token(client: FlaskClient, line_item_url: str, authorization: str) -> None:
    answer = post_score(client, {"Authorization": authorization}, score(), url=line_item_url)
    assert answer.status_code == 401


def test_id_token_is_no_access_token(
    student: FlaskClient, tool: FakeTool, login: dict[str, str], line_item_url: str
) -> None:
    page = student.get("/lti/auth", query_string=tool.authentication_request(login)).text
    id_token = page.split('name="id_token" value="')[1].split('"')[0]
    assert post_score(student, {"Authorization": f"Bearer {id_token}"}, score(), url=line_item_url).status_code == 401


def test_score_for_no_line_item(client: FlaskClient, bearer: dict[str, str], line_item_url: str) -> None:
    unknown = line_item_url.replace("lineitems/1/", "lineitems/77/")
    assert post_score(client, bearer, score(), url=unknown).status_code == 404


def test_results_need_their_media_type(client: FlaskClient, bearer: dict[str, str], line_item_url: str) -> None:
    answer = client.get(line_item_url.replace("?", "/results?"), headers=bearer | {"Accept": "*/*"})
    assert answer.status_code == 406


def test_tool_keeps_columns_of_its_own(client: FlaskClient, bearer: dict[str, str]) -> None:
    made = client.post(
        "/lti/courses/1/lineitems",
        json={"label": "Extra", "scoreMaximum": 20, "tag": "extra"},
        headers=bearer | {"Content-Type": LINE_ITEM_TYPE},
    )
    assert made.status_code == 201
    found = client.get("/lti/courses/1/lineitems?tag=extra", headers=bearer | LINE_ITEMS).get_json()
    assert [item["id"] for item in found] == [made.get_json()["id"]]
    assert client.delete(found[0]["id"], headers=bearer).status_code == 204
    assert client.delete(found[0]["id"], headers=bearer).status_code == 404


def test_column_of_an_activity_cannot_be_removed(
    client: FlaskClient, bearer: dict[str, str], line_item_url: str
) -> None:
    assert client.delete(line_item_url, headers=bearer).status_code == 403


def test_members_come_page_by_page(client: FlaskClient, bearer: dict[str, str], settings: Any) -> None:
    url, names = f"{settings.base_url}/lti/courses/1/memberships?limit=3", []
    for _ in range(3):
        answer = client.get(url, headers=bearer | MEMBERS)
        names += [member["name"] for member in answer.get_json()["members"]]
        assert "next" not in answer.get_json()
        url = answer.headers.get("Link", "").removeprefix("<").partition(">")[0]
    assert url == ""
    assert len(names) == len(set(names)) == 8


def test_members_of_one_role(client: FlaskClient, bearer: dict[str, str]) -> None:
    found = client.get("/lti/courses/1/memberships?role=Instructor", headers=bearer | MEMBERS).get_json()["members"]
    assert {member["user_id"] for member in found} == {"11", "12"}


@pytest.mark.parametrize("limit", ["0", "-1", "x", "99999999999"])
def test_page_size_that_is_none_is_refused(client: FlaskClient, bearer: dict[str, str], limit: str) -> None:
    answer = client.get(f"/lti/courses/1/memberships?limit={limit}", headers=bearer | MEMBERS)
    assert answer.status_code == 400
