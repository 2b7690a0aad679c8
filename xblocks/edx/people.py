"""What blocks ask of the platform besides who looks: roster, work before class, places in a course, publishing.

Who may ask is the block's to say. Names never leave the platform.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from qualoop.classroom.prework import Prework
from qualoop.values import Score
from xblocks.edx.config import load_platform
from xblocks.edx.platform import CoursePlace, KeptScore, Platform, RosterEntry

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


def names(learners: Iterable[str]) -> Mapping[str, str]:
    """Return what staff call learners; nothing, and a line in the log, where this release cannot be asked so."""
    try:
        found: Mapping[str, str] = load_platform().labels(learners)
    except Exception:
        _logger.exception("the names of learners were not read")
        return {}
    return found


def learner_count(course: str) -> int | None:
    """Return how many take part in a course; None, and a line in the log, where this release cannot be asked so."""
    try:
        found: int = load_platform().learner_count(course)
    except Exception:
        _logger.exception("the enrolments of %s were not counted", course)
        return None
    return found


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
    for name, places in platform.places(course, list(names)).items():
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


def places(course: str, name: str) -> Sequence[CoursePlace]:
    """Return where in a course a name means something; nothing, and a line in the log, where it cannot be asked so."""
    try:
        found: Sequence[CoursePlace] = load_platform().places(course, [name])[name]
    except Exception:
        _logger.exception("the place of %s in %s was not found", name, course)
        return ()
    return found


def keys_of(anonymous: str) -> Sequence[str]:
    """Return the ids under which blocks know whom a course knows by an anonymous id; that id alone where nobody is known."""
    platform: Platform = load_platform()
    user = platform.user_of(anonymous)
    return (platform.ids_of(user) if user is not None else ()) or [anonymous]


def clear(learner: str, usage: str) -> None:
    """Take a learner's score and completion at a block back; what fails is raised, for staff have asked for it."""
    platform: Platform = load_platform()
    platform.clear_score(learner, usage)
    platform.publish_completion(learner, usage, Decimal(0))


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
