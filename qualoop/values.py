"""Values that cross every border: scores, keys, texts in two languages.

Each checks itself once, when it is made; whoever holds one need not check again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from qualoop.errors import QualoopError

LANGUAGES: Final = ("en", "zh-Hans")
DEFAULT_LANGUAGE: Final = "en"

SCORE_DIGITS: Final = 6
KEY_PATTERN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


class ValueRefusedError(QualoopError, ValueError):
    """A value is not of its type's form."""

    code = "value"


class Score(Decimal):
    """A share of what could be reached: a decimal in [0, 1], kept to six digits.

    Raises ValueRefusedError for anything outside, for NaN and for floats (a float is never exact).
    """

    __slots__ = ()

    def __new__(cls, value: Decimal | int | str) -> Self:
        """Make a score of an exact number or its decimal string."""
        if isinstance(value, float):
            raise ValueRefusedError("a score is a decimal, never a float")
        try:
            number = Decimal(value)
        except InvalidOperation as error:
            raise ValueRefusedError(f"not a number: {value!r}") from error
        if not number.is_finite() or not 0 <= number <= 1:
            raise ValueRefusedError(f"a score lies in [0, 1], not {number}")
        return super().__new__(cls, round(number, SCORE_DIGITS).normalize() + 0)

    @classmethod
    def of(cls, part: int | Decimal, whole: int | Decimal) -> Self:
        """Return ``part`` of ``whole``, clamped to [0, 1]; 0 where the whole is 0."""
        share = Decimal(part) / Decimal(whole) if whole else Decimal(0)
        return cls(min(max(share, Decimal(0)), Decimal(1)))

    @classmethod
    def mean(cls, scores: Iterable[Score]) -> Self | None:
        """Return the mean of scores, each counting once; None of none."""
        found = tuple(scores)
        return cls.of(sum(found, Decimal(0)), len(found)) if found else None

    def as_text(self) -> str:
        """Return the plain decimal string that stands in ledgers and messages: '0', '0.5', '1'."""
        return format(self, "f")


ZERO: Final = Score(0)
ONE: Final = Score(1)


def checked_key(text: str) -> str:
    """Return ``text`` where it may name something in files and URLs, else raise ValueRefusedError."""
    if not KEY_PATTERN.fullmatch(text):
        raise ValueRefusedError(f"a key is 1 to 64 of a-z, 0-9 and inner hyphens, not {text!r}")
    return text


def find_whole(text: str, most_digits: int) -> int | None:
    """Return a text of 1 to ``most_digits`` ASCII digits as a number; None for any other.

    `int` takes signs, spaces, underscores and the digits of every script as well, and as many as there are.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most_digits else None


@dataclass(frozen=True, slots=True)
class Text:
    """A text in the languages of the product, by language tag (`en`, `zh-Hans`)."""

    by_language: Mapping[str, str]

    def __getitem__(self, language: str) -> str:
        """Return the text in ``language``, else in English, else in whatever language it has."""
        texts = self.by_language
        return texts.get(language) or texts.get(DEFAULT_LANGUAGE) or next(iter(texts.values()), "")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let authors' models hold a Text: a mapping of language tag to non-empty text."""
        texts = core_schema.dict_schema(
            core_schema.literal_schema(list(LANGUAGES)),
            core_schema.str_schema(min_length=1, strip_whitespace=True),
            min_length=1,
        )
        made = core_schema.no_info_after_validator_function(cls, texts)
        return core_schema.no_info_wrap_validator_function(
            lambda value, make: value if isinstance(value, cls) else make(value),
            made,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda text: dict(text.by_language)),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe a Text to editors."""
        return {
            "type": "object",
            "properties": {language: {"type": "string", "minLength": 1} for language in LANGUAGES},
            "additionalProperties": False,
            "minProperties": 1,
        }
