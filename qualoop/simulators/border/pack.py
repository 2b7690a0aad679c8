"""A dated pack of customs rules, as authors write it: packs/customs.yaml. The model is the documentation.

Rules change faster than courseware, so they are data: who they are for, from when to when, what they do, and where that
is written. Nothing of a country stands in code.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from qualoop.values import Text

Amount = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Rate = Annotated[Decimal, Field(ge=0, le=5, allow_inf_nan=False)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,47}$")]
Basis = Literal["goods", "freight", "customs-value", "duty", "inland"]

_MODES: Final = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "down": ROUND_DOWN}


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Rounding(_Authored):
    """How an amount that a law computes is rounded."""

    places: StrictInt = Field(default=2, description="Decimal places.", ge=0, le=4)
    mode: Literal["half-up", "half-even", "down"] = Field(default="half-up", description="What happens to a half.")

    def __call__(self, amount: Decimal) -> Decimal:
        """Return the amount, rounded."""
        return amount.quantize(Decimal(1).scaleb(-self.places), rounding=_MODES[self.mode])


class Insurance(_Authored):
    """The premium where none is known: ``rate`` of ``insured`` times goods and freight."""

    rate: Rate = Decimal("0.003")
    insured: Rate = Decimal("1.10")


class Source(_Authored):
    """Where a rule can be read."""

    title: str = Field(min_length=1)
    url: str = Field(pattern=r"^https://\S+$")


class Zone(_Authored):
    """A customs territory: its currency; freight and insurance count in the customs value (cif) or not (fob)."""

    title: Text
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    basis: Literal["cif", "fob"]


class Destination(_Authored):
    """A country of a zone and its standard rate of value added tax."""

    title: Text
    zone: Code
    vat: Rate
    sources: tuple[Code, ...] = ()


class Exchange(_Authored):
    """What one unit of a currency costs in yuan, between two dates (both included; no end: until further notice)."""

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    yuan: Annotated[Decimal, Field(gt=0, le=1000)]
    valid_from: date
    valid_to: date | None = None
    teaching: StrictBool = Field(default=False, description="True: a made-up figure, for exercises only.")


class Specific(_Authored):
    """A duty by number or weight, in the zone's currency, on top of the rate."""

    per: Literal["piece", "kg"]
    amount: Amount


class Heading(_Authored):
    """A six-digit heading of the Harmonized System: its rate of duty, and specific duty, by zone."""

    hs6: str = Field(pattern=r"^\d{6}$")
    title: Text
    rates: dict[Code, Rate]
    specific: dict[Code, Specific] = {}
    teaching: StrictBool = Field(default=False, description="True: plausible rates, no country's tariff.")


class Where(_Authored):
    """Which cases a rule is for, by intrinsic value in the zone's currency: ``value_over`` < value <= ``value_max``."""

    zone: Code
    scheme: Literal["ioss", "post", "courier"] | None = Field(default=None, description="None: any.")
    value_over: Amount | None = None
    value_max: Amount | None = None


class DutyEffect(_Authored):
    """none; per-heading: ``amount`` for each heading; ad-valorem: ``rate`` of the goods; tariff: the headings' rates
    and specific duties, and ``rate`` of the customs value on top.
    """

    kind: Literal["none", "per-heading", "ad-valorem", "tariff"]
    amount: Amount = Decimal(0)
    rate: Rate = Decimal(0)


class VatEffect(_Authored):
    """Where value added tax is collected, and what it is a share of."""

    collected: Literal["checkout", "import", "none"]
    base: tuple[Basis, ...]


class Effect(_Authored):
    """What a rule does."""

    duty: DutyEffect
    vat: VatEffect


class Rule(_Authored):
    """One rule: for whom, from when to when (both days included), what it does, where that is written."""

    id: Code
    title: Text
    where: Where
    valid_from: date
    valid_to: date | None = None
    effect: Effect | None = None
    verify: StrictBool = Field(
        default=False, description="True: not verified, so nothing is computed or graded with it."
    )
    sources: tuple[Code, ...] = Field(min_length=1)
    replaces: Code | None = Field(default=None, description="The rule that stood before; it ended the day before.")


class CustomsPack(_Authored):
    """packs/customs.yaml."""

    pack: Literal["customs"]
    version: date
    checked_on: date = Field(description="When somebody last compared the rules with their sources.")
    checked_by: str = Field(min_length=1)
    origin: str = Field(description="Country of origin that the rules are for.", pattern=r"^[A-Z]{2}$")
    rounding: Rounding = Rounding()
    insurance: Insurance = Insurance()
    sources: dict[Code, Source] = Field(min_length=1)
    zones: dict[Code, Zone] = Field(min_length=1)
    destinations: dict[Code, Destination] = Field(min_length=1)
    exchange: tuple[Exchange, ...] = Field(min_length=1)
    headings: tuple[Heading, ...] = Field(min_length=2, max_length=36)
    rules: tuple[Rule, ...] = Field(min_length=1, max_length=100)
