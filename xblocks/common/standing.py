"""How things stand for one learner at one block at one moment: content, rules, dates, attempt. Made anew each request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from qualoop.assessment import AttemptState, LinkClosedError, LinkSettings, Phase, Schedule
from qualoop.player import Action, Event, StaleActionError
from xblocks.common.attempt import Attempt
from xblocks.common.contents import OpenContent
from xblocks.common.host import ATTEMPT_FIELD
from xblocks.common.timing import block_schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The version that is there, when it takes answers, and the learner's newest attempt."""

    opened: OpenContent
    plan: Schedule
    attempt: Attempt
    now: datetime

    @property
    def settings(self) -> LinkSettings:
        """Return the rules as they are at this moment: no date is left in when things show."""
        return self.plan.settings_at(self.now)

    @property
    def is_closed(self) -> bool:
        """Return whether nothing is taken any more."""
        return self.plan.phase(self.now) is Phase.CLOSED

    @property
    def is_outdated(self) -> bool:
        """Return whether the attempt began with a version that is no longer there."""
        return self.attempt.is_outdated(self.opened)

    @property
    def can_restart(self) -> bool:
        """Return whether the learner may begin again now."""
        return not self.is_closed and self.attempt.can_restart(self.plan.settings, self.opened)

    def stepped(self, action: Action) -> tuple[Attempt, tuple[Event, ...]]:
        """Return the attempt after an action, and what happened.

        A form of another attempt or of a version that is gone is stale. Once closed, an attempt under way is handed in
        as it stands, whatever its page asked for.
        """
        if list(action.form.get(ATTEMPT_FIELD, ())) != [self.attempt.id] or self.is_outdated:
            raise StaleActionError(of_another=True)
        if self.is_closed and self.attempt.status is AttemptState.ACTIVE:
            return self.attempt.handed_in(self.opened, self.plan.settings, at=self.now)
        return self.attempt.after(self.opened, action, settings=self.settings, now=self.now)

    def restarted(self, action: Action, *, attempt_id: str, seed: int) -> Attempt:
        """Return the attempt that follows; raise StaleActionError, or AttemptRefusedError where there may be none."""
        if list(action.form.get(ATTEMPT_FIELD, ())) != [self.attempt.id]:
            raise StaleActionError(of_another=True)
        if self.is_closed:
            raise LinkClosedError
        return self.attempt.again(self.opened, self.plan.settings, attempt_id=attempt_id, seed=seed)

    def user_state(self) -> dict[str, Any]:
        """Return what an app may know of the attempt (docs/openedx.md): nothing that the page would not show now."""
        attempt, settings = self.attempt, self.settings
        done, total = (0, 1) if self.is_outdated else self.opened.kind.progress(self.opened.content, attempt.player)
        is_over = attempt.status is AttemptState.EVALUATED
        shows_score = settings.show_score == "after_item" or (settings.show_score == "after_submit" and is_over)
        grade = attempt.grade(settings) if shows_score else None
        due = self.plan.due.at.isoformat() if self.plan.due else None
        return {
            "schema": 1,
            "content_hash": attempt.hash,
            "is_outdated": self.is_outdated,
            "attempt": attempt.number,
            "status": attempt.status.value,
            "attempts_left": attempt.attempts_left(self.plan.settings),
            "can_restart": self.can_restart,
            "steps_done": done,
            "steps": total,
            "completion": float(attempt.completed),
            "score": None if grade is None else grade.as_text(),
            "due": due,
            "is_closed": self.is_closed,
        }


def block_plan(block: Any, settings: LinkSettings) -> Schedule:
    """Return when a block takes answers. Without a due date, what waits for it waits for the handing in."""
    plan = block_schedule(block, settings)
    if plan.due is not None:
        return plan
    names = ("show_feedback", "show_score", "show_solution")
    changes = {name: "after_submit" for name in names if getattr(settings, name) == "after_due"}
    return replace(plan, settings=plan.settings.model_copy(update=changes)) if changes else plan
