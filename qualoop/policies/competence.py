"""The rule for *competent* as plain numbers: the same function serves a request, and a replay that compiles it."""

from __future__ import annotations

from collections.abc import Iterable
from math import log
from statistics import NormalDist
from typing import Final, NamedTuple

from qualoop.ledger import EvidenceForm
from qualoop.policies.status_policy import StatusPolicy

_BITS: Final = {form: 1 << place for place, form in enumerate(EvidenceForm)}


class CompetenceNumbers(NamedTuple):
    """What *competent* asks for.

    ``cut`` in log-odds; ``reach``: how many of the model's standard deviations the mean lies above it at least;
    ``items`` and ``forms``: least numbers of different ones; ``counted``: the bits of the forms that count.
    """

    cut: float
    reach: float
    items: int
    forms: int
    counted: int


def competence_numbers(policy: StatusPolicy) -> CompetenceNumbers:
    """Return the numbers of a policy."""
    rule, level = policy.competent, float(policy.level)
    return CompetenceNumbers(
        cut=log(level / (1.0 - level)),
        reach=NormalDist().inv_cdf(float(rule.chance)) * float(policy.widening),
        items=rule.items,
        forms=rule.forms,
        counted=forms_mask(policy.counted_forms),
    )


def is_competent(mean: float, sd: float, met: tuple[int, int], numbers: CompetenceNumbers) -> bool:
    """Say whether a knowledge point is competent by its numbers alone, open critical errors apart.

    ``mean`` and ``sd`` are the model's belief in log-odds, not widened; ``met`` is the number of different items and
    the bit mask of the forms of evidence. Only arithmetic, so that numba can compile it as it stands.
    """
    forms, left = 0, met[1] & numbers.counted
    while left:
        forms += left & 1
        left >>= 1
    return mean - numbers.cut >= numbers.reach * sd and met[0] >= numbers.items and forms >= numbers.forms


def forms_mask(forms: Iterable[EvidenceForm]) -> int:
    """Return forms of evidence as a bit mask: the bits in the order of `EvidenceForm`."""
    mask = 0
    for form in forms:
        mask |= _BITS[form]
    return mask


def forms_of(mask: int) -> tuple[EvidenceForm, ...]:
    """Return the forms in a bit mask, in the order of `EvidenceForm`."""
    return tuple(form for form, bit in _BITS.items() if mask & bit)
