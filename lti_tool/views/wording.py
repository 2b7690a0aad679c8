"""Numbers, moments and reasons as pages show them, in the reader's language. Handed to templates as `words`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

from lti_tool.lti.errors import translatable
from lti_tool.services.evidence.entries import NamedPart
from lti_tool.services.mechanisms.dates import written_date, written_number
from lti_tool.views.host import catalogue
from qualoop.framework import Framework
from qualoop.ledger import SCORED_BY_MACHINE
from qualoop.mastery.explanation import sentence
from qualoop.records import EvidenceEntry, level_step, whole_percent
from qualoop.values import Score

_SENTENCE_GAP: Final = {"en": " ", "zh-Hans": ""}

_STATUSES: Final = {
    "no-evidence": translatable("No evidence"),
    "developing": translatable("Developing"),
    "provisional": translatable("Provisionally secure"),
    "competent": translatable("Competent"),
    "review-due": translatable("Review due"),
    "under-appeal": translatable("Under appeal"),
    "withdrawn": translatable("Withdrawn"),
}

_FORMS: Final = {
    "quiz": translatable("Quiz item"),
    "project": translatable("Project"),
    "exam": translatable("Exam"),
    "defence": translatable("Defence"),
    "portfolio": translatable("Portfolio"),
    "live": translatable("Live performance"),
    "observation": translatable("Observation"),
    "paper": translatable("On paper"),
    "poll": translatable("Poll"),
    "attendance": translatable("Attendance"),
    "process": translatable("Process"),
    "prior_learning": translatable("Prior learning"),
}

_REASONS: Final = {
    "error": translatable("an error was found"),
    "fraud": translatable("it was not the learner’s own work"),
    "superseded": translatable("something newer took its place"),
    "appeal": translatable("an appeal was granted"),
}


def status_names(language: str) -> Mapping[str, str]:
    """Return the word for each status."""
    gettext = catalogue(language).gettext
    return {status: gettext(word) for status, word in _STATUSES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How one page says things. ``parts`` names what evidence is of, by (content hash, part)."""

    language: str
    framework: Framework | None = None
    parts: Mapping[tuple[str, str], NamedPart] = field(default_factory=dict)

    def gettext(self, message: str) -> str:
        """Return a message in this language."""
        return catalogue(self.language).gettext(message)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return a message with a number in this language, its placeholders unfilled."""
        return catalogue(self.language).ngettext(one, many, number)

    def day(self, moment: datetime) -> str:
        """Return the date of a moment in UTC: 2 Mar 2026."""
        return written_date(moment.astimezone(UTC).date(), "medium", self.language)

    def date(self, day: date) -> str:
        """Return a date with its weekday: Monday, 2 March 2026."""
        return written_date(day, "full", self.language)

    def time(self, moment: datetime) -> str:
        """Return date and time in UTC, and says so: a page is read in many time zones."""
        return f"{self.day(moment)} {self.clock(moment)}\N{NO-BREAK SPACE}UTC"

    def clock(self, moment: datetime) -> str:
        """Return the time of day of a moment in UTC; its day stands above it."""
        return f"{moment.astimezone(UTC):%H:%M}"

    def percent(self, share: float | Score) -> str:
        """Return a share as whole per cent."""
        return f"{self.whole(share)}%"

    def whole(self, share: float | Score) -> int:
        """Return a share as a whole number of per cent."""
        return whole_percent(float(share))

    def band(self, low: float, high: float) -> str:
        """Return a range of shares as whole per cent."""
        return f"{self.whole(low)}\N{EN DASH}{self.percent(high)}"

    def points(self, difference: float) -> str:
        """Return a difference of levels as whole points with its sign."""
        return f"{self.whole(difference):+d}".replace("-", "\N{MINUS SIGN}")

    def step(self, level: float) -> int:
        """Return which of the five steps of the colour scale a level falls on, from 0."""
        return level_step(self.whole(level))

    def number(self, text: str) -> str:
        """Return a decimal string as a number of this language."""
        return written_number(str(text), self.language)

    def status(self, status: str) -> str:
        """Return the word for a status."""
        return catalogue(self.language).gettext(_STATUSES[status])

    def form(self, form: str) -> str:
        """Return how evidence came about."""
        return catalogue(self.language).gettext(_FORMS[form])

    def reason(self, reason: str) -> str:
        """Return why evidence was corrected."""
        return catalogue(self.language).gettext(_REASONS[reason])

    def rater(self, rater: str) -> str:
        """Return who scored evidence: people stay unnamed."""
        gettext = catalogue(self.language).gettext
        return gettext("scored automatically") if rater == SCORED_BY_MACHINE else gettext("judged by a person")

    def level(self, rank: int) -> str:
        """Return the title of the level of a rank, or its number where the framework has none there."""
        levels = self.framework.levels.values() if self.framework else ()
        return next((level.title[self.language] for level in levels if level.rank == rank), str(rank))

    def title(self, code: str) -> str:
        """Return the title of a knowledge point, or its code where the framework does not hold it."""
        point = self.framework.find_knowledge_point(code) if self.framework else None
        return point.title[self.language] if point else code

    def part(self, entry: EvidenceEntry) -> NamedPart:
        """Return the names of what an entry is of."""
        return self.parts[(entry.evidence.content, entry.evidence.part)]

    def why(self, entry: EvidenceEntry) -> str:
        """Return why the entry moved mastery as it did, and why it weighs what it weighs."""
        change = sentence(entry.change, self.language, {code: self.title(code) for code in entry.codes})
        return f"{change}{_SENTENCE_GAP[self.language]}{entry.weight_why[self.language]}"
