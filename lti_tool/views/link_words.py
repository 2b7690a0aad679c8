"""Dates, lateness and attempts of a link in words: for the learner in front of it, and for the teacher who sets them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from lti_tool.views.wording import Wording
from qualoop.assessment import FOREVER, Date, Phase, Schedule, Source
from qualoop.player import Remark


def remarks(plan: Schedule, now: datetime, words: Wording, *, number: int | None = None) -> tuple[Remark, ...]:
    """Return what a learner is told now; ``number`` is the attempt that is shown, None before the first."""
    return tuple(_Telling(plan, now, words).all(number))


class _Telling:
    """One plan at one moment, in one language."""

    def __init__(self, plan: Schedule, now: datetime, words: Wording) -> None:
        self._plan = plan
        self._now = now
        self._words = words
        self._phase = plan.phase(now)

    def all(self, number: int | None) -> Iterator[Remark]:
        """Give every remark, the most pressing first."""
        if self._phase is Phase.NOT_OPEN:
            yield from self._opening()
        yield from self._due()
        yield from self._closing()
        yield from self._attempts(number)
        yield from self._showing()

    def _opening(self) -> Iterator[Remark]:
        if self._plan.opens is not None:
            yield self._dated(self._words.gettext("It opens {time}."), self._plan.opens.at, "partly")

    def _due(self) -> Iterator[Remark]:
        due, limit = self._plan.due, self._plan.in_time_until
        if due is None or limit is None or self._phase is Phase.CLOSED:
            return
        gettext = self._words.gettext
        if self._phase is Phase.GRACE:
            text = gettext("The due date has passed. Answers still count fully until {time}.")
            yield self._dated(text, limit, "partly")
            return
        if self._phase is Phase.LATE:
            yield self._dated(gettext("It was due {time}."), due.at, "partly")
            yield Remark(text=self._late_now(), tone="partly")
            return
        extended = due.source is Source.EXTENSION
        text = gettext("Due {time}: your teacher gave you more time.") if extended else gettext("Due {time}.")
        yield self._dated(text, due.at)
        yield from self._after_due()

    def _after_due(self) -> Iterator[Remark]:
        """Say what a later answer is worth."""
        plan, words = self._plan, self._words
        minutes = plan.settings.grace_minutes
        if minutes:
            text = words.ngettext(
                "Answers up to %(count)s minute later still count fully.",
                "Answers up to %(count)s minutes later still count fully.",
                minutes,
            )
            yield Remark(text=text % {"count": minutes})
        rule = self._rule()
        if rule:
            yield Remark(text=rule)

    def _rule(self) -> str:
        gettext, settings = self._words.gettext, self._plan.settings
        lost = percent(settings.late_deduction)
        if settings.late == "refuse":
            return gettext("After that, nothing more is taken.")
        if settings.late == "once":
            return gettext("After that, an answer counts %(percent)s less.") % {"percent": lost}
        if settings.late == "accept":
            return gettext("After that, answers still count.")
        if settings.late_floor:
            text = gettext("After that, an answer counts %(percent)s less for each day, but never below %(floor)s.")
            return text % {"percent": lost, "floor": percent(settings.late_floor)}
        return gettext("After that, an answer counts %(percent)s less for each day.") % {"percent": lost}

    def _late_now(self) -> str:
        share, gettext = self._plan.share_left(self._now), self._words.gettext
        if share == 1:
            return gettext("You can still answer, and it counts.")
        text = gettext("An answer that you give now counts %(percent)s. What you earned in time stays yours.")
        return text % {"percent": percent(share)}

    def _closing(self) -> Iterator[Remark]:
        closes, gettext = self._plan.closes, self._words.gettext
        if closes is None or self._phase is Phase.NOT_OPEN:
            return
        if self._phase is Phase.CLOSED:
            yield self._dated(gettext("It closed {time} and takes no more answers."), closes.at, "bad")
        elif closes.at != self._plan.in_time_until:
            yield self._dated(
                gettext("It closes {time}; what is not handed in by then is handed in as it is."), closes.at
            )

    def _attempts(self, number: int | None) -> Iterator[Remark]:
        most = self._plan.max_attempts
        if not most or self._phase is Phase.CLOSED:
            return
        if number is None:
            text = self._words.ngettext("You have %(count)s attempt.", "You have %(count)s attempts.", most)
            yield Remark(text=text % {"count": most})
        else:
            text = self._words.gettext("Attempt %(number)s of %(most)s.")
            yield Remark(text=text % {"number": number, "most": max(most, number)})

    def _showing(self) -> Iterator[Remark]:
        held, gettext = self._plan.score_held_until, self._words.gettext
        if held is None or held <= self._now:
            return
        if held >= FOREVER:
            yield Remark(text=gettext("Your score is not shown here."))
        else:
            yield self._dated(gettext("Your score is shown from {time}."), held)

    def _dated(self, text: str, at: datetime, tone: str = "") -> Remark:
        return Remark(text=text, at=at.isoformat(), at_words=self._words.time(at), tone=tone)


def origin(date: Date | None, words: Wording) -> str:
    """Return who said a date, for a teacher."""
    if date is None:
        return ""
    gettext = words.gettext
    if date.source is Source.EXTENSION:
        return gettext("extension of this learner")
    return gettext("set here") if date.source is Source.LINK else gettext("from the course platform")


def percent(share: Decimal) -> str:
    """Return a share as per cent, with at most one decimal."""
    return f"{(share * 100).quantize(Decimal('0.1')):f}".removesuffix(".0") + "%"
