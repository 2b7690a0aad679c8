"""What next: which of the lessons at hand serves this learner best now, and why.

suggestion = choose_next(framework, readings, candidates)

And below that: whether a knowledge point can be begun, whether to go on practising it, and with which item; and what a
whole class does about one that it is weak on.
"""

from __future__ import annotations

from qualoop.sequencing.advice import Advice, Move, advise
from qualoop.sequencing.class_advice import ClassAdvice, ClassFacts, ClassMove, advise_class
from qualoop.sequencing.next_item import ItemCandidate, ItemChoice, choose_item
from qualoop.sequencing.next_lesson import DONE_WELL, RESTING, Candidate, Motive, Reason, Suggestion, choose_next
from qualoop.sequencing.readiness import Readiness, is_met, readiness

__all__ = [
    "DONE_WELL",
    "RESTING",
    "Advice",
    "Candidate",
    "ClassAdvice",
    "ClassFacts",
    "ClassMove",
    "ItemCandidate",
    "ItemChoice",
    "Motive",
    "Move",
    "Readiness",
    "Reason",
    "Suggestion",
    "advise",
    "advise_class",
    "choose_item",
    "choose_next",
    "is_met",
    "readiness",
]
