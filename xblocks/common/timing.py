"""When a block takes answers: the platform's due date and grace, held to by the rules that every host has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from qualoop.assessment import LinkSettings, Phase, PlatformDates, Schedule, schedule
from qualoop.assessment.settings import MAX_GRACE_MINUTES
from qualoop.player import Remark

MINUTE: Final = timedelta(minutes=1)


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


def block_schedule(block: Any, settings: LinkSettings) -> Schedule:
    """Return what holds for a block: `due` and `graceperiod` are fields that Open edX gives every block.

    What is later than both is not taken, as everywhere in that platform. Elsewhere there is no date: the workbench of
    the XBlock SDK gives each instance one of its own, the present moment, which nobody has set.
    """
    due, grace = (getattr(block, name, None) if hasattr(type(block), name) else None for name in ("due", "graceperiod"))
    if not isinstance(due, datetime):
        return schedule(settings)
    minutes = -(-grace // MINUTE) if isinstance(grace, timedelta) else 0
    held = settings.model_copy(update={"late": "refuse", "grace_minutes": min(max(minutes, 0), MAX_GRACE_MINUTES)})
    until = due.replace(tzinfo=UTC) if due.tzinfo is None else due.astimezone(UTC)
    return schedule(held, None, PlatformDates(submission_until=until))


def block_remarks(plan: Schedule, attempt: int, now: datetime, gettext: Callable[[str], str]) -> Iterator[Remark]:
    """Give what the learner is told of attempts, of which this is the one of that number (0: it is not counted), and of dates."""
    if plan.max_attempts and attempt:
        yield Remark(text=gettext(_("Attempt {number} of {total}.")).format(number=attempt, total=plan.max_attempts))
    phase = plan.phase(now)
    if plan.due is None or plan.closes is None:
        return
    if phase is Phase.OPEN:
        yield _dated(gettext(_("Due {time}. After that, nothing more is taken.")), plan.due.at, "")
    elif phase is Phase.GRACE:
        yield _dated(gettext(_("The due date has passed. Answers are taken until {time}.")), plan.closes.at, "partly")
    else:
        yield _dated(gettext(_("It closed {time} and takes no more answers.")), plan.closes.at, "bad")


def _dated(text: str, at: datetime, tone: str) -> Remark:
    return Remark(text=text, at=at.isoformat(), at_words=f"{at:%Y-%m-%d %H:%M} UTC", tone=tone)
