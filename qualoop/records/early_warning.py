"""Early warning: which facts about a learner in a course are reasons to look, and what a look does to a warning.

Pure functions of facts, a policy and a moment. There is no score and no forecast: a reason is a fact with its figures.
Nothing follows from a warning by itself: a person decides, and the decision holds until something new comes up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from qualoop.mastery.moves import Move, after_first, counted, left, newest, without
from qualoop.policies.warning_policy import WarningPolicy
from qualoop.values import Score, Text

DAY_S: Final = 86_400
READY_WINDOW: Final = timedelta(days=7)
"""How long a readiness check is a reason: after its class, which has dealt with it, or where there is none, after it."""
LEAD: Final = timedelta(hours=12)
"""How long before a class somebody is to have decided at the latest: so that it can still change that class."""
NOTHING: Final = Text({"en": ""})


class Rule(StrEnum):
    """What can be a reason. The values stand in the database and never change."""

    NOT_STARTED = "not-started"
    ABSENT = "absent"
    NOT_READY = "not-ready"
    FALLING = "falling"
    IDLE = "idle"
    UNIT_DUE = "unit-due"
    NO_GAIN = "no-gain"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """A flipped unit and one learner: ``checked`` are the mean scores of the readiness check by knowledge point.

    ``checked`` is empty until the check is handed in, at ``checked_at``; ``unseen`` are knowledge points of the unit
    without any evidence.
    """

    key: str
    title: Text
    class_at: datetime | None = None
    due_at: datetime | None = None
    has_started: bool = False
    checked: Mapping[str, Score] = field(default_factory=dict)
    checked_at: datetime | None = None
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """A class session whose roll was called, when it was held, and whether the learner was absent without excuse."""

    key: str
    at: datetime
    was_absent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """What each answer did to the level of a knowledge point, in ledger order."""

    code: str
    title: Text
    moves: Sequence[Move]

    @property
    def answers(self) -> int:
        """How many of them count."""
        return len(counted(self.moves))


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerFacts:
    """What is known of one learner in one course.

    ``since`` is from when on the learner could do something, ``last`` when something was done, None for never;
    ``sessions`` are in the order in which they were held. ``is_running`` says whether the course goes on, as far as
    anybody can tell: somebody else worked there lately, or a date lies ahead.
    """

    since: datetime
    last: datetime | None = None
    is_running: bool = True
    units: Sequence[UnitFacts] = ()
    sessions: Sequence[SessionFacts] = ()
    trends: Sequence[Trend] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One fact that is a reason: the rule, what it is about (a key of a unit or session, a code, a day), its figures.

    ``figures`` are whole numbers: counts, days, per cent, points. ``at`` is when the session was held, or the pause began;
    None for the rules whose reasons do not follow each other. ``until`` is the class, or the end of the unit, after which
    it is too late to do anything about it; None where there is none to come.
    """

    rule: Rule
    about: str
    figures: Mapping[str, int]
    title: Text = NOTHING
    at: datetime | None = None
    until: datetime | None = None

    @property
    def key(self) -> str:
        """What makes it the same reason tomorrow, with other figures."""
        return f"{self.rule}:{self.about}"

    def to_document(self) -> dict[str, Any]:
        """Return the reason as plain JSON."""
        title = dict(self.title.by_language)
        document = {"rule": self.rule.value, "about": self.about, "figures": dict(self.figures), "title": title}
        moments = {"at": self.at, "until": self.until}
        return document | {name: moment.isoformat() for name, moment in moments.items() if moment}


def reason_from(document: Mapping[str, Any]) -> Reason:
    """Return the reason in a document that `Reason.to_document` made."""
    return Reason(
        rule=Rule(document["rule"]),
        about=document["about"],
        figures=dict(document["figures"]),
        title=Text(document["title"]),
        at=datetime.fromisoformat(document["at"]) if "at" in document else None,
        until=datetime.fromisoformat(document["until"]) if "until" in document else None,
    )


def reasons_to_look(facts: LearnerFacts, policy: WarningPolicy, now: datetime) -> tuple[Reason, ...]:
    """Return every reason that holds at ``now``, by rule and then by what it is about."""
    found = [reason for rule in _RULES for reason in rule(facts, policy, now)]
    return tuple(sorted(found, key=lambda reason: (list(Rule).index(reason.rule), reason.about)))


def _not_started(facts: LearnerFacts, policy: WarningPolicy, now: datetime) -> Iterator[Reason]:
    rule = policy.not_started
    for unit in facts.units:
        if rule.is_on and not unit.has_started and _is_near(unit.class_at, rule.days, now):
            figures = {"days": _whole_days(unit.class_at, now)}
            yield Reason(rule=Rule.NOT_STARTED, about=unit.key, figures=figures, title=unit.title, until=unit.class_at)


def _absent(facts: LearnerFacts, policy: WarningPolicy, now: datetime) -> Iterator[Reason]:
    rule, seen = policy.absent, facts.sessions[-policy.absent.of :]
    missed = [session for session in seen if session.was_absent]
    if rule.is_on and len(missed) >= rule.missed:
        # Another absence is another fact: the last one names the reason.
        last, figures = missed[-1], {"missed": len(missed), "of": len(seen)}
        yield Reason(rule=Rule.ABSENT, about=last.key, figures=figures, at=last.at)


