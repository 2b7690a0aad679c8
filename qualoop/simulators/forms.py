"""Forms: which worlds are fit for a graded attempt, and which of them an attempt gets.

Worlds of one project differ in difficulty. An attempt is given the first of a few that lies in the project's band, so
that scores of different learners, and of one learner's attempts, can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from qualoop.simulators.engine import Engine, Standard
from qualoop.simulators.errors import FormOutsideBandError
from qualoop.simulators.project import FormBand
from qualoop.simulators.scoring import standard_of, thin_components
from qualoop.simulators.streams import WorldKey

TRIED: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A world for a graded attempt: its ``number`` among those of the attempt's key, and what it is measured against."""

    number: int
    key: WorldKey
    world: Any
    standard: Standard


def make_form(engine: Engine, spec: Any, key: WorldKey, number: int) -> Form:
    """Return the form of this number, whether it lies in the band or not."""
    own = key.derive("form", number)
    world = engine.world(spec, own)
    return Form(number=number, key=own, world=world, standard=standard_of(engine, world))


def choose_form(engine: Engine, spec: Any, key: WorldKey, band: FormBand, *, tried: int = TRIED) -> Form:
    """Return the first of ``tried`` forms that lies in the band; raise FormOutsideBandError where none does."""
    faults: list[str] = []
    for number in range(tried):
        form = make_form(engine, spec, key, number)
        faults = list(band_faults(engine, form, band))
        if not faults:
            return form
    raise FormOutsideBandError(f"none of {tried} forms lies in the band; the last one: {'; '.join(faults)}")


def band_faults(engine: Engine, form: Form, band: FormBand) -> Iterator[str]:
    """Iterate over the ways in which a form lies outside the band, in words for authors."""
    standard = form.standard
    if standard.reference <= standard.naive:
        yield f"the reference ({standard.reference:.4g}) is no better than the naive policy ({standard.naive:.4g})"
    thin = thin_components(standard, float(band.least_share))
    if thin:
        yield f"too small a share of the gap: {', '.join(thin)}"
    if band.reference_over_oracle:
        ratio = standard.reference / standard.oracle if standard.oracle > 0 else 0.0
        yield from _outside("reference over oracle", ratio, band.reference_over_oracle)
    if band.notes:
        notes = engine.oracle(form.world).notes
        for name, bounds in band.notes.items():
            yield from _outside(name, notes.get(name, float("nan")), bounds)


def _outside(name: str, value: float, bounds: tuple[Any, Any]) -> Iterator[str]:
    if not float(bounds[0]) <= value <= float(bounds[1]):
        yield f"{name} is {value:.3g}, not in [{bounds[0]}, {bounds[1]}]"
