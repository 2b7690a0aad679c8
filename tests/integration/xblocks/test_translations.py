"""Every message of the blocks has a Chinese translation with the same places to fill in."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Message

import xblocks
from qualoop.player import translations
from tests.factories.catalogues import assert_whole, key, messages, used_in

ROOT = Path(xblocks.__file__).parent
CATALOGUE = ROOT / "conf/locale/zh_Hans/LC_MESSAGES/django.po"
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]


def test_every_message_is_translated_here_or_by_the_player_and_every_translation_is_used() -> None:
    used = used_in(ROOT, METHODS)
    own = {key(message) for message in messages(CATALOGUE)}
    players = {message for message in used - own if translations("zh-Hans").gettext(message) != message}

    assert used - players == own


@pytest.mark.parametrize("message", messages(CATALOGUE), ids=key)
def test_a_translation_is_whole_and_fills_in_the_same(message: Message) -> None:
    assert_whole(message)
