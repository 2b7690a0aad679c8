"""What a learner is shown of a class: what comes before it, how to check in, and what was said of them once released."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from qualoop.assessment.marking import sheet_points
from qualoop.classroom.class_marks import Scheme, points_in, released_share, sheet_in
from qualoop.classroom.register import CHECKED_AT, LINK, PRESENCE, RELEASED, Register
from qualoop.classroom.roll_call import Presence
from qualoop.classroom.session import SessionState
from qualoop.player import Remark
from xblocks.common import pages
from xblocks.common.rubric_view import said_rows
from xblocks.kp_class import words
from xblocks.kp_class.gate import Gate


def learner_page(
    block: Any,
    register: Register,
    scheme: Scheme,
    gate: Gate,
    *,
    learner: str,
    remarks: Sequence[Remark] = (),
    is_closed: bool = False,
    notes: Sequence[pages.Note] = (),
) -> str:
    """Return the page of one learner; ``learner`` is the own key."""
    state = register.roll.state
    presence = register.presence_of(learner)
    is_known = bool(register.value(learner, CHECKED_AT) or register.value(learner, PRESENCE))
    is_told = is_known or (state is SessionState.CLOSED and presence is Presence.ABSENT)
    return pages.draw(
        "class_learner.html",
        block.host(),
        title=block.title(),
        about=block.about,
        remarks=remarks,
        notes=notes,
        state=state.value,
        state_label=block.ugettext(words.STATES[state]),
        gate=gate,
        presence=presence.value if is_told else "",
        checked=register.value(learner, CHECKED_AT),
        checked_words=clock_words(register.value(learner, CHECKED_AT)),
        presence_label=block.ugettext(words.PRESENCES[presence]) if is_told else "",
        may_check_in=state is SessionState.OPEN and gate.is_open and not is_closed and not is_known,
        marks=_marks(block, register, scheme, learner),
        link=register.value(learner, LINK) if register.value(learner, RELEASED) else None,
    )


def clock_words(text: str | None) -> str:
    """Return the time of day of a kept moment; empty for none."""
    return f"{datetime.fromisoformat(text):%H:%M} UTC" if text else ""


def _marks(block: Any, register: Register, scheme: Scheme, learner: str) -> dict[str, Any] | None:
    """Return what is released of a learner: never a draft."""
    released = register.value(learner, RELEASED)
    share = released_share(released)
    if share is None:
        return None
    language = block.language()
    sheet = sheet_in(released.get("rubric"))
    score = released.get("score") or {}
    points = points_in(score)
    # Of a rubric that was changed since, the words would be of other levels than those that were meant.
    is_same = (released.get("rubric") or {}).get("version") == scheme.version
    rows = said_rows(scheme.rubric, sheet, language) if scheme.rubric is not None and is_same else []
    return {
        "share": f"{float(share) * 100:.0f}",
        "points": None if points is None else f"{points:f}",
        "full": released.get("full", ""),
        "rubric_points": f"{sheet_points(sheet):f}" if rows else None,
        "rubric_full": f"{scheme.rubric.highest:f}" if scheme.rubric is not None else None,
        "comment": score.get("comment", ""),
        "overall": sheet.overall,
        "rows": rows,
    }
