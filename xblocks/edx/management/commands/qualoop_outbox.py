"""`manage.py lms qualoop_outbox`: send, look, try again. For cron, for sites without Celery beat, and for people."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from xblocks.edx import metrics, sending, work
from xblocks.edx.clock import system_clock
from xblocks.edx.config import NotConfiguredError
from xblocks.edx.models import Difference, EvidenceEvent
from xblocks.edx.states import REFUSED

MOST_LINES = 50


class Command(BaseCommand):
    """The command, with a verb."""

    help = "Evidence on its way to Qualoop: send it, see how it stands, try again what failed."

    def add_arguments(self, parser: Any) -> None:
        """Add the verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        send = verbs.add_parser("send", help="send what is due, read what changed, publish grades that are missing")
        send.add_argument("--every", type=int, metavar="SECONDS", help="go on for ever, so often")
        send.add_argument(
            "--reconcile-at",
            type=int,
            choices=range(24),
            metavar="HOUR",
            help="with --every: compare all grades besides, once a day from this hour (UTC) on",
        )
        status = verbs.add_parser(
            "status", help="how many events wait and how long; ends with 1 where a person is needed"
        )
        status.add_argument("--json", action="store_true", help="print plain JSON")
        retry = verbs.add_parser("retry", help="let what was refused or given up be sent again")
        retry.add_argument("--learner", default="", metavar="ID", help="of this external id only")
        verbs.add_parser("reconcile", help="compare all grades with what blocks keep (nightly)")

    def handle(self, *_: Any, **options: Any) -> None:
        """Do what the verb says."""
        try:
            getattr(self, f"_{options['verb']}")(options)
        except NotConfiguredError as error:
            raise CommandError(f"{error}. Nothing is lost: evidence is kept until it can be sent.") from error

    def _send(self, options: dict[str, Any]) -> None:
        compared_on = None
        while True:
            sent, pulled, swept = work.send(), work.pull(), work.sweep()
            self.stdout.write(
                f"sent {sent.events} ({sent.refused} refused), read {pulled.changes} changes, "
                f"published {swept.published} grades"
            )
            errors = [
                f"{what}: {error}" for what, error in (("sending", sent.error), ("reading", pulled.error)) if error
            ]
            if options["every"] is None:
                if errors:
                    raise CommandError("; ".join(errors))
                return
            for error in errors:
                self.stderr.write(error)
            now, hour = system_clock(), options["reconcile_at"]
            if hour is not None and now.hour >= hour and compared_on != now.date():
                self._reconcile(options)
                compared_on = now.date()
            time.sleep(max(options["every"], 1))

    def _status(self, options: dict[str, Any]) -> None:
        found = metrics.measure(system_clock())
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json()))
        else:
            for name, value in found.as_json().items():
                self.stdout.write(f"{name}: {value}")
            self._list_refused()
            self._list_differences()
        if work.is_behind(found):
            raise SystemExit(1)

    def _retry(self, options: dict[str, Any]) -> None:
        count = sending.send_again(system_clock(), options["learner"])
        self.stdout.write(f"events of {count} learners are sent with the next run")

    def _reconcile(self, _options: dict[str, Any]) -> None:
        found = work.reconcile()
        self.stdout.write(
            f"compared {found.scores} scores of {found.checks} learners in courses: {found.published} published again, "
            f"{found.failed} failed, {found.without_evidence} without evidence; {found.overrides} set by staff were news"
        )

    def _list_refused(self) -> None:
        rows = EvidenceEvent.objects.filter(state=REFUSED).order_by("id")[:MOST_LINES]
        for event in rows:
            self.stdout.write(f"refused {event.event_id} at {event.usage}: {event.problem}")

    def _list_differences(self) -> None:
        rows = Difference.objects.filter(repaired_at=None).order_by("id")[:MOST_LINES]
        for row in rows:
            self.stdout.write(f"{row.kind} {row.learner} at {row.usage} since {row.noted_at:%Y-%m-%d %H:%M}")
