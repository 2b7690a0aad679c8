"""What people do on the marking pages, in a browser without script."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import unescape
from typing import Any

from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.factories.classrooms import Seat
from tests.factories.launches import TOOL_ORIGIN


def words(page: TestResponse) -> str:
    """Return the text of a page on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def hidden_fields(seat: Seat, page: str) -> dict[str, str]:
    """Return the hidden fields that a page's forms carry."""
    return dict(re.findall(r'name="(csrf|seen)" value="([0-9a-f]+)"', seat.get(page).text))


def send(seat: Seat, path: str, *, page: str = "", **form: Any) -> TestResponse:
    """Send a form with the hidden fields that the page carries."""
    fields = {**hidden_fields(seat, page or path), **form}
    return seat.browser.client.post(seat.page + path, data=fields, base_url=TOOL_ORIGIN)


def hand_in(seat: Seat, *, files: Sequence[tuple[bytes, str]] = (), **form: Any) -> TestResponse:
    """Hand work in as the learner's page does."""
    sent = [FileStorage(io.BytesIO(data), name) for data, name in files]
    boundary, body = encode_multipart({**hidden_fields(seat, "submission/"), **form, "files": sent})
    return seat.browser.client.post(
        f"{seat.page}submission/hand-in",
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
        base_url=TOOL_ORIGIN,
    )


def save(seat: Seat, work: str, *, do: str = "save", **form: Any) -> TestResponse:
    """Send the form of a mark; keywords with `_` for the hyphen: level_headline="2"."""
    page = f"marking/works/{work}/"
    fields = {name.replace("_", "-", 1): value for name, value in form.items()}
    return send(seat, f"{page}save", page=page, do=do, **fields)


def only_work(seat: Seat) -> str:
    """Return the uuid of the first work in the queue."""
    found = re.search(r"marking/works/([0-9a-f-]{36})/", seat.get("marking/?show=all").text)
    assert found
    return found[1]
