"""Rows that several requests may want first at the same moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connections


def locked(model: Any, key: Mapping[str, Any], made: Mapping[str, Any]) -> Any:
    """Return the row of a unique key, locked until the transaction ends; made with ``made`` where there is none.

    The first statement locks, so that what follows sees what the one before has committed, also where reads repeat.
    """
    rows = model.objects.select_for_update().filter(**key)
    found = next(iter(rows), None)
    if found is None:
        make(model, key, made)
        found = rows.get()
    return found


def make(model: Any, key: Mapping[str, Any], made: Mapping[str, Any]) -> None:
    """Make the row of a unique key, if it is not there, and hold its lock.

    Not `get_or_create`: on MySQL everybody who comes too late with an insert is left with a shared lock on the row, and none
    of several such can write it any more, which is a deadlock. An insert that becomes an update takes the writer's lock.
    """
    has_target = connections[model.objects.db].features.supports_update_conflicts_with_target
    model.objects.bulk_create(
        [model(**key, **made)],
        update_conflicts=True,
        update_fields=[next(iter(key))],
        unique_fields=list(key) if has_target else None,
    )
