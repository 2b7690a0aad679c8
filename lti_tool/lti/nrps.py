"""Names and Role Provisioning Services 2.0: what is asked, and how members and paging are read.

All members are asked for, never those of one role: Moodle loses the filter in the address of the next page. A roster
is taken whole or not at all, since whoever is absent counts as gone.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

from lti_tool.lti.claims import MAX_ENTRIES, MAX_ID, MAX_URL
from lti_tool.lti.errors import ServiceOriginError
from lti_tool.lti.registration import find_origin
from lti_tool.lti.roles import LaunchRoles, read_roles
from lti_tool.lti.roster_errors import RosterLinkError, RosterUnreadableError

SCOPE_MEMBERS_READ: Final = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEMBERS_TYPE: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

PAGE_SIZE: Final = 100
"""Members that are asked for at once: with more the answer of a talkative platform would pass the limit of the client."""
MAX_NAME: Final = 255
MAX_LINK: Final = 8192

#: Section 2.3: a member without status is active.
_STATUSES: Final = {"active": True, "inactive": False, "deleted": False}
_STATUS_URI: Final = "http://purl.imsglobal.org/vocab/lis/v2/status#"

#: RFC 8288, 3: a target, then parameters whose values are tokens or quoted strings; links are parted by commas.
_TARGET: Final = re.compile(r"[\s,]*<([^<>\s]*)>")
_PARAMETER: Final = re.compile(
    r'\s*;\s*([\w!#$&+.^`|~*-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&\'*+.^`|~:/-]+)))?', re.ASCII
)
_END: Final = re.compile(r"\s*(?:,|;?\s*$)")

#: Control characters, halves of surrogate pairs, and whatever begins a new line.
_NOT_SHOWN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: What belongs to the characters beside it, although it is no mark. Other characters of this kind (Cf) turn the
#: direction of the text or hide: a name must not rearrange the row that it stands in.
_JOINERS: Final = frozenset("\u200c\u200d\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")


class RosterMember(NamedTuple):
    """A member of a course, bounded and cleaned. `was_cut` says that the name was too long to be kept whole.

    Names and e-mail are None where the platform withholds them. Identifiers of student systems are not read.
    ``groups`` are the ids of the groups that the platform says the member is in (Course Groups Service 1.0, 3.3).
    """

    user_id: str
    is_active: bool
    roles: LaunchRoles
    name: str | None
    email: str | None
    was_cut: bool
    groups: tuple[str, ...] = ()


# -- What is asked


def first_page_url(url: str, *, with_groups: bool = False) -> str:
    """Return the address of the first page; a platform may give fewer entries at once than are asked for.

    ``with_groups`` asks for the groups of each member, where the platform has the service of groups.
    """
    parts = urlsplit(url)
    named = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    wanted = {"limit": str(PAGE_SIZE), **({"groups": "true"} if with_groups else {})}
    more = (f"{name}={value}" for name, value in wanted.items() if name not in named)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, *more)))))


def find_next_url(headers: Mapping[str, str], url: str) -> str | None:
    """Return the address of the page after the one at ``url``, None after the last; header names are in lower case.

    The address is taken letter by letter: cursors are case-sensitive. Raises RosterLinkError for a header that cannot
    be read, ServiceOriginError for a page of another origin, where our token must not go (S13).
    """
    header = headers.get("link", "")
    if len(header) > MAX_LINK:
        raise RosterLinkError("the Link header is too long")
    targets = [target for target, relations in _links(header) if "next" in relations]
    if not targets:
        return None
    if len(set(targets)) > 1 or not targets[0]:
        raise RosterLinkError("the Link header names no single next page")
    following = _resolved(url, targets[0])
    if find_origin(following) != find_origin(url):
        raise ServiceOriginError("the next page of the members is of another origin")
    return following


def _resolved(url: str, target: str) -> str:
    """Return the target of a link on the page at ``url``."""
    try:
        following = target if find_origin(target) else urljoin(url, target)
    except ValueError as error:
        raise RosterLinkError("the next page has no address that can be read") from error
    if len(following) > MAX_URL or "\\" in following:
        raise RosterLinkError("the next page has no address that can be read")
    return following


def _links(header: str) -> list[tuple[str, frozenset[str]]]:
    """Return the targets of a Link header, each with its relation types in lower case."""
    found, position = [], 0
    while header[position:].strip(" \t,"):
        target = _TARGET.match(header, position)
        if target is None:
            raise RosterLinkError("the Link header does not have the form of RFC 8288")
        position, relations = target.end(), None
        while parameter := _PARAMETER.match(header, position):
            position = parameter.end()
            name, quoted, token = parameter.groups()
            # The first `rel` of a link counts (RFC 8288, 3.3).
            if name.lower() == "rel" and relations is None:
                relations = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else token or ""
        end = _END.match(header, position)
        if end is None or relations is None:
            raise RosterLinkError("the Link header does not have the form of RFC 8288")
        position = end.end()
        found.append((target[1], frozenset(relations.lower().split())))
    return found


# -- What is answered


def parse_members(body: bytes) -> tuple[RosterMember, ...]:
    """Return the members of one page in their order, repeated ones too; raise RosterUnreadableError."""
    try:
        container = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RosterUnreadableError("the answer is not JSON") from error
    members = container.get("members") if isinstance(container, dict) else None
    if not isinstance(members, list):
        raise RosterUnreadableError("the answer has no list of members")
    return tuple(map(_member, members))


def _member(entry: object) -> RosterMember:
    if not isinstance(entry, dict):
        raise RosterUnreadableError("a member is not an object")
    full = one_line(entry, "name") or " ".join(
        filter(None, (one_line(entry, "given_name"), one_line(entry, "family_name")))
    )
    name = cut_name(full)
    return RosterMember(
        _user_id(entry),
        _is_active(entry),
        _roles(entry),
        name or None,
        _email(entry),
        len(name) < len(full),
        _groups(entry),
    )


def _user_id(entry: Mapping[str, Any]) -> str:
    """Return the subject under which this member launches, bounded as in a launch."""
    value = entry.get("user_id")
    if type(value) is not str or not 0 < len(value) <= MAX_ID or not value.isascii() or "\x00" in value:
        raise RosterUnreadableError(f"a member has no user_id of at most {MAX_ID} ASCII characters")
    return value


def _is_active(entry: Mapping[str, Any]) -> bool:
    value = entry.get("status")
    if value is None:
        return True
    known = _STATUSES.get(value.removeprefix(_STATUS_URI).lower()) if isinstance(value, str) else None
    if known is None:
        raise RosterUnreadableError("the status of a member is none of Active, Inactive, Deleted")
    return known


def _roles(entry: Mapping[str, Any]) -> LaunchRoles:
    value = entry.get("roles")
    if value is None:
        value = []
    if not isinstance(value, list) or len(value) > MAX_ENTRIES:
        raise RosterUnreadableError(f"the roles of a member are no list of at most {MAX_ENTRIES}")
    if not all(isinstance(role, str) and len(role) <= MAX_ID for role in value):
        raise RosterUnreadableError("a role of a member is no short text")
    return read_roles(tuple(value))


def _groups(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the groups of a member; one that cannot be read is left out, for the list of members does not hang on it."""
    listed = entry.get("group_enrollments")
    if not isinstance(listed, list):
        return ()
    ids = (group.get("group_id") for group in listed[:MAX_ENTRIES] if isinstance(group, dict))
    return tuple(dict.fromkeys(each for one in ids if (each := group_key(one))))


