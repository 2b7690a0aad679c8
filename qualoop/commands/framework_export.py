"""`qualoop framework export`: a framework in the files of other systems."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from qualoop.exchange import openedx_taxonomy
from qualoop.framework import Framework, load_framework, shipped_content
from qualoop.values import DEFAULT_LANGUAGE, LANGUAGES

Writer = Callable[[Framework, str], str]

FORMATS: Final[Mapping[str, Mapping[str, Writer]]] = {
    "openedx": {"csv": openedx_taxonomy.as_csv, "json": openedx_taxonomy.as_json},
}


def add_export(verbs: Any) -> argparse.ArgumentParser:
    """Add `framework export`; return its parser, to which the caller adds the folder."""
    verb: argparse.ArgumentParser = verbs.add_parser("export", help="write it in a file that another system imports")
    verb.add_argument("--format", required=True, choices=FORMATS, help="openedx: tags of a taxonomy")
    verb.add_argument("--as", dest="file_type", default="csv", choices=("csv", "json"), help="default: csv")
    verb.add_argument("--lang", choices=LANGUAGES, default=DEFAULT_LANGUAGE, help="of the titles (default: en)")
    verb.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    verb.set_defaults(run=_export)
    return verb


def _export(arguments: argparse.Namespace) -> int:
    framework = load_framework(arguments.directory or shipped_content() / "ecommerce")
    text = FORMATS[arguments.format][arguments.file_type](framework, arguments.lang)
    if arguments.output is None:
        sys.stdout.write(text)
        return 0
    arguments.output.write_text(text, encoding="utf-8")
    print(f"{arguments.output}: {framework.code} {framework.version}")
    return 0
