"""What the platform asks of a block with a register when staff delete a learner's state: the register is no part of that state."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from qualoop.classroom.register import Action, Register
from xblocks.common import register_store as store
from xblocks.common.platform import find_plugin, in_one_transaction
from xblocks.common.register_grades import NOTHING


class ClearsRegister:
    """A block whose register is emptied of a learner by *Delete learner's state* of the instructor's dashboard."""

    scope_ids: Any

    def clear_student_state(self, *, user_id: str, requesting_user_id: str = "", **_: Any) -> None:
        """Empty what is written of a learner, and take grade and completion back. Both ids are the course's anonymous ones.

        The platform recomputes no grade of a block that has this (`reset_student_attempts` in its
        `lms/djangoapps/instructor/enrollment.py`). Staff can take it back on the page of the block; what was sent as
        evidence stays with the tool.
        """
        plugin = find_plugin("people")
        if plugin is None:
            return
        action = Action(what="clear", by=requesting_user_id, at=datetime.now(UTC))
        keys = plugin.keys_of(user_id)

        def cleared(it: Register) -> Register:
            for key in keys:
                if key in it.cells:
                    it = it.cleared(key, action).informed(key, published=NOTHING)
            return it

        # The platform's row of the learner first, then the register, as a handing in locks them.
        with in_one_transaction():
            plugin.clear(keys[0], str(self.scope_ids.usage_id))
            store.change(self, cleared)
