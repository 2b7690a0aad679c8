"""What work in teams is evidence of: parts that serve no knowledge point, since a team's work shows nobody's own skill."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from lti_tool.services.classes.questions import Wanted, store
from qualoop.framework import Framework
from qualoop.ledger import canonical_body


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainPart:
    """One part of an activity of its own, with the activity's titles by language."""

    key: str
    part: str
    titles: Mapping[str, str]


TEAM_PART: Final = PlainPart(
    key="class-team-check", part="team", titles={"en": "Team readiness check", "zh-Hans": "小组准备度测验"}
)
GROUP_PART: Final = PlainPart(
    key="class-group-work", part="mark", titles={"en": "Group work in class", "zh-Hans": "课堂小组作业"}
)


def register_plain(
    session: Session, organisation_id: int, named: PlainPart, framework: Framework | None, *, now: datetime
) -> tuple[str, str, str]:
    """Register a part that serves no knowledge point; return activity, content hash and part that its evidence names."""
    manifest = {"parts": [{"key": named.part, "type": "process", "options": None, "max": "1"}]}
    content_hash = hashlib.sha256(canonical_body({"kind": named.key, **manifest})).hexdigest()
    wanted = Wanted(
        key=named.key,
        kind=named.key,
        content_hash=content_hash,
        manifest={**manifest, "title": dict(named.titles)},
        tags={named.part: {}},
    )
    of = {"code": framework.code, "version": framework.version} if framework else {"code": "none", "version": "0"}
    store(session, organisation_id, wanted, of, now=now, once=True)
    return wanted.key, content_hash, named.part
