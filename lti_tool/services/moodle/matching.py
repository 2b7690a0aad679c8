"""Which competency of a Moodle stands for which knowledge point: the one whose ID number is the knowledge point's code.

What does not match is listed on both sides, for a person to mend in Moodle or here; nothing is ever written to Moodle's
frameworks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.lti.moodle_errors import MoodleError
from lti_tool.lti.moodle_web_services import Competency, CompetencyFramework, Scale
from lti_tool.lti.registration import Registration
from lti_tool.models import MoodleMatch, MoodleService
from lti_tool.outgoing import OutgoingError
from lti_tool.services.moodle.sites import MoodleClient, MoodleNotConnectedError, Site, find_service, site_of
from lti_tool.services.platforms.runtime import Runtime
from qualoop.errors import QualoopError
from qualoop.framework import Framework

MAX_LISTED: Final = 500
"""How many entries of each list are kept."""
MAX_CODE: Final = 64


class NoFrameworkError(QualoopError):
    """The organisation has no qualification framework yet: qualoop content install."""

    code = "no-framework"


class MoodleFrameworkMissingError(QualoopError):
    """Moodle has no competency framework of this ID number, or the account of the token may not see it."""

    code = "moodle-framework-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A knowledge point with its competency, and the grades that stand for competent and for not (any more)."""

    code: str
    competency_id: int
    title: str
    scale: Scale

    @property
    def competent(self) -> int:
        """The grade for who is competent: `match_up` takes no scale without one."""
        return self.scale.competent or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """What a matching found: the matches, and what matches nothing.

    ``missing`` are codes that no competency has, ``foreign`` competencies (ID number, title) that are none of ours,
    ``duplicates`` codes that several have, ``similar`` codes whose ID number differs in case or spaces alone (and which
    stand in neither of the former), ``no_scale`` codes whose scale has no proficient grade. ``frameworks`` are those with
    any match, with the number of their matches.
    """

    matches: Sequence[Match] = ()
    missing: Sequence[str] = ()
    foreign: Sequence[tuple[str, str]] = ()
    duplicates: Sequence[str] = ()
    similar: Sequence[tuple[str, str]] = ()
    no_scale: Sequence[str] = ()
    frameworks: Sequence[tuple[str, str, int]] = ()

    def as_report(self) -> dict[str, Any]:
        """Return the lists as they are stored, each cut to MAX_LISTED, with the number of all."""
        lists = ("missing", "foreign", "duplicates", "similar", "no_scale", "frameworks")
        return {
            name: {
                "count": len(getattr(self, name)),
                "listed": [each if isinstance(each, str) else list(each) for each in getattr(self, name)[:MAX_LISTED]],
            }
            for name in lists
        }


@dataclass(frozen=True, slots=True)
class SiteContents:
    """What was read of a Moodle: the competencies of each framework, and the names of grades by scale."""

    frameworks: Sequence[tuple[CompetencyFramework, Sequence[Competency]]] = ()
    grade_names: Mapping[int, Mapping[int, str]] = field(default_factory=dict)


def match_up(codes: Iterable[str], known: Iterable[str], contents: SiteContents) -> Matching:
    """Match the knowledge points' ``codes``; ``known`` are other codes of ours (units, posts), which are not foreign."""
    wanted = sorted(set(codes))
    found: dict[str, list[tuple[CompetencyFramework, Competency]]] = defaultdict(list)
    for framework, competencies in contents.frameworks:
        for competency in competencies:
            found[competency.id_number].append((framework, competency))
    matches, no_scale = _matches(wanted, found)
    missing = [code for code in wanted if code not in found]
    folded = {_folded(id_number): id_number for id_number in found if id_number and id_number not in wanted}
    similar = [(code, folded[_folded(code)]) for code in missing if _folded(code) in folded]
    alike = dict(similar)
    related = [each for each in contents.frameworks if any(one.id_number in wanted for one in each[1])]
    return Matching(
        matches=matches,
        missing=[code for code in missing if code not in alike],
        foreign=_foreign(related, {*wanted, *known, *alike.values()}),
        duplicates=[code for code in wanted if len(found.get(code, ())) > 1],
        similar=similar,
        no_scale=no_scale,
        frameworks=[(each.id_number, each.title, sum(one.id_number in wanted for one in of)) for each, of in related],
    )


def _matches(
    wanted: Sequence[str], found: Mapping[str, Sequence[tuple[CompetencyFramework, Competency]]]
) -> tuple[list[Match], list[str]]:
    """Return the codes that exactly one competency has; apart, those of them whose scale says nothing."""
    matches, no_scale = [], []
    for code in wanted:
        if len(found.get(code, ())) != 1:
            continue
        ((framework, competency),) = found[code]
        scale = competency.scale or framework.scale
        if scale is None or scale.competent is None:
            no_scale.append(code)
        else:
            matches.append(Match(code=code, competency_id=competency.id, title=competency.title, scale=scale))
    return matches, no_scale


