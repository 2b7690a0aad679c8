"""`PUT /api/v1/activities/{key}/versions/{hash}`: the manifest and the tags of content that a platform carries itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, StrictInt, StrictStr, model_validator

from qualoop.exchange.message_parts import Key, Message, Words, printable

MAX_PARTS: Final = 500
MAX_POINTS: Final = 20
SHARE: Final = r"^(1|0\.[0-9]{0,5}[1-9])$"

Code = Annotated[StrictStr, Field(min_length=1, max_length=64), AfterValidator(printable)]
Share = Annotated[StrictStr, Field(pattern=SHARE, description="A decimal in (0, 1].")]
ShortWords = Annotated[StrictStr, Field(min_length=1, max_length=32), AfterValidator(printable)]


class ManifestPart(Message):
    """The smallest thing that is scored."""

    key: Key
    options: Annotated[StrictInt, Field(ge=1, le=1000)] | None = Field(
        default=None, description="Among how many options a blind guess picks one; null where one cannot guess."
    )


class FrameworkName(Message):
    """The framework whose knowledge points the tags name."""

    code: ShortWords
    version: ShortWords


class Titles(Message):
    """A title by language."""

    en: Words | None = None
    zh_hans: Words | None = Field(default=None, alias="zh-Hans")


class VersionRegistration(Message):
    """One immutable content version: its parts, and which knowledge points each serves with which share.

    `tags` has each part of the manifest that serves any; the shares of a part sum to 1. The order of the knowledge
    points of a part is kept.
    """

    kind: Key = Field(description="Kind of the activity, such as micro-lesson.")
    label: ShortWords = Field(description="The version for people, such as 1.0.0.")
    title: Titles = Field(default_factory=Titles)
    parts: list[ManifestPart] = Field(min_length=1, max_length=MAX_PARTS)
    framework: FrameworkName
    tags: dict[Key, Annotated[dict[Code, Share], Field(min_length=1, max_length=MAX_POINTS)]]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        keys = [part.key for part in self.parts]
        if len(set(keys)) < len(keys):
            raise ValueError("a part stands twice in the manifest")
        if strange := sorted(self.tags.keys() - set(keys)):
            raise ValueError(f"there are tags of {strange[0]}, which is no part of the manifest")
        for key, shares in self.tags.items():
            if sum(map(Decimal, shares.values())) != 1:
                raise ValueError(f"the shares of {key} do not sum to 1")
        return self


class RegisteredVersion(Message):
    """What stands after a registration."""

    activity: str
    content: str
    tags_hash: str
    is_new: bool = Field(description="Whether the version was not known before.")
    counts_from_replay: bool = Field(
        description="Whether there is evidence that goes on counting by the tags before until the next replay."
    )
    taken_up: int = Field(description="How many events that waited for this version are in the ledger now.")
