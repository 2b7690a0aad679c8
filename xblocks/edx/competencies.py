"""Our mastery as Open edX's own competency statuses, where the platform's library has them (openedx-core 1.15).

The library is marked unstable, so all of it is reached here, by what it has and not by its version. It records statuses
of graded objects, and one object has one grade. Ours are by knowledge point, so each point of a course is an object of its
own, `…+type@kp_point+block@SEM-1.1`: tagged with the point, its grade is 1 where the point is mastered, else 0.

The platform only ever raises a status. What has fallen since is listed, not sent; staff may lower it there. The library
records the leaves of competencies' criteria; it does not add them up yet.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import Any, Final

from django.db import transaction

from qualoop.errors import QualoopError
from qualoop.exchange.openedx_taxonomy import as_json, export_id
from qualoop.framework import Framework
from xblocks.edx.models import CourseMastery
from xblocks.edx.platform import Platform

MASTERED: Final = frozenset({"competent", "review-due"})
"""Statuses that are sent as demonstrated: what is due for a review was mastered, and nobody has said otherwise."""
OPEN: Final = frozenset({"under-appeal"})
"""Statuses of which nothing is sent, and which are no fall: a person decides."""
BLOCK_TYPE: Final = "kp_point"

_NEEDED: Final = {
    "openedx_learning.api": (
        "GradedObjectScore",
        "associate_competency_criterion",
        "create_competency_taxonomy",
        "record_graded_object_statuses",
    ),
    "openedx_learning.models_api": (
        "CompetencyCriterion",
        "CompetencyTaxonomy",
        "MasteryStatus",
        "StudentCompetencyCriterionStatus",
    ),
    "openedx_tagging.import_export.api": ("import_tags",),
    "openedx_tagging.import_export.parsers": ("ParserFormat",),
    "openedx_tagging.api": ("get_taxonomy_by_export_id",),
}


class CompetenciesMissingError(QualoopError):
    """The platform has no competencies, or in another form than this plug-in knows; the message names what is missing."""

    code = "competencies-missing"


class TaxonomyRefusedError(QualoopError):
    """The taxonomy cannot be used or filled; the message says why and what to do."""

    code = "taxonomy-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """A point that the platform shows as demonstrated and that is not mastered any more; ``status`` is ours."""

    learner: str
    code: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """What a feed did: learners looked at, and statuses that were made or raised."""

    learners: int
    raised: int


def find_library() -> dict[str, Any]:
    """Return what is needed of the platform's library, by name; raise CompetenciesMissingError."""
    found: dict[str, Any] = {}
    for module, names in _NEEDED.items():
        try:
            part = import_module(module)
        # Models of an app that is not installed raise a RuntimeError.
        except (ImportError, RuntimeError) as error:
            raise CompetenciesMissingError(f"the platform has no {module}") from error
        for name in names:
            if not hasattr(part, name):
                raise CompetenciesMissingError(f"{module} has no {name}")
            found[name] = getattr(part, name)
    return found


def point_key(course: str, code: str) -> str:
    """Return the usage key under which a point of a course is graded; ``course`` is `course-v1:…`."""
    prefix, _, run = course.partition(":")
    if prefix != "course-v1" or not run:
        raise TaxonomyRefusedError(f"{course} is the key of no course: course-v1:Organisation+Course+Run")
    return f"block-v1:{run}+type@{BLOCK_TYPE}+block@{code}"


def prepare(framework: Framework, course: str) -> int:
    """Make the taxonomy, its tags and a criterion for each knowledge point in a course; return how many criteria are new.

    Again, it changes only what the framework has changed. Raises CompetenciesMissingError, TaxonomyRefusedError.
    """
    library = find_library()
    with transaction.atomic():
        taxonomy = _taxonomy(library, framework)
        _fill(library, taxonomy, framework)
        tags = {tag.external_id: tag.id for tag in taxonomy.tag_set.all()}
        there = _criteria(library, [point_key(course, code) for code in framework.knowledge_points])
        new = [code for code in framework.knowledge_points if point_key(course, code) not in there]
        for code in new:
            library["associate_competency_criterion"](tags[code], point_key(course, code))
    return len(new)


def feed(platform: Platform, course: str) -> Fed:
    """Record how the learners of a course stand, as far as the tool has told; nothing is lowered."""
    library = find_library()
    learners = raised = 0
    for row in CourseMastery.objects.filter(course=course).iterator():
        user = platform.user_of(row.learner)
        if user is None:
            continue
        scores = [
            library["GradedObjectScore"](object_id=point_key(course, code), fraction=Decimal(status in MASTERED))
            for code, status in _statuses(row)
            if status not in OPEN
        ]
        with transaction.atomic():
            raised += library["record_graded_object_statuses"](user_id=user.id, scores=scores)
        learners += 1
    return Fed(learners=learners, raised=raised)


def falls(platform: Platform, course: str) -> Iterator[Fall]:
    """Yield what the platform shows as demonstrated and the tool does not any more."""
    library = find_library()
    demonstrated = library["StudentCompetencyCriterionStatus"].objects.filter(
        status_id=library["MasteryStatus"].DEMONSTRATED.value
    )
    for row in CourseMastery.objects.filter(course=course).order_by("learner").iterator():
        user = platform.user_of(row.learner)
        statuses = {point_key(course, code): (code, status) for code, status in _statuses(row)}
        shown = demonstrated.filter(user_id=getattr(user, "id", None), criterion__object_tag__object_id__in=statuses)
        for key in sorted(set(shown.values_list("criterion__object_tag__object_id", flat=True))):
            code, status = statuses[key]
            if status not in MASTERED | OPEN:
                yield Fall(learner=row.learner, code=code, status=status)


def _statuses(row: Any) -> list[tuple[str, str]]:
    return [(point["code"], point["status"]) for point in row.points]


def _taxonomy(library: dict[str, Any], framework: Framework) -> Any:
    """Return the taxonomy of a framework, made where there is none."""
    name = export_id(framework)
    found = library["CompetencyTaxonomy"].objects.filter(export_id=name).first()
    if found is not None:
        return found
    if library["get_taxonomy_by_export_id"](name) is not None:
        raise TaxonomyRefusedError(
            f"{name} is a plain taxonomy, which Studio's import makes. Give it another export id, then do this again."
        )
    title = f"{framework.document.framework.title['en']} ({framework.code})"
    return library["create_competency_taxonomy"](title, export_id=name)


def _fill(library: dict[str, Any], taxonomy: Any, framework: Framework) -> None:
    """Import the tags: new ones are added, changed ones renamed, none removed."""
    file = io.BytesIO(as_json(framework, "en").encode())
    is_done, task, _ = library["import_tags"](taxonomy, file, library["ParserFormat"].JSON)
    if not is_done:
        raise TaxonomyRefusedError(f"the platform did not import the tags: {str(task.log)[-300:]}")


def _criteria(library: dict[str, Any], keys: list[str]) -> set[str]:
    """Return which objects have a criterion that holds."""
    rows = library["CompetencyCriterion"].objects.filter(object_tag__object_id__in=keys, archived=False)
    return set(rows.values_list("object_tag__object_id", flat=True))
