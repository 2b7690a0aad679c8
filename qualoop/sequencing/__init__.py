"""What next: which of the lessons at hand serves this learner best now, and why.

suggestion = choose_next(framework, readings, candidates)
"""

from __future__ import annotations

from qualoop.sequencing.next_lesson import DONE_WELL, Candidate, Motive, Reason, Suggestion, choose_next

__all__ = ["DONE_WELL", "Candidate", "Motive", "Reason", "Suggestion", "choose_next"]
