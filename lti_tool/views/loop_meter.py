"""The loop meter of a course for its staff: one picture, the table under it, what was done in class, and a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response, render_template, request, url_for

from lti_tool.lti.errors import translatable
from lti_tool.services.loops.loop_meter import LoopFilters, LoopMeter, LoopMove, LoopPoint, read_loop
from lti_tool.services.people.roles import Permission
from lti_tool.services.rosters.groups import ClassGroup
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.loop_meter_chart import LoopWords, describe, hop_tone, loop_words, panel, tone_of
from lti_tool.views.table_files import csv_response
from lti_tool.views.teaching import chosen_group, of_course
from qualoop.classroom.questions import Question
from qualoop.content_packages import block_html
from qualoop.records.loop import Hop, Run
from qualoop.spreadsheet_cells import Value

blueprint = Blueprint("loop_meter", __name__)

LONGEST_FILTER: Final = 80
WORST: Final = 3
"""How many losses are named as the first to look at."""
HEAD: Final = (
    translatable("Code"),
    translatable("Knowledge point"),
    translatable("From"),
    translatable("To"),
    translatable("Learners with both"),
    translatable("Before %"),
    translatable("After %"),
    translatable("Gain in points"),
    translatable("Likely from"),
    translatable("Likely to"),
    translatable("Minutes in between, half of them"),
    translatable("Minutes in between, nine in ten"),
)


@blueprint.get("/a/<launch>/class/loop/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> str:
    """Show gain and delay from the check to the record, for each knowledge point of the course."""
    filters = _filters()
    found, groups = _loop(session, filters)
    told = loop_words(session.language)
    return render_template(
        "loop.html",
        session=session,
        here="teaching",
        found=found,
        filters=filters,
        groups=groups,
        told=told,
        words=told.words,
        panel=lambda run: panel(run, told),
        describe=lambda run: describe(run, told),
        tone_of=tone_of,
        hop_tone=hop_tone,
        worst=_worst(found) if found else (),
        asked=lambda move: _asked(move, session.language),
        csv_url=url_for("loop_meter.download", launch=session.uuid, **_query(filters)),
    )


@blueprint.get("/a/<launch>/class/loop.csv")
@needs(Permission.VIEW_CLASS)
def download(session: Session) -> Response:
    """Send the loop as a file for spreadsheets, under the same filters as the page."""
    filters, gettext = _filters(), catalogue(session.language).gettext
    found, _ = _loop(session, filters)
    rows: list[Sequence[Value]] = [[gettext(head) for head in HEAD]]
    if found is not None:
        rows += _rows(found, loop_words(session.language))
    return csv_response(rows, "loop", runtime().clock().date())


def _loop(session: Session, filters: LoopFilters) -> tuple[LoopMeter | None, Sequence[ClassGroup]]:
    """Return the loop of the session's course, None where the organisation has no framework, and the course's groups."""
    return of_course(session, partial(read_loop, filters=filters))


def _worst(found: LoopMeter) -> Sequence[tuple[LoopPoint, Hop]]:
    """Return the hops at which a class clearly lost most, each with its knowledge point."""
    losses = [(each, hop) for each in found.points for hop in each.run.hops if hop_tone(hop) == "down"]
    return sorted(losses, key=lambda loss: loss[1].gain.gain if loss[1].gain else 0.0)[:WORST]


def _asked(move: LoopMove, language: str) -> str:
    """Return what a poll asked as safe HTML; empty for what was no poll."""
    if move.question is None:
        return ""
    return block_html(Question.from_document(move.question).item.prompt[language])


def _rows(found: LoopMeter, told: LoopWords) -> Iterator[Sequence[Value]]:
    everything = told.words.gettext("All knowledge points")
    yield from _run_rows("", everything, found.together, told)
    for each in found.points:
        yield from _run_rows(each.point.code, each.point.title[told.words.language], each.run, told)


def _run_rows(code: str, title: str, run: Run, told: LoopWords) -> Iterator[Sequence[Value]]:
    for hop in (*run.hops, *([run.whole] if run.whole else ())):
        gain, delay = hop.gain, hop.delay
        yield (
            code,
            title,
            told.short(hop.start),
            told.short(hop.end),
            hop.n,
            *(_whole(value, 100) for value in ((gain.before, gain.after) if gain else (None, None))),
            *(_whole(value, 100) for value in ((gain.gain, gain.low, gain.high) if gain else (None, None, None))),
            *(_whole(value, 60) for value in ((delay.median, delay.ninth) if delay else (None, None))),
        )


def _whole(value: float | None, times: int) -> Value:
    """Return a whole number: spreadsheets of every language read it, and none takes its sign for a formula."""
    return None if value is None else round(value * times)


def _filters() -> LoopFilters:
    """Return the filters of this request; what is none counts for nothing."""
    unit, post, hour = (request.args.get(each, "")[:LONGEST_FILTER] for each in ("unit", "post", "session"))
    return LoopFilters(
        unit=unit, post=post, session=hour, group=chosen_group(), since=_day("since"), until=_day("until")
    )


def _day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, "")[:10])
    except ValueError:
        return None
    # After the last day that there is no other one begins.
    return found if found < date.max else None


def _query(filters: LoopFilters) -> dict[str, Any]:
    """Return the filters as they stand in an address."""
    found = {
        "unit": filters.unit,
        "post": filters.post,
        "session": filters.session,
        "group": filters.group,
        "since": filters.since.isoformat() if filters.since else "",
        "until": filters.until.isoformat() if filters.until else "",
    }
    return {name: value for name, value in found.items() if value}
