"""What an activity needs from whoever shows it: a page of the LTI tool, a block, a preview."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol, runtime_checkable

from qualoop.assessment import ResponseRefusedError
from qualoop.player.actions import Action
from qualoop.player.errors import StaleActionError


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgePointOutlook:
    """What one knowledge point looks like after the attempt.

    ``level``, ``low`` and ``high`` are whole per cent, 0 to 100: the shown level and its 90 % band. ``responses`` is
    on how many answers it rests; ``why`` says in a sentence what moved it.
    """

    code: str
    title: str
    level: int
    low: int
    high: int
    responses: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NextActivity:
    """What to do next and why; ``url`` is None where the learner must find it in the course."""

    title: str
    reason: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What was sent and not taken, and why: it does not fit its item, or the attempt had moved on since its page."""

    action: Action
    error: ResponseRefusedError | StaleActionError

    @property
    def status(self) -> HTTPStatus:
        """Return the status of the reply that shows it."""
        return HTTPStatus.CONFLICT if isinstance(self.error, StaleActionError) else HTTPStatus.UNPROCESSABLE_ENTITY


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What the learner should know of dates and attempts, in the learner's language.

    `{time}` in ``text`` is where the moment stands: ``at`` in ISO 8601, and ``at_words`` as people read it. ``tone`` is
    `partly` or `bad` for what must not be overlooked, shown at every step; else empty.
    """

    text: str
    at: str = ""
    at_words: str = ""
    tone: str = ""


class Host(Protocol):
    """What the player is given by its host for one learner and one page.

    ``id_prefix`` starts every id, so that several activities fit on one page: a letter, then letters, digits, hyphens.
    ``hidden_fields`` go into every form (a CSRF token). ``attributes`` go on the element `<qualoop-activity>`:
    `data-csrf-cookie` names the cookie whose value is sent as X-CSRFToken, `data-canonical-url` the address to show.
    Drawn pages are kept by `gettext` and `ngettext`, so a host that gives the bound methods of one catalogue per language
    draws the first page of a lesson once.
    ``outlook``, after the attempt: None while the host cannot say yet, nothing where it never will.
    """

    @property
    def language(self) -> str:
        """Return the learner's language tag: `en` or `zh-Hans`."""

    @property
    def id_prefix(self) -> str:
        """Return what every id starts with."""

    @property
    def hidden_fields(self) -> Mapping[str, str]:
        """Return the fields that every form carries."""

    @property
    def attributes(self) -> Mapping[str, str]:
        """Return the attributes of the element."""

    @property
    def outlook(self) -> Sequence[KnowledgePointOutlook] | None:
        """Return what the knowledge points look like now, after the attempt."""

    @property
    def next_activity(self) -> NextActivity | None:
        """Return what to do next, after the attempt."""

    @property
    def can_restart(self) -> bool:
        """Return whether another attempt may begin: then the page offers the host's own action `restart`."""

    @property
    def remarks(self) -> Sequence[Remark]:
        """Return what is to be said of due date, lateness and attempts; nothing where nothing limits the learner."""

    @property
    def gettext(self) -> Callable[[str], str]:
        """Return what gives a message in the learner's language; best the same object each time."""

    @property
    def ngettext(self) -> Callable[[str, str, int], str]:
        """Return what gives a message with a number; best the same object each time."""

    def action_url(self, name: str, /) -> str:
        """Return where the form of an action is sent."""

    def asset_url(self, path: str, /) -> str:
        """Return where the browser finds a file of the package."""

    def knowledge_point_title(self, code: str, /) -> str:
        """Return the title of a knowledge point, or its code where it is not known."""


@runtime_checkable
class WorkShown(Protocol):
    """What a host may show besides, in the page itself: the learner's work that people judge, their rubric, the marks."""

    @property
    def work_panel(self) -> str:
        """Return HTML that is safe as it is; its ids start with `id_prefix`."""


@runtime_checkable
class MarkedWork(Protocol):
    """What a host may know besides: where learners find the work that people judge, and its marks."""

    @property
    def work_url(self) -> str:
        """Return the address of the learner's work at this link."""
