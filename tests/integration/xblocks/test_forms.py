"""Forms that a client has made wrong: each action of each block says so with a code, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from webob import Request

from tests.fakes.block_runtime import Place
from tests.integration.xblocks.class_room import ClassRoom
from tests.integration.xblocks.judged_room import TEACHER, JudgedRoom
from tests.integration.xblocks.learners import Learner, placed
from xblocks.common.replies import form_fields
from xblocks.kp_practice import KpPracticeBlock

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n%s\r\nfoo\r\n--x--\r\n'
MALFORMED = {
    "no-boundary": (MULTIPART, b"garbage"),
    "no-boundary-that-can-be": (f"{MULTIPART}; boundary=\u00e9", PART % b""),
    "of-another-encoding": (f"{URLENCODED}; charset=gbk", b"a=1"),
    "of-none": (f"{URLENCODED}; charset=nonsense", b"a=1"),
    "multipart-of-another": (f"{MULTIPART}; boundary=x; charset=gbk", PART % b""),
    "part-of-none": (f"{MULTIPART}; boundary=x", PART % b"Content-Type: text/plain; charset=nonsense\r\n"),
    "part-that-is-not-its-own": (f"{MULTIPART}; boundary=x", PART % b"Content-Type: text/plain; charset=utf-16\r\n"),
}
ACTIONS: dict[str, tuple[Callable[[], Any], str]] = {
    "lesson": (lambda: Learner(place=placed("minimal")).block(), "answer"),
    "practice": (
        lambda: Learner(place=Place(block_class=KpPracticeBlock, fields={"activity_key": "sem-search-terms"})).block(),
        "run",
    ),
    "marking": (lambda: JudgedRoom().who(TEACHER).block(), "mark-list"),
    "checking-in": (lambda: ClassRoom().block("ann"), "check-in"),
    "class": (lambda: ClassRoom().block("teacher", staff=True), "open"),
}


@pytest.mark.parametrize("made", ACTIONS)
@pytest.mark.parametrize("form", MALFORMED)
def test_a_malformed_form_is_refused_with_a_code(made: str, form: str) -> None:
    make, action = ACTIONS[made]
    content_type, body = MALFORMED[form]
    block = make()
    request = Request.blank("/", method="POST", body=body, content_type=content_type)
    response = block.handle("act", request, action)

    assert (response.status_code, response.json) == (400, {"error": "body-refused"})
    assert not any(block.fields[name].is_set_on(block) for name in ("state", "register") if name in block.fields)


def test_of_a_form_each_last_text_is_read_and_no_file() -> None:
    parts = (
        (b'a"', b"1"),
        (b'a"', b"\xe4\xbd\xa0"),
        (b'a"; filename="f.txt"', b"of a file"),
        (b'b"; filename="f.txt"', b"of a file"),
    )
    body = b"".join(b'--x\r\nContent-Disposition: form-data; name="%s\r\n\r\n%s\r\n' % part for part in parts)
    request = Request.blank("/", method="POST", body=body + b"--x--\r\n", content_type=f"{MULTIPART}; boundary=x")

    assert form_fields(request) == {"a": "\u4f60"}
