"""From the fields of a form to a response.

A form comes from a browser, so anything may stand in it. The fields that are read, all of them plain radios,
check boxes, inputs and selects that work without JavaScript (P is a wire position, see `presentation`):

    single-choice, hotspot   choice    = P
    multiple-choice          choice    = P, once for each option picked
    number                   value     = what was typed, see `wording.find_number`
    short-text               text      = what was typed
    ordering                 rank_P    = place of the entry shown at P, 1 for the first
                             or order  = the Ps in order, as repeated fields or parted by commas
    matching                 match_I   = P of the right side picked for the I-th left side, from 0

Other fields are ignored. A response is plain JSON, a list of texts that name authors' keys and make sense without
the seed:

    single-choice, hotspot   [key]
    multiple-choice          [key, …] in the author's order
    number                   [decimal string]
    short-text               [cleaned text]
    ordering                 [key, …] in the order given
    matching                 [key of a right side, …] for each left side; a pair's right side has the pair's key
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from qualoop.assessment.items import (
    Hotspot,
    Item,
    Matching,
    MultipleChoice,
    NumberItem,
    Ordering,
    SingleChoice,
)
from qualoop.assessment.presentation import presented
from qualoop.assessment.wording import clean, find_number
from qualoop.errors import QualoopError

Form: TypeAlias = Mapping[str, Sequence[str]]
Response: TypeAlias = list[str]

MAX_TEXT: Final = 200
MAX_NUMBER: Final = 40
MAX_VALUES: Final = 50

# Marks a text for the catalogues: whoever shows a refusal translates its message.
N_ = str
REFUSALS: Final[Mapping[str, str]] = {
    "empty": N_("Please give an answer first."),
    "incomplete": N_("Please answer every row."),
    "repeated": N_("Please use each choice only once."),
    "too-many": N_("Please give one answer only."),
    "too-long": N_("This answer is too long."),
    "not-offered": N_("This is not one of the choices offered."),
    "not-a-number": N_("Please enter a number, such as 1250 or 2.5."),
}


class ResponseRefusedError(QualoopError):
    """A form does not answer the item.

    ``field`` is the form's field at fault, ``reason`` a key of `REFUSALS`, ``message`` its English text for learners.
    """

    code = "response"

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        self.message = REFUSALS[reason]
        super().__init__(f"{field}: {self.message}")


def read_response(item: Item, form: Form, seed: int) -> Response:
    """Return what ``form`` answers to ``item`` as it was shown under ``seed``.

    Raises ResponseRefusedError, and nothing else, for a form that does not fit, an empty one included.
    """
    if isinstance(item, SingleChoice | Hotspot):
        return [_keys_by_position(item, seed).pick("choice", _single(form, "choice"))]
    if isinstance(item, MultipleChoice):
        return _read_choices(item, form, seed)
    if isinstance(item, Ordering):
        return _read_order(item, form, seed)
    if isinstance(item, Matching):
        return _read_pairs(item, form, seed)
    return _read_number(item, form) if isinstance(item, NumberItem) else [_typed(form, "text", MAX_TEXT)]


class _Offered(dict[str, str]):
    """What may stand in a field, and the key that it means."""

    def pick(self, field: str, value: str) -> str:
        key = self.get(value)
        if key is None:
            raise ResponseRefusedError(field, "not-offered")
        return key


def _keys_by_position(item: Item, seed: int) -> _Offered:
    return _Offered({str(position): thing.key for position, thing in enumerate(presented(item, seed))})


def _values(form: Form, field: str) -> list[str]:
    """Return what stands in ``field``, without blanks; a block's JSON may hold anything, so types are looked at."""
    values = form.get(field, ())
    values = [values] if isinstance(values, str) else values
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise ResponseRefusedError(field, "not-offered")
    if len(values) > MAX_VALUES:
        raise ResponseRefusedError(field, "too-many")
    return [value for value in values if value.strip()]


def _single(form: Form, field: str, missing: str = "empty") -> str:
    values = _values(form, field)
    if not values:
        raise ResponseRefusedError(field, missing)
    if len(values) > 1:
        raise ResponseRefusedError(field, "too-many")
    return values[0]


def _typed(form: Form, field: str, longest: int) -> str:
    value = _single(form, field)
    # Looked at twice: before the work of cleaning, and after it, because NFKC can make a text longer.
    if len(value) > longest or len(text := clean(value)) > longest:
        raise ResponseRefusedError(field, "too-long")
    if not text:
        raise ResponseRefusedError(field, "empty")
    return text


def _read_number(item: NumberItem, form: Form) -> Response:
    units = item.unit.by_language.values() if item.unit else ()
    number = find_number(_typed(form, "value", MAX_NUMBER), units)
    if number is None:
        raise ResponseRefusedError("value", "not-a-number")
    return [format(number, "f")]


def _read_choices(item: MultipleChoice, form: Form, seed: int) -> Response:
    offered = _keys_by_position(item, seed)
    picked = {offered.pick("choice", value) for value in _values(form, "choice")}
    if not picked:
        raise ResponseRefusedError("choice", "empty")
    return [option.key for option in item.options if option.key in picked]


def _read_order(item: Ordering, form: Form, seed: int) -> Response:
    offered = _keys_by_position(item, seed)
    positions = _values(form, "order")
    if len(positions) == 1:
        positions = [position.strip() for position in positions[0].split(",", maxsplit=MAX_VALUES)]
    if not positions:
        return _read_ranks(offered, form)
    keys = [offered.pick("order", position) for position in positions]
    _refuse_repeats([("order", key) for key in keys])
    if len(keys) < len(offered):
        raise ResponseRefusedError("order", "incomplete")
    return keys


def _read_ranks(offered: _Offered, form: Form) -> Response:
    places = _Offered({str(place): str(place) for place in range(1, len(offered) + 1)})
    fields = [f"rank_{position}" for position in offered]
    if not any(_values(form, field) for field in fields):
        raise ResponseRefusedError(fields[0], "empty")
    ranks = [(field, places.pick(field, _single(form, field, "incomplete"))) for field in fields]
    _refuse_repeats(ranks)
    key_at_place = {int(rank): key for (_, rank), key in zip(ranks, offered.values(), strict=True)}
    return [key_at_place[place] for place in sorted(key_at_place)]


def _read_pairs(item: Matching, form: Form, seed: int) -> Response:
    offered = _keys_by_position(item, seed)
    fields = [f"match_{index}" for index in range(len(item.pairs))]
    if not any(_values(form, field) for field in fields):
        raise ResponseRefusedError(fields[0], "empty")
    picked = [(field, offered.pick(field, _single(form, field, "incomplete"))) for field in fields]
    _refuse_repeats(picked)
    return [key for _, key in picked]


def _refuse_repeats(picked: Sequence[tuple[str, str]]) -> None:
    """Refuse the first (field, value) whose value stood in one before."""
    seen = set()
    for field, value in picked:
        if value in seen:
            raise ResponseRefusedError(field, "repeated")
        seen.add(value)
