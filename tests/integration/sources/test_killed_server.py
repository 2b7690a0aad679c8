"""kill -9 of the web server while a site sends: each event of a 2xx is there once, and what is sent again is not doubled."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Any

import urllib3

from qualoop.exchange import sign_request
from tests.factories.served_tool import served
from tests.factories.sources import EVIDENCE, Site, event, make_site, shipped_parts
from tests.factories.tool import Tool
from tests.integration.sources.test_evidence import recorded
from tests.integration.sources.test_killed_batches import wait_for_the_server

SENDERS = 3
FIRST = 12
"""Batches that are answered before the server may be killed: fewer than one sender has, should the others wait."""
LONGEST_S = 0.2
MOST = 30
"""Batches of each sender: together fewer than the tool takes of a source at once."""
OK = 200


def test_what_was_answered_with_2xx_is_there_once_after_kill_and_restart(tool: Tool, tmp_path: Path) -> None:
    site = make_site(tool, of_platform=False)
    workers = 1 if tool.runtime.database.is_sqlite else 2
    with served(tool, tmp_path / "served", workers=workers) as server:
        senders = [Sender(number, server.url, site) for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        while sum(len(sender.answered) for sender in senders) < FIRST:
            assert all(sender.is_alive() for sender in senders)
            time.sleep(0.01)
        time.sleep(SystemRandom().uniform(0, LONGEST_S))
        server.kill()
        for sender in senders:
            sender.join()
        wait_for_the_server(tool)
        kept = ids_in(tool)
        told = [each["id"] for sender in senders for batch in sender.answered for each in batch]
        assert set(told) <= set(kept), "an event of a 2xx was lost"
        assert len(kept) == len(set(kept))
        server.start()
        for sender in senders:
            sender.send_again()
    every = [each["id"] for sender in senders for batch in sender.batches for each in batch]
    assert sorted(ids_in(tool)) == sorted(every), "sent again, and neither lost nor doubled"


def ids_in(tool: Tool) -> list[str]:
    """Return the ids of the events in the ledger, as often as they stand there."""
    return [row.source_id for row in recorded(tool) if row.source_id]


class Sender(threading.Thread):
    """A site's sender: one batch after another until the server is gone; nothing is sent twice before that."""

    def __init__(self, number: int, url: str, site: Site) -> None:
        super().__init__(daemon=True)
        self.batches: list[Sequence[dict[str, Any]]] = []
        self.answered: list[Sequence[dict[str, Any]]] = []
        self._number = number
        self._url = url
        self._site = site
        self._parts = shipped_parts()

    def run(self) -> None:
        with urllib3.PoolManager(retries=False, timeout=30) as http:
            for number in range(1, MOST):
                self.batches.append(self._batch(number))
                try:
                    status = self._send(http, self.batches[-1])
                except urllib3.exceptions.HTTPError:
                    return
                assert status == OK
                self.answered.append(self.batches[-1])

    def send_again(self) -> None:
        """Send every batch again, as a site does that does not know what came of it."""
        with urllib3.PoolManager(retries=False, timeout=30) as http:
            for start in range(0, len(self.batches), 50):
                events = [event for batch in self.batches[start : start + 50] for event in batch]
                assert self._send(http, events) == OK

    def _batch(self, number: int) -> Sequence[dict[str, Any]]:
        first = self._number * 10**6 + number * 3
        return [
            event(
                first + place,
                learner=f"s-{self._number}",
                sequence=(number - 1) * 3 + place + 1,
                part=self._parts[place],
                attempt=f"a-{number}",
            )
            for place in range(3)
        ]

    def _send(self, http: urllib3.PoolManager, events: Sequence[dict[str, Any]]) -> int:
        body = json.dumps({"events": events}).encode()
        headers = sign_request(
            "POST",
            EVIDENCE,
            body,
            key=self._site.key.kid,
            secret=self._site.key.secret,
            request_id=str(uuid.uuid4()),
            now=datetime.now(UTC),
        )
        answer = http.request(
            "POST", self._url + EVIDENCE, body=body, headers={**headers, "Content-Type": "application/json"}
        )
        return answer.status
