"""What an author sets of a class block, and what follows from it: by what is marked, what must be done before."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from xblock.fields import Dict, Float, Integer, List, Scope, String

from qualoop.assessment.rubric import Rubric
from qualoop.classroom.class_marks import MAX_POINTS, Scheme
from qualoop.classroom.quick_rubric import RubricTextError, read_quick_rubric
from qualoop.values import Score
from xblocks.common.contents import SHIPPED, SHIPPED_PROJECTS
from xblocks.common.olx_import import OlxImport
from xblocks.common.weights import is_weight

MAX_NAME: Final = 200
_RUBRIC_KEY: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_ABOUT: Final = 4000
MAX_PREWORK: Final = 20
MAX_LATE_MINUTES: Final = 24 * 60
MAX_PREWORK_NAME: Final = 255


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


RUBRIC_FAULTS: Final[Mapping[str, str]] = {
    "line": _("This line of the rubric is none: write “What is looked at: level / level / level”. It says: {text}"),
    "levels": _("A line of the rubric has two to nine levels, with / between them. It says: {text}"),
    "rows": _("A rubric has 1 to 20 lines."),
    "point": _("There is no knowledge point {text}. Codes look like SEM-1.1."),
    "reserved": _("No row of a rubric may be called {text}."),
    "large": _("This rubric is too long."),
    "file": _("This rubric cannot be read: {text}"),
}


class ClassFields(OlxImport):
    """The fields of a class block. What people write into the register is no field where the plug-in is installed."""

    display_name = String(
        display_name=_("Display name"),
        help=_("The title that learners see in the course."),
        default=_("Class session"),
        scope=Scope.settings,
    )
    about = String(
        display_name=_("What happens in class"),
        help=_("When and where, and what to bring. Learners read it; so does the course's search."),
        default="",
        scope=Scope.content,
    )
    weight = Float(
        display_name=_("Weight"),
        help=_("How many points this is worth in the course."),
        default=1.0,
        scope=Scope.settings,
        # Else a block at its defaults is a bare tag in OLX, which a platform may take for a pointer to a file.
        force_export=True,
    )
    max_points = Float(
        display_name=_("Full points"),
        help=_("Points that staff give each learner, from 0 to this; 0: none are given."),
        default=0.0,
        scope=Scope.settings,
    )
    rubric = String(
        display_name=_("What is observed"),
        help=_(
            "One thing a line: “Greets the customer: not yet / with help / by habit [SEM-1.1]”. Or a whole rubric.yaml, or the "
            "key of a rubric that comes with Qualoop, such as copy-clinic. Empty: nothing is observed."
        ),
        default="",
        scope=Scope.content,
    )
    prework = List(
        display_name=_("Before class"),
        help=_(
            "What has to be done before the part in class opens: keys of activities, or locations of components in this "
            "course, with spaces between them."
        ),
        default=[],
        scope=Scope.settings,
    )
    ready_at = Float(
        display_name=_("Score needed before class, in %"),
        help=_("0: it is enough to have done the work. Else the score that each piece of it has to reach."),
        default=0.0,
        scope=Scope.settings,
    )
    late_minutes = Integer(
        display_name=_("Late after, in minutes"),
        help=_("Who checks in later than this after the class was opened is late, never absent."),
        default=10,
        scope=Scope.settings,
    )
    knowledge_points = List(
        display_name=_("Knowledge points of the points"),
        help=_("Codes that points given by staff are about; rows of the rubric name their own."),
        default=[],
        scope=Scope.settings,
    )
    register = Dict(
        help="The register, where the platform has no table for it (the workbench).",
        default={},
        scope=Scope.user_state_summary,
    )


def read_rubric_of(text: Any) -> Rubric | None:
    """Return the rubric in a field, None for an empty one; raise RubricTextError."""
    if not isinstance(text, str):
        raise RubricTextError("file", str(text)[:80])
    # A line of one's own has a colon, so a key alone is none.
    named = SHIPPED_PROJECTS.find_rubric(text.strip()) if _RUBRIC_KEY.fullmatch(text.strip()) else None
    return read_quick_rubric(named or text, SHIPPED.framework) if text.strip() else None


def scheme_of(block: Any) -> Scheme:
    """Return by what a class is marked; whatever the fields hold, a scheme comes out."""
    return _scheme(block.rubric if isinstance(block.rubric, str) else "", _full(block.max_points))


@lru_cache(maxsize=64)
def _scheme(text: str, full: Decimal) -> Scheme:
    """Return the scheme of a rubric's text: one request asks for it several times, and a class many requests."""
    try:
        rubric = read_rubric_of(text)
    except RubricTextError:
        rubric = None
    return Scheme(rubric=rubric, full=full)


def ready_score(block: Any) -> Score:
    """Return the score that work before class has to reach, 0 for none."""
    value = block.ready_at
    is_number = isinstance(value, int | float) and math.isfinite(value)
    return Score.of(Decimal(str(value)), 100) if is_number else Score(0)


def prework_names(block: Any) -> list[str]:
    """Return what has to be done before class, as its author named it; what is no name is left out."""
    names = block.prework if isinstance(block.prework, list) else []
    return [name for name in names if isinstance(name, str) and _is_name(name)][:MAX_PREWORK]


def setting_faults(block: Any, data: Any) -> Iterator[str]:
    """Give a sentence for each setting that cannot be; ``data`` has the fields as they would be."""
    say = block.ugettext
    yield from (say(sentence) for is_right, sentence in _checks(data) if not is_right)
    yield from _point_faults(data.knowledge_points, say)
    try:
        read_rubric_of(data.rubric)
    except RubricTextError as error:
        yield say(RUBRIC_FAULTS[error.reason]).format(text=error.text)


def _checks(data: Any) -> Iterator[tuple[bool, str]]:
    """Give for each setting whether it can be, and what is said where it cannot."""
    is_list = isinstance(data.prework, list) and prework_names(data) == data.prework
    yield _is_text(data.display_name, MAX_NAME), _("The display name is a text of at most 200 characters.")
    yield _is_text(data.about, MAX_ABOUT), _("What happens in class is a text of at most 4000 characters.")
    yield is_weight(data.weight), _("The weight must be greater than 0.")
    yield _is_between(data.max_points, 0, MAX_POINTS), _("The full points are a number from 0 to 10 000.")
    yield _is_between(data.ready_at, 0, 100), _("The score needed before class is a number from 0 to 100.")
    yield _is_between(data.late_minutes, 0, MAX_LATE_MINUTES), _("The minutes are a whole number from 0 to 1440.")
    yield is_list, _("Before class at most 20 pieces of work can be asked for.")


def _point_faults(codes: Any, say: Any) -> Iterator[str]:
    known = SHIPPED.framework.find_knowledge_point
    unknown = [code for code in codes or () if not isinstance(code, str) or known(code) is None]
    if unknown:
        message = say(_("There is no knowledge point {codes}. Codes look like SEM-1.1."))
        yield message.format(codes=", ".join(str(code)[:40] for code in unknown[:10]))


def _is_name(text: str) -> bool:
    return len(text) <= MAX_PREWORK_NAME and text.split() == [text]


def _is_text(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most


def _is_between(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _full(value: Any) -> Decimal:
    """Return the full points; what an import left that cannot be is 0, so that nothing is divided by it."""
    return (
        Decimal(str(value)).quantize(Decimal("0.01")).normalize() + 0
        if _is_between(value, 0, MAX_POINTS)
        else Decimal(0)
    )
