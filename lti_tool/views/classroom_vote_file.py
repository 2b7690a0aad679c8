"""The votes of a class as rows for a spreadsheet: who answered what, and what they say of each knowledge point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response
from jinja2.filters import do_striptags
from sqlalchemy.orm import Session as Transaction

from lti_tool.models import ClassPoll, ClassSession
from lti_tool.services.classes import ballots, sessions, votes
from lti_tool.services.classes import polls as class_polls
from lti_tool.services.classes import report as class_report
from lti_tool.services.classes.ballots import NamedVote
from lti_tool.services.people.roles import Permission
from lti_tool.views.classroom import framework_of
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.table_files import csv_response
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.classroom.questions import Question, response_words
from qualoop.classroom.votes import ROUNDS, PointGain
from qualoop.content_packages import block_html, inline_html
from qualoop.spreadsheet_cells import Value
from qualoop.values import ONE

blueprint = Blueprint("classroom_vote_file", __name__)

_NOTHING = "–"


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/votes.csv")
@needs(Permission.VIEW_CLASS)
def download(session: Session, class_uuid: str) -> Response:
    """Send who answered what as a file: a row for each vote, and what was typed freely in rows without a name."""
    words = Wording(language=session.language)
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        polls = class_polls.list_polls(reading, row)
        named = ballots.named_votes(reading, row, polls)
        rows: list[Sequence[Value]] = [_head(words)]
        for poll in polls:
            rows += _of_poll(reading, _Asked.of(reading, row, poll, words), named[poll.id])
    return csv_response(rows, "votes", row.created_at.date())


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/points.csv")
@needs(Permission.VIEW_CLASS)
def points(session: Session, class_uuid: str) -> Response:
    """Send what the votes say of each knowledge point as a file: a row for each."""
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        words = Wording(language=session.language, framework=framework_of(reading, session.organisation_id))
        polls = class_polls.list_polls(reading, row)
        gains = class_report.session_gains(reading, [class_report.read_poll(reading, row, poll) for poll in polls])
    rows = [_points_head(words), *(_of_point(each, row, words) for each in gains if each.votes)]
    return csv_response(rows, "points", row.created_at.date())


@dataclass(frozen=True, slots=True)
class _Asked:
    """A poll with what every row of it says."""

    poll: ClassPoll
    question: Question
    codes: str
    title: str
    words: Wording

    @classmethod
    def of(cls, reading: Transaction, row: ClassSession, poll: ClassPoll, words: Wording) -> _Asked:
        codes = " ".join(class_report.points_of(reading, poll))
        question = Question.from_document(poll.question)
        return cls(poll, question, codes, row.title_in(words.language), words)

    @property
    def prompt(self) -> str:
        """Return what was asked, without its layout."""
        return do_striptags(block_html(self.question.item.prompt[self.words.language]))

    def row(self, who: Sequence[Value], number: int, answer: Sequence[Value], at: str = "") -> Sequence[Value]:
        """Return a row: whose answer of which round."""
        return [*who, self.poll.number, self.prompt, self.codes, number, *answer, at, self.title]


def _head(words: Wording) -> Sequence[Value]:
    gettext = words.gettext
    return [
        gettext("Learner"),
        gettext("Pseudonym"),
        gettext("Device"),
        gettext("Question"),
        gettext("What was asked"),
        gettext("Knowledge points"),
        gettext("Vote number"),
        gettext("Answer given"),
        gettext("Right or wrong"),
        gettext("Score (0 to 1)"),
        gettext("At (UTC)"),
        gettext("Class session"),
    ]


def _of_poll(reading: Transaction, asked: _Asked, named: Sequence[NamedVote]) -> Iterator[Sequence[Value]]:
    secret = runtime().settings.secret_key
    for number in ROUNDS:
        for vote in named:
            if vote.round == number:
                at = vote.cast_at.isoformat(timespec="seconds")
                yield asked.row(_who(vote, asked.words), number, _answer(vote, asked), at)
        for text, times in votes.read_texts(reading, asked.poll, number, secret=secret):
            nobody = (asked.words.gettext("name not told"), None, None)
            for _ in range(times):
                yield asked.row(nobody, number, (text, None, None))


def _who(vote: NamedVote, words: Wording) -> Sequence[Value]:
    """Return whose a vote is; a device that nobody vouches for says a name, and has no pseudonym."""
    member = vote.member
    name = (member.name or member.short) if member else _NOTHING
    if not vote.is_confirmed:
        return name, None, words.gettext("not confirmed")
    return name, member.subject.uuid if member else _NOTHING, words.gettext("confirmed")


def _answer(vote: NamedVote, asked: _Asked) -> Sequence[Value]:
    """Return an answer in words, whether it is right, and its score; nothing of these where nothing is right or wrong.

    Nor of a text that was typed freely: a single right or wrong one among those without a name would tell whose it is.
    """
    gettext = asked.words.gettext
    said = (
        do_striptags(inline_html(each)) for each in response_words(asked.question, vote.response, asked.words.language)
    )
    if vote.is_text:
        told = gettext("typed freely: stands without a name")
        return told if vote.is_confirmed else gettext("typed freely: not told until confirmed"), None, None
    answer = "; ".join(said)
    if vote.score is None:
        return answer, None, None
    return answer, gettext("right") if vote.score == ONE else gettext("wrong"), vote.score.as_text()


def _points_head(words: Wording) -> Sequence[Value]:
    gettext = words.gettext
    return [
        gettext("Code"),
        gettext("Knowledge point"),
        gettext("First vote: right"),
        gettext("First vote: votes"),
        gettext("Second vote: right"),
        gettext("Second vote: votes"),
        gettext("Mean score of the first votes, per cent"),
        gettext("Gain in points"),
        gettext("Class session"),
    ]


def _of_point(found: PointGain, row: ClassSession, words: Wording) -> Sequence[Value]:
    counts = [count for number in ROUNDS for count in (found.rounds[number].right, found.rounds[number].votes)]
    shares = (None if share is None else round(100 * share) for share in (found.before, found.gain))
    return [found.code, words.title(found.code), *counts, *shares, row.title_in(words.language)]
