"""How one activity is shown and stepped, whatever the host: a page of the LTI tool, a block, a preview.

`installed_kinds().get_kind(name)` gives an `ActivityKind`. A host opens a package's document once (and keeps it by
content hash), takes `initial_state` for a new attempt, lets `step` make the next state and the events of each action,
stores both in one transaction, and answers with what `render` returns.
"""

from __future__ import annotations

from qualoop.player.actions import (
    Action,
    Answered,
    Event,
    Finished,
    HintShown,
    PartScored,
    Revealed,
    RunScored,
    State,
    Step,
    WorkSubmitted,
)
from qualoop.player.errors import (
    DecisionRefusedError,
    PlayerError,
    StaleActionError,
    UnknownActionError,
    UnknownKindError,
)
from qualoop.player.host import Host, KnowledgePointOutlook, NextActivity, Refused, Remark
from qualoop.player.kinds import ENTRY_POINT_GROUP, ActivityKind, ActivityKinds, Description, installed_kinds
from qualoop.player.lesson import MicroLessonKind
from qualoop.player.translation import translations

__all__ = [
    "ENTRY_POINT_GROUP",
    "Action",
    "ActivityKind",
    "ActivityKinds",
    "Answered",
    "DecisionRefusedError",
    "Description",
    "Event",
    "Finished",
    "HintShown",
    "Host",
    "KnowledgePointOutlook",
    "MicroLessonKind",
    "NextActivity",
    "PartScored",
    "PlayerError",
    "Refused",
    "Remark",
    "Revealed",
    "RunScored",
    "StaleActionError",
    "State",
    "Step",
    "UnknownActionError",
    "UnknownKindError",
    "WorkSubmitted",
    "installed_kinds",
    "translations",
]
