"""Whole numbers in the fields of a form: what one means that is none."""

from __future__ import annotations

from typing import Final

from flask import request

from qualoop.values import find_whole

_MOST_DIGITS: Final = 9
"""Of a revision: any database takes so many."""
_NO_REVISION: Final = -1


def sent_revision(name: str) -> int:
    """Return the revision that a form was made of; what is no whole number matches none."""
    number = find_whole(request.form.get(name, ""), _MOST_DIGITS)
    return _NO_REVISION if number is None else number


def get_whole(text: str, most_digits: int) -> int:
    """Return the whole number in a field, spaces around it aside; raise ValueError for anything else."""
    number = find_whole(text.strip(), most_digits)
    if number is None:
        raise ValueError(text)
    return number
