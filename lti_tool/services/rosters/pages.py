"""Reads every page of a course's members, or of its groups, from its platform. Nothing is written: a list is whole, or it
is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Generic, TypeVar

from lti_tool.lti.claims import SCOPE_GROUPS_READ
from lti_tool.lti.errors import AccessTokenRefusedError
from lti_tool.lti.groups import GROUPS_TYPE, Group, parse_groups
from lti_tool.lti.nrps import (
    MEMBERS_TYPE,
    SCOPE_MEMBERS_READ,
    RosterMember,
    find_next_url,
    first_page_url,
    parse_members,
)
from lti_tool.lti.registration import Registration
from lti_tool.lti.roster_errors import (
    RosterBusyError,
    RosterEmptyError,
    RosterError,
    RosterGoneError,
    RosterLoopError,
    RosterPlatformError,
    RosterRefusedError,
    RosterSlowError,
    RosterTooLargeError,
    RosterUnreadableError,
)
from lti_tool.lti.score_answers import Verdict, judge_score_answer
from lti_tool.outgoing import Reply
from lti_tool.services.platforms.platform_services import PlatformServices

Entry = TypeVar("Entry", RosterMember, Group)

MAX_PAGES: Final = 500
MAX_MEMBERS: Final = 20_000
MAX_GROUPS: Final = 2_000

#: What Moodle answers, to whom it has not granted the service, when asked for a token.
_NO_SCOPE: Final = "invalid_scope"
_REFUSALS: Final[Mapping[Verdict, type[RosterError]]] = {
    Verdict.ACCESS: RosterRefusedError,
    Verdict.LATER: RosterBusyError,
    Verdict.REFIND: RosterGoneError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Everybody who is active in a course, by user_id; ``remarks`` counts what was odd and was taken all the same."""

    members: Mapping[str, RosterMember]
    remarks: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind(Generic[Entry]):
    """What is listed, and how: the scope that it needs, its media type, the reading of a page."""

    scope: str
    media_type: str
    parse: Callable[[bytes], tuple[Entry, ...]]


_MEMBERS: Final = _Kind(scope=SCOPE_MEMBERS_READ, media_type=MEMBERS_TYPE, parse=parse_members)
_GROUPS: Final = _Kind(scope=SCOPE_GROUPS_READ, media_type=GROUPS_TYPE, parse=parse_groups)


def read_roster(
    services: PlatformServices,
    registration: Registration,
    url: str,
    *,
    with_groups: bool = False,
    is_late: Callable[[], bool],
) -> Roster:
    """Return the roster at ``url``, with the groups of each member where the platform has groups.

    Raises a RosterError, and what PlatformServices.send raises: then nobody knows who is in the course.
    """
    first = first_page_url(registration.check_service_url(url), with_groups=with_groups)
    return roster_of(_read_all(services, registration, _MEMBERS, first, most=MAX_MEMBERS, is_late=is_late))


def read_groups(
    services: PlatformServices, registration: Registration, url: str, *, is_late: Callable[[], bool]
) -> Mapping[str, Group]:
    """Return the groups at ``url`` by id, of one that is named more than once the last; raises the same."""
    first = first_page_url(registration.check_service_url(url))
    groups = _read_all(services, registration, _GROUPS, first, most=MAX_GROUPS, is_late=is_late)
    return {group.key: group for group in groups}


def _read_all(
    services: PlatformServices,
    registration: Registration,
    kind: _Kind[Entry],
    first: str,
    *,
    most: int,
    is_late: Callable[[], bool],
) -> list[Entry]:
    """Return the entries of all pages in their order."""
    found: list[Entry] = []
    seen: set[str] = set()
    page: str | None = first
    while page is not None:
        if page in seen:
            raise RosterLoopError("a next page was read before")
        if len(seen) == MAX_PAGES:
            raise RosterTooLargeError(f"there are more than {MAX_PAGES} pages")
        if is_late():
            raise RosterSlowError(f"{len(seen)} pages were read in the time that there was")
        seen.add(page)
        reply = _page(services, registration, kind, page)
        found += kind.parse(reply.body)
        if len(found) > most:
            raise RosterTooLargeError(f"there are more than {most} entries")
        page = find_next_url(reply.headers, page)
    return found


def roster_of(found: list[RosterMember]) -> Roster:
    """Return the roster of everybody on the pages; raise RosterEmptyError where nobody is active.

    Of somebody who is named more than once the last counts: the class may have changed between two pages. A stand-in
    of the teacher is nobody.
    """
    last = {member.user_id: member for member in found}
    people = {subject: member for subject, member in last.items() if not member.roles.test_user}
    active = {subject: member for subject, member in people.items() if member.is_active}
    if not active:
        raise RosterEmptyError("nobody is active in the answer")
    remarks = {
        "repeated": len(found) - len(last),
        "test-users": len(last) - len(people),
        "names-cut": sum(member.was_cut for member in active.values()),
    }
    return Roster(members=active, remarks={name: count for name, count in remarks.items() if count})


def _page(services: PlatformServices, registration: Registration, kind: _Kind[Entry], url: str) -> Reply:
    """Return one page; a token that the platform no longer takes is renewed once on the way."""
    try:
        reply = services.send(registration, (kind.scope,), "GET", url=url, headers={"Accept": kind.media_type})
    except AccessTokenRefusedError as error:
        if error.reason == _NO_SCOPE:
            raise RosterRefusedError("the platform grants no token for this scope", status=400) from error
        raise
    if reply.status == HTTPStatus.OK:
        return reply
    if reply.status < HTTPStatus.BAD_REQUEST:
        # A redirect, most often to a page where people sign in: it is not followed with our token.
        raise RosterUnreadableError("the answer is no document", status=reply.status)
    refusal = _REFUSALS.get(judge_score_answer(reply.status, reply.headers, reply.body), RosterPlatformError)
    raise refusal(f"the answer has status {reply.status}", status=reply.status)
