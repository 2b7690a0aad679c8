"""What tests do and look at between a running Open edX and its tool: services with our token, tries, and the past."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from sqlalchemy import text

from lti_tool.lti import ags
from lti_tool.outgoing import Reply
from lti_tool.services.platforms.platform_services import services_of
from qualoop.values import Score
from tests.factories.launches import AGS
from tests.factories.open_edx import OpenEdx, claims_of

LINE_ITEM_SCOPES = (ags.SCOPE_LINE_ITEM, ags.SCOPE_LINE_ITEM_READ)

_OURS = "target IN (SELECT id FROM resource_link WHERE platform_key = :key)"


class Try(NamedTuple):
    """One try to deliver a score; ``timestamp`` in microseconds since 1970."""

    outcome: str
    status: int | None
    timestamp: int


def ask(
    platform: OpenEdx, scopes: Iterable[str], method: str, *, url: str, kind: str, body: bytes | None = None
) -> Reply:
    """Send a request with a token of ours."""
    [known] = platform.runtime.registrations.all()
    headers = {"Content-Type" if body else "Accept": kind}
    return services_of(platform.runtime).send(known.registration, scopes, method, url=url, headers=headers, body=body)


def ask_with(token: str, url: str) -> HTTPError:
    """Ask a service with some token and return the refusal."""
    try:
        with urlopen(Request(url, headers={"Authorization": f"Bearer {token}"})) as response:
            raise AssertionError(response.read())
    except HTTPError as error:
        error.close()
        return error


def service(platform: OpenEdx, name: str, path: str = "/lti-ags") -> str:
    """Return the address of a service of a component, as its launches tell it."""
    lineitems: str = claims_of(platform.person("tina").offered(name))[AGS]["lineitems"]
    return lineitems.removesuffix("/lti-ags") + path


def make_line_item(platform: OpenEdx, name: str, *, resource_link: str | None = None) -> str:
    """Make a line item that is not of ours, without a resource link where none is said; return its address."""
    item = {"label": "Another", "scoreMaximum": 100, "resourceId": "another"}
    body = json.dumps(item | ({"resourceLinkId": resource_link} if resource_link else {})).encode()
    url = service(platform, name)
    reply = ask(platform, LINE_ITEM_SCOPES, "POST", url=url, kind=ags.LINE_ITEM_TYPE, body=body)
    assert reply.status == 201, reply.body
    return ags.parse_line_item(reply.body).url


def post_score(platform: OpenEdx, line_item: str, user_id: str, timestamp: datetime) -> Reply:
    """Post a full score."""
    body = ags.score_body(Score(1), maximum=100, user_id=user_id, timestamp=timestamp)
    url = ags.scores_url(line_item)
    return ask(platform, [ags.SCOPE_SCORE], "POST", url=url, kind=ags.SCORE_TYPE, body=body)


def tries(platform: OpenEdx, name: str) -> list[Try]:
    """Return every try to deliver a score of a component, in order."""
    query = (
        "SELECT d.outcome, d.status, d.timestamp FROM delivery d JOIN outbox o ON o.id = d.outbox_id "
        f"WHERE o.channel = 'ags' AND o.{_OURS} ORDER BY d.id"
    )
    with platform.runtime.database.reading() as session:
        return [Try(*row) for row in session.execute(text(query), _key(platform, name))]


def forget_tries(platform: OpenEdx, name: str) -> None:
    """Let the tool not know that it has sent scores of a component, as one that is restored from a backup does not."""
    changes = (
        f"DELETE FROM delivery WHERE outbox_id IN (SELECT id FROM outbox WHERE channel = 'ags' AND {_OURS})",
        f"UPDATE outbox SET state = 'due', last_timestamp = NULL, next_at = 0 WHERE channel = 'ags' AND {_OURS}",
    )
    with platform.runtime.database.transaction() as session:
        for change in changes:
            session.execute(text(change), _key(platform, name))


def forget_line_item(platform: OpenEdx, name: str) -> None:
    """Let the tool not know where the scores of a component go."""
    change = f"UPDATE line_item SET url = NULL WHERE {_OURS.replace('target', 'resource_link_id')}"
    with platform.runtime.database.transaction() as session:
        session.execute(text(change), _key(platform, name))


def _key(platform: OpenEdx, name: str) -> dict[str, str]:
    return {"key": platform.component(name)["location"]}
