"""Items, responses and scores: what is asked, what was answered, what it is worth.

`items` is the authors' format and `faults` checks it; `presentation`, `responses` and `scoring` lead from a page to an
outcome; `settings`, `timing`, `credit` and `attempts` from outcomes to a grade.
"""

from __future__ import annotations

from qualoop.assessment.attempts import (
    AttemptEvaluatedError,
    AttemptNotActiveError,
    AttemptRefusedError,
    AttemptState,
    AttemptStillActiveError,
    AttemptsUsedUpError,
    LinkClosedError,
    LinkNotOpenError,
)
from qualoop.assessment.credit import attempt_score, counted_score, item_credit
from qualoop.assessment.faults import Fault, faults
from qualoop.assessment.items import (
    BaseItem,
    Entry,
    Feedback,
    Hotspot,
    Item,
    ItemFigure,
    Key,
    Language,
    Matching,
    MultipleChoice,
    NumberItem,
    NumberNearMiss,
    Option,
    Ordering,
    Pair,
    Region,
    Shape,
    ShortText,
    SingleChoice,
    TextNearMiss,
    guess_floor,
    texts,
)
from qualoop.assessment.presentation import Movable, presented, presented_order, right_sides
from qualoop.assessment.responses import REFUSALS, Form, Response, ResponseRefusedError, read_response
from qualoop.assessment.revealing import Revealed, reveal
from qualoop.assessment.scoring import Outcome, score_response
from qualoop.assessment.settings import LinkSettings, LinkSettingsError
from qualoop.assessment.timing import (
    FOREVER,
    Date,
    Extension,
    Phase,
    PlatformDates,
    Schedule,
    Source,
    schedule,
)

__all__ = [
    "FOREVER",
    "REFUSALS",
    "AttemptEvaluatedError",
    "AttemptNotActiveError",
    "AttemptRefusedError",
    "AttemptState",
    "AttemptStillActiveError",
    "AttemptsUsedUpError",
    "BaseItem",
    "Date",
    "Entry",
    "Extension",
    "Fault",
    "Feedback",
    "Form",
    "Hotspot",
    "Item",
    "ItemFigure",
    "Key",
    "Language",
    "LinkClosedError",
    "LinkNotOpenError",
    "LinkSettings",
    "LinkSettingsError",
    "Matching",
    "Movable",
    "MultipleChoice",
    "NumberItem",
    "NumberNearMiss",
    "Option",
    "Ordering",
    "Outcome",
    "Pair",
    "Phase",
    "PlatformDates",
    "Region",
    "Response",
    "ResponseRefusedError",
    "Revealed",
    "Schedule",
    "Shape",
    "ShortText",
    "SingleChoice",
    "Source",
    "TextNearMiss",
    "attempt_score",
    "counted_score",
    "faults",
    "guess_floor",
    "item_credit",
    "presented",
    "presented_order",
    "read_response",
    "reveal",
    "right_sides",
    "schedule",
    "score_response",
    "texts",
]
