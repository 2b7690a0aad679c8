"""Every message of the tool has a Chinese translation with the same places to fill in."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Message

import lti_tool
import qualoop.player
from tests.factories.catalogues import assert_whole, key, messages, used_in

ROOT = Path(lti_tool.__file__).parent
CATALOGUE = ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"
PLAYER = Path(qualoop.player.__file__).parent / "locale/zh_Hans/LC_MESSAGES/django.po"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "translatable": None}


def test_every_message_is_translated_and_every_translation_is_used() -> None:
    used = used_in(ROOT, METHODS, options=OPTIONS, keywords=KEYWORDS)
    assert {key(message) for message in messages(CATALOGUE)} == used


@pytest.mark.parametrize("message", messages(CATALOGUE), ids=key)
def test_a_translation_is_whole_and_fills_in_the_same(message: Message) -> None:
    assert_whole(message)


def test_what_the_player_says_too_is_said_alike() -> None:
    """Both catalogues serve one page, and the tool's would win."""
    players = {key(message): message.string for message in messages(PLAYER)}
    tools = {key(message): message.string for message in messages(CATALOGUE)}
    assert {each: tools[each] for each in tools.keys() & players.keys()} == {
        each: players[each] for each in tools.keys() & players.keys()
    }
