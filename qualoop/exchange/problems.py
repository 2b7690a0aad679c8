"""Problem documents (RFC 9457): why a request, or one event of it, was refused."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

PREFIX: Final = "urn:qualoop:problem:"
MEDIA_TYPE: Final = "application/problem+json"


class Fault(BaseModel):
    """What is wrong with one member of what was sent."""

    model_config = ConfigDict(frozen=True)

    pointer: str = Field(description="Where it stands: a JSON pointer (RFC 6901) into what was sent.")
    detail: str


class Problem(BaseModel):
    """A problem document. `type` and `code` never change; `detail` is for people and may."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description=f"{PREFIX} and the code.")
    title: str
    status: int
    code: str
    detail: str = ""
    reference: str | None = Field(default=None, description="The number under which the log of the receiver has it.")
    errors: list[Fault] = Field(default_factory=list)
