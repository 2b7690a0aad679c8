"""Who works at a block, as far as the platform says: nothing here is a name, and nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from qualoop.errors import QualoopError
from xblocks.common.platform import find_request_user

_STAFF: Final = "edx-platform.user_is_staff"
_ROLE: Final = "edx-platform.user_role"
_SIGNED_IN: Final = "edx-platform.is_authenticated"
_ANONYMOUS_ID: Final = "edx-platform.anonymous_user_id"
_USER_ID: Final = "edx-platform.user_id"
_STAFF_ROLES: Final = frozenset({"staff", "instructor"})


class LearnerUnknownError(QualoopError):
    """The platform has no id for who works here, so what they do could be evidence of nobody. Nothing was kept."""

    code = "learner-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockUser:
    """The user of a request.

    ``key`` is the site's random id for LTI, by which the tool knows the same person; else the course's anonymous id; else
    None.
    """

    is_anonymous: bool
    is_staff: bool
    key: str | None


def block_user(block: Any) -> BlockUser:
    """Return who works at a block in this request; a platform without a user service says nothing of anybody."""
    service = block.runtime.service(block, "user")
    attributes = service.get_current_user().opt_attrs if service is not None else {}
    # Platforms without signing in (the workbench) say nothing of it.
    is_anonymous = attributes.get(_SIGNED_IN) is False
    return BlockUser(
        is_anonymous=is_anonymous,
        is_staff=bool(attributes.get(_STAFF)) or attributes.get(_ROLE) in _STAFF_ROLES,
        key=None if is_anonymous else _key(service, attributes),
    )


def learner_key(block: Any, user: BlockUser) -> str | None:
    """Return by what id evidence knows a user; None where the platform has no users.

    Raises LearnerUnknownError where it has this one and no id of them: what they did must not be lost without a word.
    """
    if user.key is None and not user.is_anonymous and block.runtime.service(block, "user") is not None:
        raise LearnerUnknownError
    return user.key


def is_enrolled(block: Any) -> bool | None:
    """Return whether the user takes part in the course; None where the platform does not say.

    The platform runs handlers for whoever has signed in, also for those who are not in the course.
    """
    service, enrolments = (block.runtime.service(block, name) for name in ("user", "enrollments"))
    ask = getattr(enrolments, "get_active_enrollments_by_course_and_user", None)
    user_id = service.get_current_user().opt_attrs.get(_USER_ID) if service is not None else None
    if ask is None or user_id is None:
        return None
    return bool(ask(str(course_key(block)), user_id))


def is_stand_in(block: Any) -> bool:
    """Return whether staff work at the block as one of its learners.

    The platform names the learner then, and keeps what is done in the session of who does it: nothing of it may count.
    """
    return bool(getattr(_masquerade(block), "user_name", None))


def is_as_learner(block: Any) -> bool:
    """Return whether staff look at the course as a learner, be it one of them or any.

    As any, the platform names the staff member, and says that nobody of the staff is there.
    """
    return is_stand_in(block) or getattr(_masquerade(block), "role", None) == "student"


def course_key(block: Any) -> Any:
    """Return the key of the course (or library) that a block stands in; None where it stands in none."""
    return getattr(block.scope_ids.usage_id, "context_key", None)


def is_in_course(block: Any) -> bool:
    """Return whether grades and evidence mean anything here: not in a library."""
    return bool(getattr(course_key(block), "is_course", True))


def _masquerade(block: Any) -> Any:
    """Return how who sent this request looks at the course, None for as oneself."""
    found = getattr(find_request_user(), "masquerade_settings", None) or {}
    return found.get(course_key(block))


def _key(service: Any, attributes: Any) -> str | None:
    found = getattr(service, "get_external_user_id", None)
    try:
        key = found("lti") if callable(found) else None
    # The platform has no external ids of this type: then the course's own id stands for the learner everywhere.
    except ValueError:
        key = None
    return str(key) if key else attributes.get(_ANONYMOUS_ID)
