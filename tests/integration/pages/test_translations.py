"""Every message of the tool has a Chinese translation with the same places to fill in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import lti_tool

ROOT = Path(lti_tool.__file__).parent
CATALOGUE = ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "translatable": None}
PLACES = re.compile(r"%\([a-z]+\)s")


def used() -> set[str]:
    """Return the messages in the code; of one with a number its singular, which is its key."""
    rows = extract_from_dir(ROOT, METHODS, OPTIONS, keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in rows}


def chinese() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans", abort_invalid=True)


def messages() -> list[Message]:
    return [message for message in chinese() if message.id]


def key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def test_every_message_is_translated_and_every_translation_is_used() -> None:
    assert {key(message) for message in messages()} == used()


@pytest.mark.parametrize("message", messages(), ids=key)
def test_a_translation_is_whole_and_fills_in_the_same(message: Message) -> None:
    strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
    assert strings
    assert all(strings)
    assert not message.fuzzy
    for string in strings:
        assert sorted(PLACES.findall(string)) == sorted(PLACES.findall(key(message)))
