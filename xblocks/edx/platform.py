"""What the plug-in asks of Open edX. `OpenEdx` is the only place that names the platform's own modules.

They are imported where they are used: none of them is in a published package, and Studio has not all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import Any, Final, Protocol

from qualoop.values import Score, ValueRefusedError

BLOCK_TYPES: Final = ("kp_lesson", "kp_practice")
EXTERNAL_ID_TYPE: Final = "lti"
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScore:
    """What a block of a learner keeps as its score, and what share of its maximum the platform's grade has, if any."""

    usage: str
    score: Score
    graded: Score | None


class Platform(Protocol):
    """The platform as the plug-in sees it. ``learner`` is an external id of type `lti`, else an anonymous id."""

    def ids_of(self, user: Any) -> Sequence[str]:
        """Return every id under which a user may have been recorded."""

    def user_of(self, learner: str) -> Any:
        """Return the platform's user; None where there is none."""

    def labels(self, learners: Iterable[str]) -> Mapping[str, str]:
        """Return what staff of the platform call learners; it never leaves the platform."""

    def is_enrolled(self, learner: str, course: str) -> bool | None:
        """Return whether a learner takes part in a course; None where nobody of that id is known."""

    def kept_scores(self, learner: str, course: str) -> Iterator[KeptScore]:
        """Yield what our blocks keep of a learner in a course, where they keep a score."""

    def find_override(self, user: Any, course: str, usage: str) -> Score | None:
        """Return the share of its maximum that staff set at a subsection for a user; None where there is none."""

    def publish_score(self, learner: str, kept: KeptScore) -> None:
        """Let the platform have a score as if the block had published it."""


class OpenEdx:
    """Open edX itself: releases from Teak to Ulmo."""

    def ids_of(self, user: Any) -> Sequence[str]:
        """Return the external ids and the anonymous ids of a user."""
        external = self._external_ids().filter(user=user).values_list("external_user_id", flat=True)
        anonymous = _model("common.djangoapps.student.models", "AnonymousUserId").objects.filter(user=user)
        return [*map(str, external), *anonymous.values_list("anonymous_user_id", flat=True)]

    def user_of(self, learner: str) -> Any:
        """Return the user with this external or anonymous id; None where there is none."""
        # An anonymous id is no UUID, which the column of external ids would not take.
        if _is_uuid(learner):
            found = self._external_ids().filter(external_user_id=learner).select_related("user").first()
        else:
            anonymous = _model("common.djangoapps.student.models", "AnonymousUserId").objects
            found = anonymous.filter(anonymous_user_id=learner).select_related("user").first()
        return found.user if found is not None else None

    def labels(self, learners: Iterable[str]) -> Mapping[str, str]:
        """Return the usernames of learners with external ids."""
        wanted = [learner for learner in learners if _is_uuid(learner)]
        rows = self._external_ids().filter(external_user_id__in=wanted)
        return {str(key): name for key, name in rows.values_list("external_user_id", "user__username")}

    def is_enrolled(self, learner: str, course: str) -> bool | None:
        """Ask the enrolments of the platform."""
        user = self.user_of(learner)
        if user is None:
            return None
        enrolments = _model("common.djangoapps.student.models", "CourseEnrollment")
        return bool(enrolments.is_enrolled(user, _course_key(course)))

    def kept_scores(self, learner: str, course: str) -> Iterator[KeptScore]:
        """Read the stored states of our blocks."""
        user = self.user_of(learner)
        if user is None:
            return
        rows = _model("lms.djangoapps.courseware.models", "StudentModule").objects.filter(
            student=user, course_id=_course_key(course), module_type__in=BLOCK_TYPES
        )
        # Read to the end first: between two of them a grade may be written on the same connection.
        for row in list(rows):
            score = score_in(row.state)
            if score is not None:
                yield KeptScore(usage=str(row.module_state_key), score=score, graded=share_of(row.grade, row.max_grade))

    def find_override(self, user: Any, course: str, usage: str) -> Score | None:
        """Read the override of the subsection's stored grade."""
        key = import_module("opaque_keys.edx.keys").UsageKey.from_string(usage)
        rows = _model("lms.djangoapps.grades.models", "PersistentSubsectionGradeOverride").objects
        found = rows.filter(grade__user_id=user, grade__course_id=_course_key(course), grade__usage_key=key).first()
        if found is None or found.earned_graded_override is None:
            return None
        possible = found.possible_graded_override or found.grade.possible_graded
        return share_of(min(found.earned_graded_override, possible or 0), possible)

    def publish_score(self, learner: str, kept: KeptScore) -> None:
        """Send the signal that a block's publishing sends."""
        usage = import_module("opaque_keys.edx.keys").UsageKey.from_string(kept.usage)
        block = import_module("xmodule.modulestore.django").modulestore().get_item(usage)
        signals = import_module("lms.djangoapps.grades.api").signals
        signals.SCORE_PUBLISHED.send(
            sender=None,
            block=block,
            user=self.user_of(learner),
            raw_earned=float(kept.score),
            raw_possible=1.0,
            only_if_higher=False,
        )

    @staticmethod
    def _external_ids() -> Any:
        rows = _model("openedx.core.djangoapps.external_user_ids.models", "ExternalId").objects
        return rows.filter(external_id_type__name=EXTERNAL_ID_TYPE)


def score_in(state: str | None) -> Score | None:
    """Return the score in the stored state of one of our blocks; None where there is none that can be read."""
    try:
        found = json.loads(state or "{}")
        text = found.get("score") if isinstance(found, dict) else None
        return Score(text) if isinstance(text, str) and text else None
    except (ValueError, ValueRefusedError):
        return None


def share_of(grade: float | None, maximum: float | None) -> Score | None:
    """Return a stored grade as a share of its maximum; None where there is none."""
    if grade is None or not maximum:
        return None
    return Score.of(Decimal(str(grade)), Decimal(str(maximum)))


def _model(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


def _course_key(course: str) -> Any:
    return import_module("opaque_keys.edx.keys").CourseKey.from_string(course)


def _is_uuid(learner: str) -> bool:
    return bool(_UUID.fullmatch(learner))
