"""What staff are shown of a class: the list with its figures, one learner, the dry run of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from qualoop.assessment.marking import Stage
from qualoop.classroom.class_marks import Scheme, fitting_sheet, points_in, released_share, stage
from qualoop.classroom.prework import Prework, missing
from qualoop.classroom.register import (
    CHECKED_AT,
    LET_IN,
    LINK,
    MAX_PEOPLE,
    PRESENCE,
    RELEASED,
    RUBRIC,
    SCORE,
    Done,
    Register,
)
from qualoop.classroom.roll_call import CAME, MARKS, Presence, Rotation, short_code
from qualoop.classroom.session import SessionState
from xblocks.common import pages
from xblocks.common.register_people import Somebody, class_of, left_out
from xblocks.common.rubric_view import rubric_rows
from xblocks.kp_class import publishing, words
from xblocks.kp_class.acts import PERSON, Said, Shown
from xblocks.kp_class.fields import ready_score
from xblocks.kp_class.gate import prework_of
from xblocks.kp_class.learner_page import clock_words
from xblocks.kp_class.tables import MOST_SHOWN, said_changes

ROTATION: Final = Rotation(interval=timedelta(seconds=10), margin=timedelta(seconds=20))
"""Slower than in the tool: here the digits are typed, by everybody."""
WIDTH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One stretch of the picture of who is here: from ``x``, in hundredths of its width."""

    mark: str
    label: str
    count: int
    x: float
    width: float


def staff_page(block: Any, register: Register, scheme: Scheme, shown: Shown, *, now: datetime) -> str:
    """Return the page for staff after an action."""
    people = class_of(block, register)
    host = block.host()
    base = {
        "title": block.title(),
        "register": register,
        "state": register.roll.state.value,
        "state_label": block.ugettext(words.STATES[register.roll.state]),
        "notes": [note_of(block, said) for said in shown.said],
        "scheme": scheme,
        "is_kept_here": block.is_kept(),
    }
    who = next((each for each in people if each.key == shown.who), None)
    if shown.panel == PERSON and who is not None:
        return pages.draw(
            "class_person.html",
            host,
            **base,
            **_person(block, register, scheme, who, shown=shown),
            after=_after(people, who),
        )
    if shown.table is not None:
        return pages.draw("class_table.html", host, **base, **_table(block, register, scheme, shown.table))
    base["notes"] += _cut_notes(block, people)
    return pages.draw("class_list.html", host, **base, **_list(block, register, scheme, people, now=now))


def _cut_notes(block: Any, people: Sequence[Somebody]) -> list[pages.Note]:
    count = left_out(block, people)
    text = block.ugettext(words.LEFT_OUT).format(count=count, most=MAX_PEOPLE)
    return [pages.Note(text=text, tone="partly")] if count else []


def note_of(block: Any, said: Said) -> pages.Note:
    """Return something to tell as a note."""
    text = words.DONE.get(said.code) or words.REFUSED.get(said.code) or words.REFUSED["class-moved"]
    return pages.Note(text=block.ugettext(text).format(count=said.count), tone=said.tone, rows=said.rows)


def live(register: Register, people: Sequence[Somebody], now: datetime) -> dict[str, Any]:
    """Return what the page asks for every few seconds: the code that is shown, when it ends, and how many are here."""
    roll = register.roll
    is_open = roll.state is SessionState.OPEN
    code = short_code(bytes.fromhex(roll.key), ROTATION.window(now)) if is_open else ""
    left = (ROTATION.ends(now) - now) / timedelta(milliseconds=1)
    counts = counted(register, people)
    return {
        "code": f"{code[:3]} {code[3:]}".strip(),
        "ends_in_ms": int(left),
        "counts": {mark.value: counts[mark] for mark in Presence},
        "rev": register.rev,
    }


def screen_page(block: Any, register: Register, now: datetime) -> str:
    """Return a page of its own to show in class: the code and how many are here, nobody's name."""
    people = class_of(block, register)
    address = block.runtime.local_resource_url
    return pages.draw(
        "class_screen.html",
        block.host(),
        title=block.title(),
        sheets=[address(block, f"public/{sheet}") for sheet in ("qualoop.css", "blocks.css")],
        script=address(block, "public/class_session.js"),
        code=live(register, people, now)["code"],
        bands=_bands(block, counted(register, people), len(people)),
    )


def counted(register: Register, people: Sequence[Somebody]) -> Counter[Presence]:
    """Return how many people stand where; who is not marked yet in an open class is waiting."""
    return Counter(_presence(register, who.key) for who in people)


def _presence(register: Register, key: str) -> Presence:
    found = register.presence_of(key)
    is_unmarked = found is Presence.ABSENT and not register.value(key, PRESENCE)
    return Presence.WAITING if is_unmarked and register.roll.state is not SessionState.CLOSED else found


