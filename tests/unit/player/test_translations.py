"""Every message of the player has a Chinese translation with the same places to fill in."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import write_mo

import qualoop
from qualoop.player import translations
from tests.factories.catalogues import assert_whole, chinese, key, messages, used_in

ROOT = Path(qualoop.__file__).parent
CATALOGUE = ROOT / "player/locale/zh_Hans/LC_MESSAGES/django.po"
METHODS = [("player/**.py", "python"), ("assessment/**.py", "python"), ("player/templates/**.html", "jinja2")]
OPTIONS = {"player/templates/**.html": {"trimmed": "true", "silent": "false"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}


def used() -> set[str]:
    return used_in(ROOT, METHODS, options=OPTIONS, keywords=KEYWORDS)


def test_every_message_is_translated_and_every_translation_is_used() -> None:
    assert {key(message) for message in messages(CATALOGUE)} == used()


@pytest.mark.parametrize("message", messages(CATALOGUE), ids=key)
def test_a_translation_is_whole_and_fills_in_the_same(message: Message) -> None:
    assert_whole(message)


def test_no_message_has_marks_that_some_catalogue_tools_mistake() -> None:
    assert not [message for message in used() if "%%" in message or message != message.strip()]


def test_english_needs_no_catalogue() -> None:
    assert translations("en").gettext("Check answer") == "Check answer"


def test_the_catalogue_can_be_compiled() -> None:
    compiled = BytesIO()
    write_mo(compiled, chinese(CATALOGUE))
    assert compiled.tell() > 1000