def _not_ready(facts: LearnerFacts, policy: WarningPolicy, now: datetime) -> Iterator[Reason]:
    rule = policy.not_ready
    least = Decimal(rule.below) / 100
    for unit in facts.units:
        low = [score for score in unit.checked.values() if score < least]
        dealt_with = unit.class_at or unit.checked_at
        is_over = dealt_with is not None and now - dealt_with > READY_WINDOW
        if rule.is_on and len(low) >= rule.points and not is_over:
            figures = {"points": len(low), "asked": len(unit.checked), "below": rule.below}
            ahead = unit.class_at if unit.class_at is not None and unit.class_at > now else None
            yield Reason(rule=Rule.NOT_READY, about=unit.key, figures=figures, title=unit.title, until=ahead)


def _falling(facts: LearnerFacts, policy: WarningPolicy, now: datetime) -> Iterator[Reason]:
    rule = policy.falling
    for trend in facts.trends:
        if rule.is_on and trend.answers > rule.answers:
            before, after = _changed(newest(trend.moves, rule.answers))
            if before - after >= rule.drop:
                figures = {"before": before, "after": after, "answers": rule.answers}
                yield Reason(rule=Rule.FALLING, about=trend.code, figures=figures, title=trend.title)


def _idle(facts: LearnerFacts, policy: WarningPolicy, now: datetime) -> Iterator[Reason]:
    rule, last = policy.idle, facts.last or facts.since
    if rule.is_on and facts.is_running and now - last >= timedelta(days=rule.days):
        figures = {"days": (now - last).days, "ever": int(facts.last is not None)}
        yield Reason(rule=Rule.IDLE, about=last.astimezone(UTC).date().isoformat(), figures=figures, at=last)


def _unit_due(facts: LearnerFacts, policy: WarningPolicy, now: datetime) -> Iterator[Reason]:
    rule = policy.unit_due
    for unit in facts.units:
        if rule.is_on and len(unit.unseen) >= rule.points and _is_near(unit.due_at, rule.days, now):
            figures = {"points": len(unit.unseen), "days": _whole_days(unit.due_at, now)}
            yield Reason(rule=Rule.UNIT_DUE, about=unit.key, figures=figures, title=unit.title, until=unit.due_at)


def _no_gain(facts: LearnerFacts, policy: WarningPolicy, now: datetime) -> Iterator[Reason]:
    rule = policy.no_gain
    for trend in facts.trends:
        if rule.is_on and trend.answers >= rule.answers:
            first, latest = _changed(after_first(trend.moves))
            if latest - first < rule.gain and latest < rule.below:
                figures = {"first": first, "latest": latest, "answers": trend.answers}
                yield Reason(rule=Rule.NO_GAIN, about=trend.code, figures=figures, title=trend.title)


_RULES: Final[Sequence[Callable[[LearnerFacts, WarningPolicy, datetime], Iterator[Reason]]]] = (
    *(_not_started, _absent, _not_ready, _falling, _idle, _unit_due, _no_gain),
)


def _is_near(moment: datetime | None, days: int, now: datetime) -> bool:
    """Say whether a moment is still to come, within so many days."""
    return moment is not None and now < moment <= now + timedelta(days=days)


def _whole_days(moment: datetime | None, now: datetime) -> int:
    """Return in how many days a moment comes, counted up: 1 for within a day."""
    return -int(-(moment - now).total_seconds() // DAY_S) if moment else 0


def _changed(moves: Sequence[Move]) -> tuple[int, int]:
    """Return from how many per cent to how many some answers brought a level: what others did meanwhile is no reason."""
    return round(100 * without(moves).level), round(100 * left(counted(moves)[-1]).level)


# -- What a look does


class Look(StrEnum):
    """What a look at a learner does to the warning."""

    NOTHING = "nothing"
    OPEN = "open"
    UPDATE = "update"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """An earlier warning that somebody decided about, when, and its reasons."""

    at: datetime
    reasons: Sequence[Reason]


def decide_by(reasons: Sequence[Reason], policy: WarningPolicy, now: datetime) -> datetime:
    """Return when somebody is to have decided: as the policy says, but before the first class that a reason is about.

    At once where that is nearer than LEAD.
    """
    nearest = min((reason.until - LEAD for reason in reasons if reason.until), default=None)
    usual = now + timedelta(days=policy.due_days)
    return usual if nearest is None else max(now, min(usual, nearest))


def quiet_keys(
    decided: Collection[Decided], found: Sequence[Reason], policy: WarningPolicy, now: datetime
) -> frozenset[str]:
    """Return the keys of those of the reasons found about which somebody decided so lately that they raise no warning.

    A correction in the learner's favour leaves an earlier absence, or another beginning of a pause: that is no news. A
    later absence, and a pause that began after the decision, are.
    """
    quiet = timedelta(days=policy.quiet_days)
    lately = [each for each in decided if now - each.at < quiet]
    return frozenset(reason.key for reason in found if any(_is_known(reason, each) for each in lately))


def _is_known(reason: Reason, decided: Decided) -> bool:
    """Say whether who decided knew of a reason, or of more than what is left of it now."""
    for earlier in decided.reasons:
        until = decided.at if reason.rule is Rule.IDLE else earlier.at
        is_left = earlier.rule is reason.rule and reason.at is not None and until is not None and reason.at <= until
        if is_left or earlier.key == reason.key:
            return True
    return False


def look(open_now: Sequence[Reason] | None, found: Sequence[Reason], quiet: Collection[str]) -> Look:
    """Return what is to be done: ``open_now`` are the reasons of the warning that is open, None where none is.

    Only a reason that nobody decided about lately opens a warning or keeps one open. Looking again changes nothing.
    """
    is_fresh = any(reason.key not in quiet for reason in found)
    if open_now is None:
        return Look.OPEN if is_fresh else Look.NOTHING
    if not is_fresh:
        return Look.WITHDRAW
    return Look.NOTHING if list(open_now) == list(found) else Look.UPDATE