def _foreign(
    related: Iterable[tuple[CompetencyFramework, Sequence[Competency]]], ours: set[str]
) -> list[tuple[str, str]]:
    """Return the competencies that are none of ours, in frameworks that have something to do with us."""
    return [(one.id_number, one.title) for _, of in related for one in of if one.id_number not in ours]


def _folded(code: str) -> str:
    return "".join(code.split()).casefold()


class MoodleMatcher:
    """Reads a Moodle's competencies and stores what matches."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._client = MoodleClient(runtime.http)

    def match(self, registration: Registration, *, only: str | None = None) -> Matching:
        """Match anew and store what came of it; ``only`` is the ID number of the one framework that counts from now on.

        An empty text: all count again. Raises leaves of MoodleError and OutgoingError, MoodleNotConnectedError,
        MoodleFrameworkMissingError, NoFrameworkError; why it failed is stored, and the matches stay as they were.
        """
        runtime = self._runtime
        with runtime.database.transaction() as session:
            service = find_service(session, registration.organisation_id, registration.id)
            if service is None:
                raise MoodleNotConnectedError
            if only is not None:
                service.framework = only or None
            site = site_of(registration, service.token_encrypted, secret=runtime.settings.secret_key)
            framework = runtime.contents.find_framework(session.connection(), registration.organisation_id)
            chosen = service.framework
        try:
            if framework is None:
                raise NoFrameworkError
            contents = self._read(site, chosen)
        except QualoopError as error:
            self._note_failure(registration, error, runtime.clock())
            raise
        found = match_up(framework.knowledge_points, _known(framework), contents)
        with runtime.database.transaction() as session:
            _store(session, registration, found, contents, now=runtime.clock())
        return found

    def _read(self, site: Site, only: str | None) -> SiteContents:
        """Read the frameworks, or one, with their competencies, and the names of their grades."""
        frameworks = [each for each in self._client.frameworks(site) if only in {None, each.id_number}]
        if only is not None and not frameworks:
            raise MoodleFrameworkMissingError
        read = [(each, self._client.competencies(site, each.id)) for each in frameworks]
        scales = {
            scale.id for framework, of in read for scale in (framework.scale, *(one.scale for one in of)) if scale
        }
        names: dict[int, Mapping[int, str]] = {}
        for scale in sorted(scales):
            # Names are for people to read; without them everything works.
            with suppress(MoodleError, OutgoingError):
                names[scale] = self._client.scale_values(site, scale)
        return SiteContents(read, names)

    def _note_failure(self, registration: Registration, error: QualoopError, now: datetime) -> None:
        with self._runtime.database.transaction() as session:
            service = find_service(session, registration.organisation_id, registration.id)
            if service is not None:
                service.failure, service.failed_at = error.code, now


def _known(framework: Framework) -> set[str]:
    """Return the codes of ours that a framework in Moodle may hold beside knowledge points."""
    return {*framework.units, *framework.posts}


def _store(
    session: Session, registration: Registration, found: Matching, contents: SiteContents, *, now: datetime
) -> None:
    """Store the matches; rows that match no more stay, switched off."""
    # Somebody else may be matching: the second waits here, and then changes the rows of the first.
    service = session.scalars(
        select(MoodleService)
        .where(
            MoodleService.organisation_id == registration.organisation_id,
            MoodleService.registration_id == registration.id,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    rows = {
        row.code: row
        for row in session.scalars(
            select(MoodleMatch).where(
                MoodleMatch.organisation_id == registration.organisation_id,
                MoodleMatch.registration_id == registration.id,
            )
        )
    }
    for row in rows.values():
        row.is_current = False
    for match in found.matches:
        row = rows.get(match.code) or MoodleMatch(
            organisation_id=registration.organisation_id, registration_id=registration.id, code=match.code
        )
        _fill(row, match, contents.grade_names.get(match.scale.id, {}), now)
        session.add(row)
    service.report, service.matched_at, service.failure, service.failed_at = found.as_report(), now, None, None
    service.recheck_at = now
    session.flush()


def _fill(row: MoodleMatch, match: Match, names: Mapping[int, str], now: datetime) -> None:
    row.competency_id, row.title = match.competency_id, match.title
    row.competent, row.not_yet = match.competent, match.scale.not_yet
    row.competent_name = names.get(match.competent, "")
    row.not_yet_name = names.get(match.scale.not_yet or 0, "")
    row.is_current, row.updated_at = True, now


def failure_words(code: str | None) -> tuple[str, str] | None:
    """Return sentence and remedy (msgids) of a stored failure of the protocol; None for any other."""
    kinds: tuple[type[MoodleError], ...] = (MoodleError, *MoodleError.__subclasses__())
    kind = next((each for each in kinds if each.code == code), None)
    return None if kind is None else (kind.sentence, kind.what_to_do)
