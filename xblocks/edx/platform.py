"""What the plug-in asks of Open edX. `OpenEdx` is the only place that names the platform's own modules.

They are imported where they are used: none of them is in a published package, and Studio has not all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import Any, Final, Protocol

from django.db import transaction

from qualoop.values import Score, ValueRefusedError
from xblocks.edx.rows import locked

BLOCK_TYPES: Final = ("kp_lesson", "kp_practice")
EXTERNAL_ID_TYPE: Final = "lti"
STAFF_ROLES: Final = ("staff", "instructor", "limited_staff")
"""Whom the platform lets do in a course what staff may."""

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScore:
    """What a block of a learner keeps as its score, and what share of its maximum the platform's grade has, if any."""

    usage: str
    score: Score
    graded: Score | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterEntry:
    """Somebody who takes part in a course; ``key`` is the external id. Names are for staff and stay in the platform."""

    key: str
    username: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursePlace:
    """A block of a course: its usage key, what it is called, and the path that leads there."""

    usage: str
    title: str
    path: str


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

    def hold_state(self, user_id: Any, course: str, usage: str) -> Mapping[str, Any]:
        """Return the fields that a user's state at a block has, as JSON by name, locked until the transaction ends.

        Expects a transaction; what is not there yet is made, for who comes second has to wait as well.
        """

    def find_override(self, user: Any, course: str, usage: str) -> Score | None:
        """Return the share of its maximum that staff set at a subsection for a user; None where there is none."""

    def overrides(self, learner: str, course: str) -> Mapping[str, Score]:
        """Return the shares that staff set for a learner in a course, by the usage keys of the subsections."""

    def publish_score(self, learner: str, kept: KeptScore) -> None:
        """Let the platform have a score as if the block had published it."""

    def clear_score(self, learner: str, usage: str) -> None:
        """Take a learner's score at a block out of the platform's grades."""

    def publish_completion(self, learner: str, usage: str, share: Decimal) -> None:
        """Let the platform have how much of a block a learner has done, in [0, 1]."""

    def graded(self, learner: str, usage: str) -> Score | None:
        """Return what the platform's grade of a learner at a block is, None where there is none."""

    def completed(self, learner: str, usage: str) -> Decimal | None:
        """Return how much of a block a learner has done, None where the platform does not follow that."""

    def roster(self, course: str, at_most: int) -> Sequence[RosterEntry]:
        """Return the first of those who take part in a course, by name; never its staff."""

    def learner_count(self, course: str) -> int:
        """Return how many take part in a course, without its staff."""

    def find_block(self, usage: str) -> Any:
        """Return a block of a course, of no learner; None where it is there no more."""

    def places(self, course: str, names: Collection[str]) -> Mapping[str, Sequence[CoursePlace]]:
        """Return the blocks of a course that each name means: a usage key, or the key of an activity."""


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

    def hold_state(self, user_id: Any, course: str, usage: str) -> Mapping[str, Any]:
        """Lock the row in which the platform keeps the state."""
        key = _usage_key(usage)
        where = {"student_id": user_id, "course_id": _course_key(course), "module_state_key": key}
        made = {"state": "{}", "module_type": key.block_type}
        row = locked(_model("lms.djangoapps.courseware.models", "StudentModule"), where, made)
        found: Any = json.loads(row.state or "{}")
        return found if isinstance(found, dict) else {}

    def find_override(self, user: Any, course: str, usage: str) -> Score | None:
        """Read the override of the subsection's stored grade; ``user`` is the user's id."""
        found = _overrides(user, course).filter(grade__usage_key=_usage_key(usage)).first()
        return None if found is None else _share_set(found)

    def overrides(self, learner: str, course: str) -> Mapping[str, Score]:
        """Read the overrides of the stored grades of all subsections."""
        user = self.user_of(learner)
        rows = () if user is None else _overrides(user.id, course)
        shares = {str(row.grade.usage_key): _share_set(row) for row in rows}
        return {usage: share for usage, share in shares.items() if share is not None}

    def publish_score(self, learner: str, kept: KeptScore) -> None:
        """Send the signal that a block's publishing sends."""
        self._publish(learner, kept.usage, raw_earned=float(kept.score), raw_possible=1.0)

    def clear_score(self, learner: str, usage: str) -> None:
        """Send the signal of a score that is taken back."""
        self._publish(learner, usage, raw_earned=None, raw_possible=None, score_deleted=True)

    def publish_completion(self, learner: str, usage: str, share: Decimal) -> None:
        """Write the completion; nothing where the site does not follow completion."""
        if self._follows_completion():
            completions = _model("completion.models", "BlockCompletion").objects
            completions.submit_completion(
                user=self.user_of(learner), block_key=_usage_key(usage), completion=float(share)
            )

    def graded(self, learner: str, usage: str) -> Score | None:
        """Read the stored grade of the block."""
        rows = _model("lms.djangoapps.courseware.models", "StudentModule").objects
        row = rows.filter(student=self.user_of(learner), module_state_key=_usage_key(usage)).first()
        return share_of(row.grade, row.max_grade) if row is not None else None

    def completed(self, learner: str, usage: str) -> Decimal | None:
        """Read the stored completion of the block; nothing done yet is 0."""
        if not self._follows_completion():
            return None
        rows = _model("completion.models", "BlockCompletion").objects
        row = rows.filter(user=self.user_of(learner), block_key=_usage_key(usage)).first()
        return Decimal(str(row.completion)) if row is not None else Decimal(0)

    def roster(self, course: str, at_most: int) -> Sequence[RosterEntry]:
        """Read the enrolments, sorted and cut in the database; external ids are made where a learner has none yet."""
        learning = list(
            self._learning(course).select_related("profile").order_by("profile__name", "username")[:at_most]
        )
        keys = self._keys_of(learning, course)
        return [
            RosterEntry(
                key=keys[user.id],
                username=user.username,
                name=getattr(getattr(user, "profile", None), "name", "") or user.username,
                email=user.email,
            )
            for user in learning
        ]

    def learner_count(self, course: str) -> int:
        """Count the enrolments."""
        return int(self._learning(course).count())

    def find_block(self, usage: str) -> Any:
        """Look a block up by its key."""
        return next(_block_at(import_module("xmodule.modulestore.django").modulestore(), usage), None)

    def places(self, course: str, names: Collection[str]) -> Mapping[str, Sequence[CoursePlace]]:
        """Look blocks up by their keys; those with an activity are sought in the course once, for all names."""
        store = import_module("xmodule.modulestore.django").modulestore()
        activities = [name for name in names if not _is_usage(name)]
        found: dict[str, list[Any]] = {name: [] for name in names}
        for category in BLOCK_TYPES if activities else ():
            for block in store.get_items(_course_key(course), qualifiers={"category": category}):
                if block.activity_key in activities:
                    found[block.activity_key].append(block)
        for name in filter(_is_usage, names):
            found[name] += _block_at(store, name)
        return {name: [place for block in blocks for place in _place(block, course)] for name, blocks in found.items()}

    @staticmethod
    def _learning(course: str) -> Any:
        """Return the users who are enrolled and are not of the staff, as the platform sees it for a course.

        A role of an organisation has no course. Beta testers and data researchers have roles as well, and learn.
        """
        key = _course_key(course)
        roles = _model("common.djangoapps.student.models", "CourseAccessRole").objects
        of_organisation = roles.filter(org=key.org, role__in=STAFF_ROLES).values_list("user_id", "course_id")
        staff = {user for user, where in of_organisation if where is None or str(where) == course}
        enrolments = _model("common.djangoapps.student.models", "CourseEnrollment").objects
        return enrolments.users_enrolled_in(key).filter(is_staff=False).exclude(id__in=staff)

    @staticmethod
    def _keys_of(users: Sequence[Any], course: str) -> Mapping[int, str]:
        """Return the ids under which blocks know users: external ones, the course's own where the site has no such type."""
        ids = _model("openedx.core.djangoapps.external_user_ids.models", "ExternalId")
        found = ids.batch_get_or_create_user_ids(users, EXTERNAL_ID_TYPE) or {}
        anonymous = _model("common.djangoapps.student.models", "anonymous_id_for_user")
        return {
            user.id: str(found[user.id].external_user_id) if user.id in found else anonymous(user, _course_key(course))
            for user in users
        }

    def _publish(self, learner: str, usage: str, **score: Any) -> None:
        """Send SCORE_PUBLISHED of another user than the one who asks: as lti_consumer grades learners who are not there."""
        block = import_module("xmodule.modulestore.django").modulestore().get_item(_usage_key(usage))
        signals = import_module("lms.djangoapps.grades.api").signals
        user = self.user_of(learner)
        # The platform reads the row of the learner's state, puts the grade in and writes it whole, without a lock: what
        # the learner does meanwhile would be written over.
        with transaction.atomic():
            if user is not None:
                self.hold_state(user.id, str(block.location.course_key), usage)
            signals.SCORE_PUBLISHED.send(sender=None, block=block, user=user, only_if_higher=False, **score)

    @staticmethod
    def _follows_completion() -> bool:
        try:
            switch = import_module("completion.waffle").ENABLE_COMPLETION_TRACKING_SWITCH
        except (ImportError, AttributeError):
            return False
        return bool(switch.is_enabled())

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


