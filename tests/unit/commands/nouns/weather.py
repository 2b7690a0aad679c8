"""A noun in good order."""

from __future__ import annotations

import argparse

from qualoop.authored_files import AuthoredFilesError, Problem
from qualoop.commands import Nouns
from qualoop.errors import QualoopError


class WeatherRefusedError(QualoopError):
    code = "weather-refused"


FAULTS: dict[str, BaseException] = {
    "refused": WeatherRefusedError("no weather today"),
    "interrupted": KeyboardInterrupt(),
    "files": AuthoredFilesError(
        [
            Problem(file="sky.yaml", line=3, code="too-blue", message="the sky is too blue", repair="add a cloud"),
            Problem(file="sun.yaml", line=1, code="too-hot", message="the sun is too hot"),
        ]
    ),
}


def register(nouns: Nouns) -> None:
    noun = nouns.add_parser("weather", help="tell and test the weather")
    verbs = noun.add_subparsers()
    tell = verbs.add_parser("tell")
    tell.add_argument("--place", required=True)
    tell.set_defaults(run=_tell)
    fail = verbs.add_parser("fail")
    fail.add_argument("fault", choices=FAULTS)
    fail.set_defaults(run=_fail)


def _tell(arguments: argparse.Namespace) -> int:
    if arguments.place == "nowhere":
        return 4
    print(f"sunny in {arguments.place}")
    return 0


def _fail(arguments: argparse.Namespace) -> int:
    raise FAULTS[arguments.fault]
