"""What an author sets of a block that shows an activity, and how that becomes the rules that every host has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from xblock.fields import Dict, Float, Integer, List, Scope, String

from qualoop.assessment import LinkSettings, LinkSettingsError
from qualoop.assessment.settings import MAX_ATTEMPTS
from xblocks.common.olx_import import OlxImport
from xblocks.common.weights import is_weight

MAX_TRIES: Final = 10
SHOWN: Final = ("after_item", "after_submit", "after_due", "never")
"""From the earliest to the latest."""

COUNTS: Final = ("best", "latest", "mean")
_PLATFORM_RULES: Final = {"past_due": "after_due", "never": "never", "never_but_include_grade": "never"}


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


class ActivityFields(OlxImport):
    """The fields of a block with an activity. What a learner did is `state`; nothing in it says where the block stands."""

    activity_key = String(help="Which activity is shown here.", default="", scope=Scope.content)
    content_hash = String(help="Which version the author saw last.", default="", scope=Scope.content)
    content_version = String(help="What that version was called.", default="", scope=Scope.content)
    files = Dict(help="The block's own content: the files of a content package.", default={}, scope=Scope.content)
    weight = Float(
        display_name=_("Weight"),
        help=_("How many points this is worth in the course."),
        default=1.0,
        scope=Scope.settings,
        values={"min": 0.01, "step": 0.01},
        # Else a block at its defaults is a bare tag in OLX, which a platform may take for a pointer to a file.
        force_export=True,
    )
    max_attempts = Integer(
        display_name=_("Attempts"),
        help=_("How many attempts there may be; empty: as the activity says, else without limit."),
        default=None,
        scope=Scope.settings,
    )
    tries = Integer(
        display_name=_("Tries per question"),
        help=_("How often one question may be answered in an attempt."),
        default=3,
        scope=Scope.settings,
    )
    counts = String(
        display_name=_("Which attempt counts"),
        help=_("Which attempt's score is the grade."),
        default="",
        scope=Scope.settings,
    )
    show_feedback = String(
        display_name=_("Show results"),
        help=_("When learners see which answers are right, and their score."),
        default="after_item",
        scope=Scope.settings,
    )
    show_answer = String(
        display_name=_("Show answers"),
        help=_("When learners see worked solutions and right answers."),
        default="after_item",
        scope=Scope.settings,
    )
    knowledge_points = List(
        display_name=_("Knowledge points"),
        help=_("Codes that this place in the course is tagged with; empty: those of the activity."),
        default=[],
        scope=Scope.settings,
    )
    state = Dict(help="The learner's attempt: decisions and seed.", default={}, scope=Scope.user_state)
    score = String(help="The learner's score, 0 to 1; empty before there is one.", scope=Scope.user_state, default="")
    attempts = Integer(
        help="How many attempts count; the platform sets 0 where staff reset them.",
        default=None,
        scope=Scope.user_state,
    )
    published = Dict(help="What the platform was told last.", default={}, scope=Scope.user_state)


def link_settings(block: Any, given: Mapping[str, Any]) -> LinkSettings:
    """Return the rules of a block; ``given`` is what its content begins with. Whatever the fields hold, rules come out.

    The platform's own `show_correctness` holds results back further, never less.
    """
    feedback = _later(_shown(block.show_feedback), _PLATFORM_RULES.get(_platform_rule(block), SHOWN[0]))
    values: dict[str, Any] = {
        "max_attempts": _whole(block.max_attempts, 0, MAX_ATTEMPTS, given.get("max_attempts", 0)),
        "tries_per_item": _whole(block.tries, 1, MAX_TRIES, 3),
        "counts": block.counts if block.counts in COUNTS else given.get("counts", "best"),
        "show_feedback": feedback,
        "show_score": feedback,
        "show_solution": _later(_shown(block.show_answer), feedback),
    }
    try:
        return LinkSettings.read(values)
    except LinkSettingsError:
        return LinkSettings()


def setting_faults(block: Any, data: Any) -> Iterator[str]:
    """Give a sentence for each setting that cannot be; ``data`` has the fields as they would be."""
    say = block.ugettext
    if not is_weight(data.weight):
        yield say(_("The weight must be greater than 0."))
    if data.max_attempts is not None and not 0 <= data.max_attempts <= MAX_ATTEMPTS:
        yield say(_("Attempts are a whole number from 0 to 1000; 0 is without limit."))
    if data.tries is None or not 1 <= data.tries <= MAX_TRIES:
        yield say(_("Tries per question are a whole number from 1 to 10."))
    if data.counts not in {"", *COUNTS} or data.show_feedback not in SHOWN or data.show_answer not in SHOWN:
        yield say(_("Choose one of the values that are offered."))
    elif SHOWN.index(data.show_answer) < SHOWN.index(data.show_feedback):
        yield say(_("Answers cannot be shown before results: they tell which answers are right."))
    known = block.contents.framework.find_knowledge_point
    unknown = [code for code in data.knowledge_points or () if not isinstance(code, str) or known(code) is None]
    if unknown:
        message = say(_("There is no knowledge point {codes}. Codes look like SEM-1.1."))
        yield message.format(codes=", ".join(str(code)[:40] for code in unknown[:10]))


def _platform_rule(block: Any) -> str:
    """Return `show_correctness`, a field that Open edX gives every block; what only the instance has is nobody's rule."""
    return str(getattr(block, "show_correctness", "")) if hasattr(type(block), "show_correctness") else ""


def _shown(value: Any) -> str:
    return value if value in SHOWN else SHOWN[0]


def _later(one: str, other: str) -> str:
    return max(one, other, key=SHOWN.index)


def _whole(value: Any, least: int, most: int, otherwise: int) -> int:
    """Return a setting inside its bounds; what an import or a course-wide setting says may lie outside."""
    return otherwise if value is None or isinstance(value, bool) else min(max(int(value), least), most)
