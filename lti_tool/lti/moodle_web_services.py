"""The web services of Moodle as far as competencies need them: bodies of requests, and what answers say.

Moodle's REST protocol takes a form with the token, the name of the function and nested parameters
(`filters[0][column]`), and answers JSON, errors with HTTP 200 too. Seen in exchanges with Moodle 4.5; see
docs/platforms.md. Nothing of what Moodle writes into its error messages is kept: they are in the site's language and
may name people.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard
from urllib.parse import urlencode

from lti_tool.lti.moodle_errors import (
    MoodleBusyError,
    MoodleCapabilityError,
    MoodleDisabledError,
    MoodleError,
    MoodleFunctionError,
    MoodleGoneError,
    MoodleRatingError,
    MoodleRefusedError,
    MoodleTokenError,
    MoodleUnreadableError,
)

PATH: Final = "/webservice/rest/server.php"
_ENTRY_PATH: Final = "/mod/lti/token.php"
"""Where Moodle's token address lies below the address of the site."""

SITE_INFO: Final = "core_webservice_get_site_info"
LIST_FRAMEWORKS: Final = "core_competency_list_competency_frameworks"
LIST_COMPETENCIES: Final = "core_competency_list_competencies"
SCALE_VALUES: Final = "core_competency_get_scale_values"
GRADE: Final = "core_competency_grade_competency"
SUMMARY: Final = "tool_lp_data_for_user_competency_summary"

SYSTEM_CONTEXT: Final = 1
"""The id of the context of the whole site."""
MAX_ID: Final = 2**53
MAX_GRADE: Final = 1000
MAX_TITLE: Final = 100
"""What Moodle itself keeps of short names and ID numbers, characters."""
MAX_ENTRIES: Final = 1000
MAX_SITE_FUNCTIONS: Final = 5000

_OK: Final = 200
_GONE: Final = frozenset({404, 410})
_NOT_NOW: Final = frozenset({408, 425, 429, 503})
_FORBIDDEN: Final = 403
_ELSEWHERE: Final = range(300, 400)
_REFUSALS: Final = range(400, 500)
_ERROR_CODE: Final = re.compile(r"[A-Za-z0-9_/.:-]{1,64}")
_USER: Final = re.compile(r"[1-9][0-9]{0,15}")

