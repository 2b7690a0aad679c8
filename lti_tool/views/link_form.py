"""The form in which a teacher sets a link: its fields as texts, read into settings or into what is wrong, in words.

Times come as `2026-12-03T18:00`, which is UTC, or with their zone. Shares are asked for as whole per cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from lti_tool.lti.errors import translatable
from qualoop.assessment import Extension, LinkSettings, LinkSettingsError
from qualoop.assessment.settings import MAX_ATTEMPTS, MAX_GRACE_MINUTES, checked_moment
from qualoop.values import find_whole

MOMENTS: Final = ("opens_at", "due_at", "closes_at", "shown_at")
CHOICES: Final = ("late", "counts", "show_feedback", "show_solution", "show_score")
#: Field -> how large its number may be.
NUMBERS: Final[Mapping[str, int]] = {
    "grace_minutes": MAX_GRACE_MINUTES,
    "max_attempts": MAX_ATTEMPTS,
    "late_deduction": 100,
    "late_floor": 100,
}
SHARES: Final = frozenset({"late_deduction", "late_floor"})
FIELDS: Final = (*MOMENTS, *CHOICES, *NUMBERS)

NO_MOMENT: Final = translatable("Write a date and a time, or leave both empty.")
NO_NUMBER: Final = translatable("Write a whole number from 0 to %(most)s.")
NO_CHOICE: Final = translatable("Choose one of the list.")
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What came of a form: the texts as they were sent, the settings where they are good, else what is wrong.

    ``wrong`` is by field, "" for what is wrong between fields: a msgid and the number in it.
    """

    texts: Mapping[str, str]
    settings: LinkSettings | None = None
    wrong: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def as_texts(settings: LinkSettings) -> Mapping[str, str]:
    """Return settings as the texts of the form."""
    texts = {name: moment_text(getattr(settings, name)) for name in MOMENTS}
    texts |= {name: getattr(settings, name) for name in CHOICES}
    for name in NUMBERS:
        number = getattr(settings, name)
        texts[name] = str(int(number * 100)) if name in SHARES else str(number)
    return texts


def read_settings(form: Mapping[str, str], present: LinkSettings) -> Read:
    """Return what the form says; what it does not ask for stays as it is."""
    texts = {name: form.get(name, "").strip()[:_LONGEST] for name in FIELDS if name in form}
    values: dict[str, Any] = {}
    wrong: dict[str, tuple[str, int]] = {}
    for name, text in texts.items():
        try:
            values[name] = _value(name, text)
        except ValueError:
            wrong[name] = (NO_MOMENT, 0) if name in MOMENTS else (NO_NUMBER, NUMBERS.get(name, 0))
    # A field of a date takes no zone.
    plain: dict[str, str] = {name: moment_text(values[name]) for name in MOMENTS if name in values}
    shown = {**as_texts(present), **texts, **plain}
    if wrong:
        return Read(texts=shown, wrong=wrong)
    try:
        return Read(texts=shown, settings=LinkSettings.read({**present.model_dump(), **values}))
    except LinkSettingsError as error:
        return Read(texts=shown, wrong=_faults(error))


def read_extension(form: Mapping[str, str]) -> Extension:
    """Return the extension that a form gives; raises ValueError for what is no moment and no number."""
    return Extension(
        due_at=read_moment(form.get("due_at", "").strip()[:_LONGEST]),
        closes_at=read_moment(form.get("closes_at", "").strip()[:_LONGEST]),
        extra_attempts=_number(form.get("extra_attempts", "").strip()[:_LONGEST], MAX_ATTEMPTS),
    )


def moment_text(moment: datetime | None) -> str:
    """Return a moment as an input of the kind `datetime-local` holds it, in UTC."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}"


def _value(name: str, text: str) -> Any:
    if name in MOMENTS:
        return read_moment(text)
    if name not in NUMBERS:
        return text
    number = _number(text, NUMBERS[name])
    return Decimal(number) / 100 if name in SHARES else number


def read_moment(text: str) -> datetime | None:
    """Return the moment in a field of a form, None where it is empty; raise ValueError."""
    if not text:
        return None
    moment = datetime.fromisoformat(text[:_LONGEST])
    return checked_moment(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment)


def _number(text: str, most: int) -> int:
    if not text:
        return 0
    number = find_whole(text, _LONGEST)
    if number is None or number > most:
        raise ValueError(text)
    return number


def _faults(error: LinkSettingsError) -> Mapping[str, tuple[str, int]]:
    """Return what does not go together, in words."""
    return {name: (NO_CHOICE if name else message, 0) for name, message in error.faults.items()}
