"""Tries the way to a Moodle's competencies without changing anything there, and names each thing that is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.lti import moodle_web_services as moodle
from lti_tool.lti.errors import translatable
from lti_tool.lti.moodle_errors import (
    MoodleCapabilityError,
    MoodleError,
    MoodleFunctionError,
    MoodleGoneError,
)
from lti_tool.lti.registration import Registration
from lti_tool.models import Identity, MoodleMatch
from lti_tool.outgoing import OutgoingError
from lti_tool.services.moodle.matching import failure_words
from lti_tool.services.moodle.sites import MoodleClient, MoodleNotConnectedError, Site, find_service, site_of
from lti_tool.services.platforms.runtime import Runtime
from qualoop.errors import QualoopError

CAPABILITIES: Final[Mapping[str, str]] = {
    moodle.SITE_INFO: "webservice/rest:use",
    moodle.LIST_FRAMEWORKS: "moodle/competency:competencyview",
    moodle.LIST_COMPETENCIES: "moodle/competency:competencyview",
    moodle.SCALE_VALUES: "moodle/competency:competencymanage",
    moodle.SUMMARY: "moodle/competency:usercompetencyview, moodle/user:viewdetails",
    moodle.GRADE: "moodle/competency:competencygrade",
}
"""Which capability the account of the token needs for each function; no other function is ever called."""


class State(StrEnum):
    """How one thing stands."""

    GOOD = "good"
    BAD = "bad"
    UNTRIED = "untried"


class Kind(StrEnum):
    """What a finding is about. The codes stand in the database and never change."""

    ENTRY = "entry"
    FUNCTION = "function"
    CAPABILITY = "capability"
    NO_FRAMEWORK = "no-framework"
    UNREACHABLE = "unreachable"
    RATING = "rating"
    FAILED = "failed"


_WORDS: Final[Mapping[tuple[Kind, State], tuple[str, str]]] = {
    (Kind.ENTRY, State.GOOD): (translatable("Moodle takes the token."), ""),
    (Kind.FUNCTION, State.GOOD): (translatable("The function %(subject)s may be called."), ""),
    (Kind.FUNCTION, State.BAD): (
        translatable("The external service of the token lacks the function %(subject)s."),
        MoodleFunctionError.what_to_do,
    ),
    (Kind.CAPABILITY, State.BAD): (
        translatable("The account of the token lacks a capability: %(subject)s."),
        MoodleCapabilityError.what_to_do,
    ),
    (Kind.NO_FRAMEWORK, State.BAD): (
        translatable("Moodle shows no competency framework to the account of the token."),
        translatable(
            "In Moodle, import or add a competency framework, and give the account of the token the capability "
            "moodle/competency:competencyview for the whole site."
        ),
    ),
    (Kind.UNREACHABLE, State.BAD): (
        translatable("Moodle could not be reached."),
        translatable("Check the address of the platform, and that this tool may call it."),
    ),
    (Kind.RATING, State.GOOD): (translatable("The account of the token may rate learners."), ""),
    (Kind.RATING, State.UNTRIED): (
        translatable("Whether learners may be rated has not been tried: that needs a match and a learner from Moodle."),
        translatable("Match the competencies, let a learner open an activity from Moodle, then check again."),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was tried; ``subject`` is a function or capability, or the code of a failure."""

    kind: Kind
    state: State
    subject: str = ""

    @property
    def words(self) -> tuple[str, str]:
        """Return what was found and what to do (msgids with `%(subject)s`); nothing to do is an empty text."""
        found = _WORDS.get((self.kind, self.state)) or failure_words(self.subject)
        return found or (MoodleError.sentence, MoodleError.what_to_do)

    def as_stored(self) -> dict[str, str]:
        """Return the finding as JSON keeps it."""
        return {"kind": self.kind.value, "state": self.state.value, "subject": self.subject}


