"""Catalogues of messages as tests look at them: what each holds, and whether a translation is whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

PLACES = re.compile(r"%\([a-z]+\)s|\{[a-z]+\}")


def used_in(root: Path, methods: list[tuple[str, str]], **options: Any) -> set[str]:
    """Return the messages in the code; of one with a number its singular, which is its key."""
    rows = extract_from_dir(root, methods, options.pop("options", None), **options)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in rows}


def chinese(path: Path) -> Catalog:
    """Return a catalogue, refusing one that does not parse."""
    with path.open("rb") as file:
        return read_po(file, locale="zh_Hans", abort_invalid=True)


def messages(path: Path) -> list[Message]:
    """Return the messages of a catalogue, without its head."""
    return [message for message in chinese(path) if message.id]


def key(message: Message) -> str:
    """Return the English message, of one with a number its singular."""
    return message.id if isinstance(message.id, str) else message.id[0]


def assert_whole(message: Message) -> None:
    """Fail where a translation is missing, doubtful, or fills in something else than its message."""
    strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
    assert strings
    assert all(strings)
    assert not message.fuzzy
    for string in strings:
        assert sorted(PLACES.findall(string)) == sorted(PLACES.findall(key(message)))