def group_key(value: object) -> str | None:
    """Return the id of a group as we keep it, None for what is none; some platforms give numbers."""
    text = str(value) if type(value) is int else value
    return text if type(text) is str and 0 < len(text) <= MAX_ID and text.isascii() and text.isprintable() else None


def _email(entry: Mapping[str, Any]) -> str | None:
    """Return the address; one too long to be real is dropped, for half of it would be another's."""
    email = one_line(entry, "email")
    return email if 0 < len(email) <= MAX_NAME else None


def one_line(entry: Mapping[str, Any], name: str) -> str:
    """Return a text that is only shown, on one line and without what cannot be stored or hides what stands there."""
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RosterUnreadableError(f"the {name} of a member is no text")
    kept = value if value.isprintable() else "".join(map(_shown, value))
    return " ".join(kept.split())


def _shown(character: str) -> str:
    """Return what is kept of a character; private and new ones stay, since rare characters of names are such."""
    category = unicodedata.category(character)
    if category == "Cf":
        return character if character in _JOINERS else ""
    return " " if category in _NOT_SHOWN else character


def cut_name(name: str) -> str:
    """Return a name that fits, never cut within what a reader takes for one character."""
    if len(name) <= MAX_NAME:
        return name
    end = MAX_NAME
    while end and (unicodedata.category(name[end])[0] == "M" or name[end] in _JOINERS or name[end - 1] in _JOINERS):
        end -= 1
    return name[: end or MAX_NAME].rstrip()
