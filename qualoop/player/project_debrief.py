"""What is told after a run: how good it was, what luck did, where the most was lost, and what each round brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from qualoop.content_packages.project import Project
from qualoop.player.host import Host, NextActivity
from qualoop.player.item_view import percent
from qualoop.player.project_numbers import number_text
from qualoop.player.project_panels import panel_views
from qualoop.player.project_sheet import decided_view
from qualoop.player.project_worlds import OpenWorld, Verdict, Worlds
from qualoop.simulators import Figures, Happened, Plan
from qualoop.values import Score

View: TypeAlias = dict[str, Any]

REPLAYED_ROWS: Final = 10
"""How many rows of a table are shown where many rounds stand on one page."""

_SMALL: Final = 100.0
_WHOLE: Final = 100.0


@runtime_checkable
class LessonGuide(Protocol):
    """What a host may know besides: the lessons of its organisation."""

    def find_lesson(self, key: str, /) -> NextActivity | None:
        """Return a lesson by key, with its address where it can be opened from here."""


def debrief_view(
    project: Project, verdict: Verdict, recorded: Mapping[str, Score], host: Host, *, shows_scores: bool
) -> View:
    """Return what is told of a whole plan; scores are those that were recorded."""
    language = project.shown_language(host.language)
    return {
        "values": _values(verdict),
        "luck": _luck(verdict),
        "losses": _losses(project, verdict, language),
        "parts": _parts(project, verdict, recorded, host) if shows_scores else [],
        "shared_out": project.score.kind == "reference_gap",
        "html": project.debrief.get(language, ""),
    }


def rounds_view(worlds: Worlds, opened: OpenWorld, plan: Plan, language: str) -> list[View]:
    """Return every round that was played: what was decided, and what it brought."""
    happened = worlds.played(opened, plan).happened
    before = [opened.form.defaults(), *plan]
    return [
        {
            "number": number,
            "realised": value_text(each.realised),
            "decided": decided_view(opened.form, plan[number - 1], before[number - 1], language),
            "panels": panel_views(each.panels, language, f"r{number}", REPLAYED_ROWS),
        }
        for number, each in enumerate(happened, start=1)
    ]


def what_if_view(real: Happened, other: Happened, number: int, language: str) -> View:
    """Return two ways in which one round went with the same luck, side by side."""
    return {
        "round": number,
        "realised": _compared(real.realised, other.realised),
        "figures": _figures_compared(real, other, language),
        "real": panel_views(_plots(real), language, "real", REPLAYED_ROWS),
        "other": panel_views(_plots(other), language, "other", REPLAYED_ROWS),
    }


def value_text(value: float, *, signed: bool = False) -> str:
    """Return a value of a plan, with decimals where it is small."""
    return number_text(value, 0 if abs(value) >= _SMALL else 2, signed=signed)


def _plots(happened: Happened) -> list[Any]:
    return [panel for panel in happened.panels if not isinstance(panel, Figures)]


def _figures_compared(real: Happened, other: Happened, language: str) -> list[View]:
    found = {
        (panel.key, figure.key): figure
        for panel in other.panels
        if isinstance(panel, Figures)
        for figure in panel.figures
    }
    rows = []
    for panel in real.panels:
        if not isinstance(panel, Figures):
            continue
        for figure in panel.figures:
            twin = found.get((panel.key, figure.key))
            if twin is not None:
                row = _compared(figure.value, twin.value, figure.places, figure.unit)
                rows.append(row | {"label": figure.label[language]})
    return rows


def _compared(real: float | None, other: float | None, places: int | None = None, unit: str = "") -> View:
    if places is None:
        places = 0 if max(abs(real or 0.0), abs(other or 0.0)) >= _SMALL else 2
    more = None if real is None or other is None else other - real
    return {
        "real": number_text(real, places, unit),
        "other": number_text(other, places, unit),
        "difference": number_text(more, places, unit, signed=True),
    }


def _values(verdict: Verdict) -> list[View]:
    """Return the expected value beside what it is measured against, as bars from 0."""
    standard = verdict.standard
    named = {
        "naive": standard.naive,
        "yours": verdict.value,
        "reference": standard.reference,
        "oracle": standard.oracle,
    }
    low, high = min(0.0, *named.values()), max(0.0, *named.values())
    span = (high - low) or 1.0
    return [
        {
            "key": key,
            "text": value_text(value),
            "x": round((min(value, 0.0) - low) / span * _WHOLE, 2),
            "width": round(max(abs(value) / span * _WHOLE, 0.4), 2),
        }
        for key, value in named.items()
    ]


def _luck(verdict: Verdict) -> View:
    """Return the luck as a bar to the right or left of nothing; its whole length is the gap from naive to reference."""
    whole = max(abs(verdict.standard.reference - verdict.standard.naive), abs(verdict.luck), 1e-9)
    share = min(abs(verdict.luck) / whole, 1.0)
    width = round(share * _WHOLE / 2, 2)
    return {
        "realised": value_text(verdict.realised),
        "expected": value_text(verdict.value),
        "text": value_text(verdict.luck, signed=True),
        "sign": "none" if not width else _sign(verdict.luck),
        "x": round(_WHOLE / 2 - (width if verdict.luck < 0 else 0.0), 2),
        "width": width,
    }


def _sign(number: float) -> str:
    return "good" if number > 0 else "bad"


def _losses(project: Project, verdict: Verdict, language: str) -> list[View]:
    return [
        {
            "title": _title(project, part.part, language),
            "lost": value_text(part.lost),
            "why": part.why[language],
            "instead": value_text(verdict.instead[part.part]) if part.part in verdict.instead else None,
            "now": value_text(verdict.value),
        }
        for part in verdict.worst
    ]


def _parts(project: Project, verdict: Verdict, recorded: Mapping[str, Score], host: Host) -> list[View]:
    language = project.shown_language(host.language)
    return [
        {
            "title": _title(project, part.part, language),
            "percent": percent(recorded[part.part]),
            "level": round(float(recorded[part.part]) * _WHOLE, 1),
            "why": part.why[language],
            "critical": part.critical,
            "lessons": _lessons(project.get_part(part.part).lessons, host),
        }
        for part in verdict.parts
        if part.part in recorded
    ]


def _title(project: Project, key: str, language: str) -> str:
    """Return what learners call a part; its key where the file names it not."""
    return next((part.title[language] for part in project.parts if part.key == key), key)


def lessons_view(project: Project, host: Host) -> list[View] | None:
    """Return the parts with the lessons that each needs, without those that have none; None where the host knows no lessons."""
    if not isinstance(host, LessonGuide):
        return None
    language = project.shown_language(host.language)
    parts = [{"title": part.title[language], "lessons": _lessons(part.lessons, host)} for part in project.parts]
    return [part for part in parts if part["lessons"]]


def _lessons(keys: Sequence[str], host: Host) -> list[View]:
    """Return the lessons of a part that the host knows: a key says nothing to learners."""
    if not isinstance(host, LessonGuide):
        return []
    found = (host.find_lesson(key) for key in keys)
    return [{"title": lesson.title, "url": lesson.url} for lesson in found if lesson is not None]
