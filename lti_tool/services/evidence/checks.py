"""What may be recorded as evidence: every fault of every row is found before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from lti_tool.db import Direct, Driver, moment
from lti_tool.models import TagSet
from lti_tool.services.content import parts
from lti_tool.services.content.parts import Version
from lti_tool.services.ledger import ledger
from qualoop.errors import QualoopError
from qualoop.ledger import Evidence, EvidenceForm, EvidenceRefusedError
from qualoop.policies import FormNotWeighedError, read_occasion, weigh
from qualoop.values import ValueRefusedError

MOST_TOLD: Final = 20
"""How many faults the text of an error names; the error itself holds all."""
_TEXTS: Final = ("learner", "source", "source_id", "source_attempt", "occurred_at")
_OPTIONAL: Final = ("tags", "actor")
_LENGTHS: Final = {
    "learner": 36,
    "source": 64,
    "source_id": 128,
    "source_attempt": 64,
    "actor": 64,
    "rater": 64,
    "attempt": 64,
}

_BEGAN = Direct("SELECT uuid, started_at FROM attempt WHERE organisation_id = ? AND uuid IN ?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One piece of evidence on its way into the ledger.

    ``learner`` and ``actor`` are pseudonyms; ``source`` is (source, source id, attempt), the key of repeats;
    ``occurred_at`` is in UTC. ``tags`` is the hash of the tag set that the sender counts on, or None: it must exist,
    but what counts is the one that is adopted here.
    """

    learner: str
    evidence: Evidence
    source: tuple[str, str, str]
    occurred_at: datetime
    actor: str = ledger.SYSTEM
    tags: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of one row; rows count from 1."""

    row: int
    field: str
    message: str

    def __str__(self) -> str:
        """Return the fault as a line."""
        return f"row {self.row}, {self.field}: {self.message}"


class EvidenceBatchRefusedError(QualoopError):
    """Something in a batch cannot be evidence: all faults, by row and field. Nothing of the batch was written."""

    code = "evidence-refused"

    def __init__(self, faults: Sequence[Fault]) -> None:
        lines = [str(fault) for fault in faults[:MOST_TOLD]]
        more = len(faults) - len(lines)
        super().__init__("\n".join([*lines, *([f"and {more} more"] if more else [])]))
        self.faults = tuple(faults)


def check(
    connection: Connection, organisation_id: int, submissions: Sequence[Submission], *, now: datetime
) -> list[Version]:
    """Return the content version of each submission; raise EvidenceBatchRefusedError."""
    faults = find_faults(connection, organisation_id, enumerate(submissions, 1), now=now)
    versions = [_version(connection, organisation_id, each) for each in submissions]
    known = [version for version in versions if version is not None]
    if faults or len(known) < len(versions):
        raise EvidenceBatchRefusedError(faults)
    return known


def find_faults(
    connection: Connection, organisation_id: int, numbered: Iterable[tuple[int, Submission]], *, now: datetime
) -> list[Fault]:
    """Return what is wrong with submissions, which come with the numbers of their rows."""
    faults: list[Fault] = []
    dated: list[tuple[int, Submission]] = []
    for row, each in numbered:
        evidence, version = each.evidence, _version(connection, organisation_id, each)
        if version is None:
            faults.append(Fault(row, "content", f"no version {evidence.content} of {evidence.activity} is installed"))
        elif evidence.part not in version.options:
            faults.append(Fault(row, "part", f"{evidence.activity} has no part {evidence.part!r} in this version"))
        faults += _form_faults(row, evidence)
        if each.occurred_at > now:
            faults.append(Fault(row, "occurred_at", f"{each.occurred_at.isoformat()} lies in the future"))
        if each.tags is not None and version is not None and not _has_tags(connection, version, each.tags):
            faults.append(Fault(row, "tags", f"there is no tag set {each.tags!r} of this version"))
        if each.occurred_at < now:
            dated.append((row, each))
    # What happens at this very moment cannot have happened before its attempt began.
    return sorted([*faults, *_too_early(connection, organisation_id, dated)], key=lambda fault: fault.row)


def _form_faults(row: int, evidence: Evidence) -> Iterable[Fault]:
    """Return what is wrong with how the evidence came about."""
    if evidence.form is EvidenceForm.PRIOR_LEARNING:
        yield Fault(row, "form", "prior learning is no evidence: it enters by a person's decision")
    elif evidence.occasion:
        try:
            weigh(evidence.form.value, evidence.score, occasion=read_occasion(evidence.occasion))
        except (FormNotWeighedError, ValueRefusedError) as error:
            yield Fault(row, "occasion", str(error))


def _version(connection: Connection, organisation_id: int, submission: Submission) -> Version | None:
    evidence = submission.evidence
    return parts.find_version(connection, organisation_id, evidence.activity, evidence.content)


def _has_tags(connection: Connection, version: Version, tags_hash: str) -> bool:
    """Say whether a content version has a tag set with this hash."""
    query = select(TagSet.id).where(TagSet.version_id == version.id, TagSet.hash == tags_hash)
    return connection.scalar(query) is not None


def _too_early(
    connection: Connection, organisation_id: int, dated: Sequence[tuple[int, Submission]]
) -> Iterable[Fault]:
    """Return a fault for what happened before its attempt began; attempts elsewhere are not known here."""
    if not dated:
        return
    driver = Driver(connection)
    attempts = {each.evidence.attempt for _, each in dated}
    began = dict(driver.all(_BEGAN, (organisation_id, driver.listed(attempts))))
    for row, each in dated:
        start = began.get(each.evidence.attempt)
        if start is not None and each.occurred_at < moment(start):
            yield Fault(row, "occurred_at", f"{each.occurred_at.isoformat()} is before the attempt began")


def read_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[list[tuple[int, Submission]], list[Fault]]:
    """Return the submissions in rows from anywhere, with the numbers of their rows from 1, and what is wrong.

    A row holds the fields of evidence (`qualoop.ledger.Evidence`), and `learner`, `source`, `source_id`,
    `source_attempt`, `occurred_at` (ISO 8601 with an offset); `tags` and `actor` where they are known.
    """
    found: list[tuple[int, Submission]] = []
    faults: list[Fault] = []
    for number, row in enumerate(rows, 1):
        wrong = [*_wrong_texts(number, row), *_unreadable(number, row)]
        body = {name: value for name, value in row.items() if name not in _TEXTS and name not in _OPTIONAL}
        try:
            evidence = Evidence.from_body(body)
        except EvidenceRefusedError as error:
            wrong.append(Fault(number, error.field, str(error).removeprefix(f"{error.field}: ")))
        else:
            if not wrong:
                found.append((number, _submission(row, evidence)))
        faults += wrong
    return found, faults


def _wrong_texts(number: int, row: Mapping[str, Any]) -> Iterable[Fault]:
    """Return what is wrong with the texts of a row, but for what evidence says of its own."""
    for name in _TEXTS:
        value = row.get(name)
        if not isinstance(value, str) or not value:
            yield Fault(number, name, "is text, and never empty")
        elif name == "occurred_at" and _moment(value) is None:
            yield Fault(number, name, f"is a date and time with an offset, not {value!r}")
    for name in _OPTIONAL:
        if not isinstance(row.get(name), str | None):
            yield Fault(number, name, "is text")


def _unreadable(number: int, row: Mapping[str, Any]) -> Iterable[Fault]:
    """Return what no database, or no person, could make sense of."""
    for name, value in row.items():
        if isinstance(value, str) and len(value) > _LENGTHS.get(name, len(value)):
            yield Fault(number, name, f"has at most {_LENGTHS[name]} characters")
        elif isinstance(value, str) and not value.isprintable():
            yield Fault(number, name, "holds a character that cannot be printed")


def _submission(row: Mapping[str, Any], evidence: Evidence) -> Submission:
    return Submission(
        learner=row["learner"],
        evidence=evidence,
        source=(row["source"], row["source_id"], row["source_attempt"]),
        occurred_at=_moment(row["occurred_at"]) or datetime.min.replace(tzinfo=UTC),
        actor=row.get("actor") or ledger.SYSTEM,
        tags=row.get("tags"),
    )


def _moment(text: str) -> datetime | None:
    """Return a moment in UTC, or None where the text is none."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
