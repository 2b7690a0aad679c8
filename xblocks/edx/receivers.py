"""What the platform signals: grades that changed, overrides by staff, learners who are retired.

Signals are named by address and connected where the platform has them: Studio and other releases lack some.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from xblocks.edx import checks, overrides
from xblocks.edx.clock import system_clock
from xblocks.edx.config import load_platform
from xblocks.edx.learners import forget
from xblocks.edx.models import EvidenceOutbox

_logger = logging.getLogger(__name__)


def on_subsection_score(*, course: Any, user: Any, subsection_grade: Any = None, **_: Any) -> None:
    """Compare the learner's grades in the course soon: an answer, a rescore, a reset or a regrade came through.

    So did, maybe, a grade that staff set: the grade book's own view signals nothing else (`_create_override` in the
    platform's `lms/djangoapps/grades/rest_api/v1/gradebook_views.py`).
    """
    _quietly(_ask, user.id, str(course.id))
    place = getattr(subsection_grade, "location", None)
    if place is not None:
        _quietly(_note_override, user.id, str(course.id), str(place))


def on_override(*, user_id: int, course_id: Any, usage_id: Any, **_: Any) -> None:
    """Note that staff set a subsection's grade, or took it back: the tool is told how it stands."""
    _quietly(_note_override, user_id, str(course_id), str(usage_id))


def on_retirement(*, user: Any, **_: Any) -> None:
    """Forget a learner. What goes wrong is raised: the platform repeats the step, and nobody counts as forgotten before."""
    held = forget(load_platform().ids_of(user))
    _logger.info("a learner was retired; events were held of %d ids", held)


SIGNALS: Final[tuple[tuple[str, str, Callable[..., None]], ...]] = (
    ("lms.djangoapps.grades.signals.signals", "SUBSECTION_SCORE_CHANGED", on_subsection_score),
    ("lms.djangoapps.grades.signals.signals", "SUBSECTION_OVERRIDE_CHANGED", on_override),
    ("openedx.core.djangoapps.user_api.accounts.signals", "USER_RETIRE_LMS_MISC", on_retirement),
    ("openedx.core.djangoapps.user_api.accounts.signals", "USER_RETIRE_LMS_CRITICAL", on_retirement),
)


def connect() -> list[str]:
    """Connect to the signals that there are; return their names."""
    connected = []
    for module, name, receiver in SIGNALS:
        signal = _find(module, name)
        if signal is not None:
            signal.connect(_adapted(receiver), weak=False, dispatch_uid=f"qualoop.{name}")
            connected.append(name)
    return connected


def _find(module: str, name: str) -> Any:
    try:
        return getattr(import_module(module), name, None)
    # A module with models of an app that is not installed here raises a RuntimeError.
    except (ImportError, RuntimeError):
        return None


def _adapted(receiver: Callable[..., None]) -> Callable[..., None]:
    def received(sender: Any = None, signal: Any = None, **values: Any) -> None:
        receiver(**values)

    return received


def _ask(user_id: Any, course: str) -> None:
    for learner in _recorded(load_platform().ids_of(user_id)):
        checks.ask(learner, course, system_clock())


def _note_override(user_id: Any, course: str, usage: str) -> None:
    platform = load_platform()
    learners = _recorded(platform.ids_of(user_id))
    share = platform.find_override(user_id, course, usage) if learners else None
    for learner in learners:
        overrides.note(learner, course, usage, share=share, now=system_clock())


def _recorded(learners: Any) -> list[str]:
    """Return those of some ids of whom anything was recorded."""
    return list(EvidenceOutbox.objects.filter(learner__in=list(learners)).values_list("learner", flat=True))


def _quietly(do: Callable[..., None], *arguments: Any) -> None:
    """Do something beside a learner's or a teacher's action, which must not fail by it; the nightly comparison sees all."""
    try:
        do(*arguments)
    except Exception:
        _logger.exception("a signal of the platform was not noted")
