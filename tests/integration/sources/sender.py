"""A process of the tool that takes one batch after another and prints what it has answered for: to be killed.

`python -m tests.integration.sources.sender ADDRESS ORGANISATION SOURCE SEED`
"""

from __future__ import annotations

import sys
import uuid

from lti_tool.db import Database
from lti_tool.services.sources import requests
from lti_tool.services.sources.evidence import record_batch
from lti_tool.services.sources.requests import Answer, SignedRequest
from lti_tool.services.sources.sources import KnownSource
from tests.factories.sources import event, shipped_parts
from tests.factories.tool import NOON


def main(url: str, organisation: str, source_id: str, seed: str) -> None:
    """Take batches of three until somebody ends it."""
    database, parts = Database(url), shipped_parts()
    source = KnownSource(id=int(source_id), organisation_id=int(organisation), key="open-edx", registration_id=None)
    for number in range(1, 10**6):
        events = [
            event(int(seed) * 10**6 + number * 3 + place, learner=f"s-{seed}", part=parts[place], attempt=f"a-{number}")
            for place in range(3)
        ]
        request = SignedRequest(source=source, request_id=str(uuid.uuid4()), digest="0" * 64)
        # As the view does: the answer leaves once the transaction is over.
        with database.connection() as connection:
            requests.take(connection, request, NOON)
            answer = record_batch(connection, source, events, now=NOON).model_dump_json()
            requests.keep_answer(connection, request, Answer(200, answer))
        sys.stdout.write(f"{events[0]['id']}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
