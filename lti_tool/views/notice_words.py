"""Notices in words: for the page, and to be copied into the course. They name no person."""

from __future__ import annotations

from collections.abc import Sequence

from lti_tool.services.notices.notices import Kind, Notice
from lti_tool.views.wording import Wording
from qualoop.records import Outcome


def sentence(notice: Notice, words: Wording) -> str:
    """Return what happened, in the language of ``words``."""
    gettext = words.gettext
    title = notice.title or gettext("This activity")
    score = "" if notice.score is None else words.percent(notice.score)
    if notice.kind is Kind.CORRECTED:
        return _corrected(notice, words)
    if notice.kind is Kind.EXTENDED:
        return _extended(notice, words, title)
    if notice.kind in {Kind.APPEAL_ANSWERED, Kind.NEEDS_DECISION}:
        return _appeal(notice, words)
    task = gettext("Plan") if notice.task is None else notice.task[words.language]
    said = {
        Kind.LIVE_ACCEPTED: gettext("A task of your live project was accepted: %(task)s. %(title)s."),
        Kind.LIVE_RETURNED: gettext("A task of your live project was sent back to you: %(task)s. %(title)s."),
        Kind.LIVE_WAITING: gettext("A task of a live project waits for a decision: %(task)s. %(title)s."),
        Kind.LIVE_JUDGES: gettext("A live project waits to be judged. %(title)s."),
        Kind.RELEASED: gettext("Your result is out. %(title)s: %(score)s."),
        Kind.RESCORED: gettext("Your teacher changed dates or rules. Your result now is %(score)s. %(title)s."),
        Kind.REFLECTION_ANSWERED: gettext("Your teacher answered your reflection. %(title)s."),
        Kind.CLASS_RELEASED: gettext("Results are out. %(title)s."),
    }[notice.kind]
    return said % {"title": title, "score": score, "task": task}


def text_to_copy(notice: Notice, spoken: Sequence[Wording]) -> str:
    """Return the notice as plain text, a line for each language."""
    return "\n".join(sentence(notice, words) for words in spoken)


def _corrected(notice: Notice, words: Wording) -> str:
    found = notice.corrected
    if found is None:
        return ""
    told = {
        "title": words.part(found.entry).activity,
        "was": words.percent(found.entry.evidence.score),
        "reason": words.reason(found.reason.value),
    }
    if found.score is None:
        return words.gettext("An answer does not count any more. It was %(was)s: %(reason)s. %(title)s.") % told
    text = words.gettext("An answer now counts %(now)s. It was %(was)s: %(reason)s. %(title)s.")
    return text % {**told, "now": words.percent(found.score)}


def _extended(notice: Notice, words: Wording, title: str) -> str:
    gettext, given = words.gettext, notice.extension
    lines = [gettext("You have an extension. %(title)s.") % {"title": title}]
    if given and given.due_at:
        lines.append(gettext("Due {time}.").replace("{time}", words.time(given.due_at)))
    if given and given.closes_at:
        lines.append(gettext("Closes {time}.").replace("{time}", words.time(given.closes_at)))
    if given and given.extra_attempts:
        one, many = "%(count)s more attempt", "%(count)s more attempts"
        lines.append(words.ngettext(one, many, given.extra_attempts) % {"count": given.extra_attempts})
    return " ".join(lines)


def _appeal(notice: Notice, words: Wording) -> str:
    points = {"points": ", ".join(words.title(code) for code in notice.codes)}
    if notice.kind is Kind.NEEDS_DECISION:
        return words.gettext("An appeal waits for a decision. %(points)s.") % points
    if notice.outcome is Outcome.CHANGED:
        return words.gettext("Your appeal was granted and the result was changed. %(points)s.") % points
    return words.gettext("Your appeal was looked at. The result stands. %(points)s.") % points
