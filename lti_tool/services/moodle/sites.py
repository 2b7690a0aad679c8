"""The way to a Moodle's web services: one token for each registration, encrypted at rest, and the calls made with it.

Calls go to the origins of the registration alone (S13), the token in the body of the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.lti import moodle_web_services as moodle
from lti_tool.lti.moodle_errors import MoodleBusyError
from lti_tool.lti.registration import Registration
from lti_tool.lti.token import FORM_TYPE
from lti_tool.models import MoodleService
from lti_tool.outgoing import HttpClient
from lti_tool.outgoing.errors import TooLargeError
from lti_tool.sealing import SealedError, Sealer
from qualoop.errors import QualoopError
from qualoop.exchange.retrying import retry_after_s
from qualoop.values import LANGUAGES, ValueRefusedError

PAGE: Final = 100
"""Entries that are asked for at once; halved where an answer is larger than the client takes."""
MAX_FRAMEWORKS: Final = 200
MAX_COMPETENCIES: Final = 20_000

_TOKEN: Final = re.compile(r"[A-Za-z0-9]{16,128}")
_PURPOSE: Final = "qualoop moodle token 1"


class MoodleNotConnectedError(QualoopError):
    """No web-service token is stored for this registration: qualoop moodle token."""

    code = "moodle-not-connected"


class MoodleTokenSealedError(QualoopError):
    """The stored token cannot be opened: most often QUALOOP_SECRET_KEY was changed. Store it again."""

    code = "moodle-token-sealed"


class MoodleTooMuchError(QualoopError):
    """The site has more competencies than are read at once; name one framework: qualoop moodle match --framework."""

    code = "moodle-too-much"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A Moodle with the token for its web services, which no `repr` shows."""

    organisation_id: int
    registration_id: int
    url: str
    origins: frozenset[str]
    token: str = field(repr=False)


# -- The token


def find_service(session: Session, organisation_id: int, registration_id: int) -> MoodleService | None:
    """Return what is kept of a registration's Moodle; None where nobody has stored a token yet."""
    return session.scalar(
        select(MoodleService).where(
            MoodleService.organisation_id == organisation_id, MoodleService.registration_id == registration_id
        )
    )


def store_token(session: Session, registration: Registration, token: str, *, secret: str, now: datetime) -> None:
    """Keep a token in place of the one before; raise ValueRefusedError for what cannot be one."""
    if not _TOKEN.fullmatch(token):
        raise ValueRefusedError("a web-service token is 16 to 128 letters and digits")
    service = find_service(session, registration.organisation_id, registration.id)
    if service is None:
        service = MoodleService(
            organisation_id=registration.organisation_id,
            registration_id=registration.id,
            report={},
            findings=[],
            created_at=now,
        )
        session.add(service)
    service.token_encrypted = Sealer.for_purpose(secret, _PURPOSE).seal(token.encode(), _bound_to(registration))
    service.token_at, service.recheck_at = now, now
    service.failure, service.failed_at, service.findings, service.checked_at = None, None, [], None
    session.flush()


def forget_token(session: Session, registration: Registration) -> None:
    """Delete the token. What was rated stays known, so that a later token doubles nothing."""
    service = find_service(session, registration.organisation_id, registration.id)
    if service is None or service.token_encrypted is None:
        raise MoodleNotConnectedError
    if session.connection().dialect.name == "sqlite":
        # Else what is deleted stays readable in free pages of the file.
        session.connection().exec_driver_sql("PRAGMA secure_delete = ON")
    service.token_encrypted, service.token_at, service.recheck_at = None, None, None
    session.flush()


def set_switch(
    session: Session, registration: Registration, *, falls: bool | None, language: str | None, now: datetime
) -> MoodleService:
    """Change whether ratings go down again, and the language of the notes; None leaves it as it is."""
    service = find_service(session, registration.organisation_id, registration.id)
    if service is None:
        raise MoodleNotConnectedError
    if language is not None and language not in LANGUAGES:
        raise ValueRefusedError(f"a language is one of {', '.join(LANGUAGES)}")
    service.falls = service.falls if falls is None else falls
    service.language = language or service.language
    # What fell while the switch was off is noticed now.
    service.recheck_at = now if service.token_encrypted else None
    session.flush()
    return service


