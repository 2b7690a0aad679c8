"""Where a class is weakest, whom that concerns, and what to do about it: counted here, judged in `qualoop.sequencing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lti_tool.services.classes.status import concerned, met_table, remedial_table
from lti_tool.services.courses.lessons import CourseLesson
from lti_tool.services.mastery.class_cells import ClassCells
from qualoop.framework import Framework, KnowledgePoint
from qualoop.records import COVERED_FROM
from qualoop.sequencing import ClassAdvice, ClassFacts, advise_class

WEAKEST: Final = 3
"""How many knowledge points are named as the weakest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weak:
    """A knowledge point that the class is weak on.

    ``mean`` in [0, 1] is over the ``known`` learners with evidence, ``concerned`` of whom are not secure. ``target`` is
    what to take up, as ``advice`` says: the knowledge point itself or what comes first; ``lessons`` practise that.
    """

    point: KnowledgePoint
    mean: float
    known: int
    concerned: int
    advice: ClassAdvice
    target: KnowledgePoint
    lessons: tuple[CourseLesson, ...]

    @property
    def secure(self) -> int:
        """How many of those with evidence are secure."""
        return self.known - self.concerned


def weakest_points(
    framework: Framework,
    points: Sequence[KnowledgePoint],
    cells: ClassCells,
    status: NDArray[np.int8],
    *,
    lessons: Mapping[str, Sequence[CourseLesson]],
) -> Sequence[Weak]:
    """Return the knowledge points with the lowest means, among those that not all who answered are secure on."""
    behind = concerned(cells, status)
    means = {
        number: mean_level(cells.level[:, number]) or 0.0 for number in np.flatnonzero(behind.any(axis=0)).tolist()
    }
    order = framework.learning_order
    chosen = sorted(means, key=lambda number: (means[number], order[points[number].code]))[:WEAKEST]
    if not chosen:
        return ()
    remedial, met = remedial_table(cells, cells.items), met_table(cells)
    columns = {point.code: number for number, point in enumerate(points)}

    def facts_of(number: int) -> ClassFacts:
        point, those = points[number], behind[:, number]
        bases = [each.code for each in framework.prerequisites_of(point.code) if each.code in columns]
        return ClassFacts(
            code=point.code,
            concerned=int(those.sum()),
            remedial=int(remedial[those, number].sum()),
            thin=int((cells.n[those, number] < COVERED_FROM).sum()),
            unmet={code: int((~met[those, columns[code]]).sum()) for code in bases},
        )

    known = (cells.n > 0).sum(axis=0).tolist()
    return [
        _weak(framework, facts_of(number), mean=means[number], known=known[number], lessons=lessons)
        for number in chosen
    ]


def _weak(
    framework: Framework,
    facts: ClassFacts,
    *,
    mean: float,
    known: int,
    lessons: Mapping[str, Sequence[CourseLesson]],
) -> Weak:
    """Return a weak knowledge point with what to do about it."""
    advice = advise_class(framework, facts)
    return Weak(
        point=framework.get_knowledge_point(facts.code),
        mean=mean,
        known=known,
        concerned=facts.concerned,
        advice=advice,
        target=framework.get_knowledge_point(advice.target),
        lessons=tuple(lessons[advice.target]),
    )


def mean_level(levels: NDArray[np.float64]) -> float | None:
    """Return the mean of what is there; None where nothing is."""
    there = levels[~np.isnan(levels)]
    return float(there.mean()) if there.size else None