def _list(
    block: Any, register: Register, scheme: Scheme, people: Sequence[Somebody], *, now: datetime
) -> dict[str, Any]:
    counts = counted(register, people)
    stages = Counter(stage(register, who.key, scheme) for who in people)
    return {
        "rows": [_row(block, register, scheme, who) for who in people],
        "marks": [(mark.value, block.ugettext(words.PRESENCES[mark])) for mark in MARKS],
        "live": live(register, people, now),
        "bands": _bands(block, counts, len(people)),
        "total": len(people),
        "drafts": stages[Stage.DRAFT],
        "waiting": len(publishing.waiting(register, scheme)),
        "undoable": [_undoable(block, done, people) for done in register.journal[:1]],
        "undoable_table": next((done.id for done in register.journal[1:] if done.what == "import"), None),
        "has_prework": bool(block.prework),
    }


def _row(block: Any, register: Register, scheme: Scheme, who: Somebody) -> dict[str, Any]:
    presence = _presence(register, who.key)
    at = stage(register, who.key, scheme)
    share = released_share(register.value(who.key, RELEASED))
    checked = register.value(who.key, CHECKED_AT)
    return {
        "key": who.key,
        "name": who.name,
        "username": who.username,
        "has_account": who.has_account,
        "presence": presence.value,
        "label": block.ugettext(words.PRESENCES[presence]),
        "checked": checked,
        "checked_words": clock_words(checked),
        "stage": at.value,
        "stage_label": block.ugettext(words.STAGES.get(at, words.STAGES[Stage.DRAFT])),
        "share": None if share is None else f"{float(share) * 100:.0f}",
        "let_in": bool(register.value(who.key, LET_IN)),
    }


def _bands(block: Any, counts: Counter[Presence], total: int) -> list[Band]:
    """Return the picture of who is here: widths in hundredths, those who came first."""
    bands, x = [], 0.0
    for mark in (*CAME_FIRST, Presence.WAITING):
        width = WIDTH * counts[mark] / total if total else 0.0
        label = block.ugettext(words.PRESENCES[mark])
        bands.append(Band(mark=mark.value, label=label, count=counts[mark], x=round(x, 3), width=round(width, 3)))
        x += width
    return bands


CAME_FIRST: Final = (*(mark for mark in MARKS if mark in CAME), Presence.EXCUSED, Presence.ABSENT)


def _undoable(block: Any, done: Done, people: Sequence[Somebody]) -> dict[str, Any]:
    """Return what can be taken back: of one learner with the name, else with the number of learners."""
    what = block.ugettext(words.ACTIONS.get(done.what, words.ACTIONS["mark"]))
    learners = {learner for learner, _, _ in done.before}
    names = [who.name for who in people if who.key in learners]
    return {"id": done.id, "what": what, "whose": names[0] if len(names) == 1 else str(len(learners))}


def _person(block: Any, register: Register, scheme: Scheme, who: Somebody, *, shown: Shown) -> dict[str, Any]:
    """Return one learner: what was typed and not written stands in the form again."""
    works = prework_of(block, who.key) if who.has_account else ()
    lacking = missing(works or (), ready_score(block))
    form = shown.form
    score = register.value(who.key, SCORE) or {}
    points = points_in(score)
    return {
        "who": _row(block, register, scheme, who),
        "points": form.get("points", "" if points is None else format(points, "f")),
        "comment": form.get("comment", score.get("comment", "")),
        "link": form.get("link", register.value(who.key, LINK) or ""),
        "rubric_rows": _rubric_rows(block, register, scheme, who, form=form),
        "works": [_work(work, lacking) for work in works or ()],
        "has_prework": bool(block.prework),
        "is_told": bool(register.told.get(who.key, {}).get("parts")),
    }


def _after(people: Sequence[Somebody], who: Somebody) -> Somebody | None:
    """Return who follows in the list: marking goes from one to the next."""
    place = people.index(who) + 1
    return people[place] if place < len(people) else None


def _rubric_rows(block: Any, register: Register, scheme: Scheme, who: Somebody, *, form: Any) -> list[dict[str, Any]]:
    if scheme.rubric is None:
        return []
    sheet = fitting_sheet(scheme.rubric, register.value(who.key, RUBRIC))
    return rubric_rows(scheme.rubric, block.language(), sheet=sheet, form=form)


def _work(work: Prework, lacking: Sequence[Prework]) -> dict[str, Any]:
    return {
        "title": work.title or work.name,
        "url": work.url,
        "is_found": work.is_found,
        "is_missing": work in lacking,
        "score": None if work.score is None else f"{float(work.score) * 100:.0f}",
    }


def _table(block: Any, register: Register, scheme: Scheme, run: Any) -> dict[str, Any]:
    problems = [
        {
            "row": problem.row,
            "column": problem.column,
            "text": problem.text,
            "words": block.ugettext(words.TROUBLES[problem.trouble]),
        }
        for problem in run.found.problems[:MOST_SHOWN]
    ]
    return {
        "data": run.data,
        "changes": said_changes(block, run, register, scheme),
        "count": len(run.found.changes),
        "learners": len({change.learner for change in run.found.changes}),
        "more": max(len(run.found.changes) - MOST_SHOWN, 0),
        "problems": problems,
        "more_problems": max(len(run.found.problems) - MOST_SHOWN, 0),
        "added": list(run.added.values()),
        "adds": run.adds,
        "has_unknown": any(problem.trouble == "unknown-learner" for problem in run.found.problems),
    }
