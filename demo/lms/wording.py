"""The sentences of the LMS pages, in the two languages of the site."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from qualoop.values import Text

TEXTS_FILE: Final = Path(__file__).with_name("texts.yaml")
LANGUAGE_NAMES: Final[Mapping[str, str]] = {"en": "English", "zh-Hans": "中文"}


@cache
def load_texts() -> Mapping[str, Text]:
    """Return the sentences of texts.yaml by key, read once."""
    plain = yaml.safe_load(TEXTS_FILE.read_text(encoding="utf-8"))
    return {key: Text(by_language) for key, by_language in plain.items()}


def say(language: str, key: str, **values: object) -> str:
    """Return the sentence ``key`` in ``language`` with its {names} filled in; KeyError for an unknown key."""
    return load_texts()[key][language].format(**values)
