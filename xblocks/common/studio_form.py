"""The form of a block with an activity in Studio, as its template takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from xblocks.common.contents import Offer
from xblocks.common.fields import COUNTS, SHOWN

FIELDS: Final = ("display_name", "weight", "max_attempts", "counts", "show_feedback", "show_answer", "knowledge_points")
TYPES: Final = {"weight": "number", "max_attempts": "number", "tries": "number", "knowledge_points": "list"}


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


CHOICES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "counts": tuple(
        zip(
            ("", *COUNTS),
            (_("As the activity says"), _("The best"), _("The latest"), _("The mean of all")),
            strict=True,
        )
    ),
    "show_feedback": tuple(
        zip(
            SHOWN,
            (_("After each question"), _("After handing in"), _("After the due date"), _("Never")),
            strict=True,
        )
    ),
}
TOOL_REASONS: Final = {
    "engine": _(
        "It runs what learners write, so it runs in the Qualoop tool: add it to the course as an LTI activity."
    ),
    "live": _("It is worked at with an enterprise, in the Qualoop tool: add it to the course as an LTI activity."),
}
JUDGED: Final = _(
    "People judge it by a rubric. Staff of the course mark it here. Peer review and a second marker who does not see the "
    "first are in the Qualoop tool: add it to the course as an LTI activity where you want these."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One setting: its words, what stands in it, and where few values are allowed, those."""

    label: str
    help: str
    value: str
    type: str
    choices: tuple[tuple[str, str], ...]


def form_of(block: Any) -> dict[str, Any]:
    """Return all that the form shows, in the author's language."""
    offers = block.contents.offers()
    return {
        "fields": {name: _field(block, name) for name in block.form_fields},
        "is_own": bool(block.files),
        "activity_key": block.activity_key,
        "list_label": block.ugettext(_("Activities")),
        "choices": [_choice(block, offer) for offer in offers],
        "files": file_rows(block.files),
        **_filters(block, offers),
    }


def file_rows(files: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the files of a block as the form shows them: heads first, then texts, then figures and recordings."""
    names = sorted(files, key=lambda name: ("/" in name, not name.endswith("yaml"), name))
    rows = []
    for name in names:
        value = files[name]
        is_text = isinstance(value, str)
        base64 = "" if is_text else str(value.get("base64", "")) if isinstance(value, Mapping) else ""
        rows.append({"name": name, "text": value if is_text else None, "base64": base64})
    return rows


def _field(block: Any, name: str) -> FormField:
    field = block.fields[name]
    value = shown_value(block, name)
    text = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    pairs = CHOICES.get("show_feedback" if name == "show_answer" else name, ())
    return FormField(
        label=block.ugettext(field.display_name),
        help=block.ugettext(field.help),
        value=text,
        type=TYPES.get(name, "text"),
        choices=tuple((value, block.ugettext(label)) for value, label in pairs),
    )


def shown_value(block: Any, name: str) -> Any:
    """Return what a setting's form shows: what was set, else a title in the author's language."""
    is_title = name == "display_name" and not block.fields[name].is_set_on(block)
    return block.ugettext(block.fields[name].default) if is_title else getattr(block, name)


def _choice(block: Any, offer: Offer) -> dict[str, Any]:
    framework = block.contents.framework
    return {
        "key": offer.key,
        "title": offer.title[block.language()],
        "version": offer.version,
        "minutes": offer.minutes,
        "points": " ".join(offer.knowledge_points),
        "units": " ".join(offer.units(framework)),
        "posts": " ".join(offer.posts(framework)),
        "needs_tool": block.ugettext(TOOL_REASONS[offer.needs_tool]) if offer.needs_tool else "",
        "judged": block.ugettext(JUDGED) if offer.is_judged and not offer.needs_tool else "",
    }


def _filters(block: Any, offers: Iterable[Offer]) -> dict[str, list[tuple[str, str]]]:
    """Return by what the list can be narrowed: only what some activity is of."""
    framework, language = block.contents.framework, block.language()
    posts, units, points = set[str](), set[str](), set[str]()
    for offer in offers:
        posts.update(offer.posts(framework))
        units.update(offer.units(framework))
        points.update(offer.knowledge_points)
    return {
        "posts": [(code, framework.posts[code].title[language]) for code in sorted(posts)],
        "units": [(code, framework.units[code].title[language]) for code in sorted(units)],
        "points": [
            (code, found.title[language]) for code in sorted(points) if (found := framework.find_knowledge_point(code))
        ],
    }
