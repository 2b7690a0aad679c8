"""`manage.py lms qualoop_competencies`: the platform's own competency statuses, fed from ours."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from qualoop.errors import QualoopError
from xblocks.common.contents import SHIPPED
from xblocks.edx import competencies
from xblocks.edx.config import load_platform


class Command(BaseCommand):
    """The command, with a verb and a course."""

    help = "Knowledge points as competencies of the platform: set a course up, feed statuses, list what fell."

    def add_arguments(self, parser: Any) -> None:
        """Add the verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for verb, words in (
            ("prepare", "make the taxonomy, its tags and the criteria of a course"),
            ("feed", "record how the learners of a course stand; nothing is lowered"),
            ("falls", "list what the platform shows as demonstrated and is not mastered any more"),
        ):
            verbs.add_parser(verb, help=words).add_argument("course", metavar="COURSE", help="course-v1:Org+Course+Run")

    def handle(self, *_: Any, **options: Any) -> None:
        """Do what the verb says."""
        try:
            getattr(self, f"_{options['verb']}")(options["course"])
        except QualoopError as error:
            raise CommandError(f"{error.code}: {error}") from error

    def _prepare(self, course: str) -> None:
        new = competencies.prepare(SHIPPED.framework, course)
        self.stdout.write(f"{new} new criteria of {len(SHIPPED.framework.knowledge_points)} knowledge points")

    def _feed(self, course: str) -> None:
        fed = competencies.feed(load_platform(), course)
        self.stdout.write(f"{fed.learners} learners, {fed.raised} statuses made or raised")

    def _falls(self, course: str) -> None:
        for fall in competencies.falls(load_platform(), course):
            self.stdout.write(f"{fall.learner} {fall.code}: {fall.status}")