def site_of(registration: Registration, token_encrypted: bytes | None, *, secret: str) -> Site:
    """Return the way to a Moodle; raise MoodleNotConnectedError, MoodleTokenSealedError."""
    if token_encrypted is None:
        raise MoodleNotConnectedError
    return Site(
        organisation_id=registration.organisation_id,
        registration_id=registration.id,
        url=moodle.site_url(registration.issuer, registration.token_url),
        origins=registration.allowed_origins,
        token=_open(bytes(token_encrypted), _bound_to(registration), secret),
    )


def _bound_to(registration: Registration) -> str:
    """Return what a token is bound to: no row can be passed off as another's."""
    return f"{registration.organisation_id}:{registration.id}"


def _open(sealed: bytes, bound_to: str, secret: str) -> str:
    try:
        return Sealer.for_purpose(secret, _PURPOSE).open(sealed, bound_to).decode()
    except SealedError as error:
        raise MoodleTokenSealedError from error


# -- The calls


class MoodleClient:
    """Calls functions of Moodle's web services. One object serves all threads.

    Each method raises the leaves of MoodleError and of OutgoingError.
    """

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def call(self, site: Site, function: str, parameters: Mapping[str, Any]) -> Any:
        """Return what a function answers."""
        reply = self._http.send(
            "POST",
            site.url + moodle.PATH,
            headers={"Content-Type": FORM_TYPE, "Accept": "application/json"},
            body=moodle.form_body(site.token, function, parameters),
            only_to=site.origins,
        )
        try:
            return moodle.read_answer(reply.status, reply.body, function=function)
        except MoodleBusyError as error:
            error.retry_after_s = retry_after_s(reply.headers)
            raise

    def functions(self, site: Site) -> frozenset[str]:
        """Return the functions that the token may call."""
        return moodle.parse_site_functions(self.call(site, moodle.SITE_INFO, {}))

    def frameworks(self, site: Site) -> list[moodle.CompetencyFramework]:
        """Return the competency frameworks of the site and its course categories."""
        found: list[moodle.CompetencyFramework] = []
        for answer in self._pages(site, moodle.LIST_FRAMEWORKS, moodle.frameworks_page):
            found += moodle.parse_frameworks(answer)
            if len(found) > MAX_FRAMEWORKS:
                raise MoodleTooMuchError
        return found

    def competencies(self, site: Site, framework_id: int) -> list[moodle.Competency]:
        """Return the competencies of a framework."""
        found: list[moodle.Competency] = []

        def page(skip: int, limit: int) -> Mapping[str, Any]:
            return moodle.competencies_page(framework_id, skip, limit)

        for answer in self._pages(site, moodle.LIST_COMPETENCIES, page):
            found += moodle.parse_competencies(answer)
            if len(found) > MAX_COMPETENCIES:
                raise MoodleTooMuchError
        return found

    def scale_values(self, site: Site, scale_id: int) -> Mapping[int, str]:
        """Return the names of a scale's grades by index."""
        return moodle.parse_scale_values(self.call(site, moodle.SCALE_VALUES, {"scaleid": scale_id}))

    def standing(self, site: Site, user_id: str, competency_id: int) -> moodle.UserCompetency:
        """Return how a user stands on a competency."""
        asked = {"userid": user_id, "competencyid": competency_id}
        return moodle.parse_summary(self.call(site, moodle.SUMMARY, asked))

    def rate(self, site: Site, user_id: str, competency_id: int, *, grade: int, note: str) -> int:
        """Rate a user and return the grade that Moodle noted. Each call adds a row of evidence there."""
        return moodle.parse_rating(self.call(site, moodle.GRADE, moodle.rating(user_id, competency_id, grade, note)))

    def _pages(self, site: Site, function: str, page: Any) -> Iterator[list[Any]]:
        """Give one list after another until one is not full. A page that repeats without end is stopped by the caller."""
        skip, limit = 0, PAGE
        while True:
            try:
                answer = self.call(site, function, page(skip, limit))
            except TooLargeError:
                if limit == 1:
                    raise
                limit //= 2
                continue
            yield answer
            if not isinstance(answer, list) or len(answer) < limit:
                return
            skip += limit
