"""Reads the messages of the evidence API from anywhere: JSON first, then the model; every fault is told with its place."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from qualoop.errors import QualoopError
from qualoop.exchange.problems import Fault

MOST_FAULTS: Final = 20

ModelT = TypeVar("ModelT", bound=BaseModel)


class MessageUnreadableError(QualoopError):
    """The body is not JSON, or holds what no JSON may (NaN, half of a surrogate pair, too deep)."""

    code = "body-unreadable"


class MessageRefusedError(QualoopError):
    """The body is JSON, but not what is taken here; `errors` says where."""

    code = "body-refused"

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults)


def read_json(body: bytes) -> Any:
    """Return what JSON holds, as plain values; raise MessageUnreadableError."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise MessageUnreadableError from error


def read_message(model: type[ModelT], sent: Any, base: str = "") -> ModelT:
    """Return plain values as a message; raise MessageRefusedError, with pointers below ``base``, never what was sent."""
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False, include_context=False)
        faults = [
            Fault(pointer="/".join([base, *map(_step, each["loc"])]), detail=each["msg"]) for each in told[:MOST_FAULTS]
        ]
        raise MessageRefusedError(faults) from error


def _step(step: int | str) -> str:
    """Return one step of a JSON pointer; names that were sent are cut and kept to ASCII."""
    return str(step).encode("ascii", "replace").decode()[:64].replace("~", "~0").replace("/", "~1")
