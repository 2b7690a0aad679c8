"""What class blocks ask of the platform about other people than the one who looks: roster, work before class, publishing.

Who may ask is the block's to say. Names never leave the platform.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from decimal import Decimal

from qualoop.classroom.prework import Prework
from qualoop.values import Score
from xblocks.edx.config import load_platform
from xblocks.edx.platform import KeptScore, Platform, RosterEntry

_logger = logging.getLogger(__name__)


def roster(course: str, at_most: int) -> Sequence[RosterEntry]:
    """Return who takes part in a course; nobody, and a line in the log, where this release cannot be asked so."""
    platform: Platform = load_platform()
    try:
        return platform.roster(course, at_most)
    # Modules and methods move between releases: the class can still be held with those whom staff add.
    except Exception:
        _logger.exception("the enrolments of %s were not read", course)
        return ()


def prework(course: str, learner: str, names: Iterable[str]) -> Sequence[Prework] | None:
    """Return how a learner stands at each place that a name means; one of which the course has none says so.

    None, and a line in the log, where this release cannot be asked so: then nobody is kept out.
    """
    try:
        return _prework(course, learner, names)
    except Exception:
        _logger.exception("work before class in %s was not read", course)
        return None


def _prework(course: str, learner: str, names: Iterable[str]) -> Sequence[Prework]:
    platform: Platform = load_platform()
    works: list[Prework] = []
    for name in names:
        places = platform.places(course, name)
        works += [
            Prework(
                name=name,
                title=place.title,
                url=place.path,
                completion=platform.completed(learner, place.usage),
                score=platform.graded(learner, place.usage),
            )
            for place in places
        ]
        if not places:
            works.append(Prework(name=name, is_found=False))
    return works


def publish(
    learner: str, usage: str, *, score: Score | None, completion: Decimal | None, keeps_score: bool = False
) -> bool:
    """Let the platform have a learner's score (None: take it back) and completion (None: as it is); return whether it did.

    ``keeps_score`` leaves the score as the platform has it.
    What fails is logged: what the register keeps is published again with the next action there, or by the sweeper.
    """
    platform: Platform = load_platform()
    try:
        if keeps_score:
            pass
        elif score is not None:
            platform.publish_score(learner, KeptScore(usage=usage, score=score, graded=None))
        elif platform.graded(learner, usage) is not None:
            platform.clear_score(learner, usage)
        if completion is not None:
            platform.publish_completion(learner, usage, completion)
    # Whatever a receiver of the platform raises: one learner must not keep the others from their grades.
    except Exception:
        _logger.exception("a grade at %s did not reach the platform", usage)
        return False
    return True
