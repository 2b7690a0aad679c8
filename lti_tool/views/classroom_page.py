"""What learners and the projector see of a class: one question at a time, no name, no result before it is shown."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from flask import url_for
from sqlalchemy.orm import Session as Transaction

from lti_tool.models import ClassPoll, ClassSeat, ClassSession
from lti_tool.services.classes.polls import find_current, seed_of
from lti_tool.services.classes.roll_call import times_of
from lti_tool.services.classes.sessions import code_leads_from, code_leads_in
from lti_tool.services.classes.votes import Votes, count_votes, find_own, read_votes
from lti_tool.services.content.parts import Remembered
from qualoop.assessment import Item, MultipleChoice, Option, Ordering, SingleChoice, presented, score_response
from qualoop.classroom.questions import Question, explanation, right_keys, right_words
from qualoop.classroom.roll_call import presence
from qualoop.classroom.session import SessionState
from qualoop.classroom.votes import PollState, Switches, open_round, switches
from qualoop.content_packages import block_html, inline_html
from qualoop.player.form_view import Given, form_of, form_view
from qualoop.values import ONE

View: TypeAlias = dict[str, Any]

_LETTERS: Final = string.ascii_uppercase
_NEAR: Final = timedelta(hours=12)
_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class _Shown:
    """The result of a poll that is shown, for everybody the same."""

    votes: Mapping[int, Votes]


_shown: Remembered[_Shown] = Remembered()


def code_view(row: ClassSession, now: datetime) -> View:
    """Return what console and projector say of the code: whether it leads in, else from when; None for once it is opened.

    It is near where its time of day alone cannot be taken for another day's.
    """
    since = code_leads_from(row)
    return {
        "code_leads_in": code_leads_in(row, now),
        "code_from_when": since,
        "code_is_near": since is not None and since - now < _NEAR,
    }


def learner_view(
    transaction: Transaction, row: ClassSession, seat: ClassSeat | None, *, language: str, typed: View | None = None
) -> View:
    """Return what a learner's page of a session shows: the question on the stage, the own vote, the own presence.

    ``typed`` is the form of a vote that was refused.
    """
    poll = find_current(transaction, row)
    stands = presence(seat.checked_at, seat.mark, times_of(row)) if seat and (seat.checked_at or seat.mark) else None
    return {
        "title": row.title_in(language),
        "uuid": row.uuid,
        "state": row.state,
        "version": row.version,
        "is_open": row.state == SessionState.OPEN,
        "presence": stands.value if stands else None,
        "is_confirmed": bool(seat and seat.is_confirmed),
        "has_name": bool(seat and seat.person_id),
        "poll": poll_view(transaction, row, poll, seat, language=language, typed=typed) if poll else None,
    }


def poll_view(
    transaction: Transaction,
    row: ClassSession,
    poll: ClassPoll,
    seat: ClassSeat | None,
    *,
    language: str,
    typed: View | None = None,
) -> View:
    """Return the question on the stage; right answers and shares are in it only once it is shown."""
    question, state = Question.from_document(poll.question), PollState(poll.state)
    number = open_round(state)
    own = _own(transaction, poll, seat, number or (2 if poll.second_opened_at else 1))
    shown = state is PollState.SHOWN
    form: Mapping[str, Sequence[str]] = typed or _form(question.item, own, seed_of(poll))
    marks = dict.fromkeys(right_keys(question), True) if shown else {}
    view: View = {
        **_asked(poll, question, language),
        "round": number,
        "form": form_view(question.item, Given(form=form, marks=marks), seed_of(poll), language),
        "has_voted": own is not None,
        "shown": shown,
        "right": right_words(question, language) if shown else (),
        "explanation": block_html(explanation(question, language)) if shown else "",
        "own_right": _own_right(question, own) if shown else None,
    }
    if shown:
        view["result"] = result_view(question, _votes(transaction, row, poll), seed_of(poll), language)
    return view


def screen_view(transaction: Transaction, row: ClassSession, language: str) -> View | None:
    """Return the question as the projector shows it: with how many have voted, and shares only once they are shown."""
    poll = find_current(transaction, row)
    if poll is None:
        return None
    view = poll_view(transaction, row, poll, None, language=language)
    counts = count_votes(transaction, poll)
    voted = counts[view["round"] or (2 if poll.second_opened_at else 1)]
    return {
        **view,
        "counts": counts,
        "voted": voted,
        "moved": _moved(transaction, row, poll) if view["shown"] else None,
    }


def result_view(question: Question, votes: Mapping[int, Votes], seed: int, language: str) -> View:
    """Return how the votes fell: by option for choices, by place for a ranking, by answer for a number."""
    rounds = [number for number, each in votes.items() if each.ballots]
    return {
        "rounds": rounds,
        "totals": {number: len(votes[number].ballots) for number in rounds},
        "rows": _rows(question, votes, rounds, seed=seed, language=language),
        "right": {
            number: whole(sum(b.score == ONE for b in votes[number].ballots), len(votes[number].ballots))
            for number in rounds
        }
        if question.graded
        else {},
    }


def whole(part: int, total: int) -> int:
    """Return a share as whole per cent."""
    return round(part * _WHOLE / total) if total else 0


def letter(place: int) -> str:
    """Return what stands before an option, A for the first."""
    return _LETTERS[place]


def _asked(poll: ClassPoll, question: Question, language: str) -> View:
    item = question.item
    figure = item.figure
    return {
        "uuid": poll.uuid,
        "number": poll.number,
        "kind": item.type,
        "state": poll.state,
        "graded": question.graded,
        "prompt": block_html(item.prompt[language]),
        "figure": {"alt": figure.alt[language]} if figure and poll.question.get("version") else None,
    }


def _own(transaction: Transaction, poll: ClassPoll, seat: ClassSeat | None, number: int) -> tuple[str, ...] | None:
    """Return the own vote of a round: its keys, nothing where it was typed freely, None where there is none."""
    found = find_own(transaction, poll, seat, number) if seat else None
    return None if found is None else tuple(found.response)


def _form(item: Item, own: tuple[str, ...] | None, seed: int) -> Mapping[str, Sequence[str]]:
    return form_of(item, list(own), seed) if own else {}


def _own_right(question: Question, own: tuple[str, ...] | None) -> bool | None:
    if not question.graded or not own:
        return None
    return score_response(question.item, list(own)).correct


def _votes(transaction: Transaction, row: ClassSession, poll: ClassPoll) -> Mapping[int, Votes]:
    """Return the votes of a shown poll; hundreds ask at once, so they are read once for each version of the stage."""
    key = (poll.uuid, row.version)
    found = _shown.get(transaction.connection(), key, lambda: _Shown(read_votes(transaction, poll)))
    return found.votes if found else {}


def _moved(transaction: Transaction, row: ClassSession, poll: ClassPoll) -> Switches | None:
    """Return how those who voted twice changed; None where nobody did, or where nothing is right or wrong."""
    votes = _votes(transaction, row, poll)
    if not votes or not Question.from_document(poll.question).graded:
        return None
    moved = switches(votes[1].ballots, votes[2].ballots)
    return moved if moved.both else None


def _rows(
    question: Question, votes: Mapping[int, Votes], rounds: Sequence[int], *, seed: int, language: str
) -> list[View]:
    item, right = question.item, right_keys(question)
    if isinstance(item, Ordering):
        return _places(item, votes, rounds, language)
    counts = {number: Counter(key for b in votes[number].ballots for key in b.response) for number in rounds}
    things = presented(item, seed)
    if isinstance(item, SingleChoice | MultipleChoice):
        return [
            {
                "letter": letter(place),
                "html": inline_html(thing.text[language]),
                "right": thing.key in right,
                "counts": {number: counts[number][thing.key] for number in rounds},
                "shares": {number: whole(counts[number][thing.key], len(votes[number].ballots)) for number in rounds},
            }
            for place, thing in enumerate(things)
            if isinstance(thing, Option)
        ]
    answers = Counter[str]()
    for number in rounds:
        answers.update(counts[number])
    return [
        {
            "letter": "",
            "html": inline_html(answer),
            "right": question.graded and bool(score_response(item, [answer]).correct),
            "counts": {number: counts[number][answer] for number in rounds},
            "shares": {number: whole(counts[number][answer], len(votes[number].ballots)) for number in rounds},
        }
        for answer, _ in answers.most_common(8)
    ]


def _places(item: Ordering, votes: Mapping[int, Votes], rounds: Sequence[int], language: str) -> list[View]:
    """Return the entries of a ranking with how many put each first, in the order of how often."""
    firsts = {number: Counter(b.response[0] for b in votes[number].ballots if b.response) for number in rounds}
    return [
        {
            "letter": "",
            "html": inline_html(entry.text[language]),
            "right": False,
            "counts": {number: firsts[number][entry.key] for number in rounds},
            "shares": {number: whole(firsts[number][entry.key], len(votes[number].ballots)) for number in rounds},
        }
        for entry in item.entries
    ]


def stage_address(row: ClassSession) -> str:
    """Return where the pages of learners ask whether anything has changed."""
    return url_for("classroom_door.stage", class_uuid=row.uuid)
