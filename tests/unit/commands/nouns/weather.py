"""A noun in good order."""

from __future__ import annotations

import argparse
import errno
import os

from qualoop.authored_files import AuthoredFilesError, Problem
from qualoop.commands import Nouns
from qualoop.commands.refusals import explain
from qualoop.errors import QualoopError


class WeatherRefusedError(QualoopError):
    code = "weather-refused"


class BarometerError(Exception):
    """What a library of this noun raises."""


explain(BarometerError, "weather-library", lambda error: f"the barometer is {error}")

FAULTS: dict[str, BaseException] = {
    "refused": WeatherRefusedError("no weather today"),
    "interrupted": KeyboardInterrupt(),
    "files": AuthoredFilesError(
        [
            Problem(file="sky.yaml", line=3, code="too-blue", message="the sky is too blue", repair="add a cloud"),
            Problem(file="sun.yaml", line=1, code="too-hot", message="the sun is too hot"),
        ]
    ),
    "file": FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/no/such/file"),
    "port": OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE)),
    "number": OverflowError("too large"),
    "library": BarometerError("broken"),
    "fault": ZeroDivisionError(),
}


def register(nouns: Nouns) -> None:
    noun = nouns.add_parser("weather", help="tell and test the weather")
    verbs = noun.add_subparsers()
    tell = verbs.add_parser("tell")
    tell.add_argument("--place", required=True)
    tell.set_defaults(run=_tell)
    fail = verbs.add_parser("fail")
    fail.add_argument("fault", choices=[*FAULTS, "odds"])
    fail.set_defaults(run=_fail, refuse=fail.error)


def _tell(arguments: argparse.Namespace) -> int:
    if arguments.place == "nowhere":
        return 4
    print(f"sunny in {arguments.place}")
    return 0


def _fail(arguments: argparse.Namespace) -> int:
    if arguments.fault == "odds":
        arguments.refuse("either sun or rain")
    raise FAULTS[arguments.fault]
