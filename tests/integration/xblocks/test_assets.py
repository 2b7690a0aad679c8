"""Figures and recordings: sent in a sandbox, cacheable, in ranges, and nothing else."""

from __future__ import annotations

import pytest
from webob import Request, Response

from tests.integration.xblocks.learners import TEST_LESSONS, Learner, placed

ASSETS = TEST_LESSONS.get("full").package.assets


def fetched(path: str, **headers: str) -> Response:
    request = Request.blank("/", headers={name.replace("_", "-"): value for name, value in headers.items()})
    return Learner(place=placed("full")).block().handle("asset", request, path)


@pytest.mark.parametrize("path", ASSETS)
def test_a_file_is_sent_as_it_is(path: str) -> None:
    response = fetched(path)

    assert response.status_code == 200
    assert response.body == ASSETS[path].data
    assert response.content_type == ASSETS[path].media_type
    assert response.headers["Content-Security-Policy"].endswith("sandbox")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["", "figures/none.svg", "lesson.yaml", "items.yaml", "../minimal/items.yaml"])
def test_what_is_no_asset_is_not_found(path: str) -> None:
    response = fetched(path)

    assert (response.status_code, response.json) == (404, {"error": "content-missing"})


def test_a_file_that_the_browser_has_is_not_sent_again() -> None:
    path = next(iter(ASSETS))
    response = fetched(path, If_None_Match=f'"{ASSETS[path].sha256}"')

    assert (response.status_code, response.body) == (304, b"")


def test_a_recording_is_sent_in_ranges() -> None:
    response = fetched("media/talk.mp3", Range="bytes=2-5")

    assert response.status_code == 206
    assert response.body == ASSETS["media/talk.mp3"].data[2:6]


def test_without_a_lesson_there_is_no_asset() -> None:
    response = Learner(place=placed("")).block().handle("asset", Request.blank("/"), "figures/x.svg")

    assert response.status_code == 404
