"""Field data of one request as the platform has it: read once, when the block is made, and written over what is stored.

So `UserStateCache` in the platform's `lms/djangoapps/courseware/model_data.py` and the client that it uses: after a
writing, a request's copy has no other fields than those that were written.
"""

from __future__ import annotations

import json
from typing import Any

from xblock.fields import Scope
from xblock.runtime import DictKeyValueStore, KeyValueStore, KvsFieldData

from tests.fakes.block_runtime import Store
from tests.fakes.courseware.models import StudentModule


class RequestState(KeyValueStore):
    """States of one learner in the table, everything else in what ``authored`` holds."""

    def __init__(self, user_id: int, authored: DictKeyValueStore) -> None:
        self.user_id = user_id
        self.authored = authored
        rows = StudentModule.objects.filter(student_id=user_id).exclude(state="")
        self.copy: dict[str, dict[str, Any]] = {row.module_state_key: json.loads(row.state) for row in rows}

    def get(self, key: Any) -> Any:
        if key.scope is not Scope.user_state:
            return self.authored.get(key)
        return self.copy[str(key.block_scope_id)][key.field_name]

    def has(self, key: Any) -> bool:
        if key.scope is not Scope.user_state:
            return bool(self.authored.has(key))
        return key.field_name in self.copy.get(str(key.block_scope_id), {})

    def set(self, key: Any, value: Any) -> None:
        self.set_many({key: value})

    def delete(self, key: Any) -> None:
        raise NotImplementedError

    def set_many(self, update_dict: dict[Any, Any]) -> None:
        states: dict[Any, dict[str, Any]] = {}
        for key, value in update_dict.items():
            if key.scope is Scope.user_state:
                states.setdefault(key.block_scope_id, {})[key.field_name] = value
            else:
                self.authored.set(key, value)
        for usage, state in states.items():
            where = {"student_id": self.user_id, "course_id": str(usage.context_key), "module_state_key": str(usage)}
            row, is_new = StudentModule.objects.get_or_create(**where, defaults={"state": json.dumps(state)})
            if not is_new:
                row.state = json.dumps({**json.loads(row.state or "{}"), **state})
                row.save(force_update=True)
            self.copy[str(usage)] = state


def request_store(user_id: int, authored: DictKeyValueStore) -> Store:
    """Return the field data of one request of a learner."""
    return Store(data=KvsFieldData(RequestState(user_id, authored)))
