"""A learner checks in: the code is compared with those that are good by this server's clock, and with no other clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from qualoop.assessment import LinkSettings, Phase
from qualoop.classroom.register import CHECKED_AT, Action, Change, Register
from qualoop.classroom.roll_call import MAX_CODE_TRIES, accepts_code
from qualoop.classroom.session import ClassClosedError, SessionState
from xblocks.common import register_store as store
from xblocks.common.learner import BlockUser, is_enrolled, is_in_course
from xblocks.common.timing import block_schedule
from xblocks.kp_class.acts import ActRefusedError, Make
from xblocks.kp_class.gate import gate_of
from xblocks.kp_class.staff_page import ROTATION


def check_in(block: Any, user: BlockUser, code: str, now: datetime, *, change: Callable[[Make], Register]) -> Register:
    """Write down when a learner came; again it changes nothing. Raises ActRefusedError, ClassClosedError.

    Wrong codes are counted where they are compared, so that many requests at once are not more tries.
    """
    key = _may_check_in(block, user, now)
    digits = "".join(each for each in code if each.isdigit())
    wrong: list[str] = []

    def make(it: Register) -> Register:
        wrong.clear()
        if it.roll.state is not SessionState.OPEN:
            raise ClassClosedError
        if it.value(key, CHECKED_AT):
            return it
        if it.wrong.get(key, 0) >= MAX_CODE_TRIES:
            raise ActRefusedError("code-tries")
        if not accepts_code(bytes.fromhex(it.roll.key), digits, now, ROTATION):
            after = it.tried(key)
            wrong.append("code-tries" if after.wrong[key] >= MAX_CODE_TRIES else "code-wrong")
            return after
        came = Change(learner=key, field=CHECKED_AT, value=now.isoformat())
        return it.changed([came], Action(what="check-in", by="", at=now, is_kept=False))

    after = change(make)
    if wrong:
        raise ActRefusedError(wrong[0])
    return after


def _may_check_in(block: Any, user: BlockUser, now: datetime) -> str:
    """Return the learner's key; raise ActRefusedError where nothing is taken of them now."""
    if user.key is None or not is_in_course(block) or is_enrolled(block) is False:
        raise ActRefusedError("not-enrolled")
    if block_schedule(block, LinkSettings()).phase(now) is Phase.CLOSED:
        raise ActRefusedError("too-late")
    if not gate_of(block, store.read(block), user.key).is_open:
        raise ActRefusedError("gate")
    return user.key
