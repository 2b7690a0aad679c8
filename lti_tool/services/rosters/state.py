"""What a teacher sees of the class list: when it was last read, what changed, and why it could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, select

from lti_tool.lti import roster_errors
from lti_tool.lti.errors import (
    AccessTokenRefusedError,
    AccessTokenUnavailableError,
    LtiError,
    ServiceOriginError,
    UnknownIssuerError,
    translatable,
)
from lti_tool.lti.platform_profiles import Product
from lti_tool.models import Context, Deployment, Registration, RosterRead
from lti_tool.services.rosters.roster import INTERNAL, LEASE, Outcome

_TOLD: Final[tuple[type[LtiError], ...]] = (
    *(roster_errors.RosterReplacedError, roster_errors.RosterRefusedError, roster_errors.RosterGoneError),
    *(roster_errors.RosterBusyError, roster_errors.RosterPlatformError, roster_errors.RosterUnreadableError),
    *(roster_errors.RosterLinkError, roster_errors.RosterLoopError, roster_errors.RosterTooLargeError),
    *(roster_errors.RosterEmptyError, roster_errors.RosterSlowError),
    *(ServiceOriginError, AccessTokenRefusedError, AccessTokenUnavailableError, UnknownIssuerError),
)
_AGAIN: Final = roster_errors.RosterError.what_to_do
_TELL: Final = roster_errors.RosterUnreadableError.what_to_do
_TIMED_OUT: Final = (translatable("Your course platform did not answer in time."), _AGAIN)
_UNREACHABLE: Final = (translatable("Your course platform could not be reached."), _AGAIN)
_BLOCKED: Final = (
    translatable("The address of your course platform's list of members is not one that this tool may call."),
    _TELL,
)
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    **{kind.code: (kind.sentence, kind.what_to_do) for kind in _TOLD},
    "outgoing-read-timeout": _TIMED_OUT,
    "outgoing-connect-timeout": _TIMED_OUT,
    "outgoing-address-refused": _BLOCKED,
    "outgoing-origin-refused": _BLOCKED,
    "outgoing-network-blocked": _BLOCKED,
    "outgoing-too-large": (
        roster_errors.RosterTooLargeError.sentence,
        roster_errors.RosterTooLargeError.what_to_do,
    ),
    INTERNAL: (translatable("Something went wrong in this tool."), _AGAIN),
}

#: Where an administrator allows it. Seen by us in Moodle and Open edX; the others are from the vendors' documents.
_WHERE: Final[Mapping[str, str]] = {
    Product.MOODLE: translatable(
        "In Moodle: Site administration → Plugins → Activity modules → External tool → Manage tools → this tool → "
        "Services → IMS LTI Names and Role Provisioning: use this service to retrieve members’ information."
    ),
    Product.OPEN_EDX: translatable(
        "In Open edX: Studio → the LTI component → Edit → Enable LTI NRPS: True. "
        "Names come only where the site lets LTI tools have them."
    ),
    Product.CANVAS: translatable(
        "In Canvas: Admin → Developer Keys → the LTI key of this tool → Scopes: "
        "“Can retrieve user data associated with the context the tool is installed in”."
    ),
    Product.BRIGHTSPACE: translatable(
        "In Brightspace: Admin Tools → Manage Extensibility → LTI Advantage → this tool → Extensions: "
        "Names and Role Provisioning Services; then the same at its deployment."
    ),
    Product.BLACKBOARD: translatable(
        "In Blackboard: Administrator Panel → LTI Tool Providers → this tool → Edit: Allow Membership Service Access: Yes."
    ),
}
_NEEDS_PERMISSION: Final = frozenset({roster_errors.RosterRefusedError.code, AccessTokenRefusedError.code})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why the last reading came to nothing: msgids, of which ``where`` is empty unless a switch helps."""

    code: str
    status: int | None
    at: datetime
    sentence: str
    what_to_do: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """The newest list that was taken: how many are in it, and what changed with it."""

    at: datetime
    members: int
    added: int
    departed: int
    names_cut: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterState:
    """How the class list stands. ``where`` is where an administrator switches it on, empty where nobody knows."""

    is_offered: bool
    is_running: bool
    last: Success | None
    failure: Failure | None
    where: str


def roster_state(connection: Connection, organisation_id: int, context_id: int, *, now: datetime) -> RosterState:
    """Return how the class list of a course stands."""
    url, product = connection.execute(
        select(Context.memberships_url, Registration.product)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(Context.id == context_id, Context.organisation_id == organisation_id)
    ).one()
    reads = (
        select(RosterRead.__table__)
        .where(RosterRead.context_id == context_id, RosterRead.organisation_id == organisation_id)
        .order_by(RosterRead.id.desc())
    )
    newest = connection.execute(reads.limit(2)).mappings().all()
    running = next((read for read in newest if read["outcome"] == Outcome.RUNNING), None)
    ended = next((read for read in newest if read["outcome"] != Outcome.RUNNING), None)
    last = ended
    if ended is not None and ended["outcome"] == Outcome.FAILED:
        last = connection.execute(reads.where(RosterRead.outcome == Outcome.DONE.value).limit(1)).mappings().first()
    where = _WHERE.get(product or "", "")
    return RosterState(
        is_offered=url is not None,
        is_running=running is not None and running["started_at"] > now - LEASE,
        last=_success(last) if last else None,
        failure=_failure(ended, where) if ended and ended["outcome"] == Outcome.FAILED else None,
        where=where,
    )


def _success(read: RowMapping) -> Success:
    return Success(
        at=read["finished_at"],
        members=read["members"],
        added=read["added"],
        departed=read["departed"],
        names_cut=read["remarks"].get("names-cut", 0),
    )


def _failure(read: RowMapping, where: str) -> Failure:
    sentence, what_to_do = _WORDS.get(read["code"], _UNREACHABLE)
    return Failure(
        code=read["code"],
        status=read["status"],
        at=read["finished_at"],
        sentence=sentence,
        what_to_do=what_to_do,
        where=where if read["code"] in _NEEDS_PERMISSION else "",
    )
