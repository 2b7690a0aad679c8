"""The worker: delivers what the outbox holds, seals the ledgers, replays where evidence was corrected, clears away."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random, SystemRandom
from typing import Any, Final

from sqlalchemy import select

from lti_tool.models import Organisation
from lti_tool.services.assembling import assemble
from lti_tool.services.attempts.closing import close_due
from lti_tool.services.classes.devices import purge_devices
from lti_tool.services.classes.overdue import close_overdue
from lti_tool.services.classes.team_erasure import purge_team_words
from lti_tool.services.grades.ags_channel import AgsChannel
from lti_tool.services.grades.columns import GradeColumns
from lti_tool.services.grades.results import GradeResults
from lti_tool.services.grades.score_posts import ScorePosts
from lti_tool.services.launches.deep_links import purge_requests
from lti_tool.services.learner_queries import keep_data_in
from lti_tool.services.ledger import ledger
from lti_tool.services.marking.release import release_due
from lti_tool.services.mastery.replay_log import FOLDER
from lti_tool.services.mastery.replay_waiting import run_waiting
from lti_tool.services.mastery.watch import Follower, watch_due
from lti_tool.services.mechanisms.dispatch import DEFAULT_THREADS, Dispatch
from lti_tool.services.mechanisms.outbox import DEFAULT_TERMS, Channel, Terms
from lti_tool.services.moodle.channel import MoodleChannel
from lti_tool.services.moodle.follower import MoodleFollower, MoodleUpkeep
from lti_tool.services.moodle.grade_comparison import GradeComparison
from lti_tool.services.moodle.mastery_column_channel import MasteryColumnChannel
from lti_tool.services.moodle.mastery_column_levels import LevelFollower, compare_due
from lti_tool.services.moodle.mastery_column_making import ColumnMaker
from lti_tool.services.observing.erasure import purge_observations
from lti_tool.services.people.logins import purge_states
from lti_tool.services.people.sessions import purge_sessions
from lti_tool.services.platforms import key_rotation, tool_keys
from lti_tool.services.platforms.platform_services import services_of
from lti_tool.services.platforms.runtime import Runtime
from lti_tool.services.programme.teacher_records_erasure import purge_teacher_entries
from lti_tool.services.programme.teacher_records_review import warn_of_expiry
from lti_tool.services.rosters.roster import RosterReader
from lti_tool.services.schema import is_current
from lti_tool.services.sheets.purge import purge_paper
from lti_tool.services.sheets.reading import read_waiting
from lti_tool.services.sources.requests import purge_requests as purge_signed_requests
from lti_tool.services.sources.waiting import take_up_ready
from lti_tool.services.warnings.erasure import purge_warnings
from lti_tool.services.warnings.looking import look_due
from lti_tool.settings import from_environment
from qualoop.commands import Nouns

SEAL_EVERY: Final = timedelta(seconds=5)
PURGE_EVERY: Final = timedelta(hours=1)
ROTATE_EVERY: Final = timedelta(hours=1)
LOOK_EVERY_S: Final = 1.0
REPLAY_EVERY_S: Final = 5.0
COMPARE_EVERY_S: Final = 60.0
ROSTERS_EVERY_S: Final = 2.0
MOODLE_EVERY_S: Final = 30.0
FOLLOW_EVERY_S: Final = 2.0
CLOSE_EVERY_S: Final = 10.0
WAITING_EVERY_S: Final = 30.0
SHEETS_EVERY_S: Final = 1.0
CLASSES_EVERY: Final = timedelta(minutes=5)
RELEASE_EVERY_S: Final = 10.0
WARNINGS_EVERY_S: Final = 300.0
EXPIRY_EVERY: Final = timedelta(days=1)

log = logging.getLogger(__name__)


def make_dispatch(
    runtime: Runtime, *, random: Random, terms: Terms = DEFAULT_TERMS, threads: int = DEFAULT_THREADS
) -> Dispatch:
    """Return the delivery of every channel."""
    services = services_of(runtime)
    columns = GradeColumns(runtime.database, services, clock=runtime.clock, base_url=runtime.settings.base_url)
    results = GradeResults(runtime.database, services)
    posts = ScorePosts(services, columns, results, runtime.registrations)
    channels: list[Channel[Any]] = [
        AgsChannel(posts),
        MasteryColumnChannel(posts, runtime.contents),
        MoodleChannel(runtime),
    ]
    return Dispatch(runtime.database, channels, clock=runtime.clock, random=random, terms=terms, threads=threads)


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and Ctrl-C set. Call it in the main thread."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@dataclass(slots=True)
class Chore:
    """Something to be done every now and then."""

    name: str
    every: timedelta
    do: Callable[[datetime], object]
    due_at: datetime | None = field(default=None)

    def run_if_due(self, now: datetime) -> None:
        """Do it where its time has come. What goes wrong is logged and tried again at the next time."""
        if self.due_at is not None and now < self.due_at:
            return
        self.due_at = now + self.every
        try:
            self.do(now)
        except Exception:
            log.exception("the chore %s failed", self.name)


@dataclass(frozen=True, slots=True)
class Errand:
    """Something that may take long: in a thread of its own, so that no grade and no seal waits for it."""

    name: str
    every_s: float
    do: Callable[[Callable[[], bool]], object]

    def run(self, stop: threading.Event) -> None:
        """Do it every now and then until ``stop`` is set. What goes wrong is logged and tried again."""
        while not stop.wait(self.every_s):
            try:
                self.do(stop.is_set)
            except Exception:
                log.exception("the errand %s failed", self.name)


class Worker:
    """One worker process. What asks a platform, and replays, have threads of their own; chores run where `run` is called."""

    def __init__(self, runtime: Runtime, dispatch: Dispatch) -> None:
        self._runtime = runtime
        self._dispatch = dispatch
        services = services_of(runtime)
        self._comparison = GradeComparison(
            runtime.database, GradeResults(runtime.database, services), runtime.registrations
        )
        rosters = RosterReader(runtime.database, services, runtime.registrations, clock=runtime.clock)
        columns = GradeColumns(runtime.database, services, clock=runtime.clock)
        self._column_maker = ColumnMaker(
            runtime.database, columns, runtime.registrations, clock=runtime.clock, random=SystemRandom()
        )
        self._followers: tuple[Follower, ...] = (LevelFollower(runtime.contents), MoodleFollower(runtime.contents))
        self._errands = (
            Errand("replays", REPLAY_EVERY_S, self._replay_waiting),
            Errand("mastery followers", FOLLOW_EVERY_S, self._follow_mastery),
            Errand("mastery columns", FOLLOW_EVERY_S, self._keep_columns),
            Errand("attempts that are over", CLOSE_EVERY_S, self._close_attempts),
            Errand("marks that are due", RELEASE_EVERY_S, self._release_marks),
            Errand("evidence that waits", WAITING_EVERY_S, self._take_up_evidence),
            Errand("sheets of paper", SHEETS_EVERY_S, self._read_sheets),
            Errand("early warnings", WARNINGS_EVERY_S, self._look_at_learners),
            Errand("comparisons", COMPARE_EVERY_S, self._compare),
            Errand("class lists", ROSTERS_EVERY_S, rosters.update_due),
            Errand("Moodle competencies", MOODLE_EVERY_S, MoodleUpkeep(runtime).run_due),
        )
        self._chores = (
            Chore("seal", SEAL_EVERY, self._seal),
            Chore("purge", PURGE_EVERY, self._purge),
            Chore("keys", ROTATE_EVERY, self._rotate_keys),
            Chore("classes that nobody closed", CLASSES_EVERY, self._close_classes),
            Chore("qualifications that end", EXPIRY_EVERY, self._warn_of_expiry),
        )

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set, then end what is under way."""
        threads = [threading.Thread(target=self._deliver, args=(stop,), name="deliveries")]
        threads += [threading.Thread(target=each.run, args=(stop,), name=each.name) for each in self._errands]
        for thread in threads:
            thread.start()
        try:
            while not stop.wait(LOOK_EVERY_S):
                self._do_chores()
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def run_once(self) -> int:
        """Deliver what is due now and do every chore once; return how many deliveries were tried."""
        tries = self._dispatch.drain()
        self._do_chores()
        for errand in self._errands:
            errand.do(lambda: False)
        return tries

    def _deliver(self, stop: threading.Event) -> None:
        """Deliver until ``stop``; should that ever fail, the process ends rather than live on without it."""
        try:
            self._dispatch.run(stop)
        finally:
            stop.set()

    def _close_attempts(self, is_ending: Callable[[], bool]) -> None:
        """Hand in what is still open when its time is over."""
        runtime = self._runtime
        secret = runtime.settings.secret_key
        close_due(runtime.database, runtime.contents, secret=secret, clock=runtime.clock, is_ending=is_ending)

    def _release_marks(self, is_ending: Callable[[], bool]) -> None:
        """Release marks whose date has come."""
        runtime = self._runtime
        secret = runtime.settings.secret_key
        release_due(runtime.database, secret=secret, clock=runtime.clock, is_ending=is_ending)

    def _take_up_evidence(self, is_ending: Callable[[], bool]) -> None:
        """Record what sources sent of content that has been installed since."""
        take_up_ready(self._runtime.database, clock=self._runtime.clock, is_ending=is_ending)

    def _read_sheets(self, is_ending: Callable[[], bool]) -> None:
        """Read the scans of sheets that somebody uploaded."""
        runtime = self._runtime
        secret = runtime.settings.secret_key
        read_waiting(runtime.database, secret=secret, clock=runtime.clock, is_ending=is_ending)

    def _look_at_learners(self, is_ending: Callable[[], bool]) -> None:
        """Look at the courses at which nobody has looked for a day."""
        runtime = self._runtime
        secret = runtime.settings.secret_key
        look_due(runtime.database, runtime.contents, secret=secret, now=runtime.clock(), is_ending=is_ending)

    def _compare(self, is_ending: Callable[[], bool]) -> None:
        self._comparison.compare_due(self._runtime.clock(), is_ending)

    def _replay_waiting(self, is_ending: Callable[[], bool]) -> None:
        runtime = self._runtime
        folder = runtime.settings.data_folder / FOLDER
        run_waiting(runtime.database, folder=folder, clock=runtime.clock, is_ending=is_ending)

    def _follow_mastery(self, is_ending: Callable[[], bool]) -> None:
        watch_due(self._runtime.database, self._followers, clock=self._runtime.clock, is_ending=is_ending)

    def _keep_columns(self, is_ending: Callable[[], bool]) -> None:
        """Make the columns that were switched on, and compare those that wait for it with what they show."""
        runtime = self._runtime
        self._column_maker.make_due(is_ending)
        compare_due(runtime.database, runtime.contents, clock=runtime.clock, is_ending=is_ending)

    def _do_chores(self) -> None:
        now = self._runtime.clock()
        for chore in self._chores:
            chore.run_if_due(now)

    def _seal(self, now: datetime) -> None:
        """Seal what is new in the ledger of each organisation, each in its own transaction."""
        with self._runtime.database.reading() as session:
            organisations = session.scalars(select(Organisation.id)).all()
        for organisation_id in organisations:
            with self._runtime.database.transaction() as session:
                organisation = session.get_one(Organisation, organisation_id)
                key = tool_keys.ensure_key(session, tool_keys.LEDGER, secret=self._runtime.settings.secret_key, now=now)
                ledger.seal(session, organisation, key, now)

    def _rotate_keys(self, now: datetime) -> None:
        """Publish the keys that sign next, and let them sign, as the schedule says."""
        with self._runtime.database.transaction() as session:
            key_rotation.rotate_due(session, key_rotation.terms_of(self._runtime.settings, now))

    def _close_classes(self, now: datetime) -> None:
        """Close classes that have been on for longer than a day of school."""
        close_overdue(self._runtime.database, self._runtime.contents, secret=self._runtime.settings.secret_key, now=now)

    def _warn_of_expiry(self, now: datetime) -> None:
        """Tell the administrators of each organisation which qualifications of assessors end soon."""
        with self._runtime.database.reading() as session:
            organisations = session.scalars(select(Organisation.id)).all()
        for organisation_id in organisations:
            with self._runtime.database.transaction() as session:
                warn_of_expiry(session, organisation_id, now=now)

    def _purge(self, now: datetime) -> None:
        """Delete what has expired: login states, sessions, requests for content, ids of signed requests, phones, paper, pictures."""
        with self._runtime.database.connection() as connection:
            purge_states(connection, now)
            purge_sessions(connection, now)
            purge_requests(connection, now)
            purge_signed_requests(connection, now)
            purge_devices(connection, now)
        with self._runtime.database.transaction() as session:
            purge_paper(session, now)
            purge_team_words(session, now)
            purge_observations(session, now)
            purge_warnings(session, now)
            purge_teacher_entries(session, now)


def register(nouns: Nouns) -> None:
    """Add the noun `worker`: deliver grades, seal the ledgers, clear away what has expired."""
    noun = nouns.add_parser("worker", help="deliver grades, seal the ledgers, replay; beside `qualoop serve`")
    noun.add_argument("--once", action="store_true", help="do what is due now, then end")
    noun.add_argument("--threads", type=int, default=DEFAULT_THREADS, help="requests at a time (default: %(default)s)")
    noun.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or Ctrl-C; requests under way are ended, everything else is handed back."""
    runtime = assemble(from_environment())
    if not is_current(runtime.database):
        print("The database is not of this version. Run: qualoop database migrate", file=sys.stderr)
        return 1
    logging.basicConfig(
        level=runtime.settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    keep_data_in(runtime.settings.data_folder)
    worker = Worker(runtime, make_dispatch(runtime, random=SystemRandom(), threads=max(arguments.threads, 1)))
    if arguments.once:
        print(f"Tried {worker.run_once()} deliveries.")
        return 0
    worker.run(stop_on_signals())
    return 0
