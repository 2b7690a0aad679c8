"""Which items of installed lessons a team check can take. Reads only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, ContentVersion
from lti_tool.services.classes.questions import LESSON
from lti_tool.services.classes.sessions import ClassMissingError, plain
from qualoop.classroom.team_check import CheckItem, CheckRefusedError, scratchable
from qualoop.values import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedItem:
    """An item that a check can take, named by activity and item."""

    activity: str
    item: str
    prompt: Text
    options: int

    @property
    def id(self) -> str:
        """Return what names it in forms."""
        return f"{self.activity}/{self.item}"


def offered_items(session: Session, organisation_id: int, activity_key: str) -> Sequence[OfferedItem]:
    """Return what of an installed lesson can be scratched; nothing where there is no such lesson."""
    found = _installed(session, organisation_id, activity_key)
    items = [scratchable(document) for document in found[2]] if found else []
    return [
        OfferedItem(activity=activity_key, item=item.key, prompt=item.prompt, options=len(item.options))
        for item in items
        if item is not None
    ]


def find_item(session: Session, organisation_id: int, activity_key: str, item_key: str) -> CheckItem:
    """Return an installed item as a check takes it.

    Raises ClassMissingError, CheckRefusedError for what has no one right option.
    """
    found = _installed(session, organisation_id, activity_key)
    document = next((each for each in found[2] if each["key"] == item_key), None) if found else None
    if found is None or document is None:
        raise ClassMissingError
    item = scratchable(document)
    if item is None:
        raise CheckRefusedError
    return CheckItem(item=item, activity_key=activity_key, content_hash=found[1], part=item.key, version_id=found[0])


def _installed(
    session: Session, organisation_id: int, activity_key: str
) -> tuple[int, str, list[dict[str, Any]]] | None:
    row = session.execute(
        select(ContentVersion.id, ContentVersion.hash, ContentVersion.document)
        .join(Activity, Activity.version_id == ContentVersion.id)
        .where(
            Activity.organisation_id == organisation_id,
            ContentVersion.organisation_id == organisation_id,
            Activity.key == plain(activity_key),
            Activity.kind == LESSON,
        )
    ).first()
    if row is None or not row[2]:
        return None
    document = json.loads(row[2])
    # Those that the author wrote for such a check come first.
    return row[0], row[1], [*document.get("readiness", []), *document.get("items", [])]
