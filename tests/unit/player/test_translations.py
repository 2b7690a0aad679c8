"""Every message of the player has a Chinese translation with the same places to fill in."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import qualoop
from qualoop.player import translations

ROOT = Path(qualoop.__file__).parent
CATALOGUE = ROOT / "player/locale/zh_Hans/LC_MESSAGES/django.po"
METHODS = [("player/**.py", "python"), ("assessment/**.py", "python"), ("player/templates/**.html", "jinja2")]
PLACES = re.compile(r"%\([a-z]+\)s|\{[a-z]+\}")


def used() -> set[str]:
    """Return the messages in the code; of one with a number its singular, which is its key."""
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
    rows = extract_from_dir(
        ROOT, METHODS, {"player/templates/**.html": {"trimmed": "true", "silent": "false"}}, keywords=keywords
    )
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


def test_no_message_has_marks_that_some_catalogue_tools_mistake() -> None:
    assert not [message for message in used() if "%%" in message or message != message.strip()]


def test_english_needs_no_catalogue() -> None:
    assert translations("en").gettext("Check answer") == "Check answer"


def test_the_catalogue_can_be_compiled() -> None:
    compiled = BytesIO()
    write_mo(compiled, chinese())
    assert compiled.tell() > 1000
