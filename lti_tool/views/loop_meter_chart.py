"""The picture of a loop: stages as columns, where the class stands at each, gain and delay on the arrows between them.

A panel is 340 units wide, so that its letters can be read at the width of a phone, and is drawn once for each knowledge
point: lines of forty in one picture could not be told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lti_tool.lti.errors import translatable
from lti_tool.views.host import catalogue
from lti_tool.views.wording import Wording
from qualoop.records.loop import STAGES, Hop, Run, Stage
from qualoop.records.loop_figures import Paired

WIDTH: Final = 340
HEIGHT: Final = 170
LEFT: Final = 28.0
STEP: Final = 56.8
TOP: Final = 26.0
BOTTOM: Final = 96.0
ARROW_ENDS: Final = 9.0
"""How far an arrow stays from the middle of its columns."""

MINUTES_BELOW: Final = 1.0
"""Hours below which a delay is told in minutes."""
DAYS_FROM: Final = 48.0
"""Hours from which on a delay is told in days."""
WHOLE_FROM: Final = 10.0
"""Days from which on they are told without a decimal."""
HOURS_A_DAY: Final = 24
MINUTES_AN_HOUR: Final = 60

_SHORT: Final = {
    Stage.CHECK: translatable("Check"),
    Stage.FIRST_VOTE: translatable("Vote 1"),
    Stage.SECOND_VOTE: translatable("Vote 2"),
    Stage.TEAM: translatable("Team"),
    Stage.PRACTICE: translatable("Practised"),
    Stage.RECORD: translatable("Level"),
}
_NAMES: Final = {
    Stage.CHECK: translatable("the readiness check"),
    Stage.FIRST_VOTE: translatable("the first vote"),
    Stage.SECOND_VOTE: translatable("the second vote"),
    Stage.TEAM: translatable("the team test, answered alone"),
    Stage.PRACTICE: translatable("practice"),
    Stage.RECORD: translatable("the level on the record"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A stage: where the class stands, in per cent, and how many learners that is; None where there is nothing."""

    x: float
    y: float
    label: str
    value: int | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """From one dot to the next: ``tone`` is that of `hop_tone`; gain and delay may be empty."""

    x1: float
    y1: float
    x2: float
    y2: float
    tone: str
    gain: str
    delay: str

    @property
    def start(self) -> float:
        """Where the arrow of the delay begins."""
        return self.x1 + ARROW_ENDS

    @property
    def end(self) -> float:
        """Where it ends."""
        return self.x2 - ARROW_ENDS

    @property
    def middle(self) -> float:
        """Where its words stand."""
        return (self.x1 + self.x2) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One loop as it is drawn."""

    dots: Sequence[Dot]
    arrows: Sequence[Arrow]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopWords:
    """How the loop is told in one language."""

    words: Wording

    def short(self, stage: Stage) -> str:
        """Return what a column is called."""
        return self.words.gettext(_SHORT[stage])

    def name(self, stage: Stage) -> str:
        """Return what a stage is called in a sentence."""
        return self.words.gettext(_NAMES[stage])

    def duration(self, hours: float) -> str:
        """Return a delay: 25 min, 19 h, 2.5 d."""
        if hours < MINUTES_BELOW:
            count = round(hours * MINUTES_AN_HOUR)
            return self.words.ngettext("%(count)s min", "%(count)s min", count) % {"count": count}
        if hours < DAYS_FROM:
            return self.words.gettext("%(count)s h") % {"count": round(hours)}
        days = hours / HOURS_A_DAY
        return self.words.gettext("%(count)s d") % {"count": round(days) if days >= WHOLE_FROM else round(days, 1)}

    def band(self, gain: Paired) -> str:
        """Return the band of a gain in points; empty where it has none."""
        if gain.low is None or gain.high is None:
            return ""
        return self.words.gettext("%(low)s to %(high)s") % {
            "low": self.words.points(gain.low),
            "high": self.words.points(gain.high),
        }

    def hop(self, hop: Hop) -> str:
        """Return a hop as a sentence, with whom it is about and how sure it is."""
        gettext = self.words.gettext
        ends = {"start": self.name(hop.start), "end": self.name(hop.end)}
        if hop.end is Stage.RECORD:
            said = gettext("From %(start)s to %(end)s: no gain, since a level is no score.") % ends
            return self._joined(said, self.delay(hop))
        if hop.gain is None:
            return gettext("From %(start)s to %(end)s: nobody has both.") % ends
        figures = {**ends, "points": self.words.points(hop.gain.gain), "band": self.band(hop.gain), "n": hop.gain.n}
        if hop.gain.n == 1:
            said = gettext("From %(start)s to %(end)s: %(points)s points, for one learner.") % figures
        elif hop.gain.low is None:
            said = (
                gettext("From %(start)s to %(end)s: %(points)s points, for %(n)s learners, without a band.") % figures
            )
        else:
            said = gettext("From %(start)s to %(end)s: %(points)s points (%(band)s), for %(n)s learners.") % figures
        return self._joined(said, self.delay(hop))

    def _joined(self, *sentences: str) -> str:
        gap = "" if self.words.language == "zh-Hans" else " "
        return gap.join(filter(None, sentences))

    def delay(self, hop: Hop) -> str:
        """Return the delay of a hop as a sentence; empty where there is none."""
        if hop.delay is None:
            return ""
        times = {"median": self.duration(hop.delay.median), "ninth": self.duration(hop.delay.ninth)}
        return self.words.gettext("In between: %(median)s for half of them, at most %(ninth)s for nine in ten.") % times


def loop_words(language: str) -> LoopWords:
    """Return how the loop is told in a language."""
    return LoopWords(words=Wording(language=language))


def tone_of(gain: Paired | None) -> str:
    """Return `up` or `down` where the band leaves no doubt of it, else `open`."""
    if gain is None or not gain.is_clear:
        return "open"
    return "up" if gain.gain > 0 else "down"


def hop_tone(hop: Hop) -> str:
    """Return the tone of a hop; `level` for that to the record, whose level is another measure than a score."""
    return "level" if hop.end is Stage.RECORD else tone_of(hop.gain)


def panel(run: Run, told: LoopWords) -> Panel:
    """Return a loop as it is drawn; stages without anything keep their column."""
    dots = {stage: _dot(number, stage, run, told) for number, stage in enumerate(STAGES)}
    return Panel(
        dots=list(dots.values()),
        arrows=[
            Arrow(
                x1=dots[hop.start].x,
                y1=dots[hop.start].y,
                x2=dots[hop.end].x,
                y2=dots[hop.end].y,
                tone=hop_tone(hop),
                gain=told.words.points(hop.gain.gain) if hop.gain else "",
                delay=told.duration(hop.delay.median) if hop.delay else "",
            )
            for hop in run.hops
        ],
    )


def describe(run: Run, told: LoopWords) -> str:
    """Return in words what the picture of a loop shows."""
    gettext = told.words.gettext
    stood = [
        gettext("%(stage)s %(percent)s (learners: %(n)s)")
        % {"stage": told.short(each.stage), "percent": told.words.percent(each.mean), "n": each.n}
        for each in run.stages
    ]
    joint = catalogue(told.words.language).gettext(", ")
    return " · ".join((joint.join(stood), *(told.hop(hop) for hop in run.hops)))


def _dot(number: int, stage: Stage, run: Run, told: LoopWords) -> Dot:
    found = run.find(stage)
    mean = found.mean if found else 0.0
    return Dot(
        x=LEFT + STEP * number,
        y=round(BOTTOM - mean * (BOTTOM - TOP), 1),
        label=told.short(stage),
        value=told.words.whole(mean) if found else None,
        n=found.n if found else 0,
    )
