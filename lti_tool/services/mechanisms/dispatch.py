"""Sends what the outbox holds: one thread talks to the database, a few others to the platforms.

The database thread writes the answers down and claims the next rows in one transaction, in batches: so the database
costs little, and its threads never wait for each other's locks. The senders do nothing but requests.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from lti_tool.db import Database
from lti_tool.services.mechanisms import outbox
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.lanes import Lanes
from lti_tool.services.mechanisms.outbox import Channel, Finished, Outcome, Parcel, Result, Terms

DEFAULT_THREADS: Final = 8
#: Parcels on the way for each thread: enough that senders never wait for the database, few enough for a short lease.
LOAD_PER_THREAD: Final = 32
#: Seconds that answers are waited for while more rows may be due, and while none is.
TICK_S: Final = 0.05
IDLE_S: Final = 0.5
#: How often the rows of crashed workers are looked for.
TAKE_OVER_EVERY: Final = timedelta(seconds=5)

log = logging.getLogger(__name__)


class Dispatch:
    """Delivers the due rows of some channels. Call its methods from one thread."""

    def __init__(
        self,
        database: Database,
        channels: Sequence[Channel[Any]],
        *,
        clock: Callable[[], datetime],
        random: Random,
        terms: Terms = outbox.DEFAULT_TERMS,
        threads: int = DEFAULT_THREADS,
    ) -> None:
        self._database = database
        self._channels = channels
        self._clock = clock
        self._random = random
        self._terms = terms
        self._threads = threads
        self._load = threads * LOAD_PER_THREAD
        self._parcels: queue.SimpleQueue[Parcel | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Finished] = queue.SimpleQueue()
        self._unwritten: list[Finished] = []
        self._lanes = Lanes()
        self._on_the_way = 0
        self._take_over_at: datetime | None = None
        self._errors = (SQLAlchemyError, database.engine.dialect.loaded_dbapi.Error)

    def run(self, stop: threading.Event) -> None:
        """Deliver until ``stop`` is set; then end the requests under way and hand the other rows back."""
        with self._senders():
            while not stop.is_set():
                claimed = self._turn()
                if self._on_the_way:
                    self._collect(TICK_S if claimed else IDLE_S)
                else:
                    stop.wait(IDLE_S)

    def drain(self) -> int:
        """Deliver what is due now, each row once; return how many tries were made."""
        tries, self._lanes.is_patient = 0, True
        with self._senders():
            while (claimed := self._turn()) or self._on_the_way:
                tries += claimed
                self._collect(TICK_S)
        return tries

    @contextmanager
    def _senders(self) -> Iterator[None]:
        """Run the sending threads; at the end hand back what none of them has begun, and write every answer down."""
        senders = [threading.Thread(target=self._send_all, daemon=True) for _ in range(self._threads)]
        for sender in senders:
            sender.start()
        try:
            yield
        finally:
            self._hand_back()
            for _ in senders:
                self._parcels.put(None)
            for sender in senders:
                sender.join()
            self._take_answers()
            self._turn(claiming=False)

    def _turn(self, *, claiming: bool = True) -> int:
        """Write answers down and claim rows, in one transaction; return how many rows were claimed.

        Where the database fails nothing is lost: the answers are kept for the next turn.
        """
        now = self._clock()
        try:
            with self._database.connection() as connection:
                outbox.finish(connection, self._unwritten, terms=self._terms, random=self._random, now=now)
                self._take_over(connection, now)
                claimed = self._claim(connection, now) if claiming else []
        except self._errors:
            log.exception("the outbox could not be read or written; it is tried again")
            time.sleep(IDLE_S)
            return 0
        self._unwritten = self._lanes.turn_out(now)
        self._on_the_way -= len(self._unwritten)
        sent_or_waiting = [parcel for parcel in claimed if self._start(parcel, now)]
        self._on_the_way += len(sent_or_waiting)
        return len(sent_or_waiting)

    def _start(self, parcel: Parcel, now: datetime) -> bool:
        """Give a claimed parcel to the senders or to its lane; note it unsent and say no where there is no room."""
        offered = self._lanes.offer(parcel, now)
        if isinstance(offered, Finished):
            self._unwritten.append(offered)
            return False
        if offered is not None:
            self._parcels.put(offered)
        return True

    def _claim(self, connection: Connection, now: datetime) -> list[Parcel]:
        """Claim as many rows as there is room for, from each channel in turn."""
        claimed: list[Parcel] = []
        for channel in self._channels:
            room = self._load - self._on_the_way - len(claimed)
            if room > 0:
                claimed += outbox.claim(
                    connection, channel, at_most=room, terms=self._terms, random=self._random, now=now
                )
        return claimed

    def _take_over(self, connection: Connection, now: datetime) -> None:
        """Free the rows of crashed workers every few seconds."""
        if self._take_over_at is None or now >= self._take_over_at:
            if freed := outbox.take_over(connection, now):
                log.warning("took over %d deliveries of a worker that stopped", freed)
            self._take_over_at = now + TAKE_OVER_EVERY

    def _collect(self, wait_s: float) -> None:
        """Wait until an answer has come and half of the load is back, no longer than ``wait_s``; take what there is."""
        deadline = time.monotonic() + wait_s
        enough = min(self._load // 2, self._on_the_way - 1)
        while self._on_the_way > enough:
            try:
                self._took(self._answers.get(timeout=max(deadline - time.monotonic(), 0)))
            except queue.Empty:
                return
        self._take_answers()

    def _take_answers(self) -> None:
        """Take every answer that has come."""
        while not self._answers.empty():
            self._took(self._answers.get())

    def _took(self, finished: Finished) -> None:
        self._unwritten.append(finished)
        self._on_the_way -= 1
        following = self._lanes.release(finished, self._clock())
        if following is not None:
            self._parcels.put(following)

    def _hand_back(self) -> None:
        """Give the rows back that no sender has begun."""
        unsent = self._lanes.turn_out()
        self._unwritten += unsent
        self._on_the_way -= len(unsent)
        while not self._parcels.empty():
            try:
                parcel = self._parcels.get_nowait()
            except queue.Empty:
                return
            if parcel is not None:
                self._answers.put(Finished(parcel.row, Result(Outcome.UNSENT), parcel.message.lane))

    def _send_all(self) -> None:
        """Send parcels until there is a None: the work of one thread."""
        while (parcel := self._parcels.get()) is not None:
            self._answers.put(Finished(parcel.row, self._send(parcel), parcel.message.lane))

    def _send(self, parcel: Parcel) -> Result:
        """Send one parcel, unless its lease might end before the answer comes."""
        row = parcel.row
        if self._clock() > row.leased_until - self._terms.longest_try:
            return Result(Outcome.UNSENT)
        try:
            return parcel.channel.send(parcel.message, row.timestamp)
        except Exception:
            # A fault of ours must not take the thread with it. It may have struck after the request.
            log.exception("a delivery failed in the channel %s", row.channel)
            return Result(Outcome.AMBIGUOUS, Reason.INTERNAL)
