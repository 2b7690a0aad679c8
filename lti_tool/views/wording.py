"""Numbers, moments and reasons as pages show them, in the reader's language. Handed to templates as `words`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from lti_tool.services.evidence_entries import NamedPart
from qualoop.framework import Framework
from qualoop.mastery.explanation import sentence
from qualoop.records import EvidenceEntry, whole_percent
from qualoop.values import Score

# British English, because its dates cannot be misread: 3 Mar 2026.
_LOCALES: Final = {"en": "en_GB", "zh-Hans": "zh_Hans"}
_SENTENCE_GAP: Final = {"en": " ", "zh-Hans": ""}
# Where a step of the colour scale begins, per cent: 70 is what a status is held against.
_STEPS: Final = (40, 55, 70, 85)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How one page says things. ``parts`` names what evidence is of, by (content hash, part)."""

    language: str
    framework: Framework | None = None
    parts: Mapping[tuple[str, str], NamedPart] = field(default_factory=dict)

    def day(self, moment: datetime) -> str:
        """Return the date of a moment in UTC: 2 Mar 2026."""
        return format_date(moment.astimezone(UTC), "medium", locale=_LOCALES[self.language])

    def time(self, moment: datetime) -> str:
        """Return date and time in UTC, and says so: a page is read in many time zones."""
        locale = _LOCALES[self.language]
        clock = format_datetime(moment, "HH:mm", tzinfo=UTC, locale=locale)
        return f"{self.day(moment)} {clock}\N{NO-BREAK SPACE}UTC"

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
        return bisect_right(_STEPS, self.whole(level))

    def number(self, text: str) -> str:
        """Return a decimal string as a number of this language."""
        return format_decimal(text, locale=_LOCALES[self.language])

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