def _is_usage(name: str) -> bool:
    """Return whether a name is a usage key, and not the key of an activity."""
    return ":" in name or "@" in name


def _block_at(store: Any, usage: str) -> Iterator[Any]:
    missing = import_module("xmodule.modulestore.exceptions").ItemNotFoundError
    wrong = import_module("opaque_keys").InvalidKeyError
    try:
        yield store.get_item(_usage_key(usage))
    except (missing, wrong):
        return


def _place(block: Any, course: str) -> Iterator[CoursePlace]:
    """Give a block as a place, if it is in the course."""
    if str(block.location.course_key) == course:
        path = f"/courses/{course}/jump_to/{block.location}"
        yield CoursePlace(usage=str(block.location), title=block.display_name or "", path=path)


def _overrides(user_id: Any, course: str) -> Any:
    rows = _model("lms.djangoapps.grades.models", "PersistentSubsectionGradeOverride").objects
    return rows.filter(grade__user_id=user_id, grade__course_id=_course_key(course)).select_related("grade")


def _share_set(override: Any) -> Score | None:
    """Return the share that an override sets; None where it leaves the graded part as it was."""
    earned = override.earned_graded_override
    possible = override.possible_graded_override or override.grade.possible_graded
    return None if earned is None else share_of(min(earned, possible or 0), possible)


def _model(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


def _course_key(course: str) -> Any:
    return import_module("opaque_keys.edx.keys").CourseKey.from_string(course)


def _usage_key(usage: str) -> Any:
    return import_module("opaque_keys.edx.keys").UsageKey.from_string(usage)


def _is_uuid(learner: str) -> bool:
    return bool(_UUID.fullmatch(learner))
