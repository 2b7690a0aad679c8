"""`qualoop content preview`: a package walked through in a browser on the author's machine."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import pytest

from qualoop.commands.content_preview import ADDRESS, Preview, server
from qualoop.content_packages import Package, load_package
from qualoop.framework import Framework
from qualoop.player import ActivityKinds, MicroLessonKind
from tests.factories.packages import apply_edit, copied, ecommerce

BREAK = {"file": "lesson.yaml", "find": "minutes: 3", "put": "minutes: 99"}
MEND = {"file": "lesson.yaml", "find": "minutes: 99", "put": "minutes: 4"}


class Author:
    """Looks at one package through the preview's server."""

    def __init__(self, package: Path, port: int) -> None:
        self.package = package
        self.port = port

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str]:
        reply = self._request(method, path, form, headers)
        body = reply.read().decode("utf-8", "replace")
        if reply.status == 303:
            return self.ask("GET", reply.headers["Location"])
        return reply.status, body

    def _request(self, method: str, path: str, form: dict[str, str] | None, headers: dict[str, str]) -> HTTPResponse:
        connection = HTTPConnection(ADDRESS, self.port, timeout=10)
        connection.request(method, path, body=urlencode(form or {}) if method == "POST" else None, headers=headers)
        return connection.getresponse()


@contextmanager
def previewing(package: Path) -> Iterator[Author]:
    def load() -> tuple[Package, Framework]:
        return load_package(package, ecommerce()), ecommerce()

    preview = Preview(package, load, ActivityKinds({"micro-lesson": MicroLessonKind}))
    with server(preview) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        try:
            yield Author(package, http.server_port)
        finally:
            http.shutdown()
            thread.join()


@pytest.fixture
def author(tmp_path: Path) -> Iterator[Author]:
    with previewing(copied("minimal", tmp_path)) as author:
        yield author


def test_the_lesson_is_shown_in_both_languages(author: Author) -> None:
    assert "A minimal lesson" in author.ask("GET", "/")[1]
    assert "最小的微课" in author.ask("GET", "/?language=zh-Hans")[1]


def test_a_learner_can_go_on_and_answer(author: Author) -> None:
    _, page = author.ask("POST", "/do/go?language=en", {"step": "ask"})
    assert "What is a query?" in page
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))

    _, first = author.ask("POST", "/do/answer?language=en", fields | {"choice": "0"})
    assert ("Yes." in first) != ("That is a keyword." in first)


def test_a_response_that_does_not_fit_is_refused(author: Author) -> None:
    author.ask("POST", "/do/go?language=en", {"step": "ask"})
    form = {"item": "what-is-typed", "try": "1", "choice": "99"}

    assert author.ask("POST", "/do/answer?language=en", form)[0] == 422


def test_an_unknown_action_is_refused(author: Author) -> None:
    author.ask("GET", "/")
    assert author.ask("POST", "/do/dance?language=en")[0] == 400


def test_a_mended_file_is_shown_at_the_step_where_the_author_was(author: Author) -> None:
    author.ask("POST", "/do/go?language=en", {"step": "ask"})
    before = author.ask("GET", "/stamp")[1]

    apply_edit(author.package, BREAK)
    assert author.ask("GET", "/stamp")[1] != before
    assert "lesson.yaml:9: schema-less-than-equal" in author.ask("GET", "/")[1]

    apply_edit(author.package, MEND)
    assert "What is a query?" in author.ask("GET", "/")[1]


def test_starting_again_forgets_the_answers(author: Author) -> None:
    author.ask("POST", "/do/go?language=en", {"step": "ask"})
    _, page = author.ask("POST", "/do/restart?language=en")

    assert "Step 1 of 2" in page


def test_files_of_the_package_are_served_and_no_others(tmp_path: Path) -> None:
    with previewing(copied("full", tmp_path)) as author:
        author.ask("GET", "/")
        assert author.ask("GET", "/assets/figures/page.en.svg")[0] == 200
        assert author.ask("GET", "/assets/lesson.yaml")[0] == 404
        assert author.ask("GET", "/assets/../full/lesson.yaml")[0] == 404
        assert author.ask("GET", "/static/../__init__.py")[0] == 404
        assert author.ask("GET", "/static/qualoop.css")[0] == 200


def test_pages_of_other_sites_are_turned_away(author: Author) -> None:
    assert author.ask("GET", "/", Host="rebound.example")[0] == 403
    assert author.ask("POST", "/do/restart", Origin="https://elsewhere.example")[0] == 403