def read_findings(stored: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Return stored findings."""
    return [Finding(kind=Kind(each["kind"]), state=State(each["state"]), subject=each["subject"]) for each in stored]


class MoodleCheck:
    """Checks one registration's Moodle and stores what was found."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._client = MoodleClient(runtime.http)

    def check(self, registration: Registration) -> list[Finding]:
        """Return what was found, the good too. Raises MoodleNotConnectedError, MoodleTokenSealedError."""
        runtime = self._runtime
        with runtime.database.reading() as session:
            service = find_service(session, registration.organisation_id, registration.id)
            if service is None:
                raise MoodleNotConnectedError
            site = site_of(registration, service.token_encrypted, secret=runtime.settings.secret_key)
            someone = _someone(session, registration)
        findings = list(self._find(site, someone))
        self._store(registration, findings, runtime.clock())
        return findings

    def _find(self, site: Site, someone: tuple[str, int] | None) -> Iterator[Finding]:
        """Try one thing after the other; where Moodle lets nobody in, there is no more to try."""
        functions: frozenset[str] = frozenset()
        entry = _tried(moodle.SITE_INFO, lambda: self._client.functions(site))
        if isinstance(entry, Finding):
            yield entry
            if entry.kind is not Kind.FUNCTION:
                return
        else:
            functions = entry
            yield Finding(kind=Kind.ENTRY, state=State.GOOD)
        for function in CAPABILITIES:
            if functions and function not in functions:
                yield Finding(kind=Kind.FUNCTION, state=State.BAD, subject=function)
            elif function in functions:
                yield Finding(kind=Kind.FUNCTION, state=State.GOOD, subject=function)
        yield from self._find_by_reading(site, functions or frozenset(CAPABILITIES))
        yield from self._find_rating(site, someone)

    def _find_by_reading(self, site: Site, functions: frozenset[str]) -> Iterator[Finding]:
        """Read frameworks, competencies and a scale, as far as the functions are there."""
        if moodle.LIST_FRAMEWORKS not in functions:
            return
        frameworks = _tried(moodle.LIST_FRAMEWORKS, lambda: self._client.frameworks(site))
        if isinstance(frameworks, Finding):
            yield frameworks
            return
        if not frameworks:
            yield Finding(kind=Kind.NO_FRAMEWORK, state=State.BAD)
            return
        first = frameworks[0]
        tries: dict[str, Callable[[], object]] = {
            moodle.LIST_COMPETENCIES: lambda: self._client.competencies(site, first.id)
        }
        if first.scale is not None:
            scale_id = first.scale.id
            tries[moodle.SCALE_VALUES] = lambda: self._client.scale_values(site, scale_id)
        for function, call in tries.items():
            found = _tried(function, call) if function in functions else None
            if isinstance(found, Finding):
                yield found

    def _find_rating(self, site: Site, someone: tuple[str, int] | None) -> Iterator[Finding]:
        """Ask how somebody stands: the answer tells whether the account may rate."""
        if someone is None:
            yield Finding(kind=Kind.RATING, state=State.UNTRIED)
            return
        standing = _tried(moodle.SUMMARY, lambda: self._client.standing(site, *someone))
        if isinstance(standing, Finding):
            yield standing
        elif standing.can_grade:
            yield Finding(kind=Kind.RATING, state=State.GOOD)
        else:
            yield Finding(kind=Kind.CAPABILITY, state=State.BAD, subject=CAPABILITIES[moodle.GRADE])

    def _store(self, registration: Registration, findings: Sequence[Finding], now: datetime) -> None:
        with self._runtime.database.transaction() as session:
            service = find_service(session, registration.organisation_id, registration.id)
            if service is not None:
                service.findings, service.checked_at = [each.as_stored() for each in findings], now


def _tried(function: str, call: Callable[[], Any]) -> Any:
    """Return what a call gives, or the finding that it fails."""
    try:
        return call()
    except MoodleFunctionError:
        return Finding(kind=Kind.FUNCTION, state=State.BAD, subject=function)
    except MoodleCapabilityError:
        return Finding(kind=Kind.CAPABILITY, state=State.BAD, subject=CAPABILITIES[function])
    except OutgoingError:
        return Finding(kind=Kind.UNREACHABLE, state=State.BAD)
    except MoodleGoneError:
        # A learner who has left Moodle says nothing about what the account may do.
        return Finding(kind=Kind.RATING, state=State.UNTRIED)
    except QualoopError as error:
        return Finding(kind=Kind.FAILED, state=State.BAD, subject=error.code)


def _someone(session: Session, registration: Registration) -> tuple[str, int] | None:
    """Return a user of this Moodle and a competency that matches, to ask with; the newest, who is most likely there."""
    competency = session.scalar(
        select(MoodleMatch.competency_id)
        .where(
            MoodleMatch.organisation_id == registration.organisation_id,
            MoodleMatch.registration_id == registration.id,
            MoodleMatch.is_current,
        )
        .limit(1)
    )
    subjects = session.scalars(
        select(Identity.subject)
        .where(Identity.organisation_id == registration.organisation_id, Identity.registration_id == registration.id)
        .order_by(Identity.id.desc())
        .limit(50)
    )
    user = next((subject for subject in subjects if moodle.is_user_id(subject)), None)
    return None if competency is None or user is None else (user, competency)
