"""Every message of the blocks has a Chinese translation with the same places to fill in."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import xblocks
from qualoop.player import translations

ROOT = Path(xblocks.__file__).parent
CATALOGUE = ROOT / "conf/locale/zh_Hans/LC_MESSAGES/django.po"
PLACES = re.compile(r"%\([a-z]+\)s|\{[a-z]+\}")


def used() -> set[str]:
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    return {str(row[2]) for row in extract_from_dir(ROOT, methods)}


def chinese() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans", abort_invalid=True)


def test_every_message_is_translated_here_or_by_the_player_and_every_translation_is_used() -> None:
    own = {str(message.id) for message in chinese() if message.id}
    players = {message for message in used() - own if translations("zh-Hans").gettext(message) != message}

    assert used() - players == own


def test_translations_are_whole_and_fill_in_the_same() -> None:
    for message in chinese():
        if message.id:
            assert message.string
            assert not message.fuzzy
            assert sorted(PLACES.findall(str(message.string))) == sorted(PLACES.findall(str(message.id)))
