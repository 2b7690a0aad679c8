"""The plug-in's process that the bench `xblock` runs and kills: it fills the outbox, or sends until nothing waits.

    python -m benchmarks.xblock_sender fill EVENTS LEARNERS
    python -m benchmarks.xblock_sender send

The site is that of `tests.fakes.plugin_django`. The sender is the plug-in's own, with shorter leases so that a bench ends:
a site's last ten minutes. It prints a line for each batch that the tool has settled.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from random import SystemRandom
from typing import Any, Final

from tests.fakes.plugin_django import configure, set_up

LEASE_S: Final = 1.5
"""Far longer than a request to loopback takes."""
PAUSE_S: Final = 0.05
PER_ACTION: Final = 5
"""Events of one action of a learner."""
_NAMES: Final = ("QUALOOP_TOOL_URL", "QUALOOP_SOURCE_KEY", "QUALOOP_SOURCE_SECRET")


def main(verb: str, *numbers: str) -> None:
    """Do one of both."""
    named = {name: os.environ[name] for name in _NAMES}
    if verb == "fill":
        configure(**named)
        _fill(*map(int, numbers))
    else:
        set_up(**named)
        _send()


def _fill(events: int, learners: int) -> None:
    """Let learners answer in turn, as blocks hand answers over."""
    outbox: Any = import_module("xblocks.edx.outbox")
    batches: Any = import_module("tests.fakes.plugin_batches")
    for number, first in enumerate(range(0, events, PER_ACTION)):
        learner = f"learner-{number % learners:05}"
        outbox.record(batches.batch(learner, number=number, count=min(PER_ACTION, events - first)))


def _send() -> None:
    """Send until everything is settled; a lease that a killed sender left is waited for."""
    terms: Any = import_module("xblocks.edx.terms")
    tool: Any = import_module("xblocks.edx.tool")
    config: Any = import_module("xblocks.edx.config")
    sending: Any = import_module("xblocks.edx.sending")
    events: Any = import_module("xblocks.edx.models").EvidenceEvent.objects
    quick = terms.Terms(lease=timedelta(seconds=LEASE_S), first_delay=timedelta(seconds=0.2), growth=2)
    with tool.HttpTool(config.tool_access()) as http:
        while events.filter(state="waiting").exists():
            sent = sending.send_due(_Telling(http), _clock, random=SystemRandom(), terms=quick)
            if not sent.batches:
                time.sleep(PAUSE_S)


class _Telling:
    """The tool; says on a line of its own that a batch was answered, before the sender has noted it."""

    def __init__(self, tool: Any) -> None:
        self._tool = tool

    def ask(self, method: str, target: str, body: bytes = b"") -> Any:
        answer = self._tool.ask(method, target, body)
        if method == "POST":
            sys.stdout.write(f"{answer.status}\n")
            sys.stdout.flush()
        return answer


def _clock() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main(*sys.argv[1:])