_BY_ERROR_CODE: Final[Mapping[str, type[MoodleError]]] = {
    "invalidtoken": MoodleTokenError,
    "invalidtimedtoken": MoodleTokenError,
    "invalidiptoken": MoodleTokenError,
    "accessexception": MoodleFunctionError,
    "servicenotavailable": MoodleFunctionError,
    "servicerequireslogin": MoodleFunctionError,
    "nopermissions": MoodleCapabilityError,
    "nopermission": MoodleCapabilityError,
    "missingrequiredcapability": MoodleCapabilityError,
    "usernotallowed": MoodleCapabilityError,
    "competenciesarenotenabled": MoodleDisabledError,
    "enablewsdescription": MoodleDisabledError,
    "invalidrecord": MoodleGoneError,
    "invalidrecordunknown": MoodleGoneError,
    "invaliduser": MoodleGoneError,
    "invaliduserid": MoodleGoneError,
    "invalidpersistenterror": MoodleRatingError,
    "sitemaintenance": MoodleBusyError,
    "upgraderunning": MoodleBusyError,
    "dbconnectionfailed": MoodleBusyError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How the grades of a scale count, by their index from 1: which mean proficient, and the one given by default."""

    id: int
    proficient: frozenset[int]
    default: int | None

    @property
    def competent(self) -> int | None:
        """The grade for who is competent: the default where that is proficient, else the lowest that is; None: none is."""
        if self.default in self.proficient:
            return self.default
        return min(self.proficient, default=None)

    @property
    def not_yet(self) -> int | None:
        """The grade for who is so no more: the nearest below `competent` that is not proficient; None: there is none."""
        return max(set(range(1, self.competent or 1)) - self.proficient, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompetencyFramework:
    """A competency framework of the site, with the scale that holds where a competency has none of its own."""

    id: int
    id_number: str
    title: str
    scale: Scale | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Competency:
    """A competency; ``scale`` is its own, None where the framework's holds."""

    id: int
    id_number: str
    title: str
    scale: Scale | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCompetency:
    """How a user stands on a competency: the grade, None where there is none; whether the token's account may rate it."""

    grade: int | None
    can_grade: bool


# -- What is asked


def site_url(issuer: str, token_url: str) -> str:
    """Return the address of the site: its token address tells it, where that is Moodle's; else the issuer."""
    found = token_url.removesuffix(_ENTRY_PATH) if token_url.endswith(_ENTRY_PATH) else issuer
    return found.rstrip("/")


def form_body(token: str, function: str, parameters: Mapping[str, Any]) -> bytes:
    """Return the body of a call. The token stands in it and in no address, so that no log of addresses holds it."""
    form = [("wstoken", token), ("wsfunction", function), ("moodlewsrestformat", "json")]
    for name, value in parameters.items():
        form += _fields(name, value)
    return urlencode(form).encode()


def _fields(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Give the fields of a nested parameter as PHP reads them: `context[contextid]`, `filters[0][value]`."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _fields(f"{name}[{key}]", each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, each in enumerate(value):
            yield from _fields(f"{name}[{number}]", each)
    else:
        yield name, str(int(value)) if isinstance(value, bool) else str(value)


def frameworks_page(skip: int, limit: int) -> Mapping[str, Any]:
    """Return the parameters that list frameworks of the site and of its course categories."""
    return {
        "sort": "shortname",
        "skip": skip,
        "limit": limit,
        "includes": "children",
        "context": {"contextid": SYSTEM_CONTEXT},
    }


def competencies_page(framework_id: int, skip: int, limit: int) -> Mapping[str, Any]:
    """Return the parameters that list competencies of a framework, in an order that stays the same between pages.

    One sort column only: two are an "invalid parameter".
    """
    filters = [{"column": "competencyframeworkid", "value": framework_id}]
    return {"filters": filters, "sort": "id", "order": "ASC", "skip": skip, "limit": limit}


def rating(user_id: str, competency_id: int, grade: int, note: str) -> Mapping[str, Any]:
    """Return the parameters that rate a user; ``grade`` is an index of the scale, from 1."""
    return {"userid": user_id, "competencyid": competency_id, "grade": grade, "note": note}


def is_user_id(subject: str) -> bool:
    """Say whether a subject of LTI is a user's id of Moodle, which is a number."""
    return _USER.fullmatch(subject) is not None


# -- What is answered


def read_answer(status: int, body: bytes, *, function: str) -> Any:
    """Return the JSON of an answer; raise a leaf of MoodleError where it is a refusal or no answer of Moodle's."""
    if status != _OK:
        raise _by_status(status)("the web service answered another status", function=function, status=status)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MoodleUnreadableError("the answer is not JSON", function=function, status=status) from error
    if isinstance(answer, dict) and "exception" in answer:
        code = answer.get("errorcode")
        known = code if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else "an error without a code"
        raise _BY_ERROR_CODE.get(known, MoodleRefusedError)(
            f"Moodle answered {known}", function=function, status=status
        )
    return answer


def _by_status(status: int) -> type[MoodleError]:
    """Return what a status other than 200 means: 403 and 404 come where web services or REST are switched off."""
    if status in _NOT_NOW:
        return MoodleBusyError
    if status == _FORBIDDEN or status in _GONE:
        return MoodleDisabledError
    # A redirection leads elsewhere: most often the site's address has changed.
    return MoodleDisabledError if status in _ELSEWHERE or status in _REFUSALS else MoodleUnreadableError


def parse_site_functions(answer: object) -> frozenset[str]:
    """Return the functions that the token may call."""
    entries = _object(answer, SITE_INFO).get("functions")
    functions = _list(entries, SITE_INFO, at_most=MAX_SITE_FUNCTIONS)
    # Moodle 4.5 was seen with names; its documentation has objects with a name and a version.
    names = (each.get("name") if isinstance(each, dict) else each for each in functions)
    return frozenset(name for name in names if isinstance(name, str) and len(name) <= MAX_TITLE)


def parse_frameworks(answer: object) -> tuple[CompetencyFramework, ...]:
    """Return the frameworks of a page."""
    return tuple(
        CompetencyFramework(
            id=_id(entry.get("id"), LIST_FRAMEWORKS),
            id_number=_text(entry.get("idnumber")),
            title=_text(entry.get("shortname")),
            scale=_scale(entry),
        )
        for entry in _objects(answer, LIST_FRAMEWORKS)
    )


def parse_competencies(answer: object) -> tuple[Competency, ...]:
    """Return the competencies of a page."""
    return tuple(
        Competency(
            id=_id(entry.get("id"), LIST_COMPETENCIES),
            id_number=_text(entry.get("idnumber")),
            title=_text(entry.get("shortname")),
            scale=_scale(entry),
        )
        for entry in _objects(answer, LIST_COMPETENCIES)
    )


def parse_scale_values(answer: object) -> Mapping[int, str]:
    """Return the names of the grades of a scale by index, from 1."""
    found: dict[int, str] = {}
    for entry in _objects(answer, SCALE_VALUES):
        index = entry.get("id")
        if _is_index(index):
            found[index] = _text(entry.get("name"))
    return found


def parse_summary(answer: object) -> UserCompetency:
    """Return how a user stands; who was never rated has no grade."""
    summary = _object(answer, SUMMARY)
    standing = summary.get("usercompetency")
    grade = _object(standing, SUMMARY).get("grade") if standing is not None else None
    if grade is not None and not _is_index(grade):
        raise MoodleUnreadableError("the grade is no index of a scale", function=SUMMARY)
    return UserCompetency(grade=grade, can_grade=bool(summary.get("cangrade")))


def parse_rating(answer: object) -> int:
    """Return the grade that Moodle noted; raise MoodleUnreadableError where that is not told."""
    grade = _object(answer, GRADE).get("grade")
    if not _is_index(grade):
        raise MoodleUnreadableError("the answer does not tell the grade", function=GRADE)
    return grade


def _scale(entry: Mapping[str, Any]) -> Scale | None:
    """Return the scale of a framework or competency: `[{"scaleid":"2"},{"id":2,"scaledefault":1,"proficient":1}]`.

    None where it has none of its own, or one that cannot be read: then nothing is matched rather than misjudged.
    """
    scale_id, text = entry.get("scaleid"), entry.get("scaleconfiguration")
    if not _is_number(scale_id) or not isinstance(text, str):
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    marked = (
        [each for each in values if isinstance(each, dict) and _is_index(each.get("id"))] if _is_list(values) else []
    )
    return Scale(
        id=scale_id,
        proficient=frozenset(each["id"] for each in marked if _is_set(each.get("proficient"))),
        default=next((each["id"] for each in marked if _is_set(each.get("scaledefault"))), None),
    )


def _is_set(flag: object) -> bool:
    return flag in (1, "1", True)


def _is_list(values: object) -> TypeGuard[list[Any]]:
    return isinstance(values, list) and len(values) <= MAX_ENTRIES


def _is_number(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 < value <= MAX_ID


def _is_index(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 < value <= MAX_GRADE


def _id(value: object, function: str) -> int:
    if not _is_number(value):
        raise MoodleUnreadableError("an id is no positive number", function=function)
    return value


def _object(value: object, function: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MoodleUnreadableError("the answer is no object", function=function)
    return value


def _list(value: object, function: str, *, at_most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > at_most:
        raise MoodleUnreadableError("the answer is no list, or too long", function=function)
    return value


def _objects(value: object, function: str) -> Iterator[Mapping[str, Any]]:
    return (_object(each, function) for each in _list(value, function, at_most=MAX_ENTRIES))


def _text(value: object) -> str:
    """Return a text that is shown and compared, on one line and without what cannot be stored or hides what stands there."""
    if not isinstance(value, str):
        return ""
    kept = "".join(" " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character for character in value)
    kept = "".join(character for character in kept if unicodedata.category(character) not in {"Cf", "Cs"})
    return " ".join(kept.split())[:MAX_TITLE]
