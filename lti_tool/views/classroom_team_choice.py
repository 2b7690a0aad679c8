"""The page on which the questions of a team check are chosen: of the unit's readiness check, and of one lesson after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from flask import Response, render_template
from sqlalchemy.orm import Session as Transaction

from lti_tool.services.classes import questions, sessions, team_checks, team_items
from lti_tool.services.classes.team_items import OfferedItem
from lti_tool.views.classroom_words import said
from lti_tool.views.guards import Session, runtime
from lti_tool.views.submission import UNPROCESSABLE
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.classroom.team_check import FEWEST_ITEMS, MOST_ITEMS
from qualoop.content_packages import block_html

Chosen: TypeAlias = Sequence[tuple[str, str]]
_LONGEST: Final = 64


def choice_page(
    session: Session, class_uuid: str, lesson: str, ticked: Chosen | None, *, refused: str = ""
) -> Response:
    """Return the page with what was ``ticked`` so far, whatever lesson it is of; at first that is the unit's check."""
    words, organisation_id = Wording(language=session.language), session.organisation_id
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        keys = questions.list_lessons(reading, link_of(session))
        chosen = lesson if lesson[:_LONGEST] in keys else next(iter(keys), "")
        of_unit = _offered(reading, organisation_id, team_checks.items_of_unit(reading, row))
        known = {each.id for each in of_unit}
        here = team_items.offered_items(reading, organisation_id, chosen) if chosen else []
        offered = [each for each in here if each.id not in known]
        known |= {each.id for each in here}
        installed = [pair for pair in ticked or () if pair[0] in keys]
        elsewhere = [each for each in _offered(reading, organisation_id, installed) if each.id not in known]
        titles = runtime().contents.find_titles(reading.connection(), organisation_id, keys)
    boxes = {each.id for each in (*of_unit, *offered, *elsewhere)}
    asked = {each.id for each in of_unit[:MOST_ITEMS]} if ticked is None else {"/".join(pair) for pair in ticked}
    html = render_template(
        "class_team_choose.html",
        session=session,
        here="teaching",
        row=row,
        keys=keys,
        titles=titles,
        chosen=chosen,
        offered=offered,
        is_asked_by_unit=bool(here) and not offered,
        of_unit=of_unit,
        elsewhere=elsewhere,
        ticked=asked,
        count=len(asked & boxes),
        fewest=FEWEST_ITEMS,
        most=MOST_ITEMS,
        block_html=block_html,
        **said(words, refused=refused),
    )
    return Response(html, UNPROCESSABLE if refused else 200)


def _offered(reading: Transaction, organisation_id: int, wanted: Iterable[tuple[str, str]]) -> list[OfferedItem]:
    """Return those of some items that a check can take, lesson by lesson."""
    pairs = list(wanted)
    return [
        each
        for activity in dict.fromkeys(activity for activity, _ in pairs)
        for each in team_items.offered_items(reading, organisation_id, activity)
        if (activity, each.item) in pairs
    ]
