"""Course Groups Service 1.0: how the groups of a course are listed.

Who is in which group stands in the list of members (`nrps`). https://www.imsglobal.org/spec/lti-gs/v1p0
"""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from lti_tool.lti.nrps import cut_name, group_key, one_line
from lti_tool.lti.roster_errors import RosterUnreadableError

GROUPS_TYPE: Final = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"


class Group(NamedTuple):
    """A group of a course; ``name`` is one line of at most 255 characters, and may be empty."""

    key: str
    name: str


def parse_groups(body: bytes) -> tuple[Group, ...]:
    """Return the groups of one page in their order, repeated ones too; raise RosterUnreadableError."""
    try:
        container = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RosterUnreadableError("the answer is not JSON") from error
    groups = container.get("groups") if isinstance(container, dict) else None
    if not isinstance(groups, list):
        raise RosterUnreadableError("the answer has no list of groups")
    return tuple(map(_group, groups))


def _group(entry: object) -> Group:
    key = group_key(entry.get("id")) if isinstance(entry, dict) else None
    if key is None or not isinstance(entry, dict):
        raise RosterUnreadableError("a group has no id")
    return Group(key, cut_name(one_line(entry, "name")))
