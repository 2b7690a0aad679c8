"""Signed requests to the tool: bounded in time and size, never redirected, never by way of a proxy of the environment."""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Protocol, Self

import requests

from qualoop.exchange import sign_request
from qualoop.exchange.retrying import retry_after_s
from xblocks.edx.config import ToolAccess

_logger = logging.getLogger(__name__)

MAX_ANSWER: Final = 4 * 1024 * 1024
CONNECT_S: Final = 5
MOST_CODE: Final = 64

UNREACHABLE: Final = "unreachable"
UNREADABLE: Final = "answer-unreadable"

_CODE: Final = re.compile(r"[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a request: ``status`` is None where nothing did; ``body`` is JSON; ``code`` says what is wrong, or ''."""

    status: int | None
    body: Any = None
    code: str = ""
    retry_after_s: int = 0

    @property
    def is_good(self) -> bool:
        """Return whether the tool did what it was asked and said so."""
        return self.status in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED} and not self.code


class Tool(Protocol):
    """The tool's API."""

    def ask(self, method: str, target: str, body: bytes = b"") -> Answer:
        """Send one request to ``target``, path and query below the tool's address; whatever happens is an answer."""


class HttpTool:
    """The tool over HTTP. Use it as a context; it serves one thread."""

    def __init__(self, access: ToolAccess) -> None:
        self._access = access
        self._session = requests.Session()
        # Evidence goes where the settings say, and nowhere that a variable of the environment or a .netrc adds.
        self._session.trust_env = False

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._session.close()

    def ask(self, method: str, target: str, body: bytes = b"") -> Answer:
        """Send one signed request."""
        access = self._access
        path = access.prefix + target
        headers = sign_request(
            method,
            path,
            body,
            key=access.key,
            secret=access.secret,
            request_id=str(uuid.uuid4()),
            now=datetime.now(UTC),
        )
        try:
            with self._session.request(
                method,
                access.origin + path,
                data=body or None,
                headers={
                    **headers,
                    "Accept": "application/json",
                    **({"Content-Type": "application/json"} if body else {}),
                },
                timeout=(min(CONNECT_S, access.timeout_s), access.timeout_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                return _answer(response)
        except (requests.RequestException, OSError) as error:
            _logger.warning("the tool was not reached: %s", type(error).__name__)
            return Answer(status=None, code=UNREACHABLE)


def _answer(response: Any) -> Answer:
    status = int(response.status_code)
    wait = retry_after_s(response.headers)
    if status == HTTPStatus.NOT_MODIFIED:
        return Answer(status=status)
    try:
        body = json.loads(b"".join(_bounded(response)))
    except ValueError:
        return Answer(
            status=status, code=UNREADABLE if status == HTTPStatus.OK else f"http-{status}", retry_after_s=wait
        )
    code = "" if status == HTTPStatus.OK else _code(body, status)
    return Answer(status=status, body=body, code=code, retry_after_s=wait)


def _bounded(response: Any) -> Iterator[bytes]:
    """Yield a body in pieces; raise ValueError where it is too large."""
    size = 0
    for piece in response.iter_content(64 * 1024):
        size += len(piece)
        if size > MAX_ANSWER:
            raise ValueError("the answer is too large")
        yield piece


def _code(body: Any, status: int) -> str:
    """Return the code of a problem document, else one made of the status."""
    found = body.get("code") if isinstance(body, dict) else None
    return found if isinstance(found, str) and _CODE.fullmatch(found) else f"http-{status}"
