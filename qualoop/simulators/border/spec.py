"""What a project may say about a world of border trade."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from qualoop.simulators.border.reading import shipped_pack_data

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class CaseSpec(BaseModel):
    """A sort of parcel: where to, how it travels, when it is declared, what its goods are worth there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: str = Field(description="A zone of the pack.")
    scheme: Literal["ioss", "post", "courier"]
    value: tuple[Decimal, Decimal] = Field(description="Least and most value of the goods, in the zone's currency.")
    days: tuple[date, date] = Field(description="First and last day of the customs declaration.")
    count: StrictInt = Field(description="How many of them a world has.", ge=1, le=10)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 0 < self.value[0] < self.value[1] or self.days[0] > self.days[1]:
            raise ValueError("the least comes first: in `value`, above 0, and in `days`")
        return self


class RouteCaseSpec(BaseModel):
    """Under which rule the parcels of the routed products go: one unit each, so one heading each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: str = "EU"
    scheme: Literal["ioss", "post", "courier"] = "ioss"
    day: date = date(2026, 9, 1)
    value: Decimal = Field(default=Decimal(50), description="Value of the goods, in the zone's currency.", gt=0)


def _case(zone: str, scheme: str, *, value: tuple[str, str], days: tuple[str, str], count: int = 1) -> CaseSpec:
    return CaseSpec.model_validate({"zone": zone, "scheme": scheme, "value": value, "days": days, "count": count})


_SPRING: Final = ("2026-03-02", "2026-06-30")
_AUTUMN: Final = ("2026-07-01", "2026-10-30")
_ANY: Final = ("2026-03-02", "2026-10-30")
_SURCHARGE: Final = ("2026-03-02", "2026-07-20")

_CASES: Final = (
    _case("EU", "ioss", value=("18", "140"), days=_AUTUMN, count=3),
    _case("EU", "ioss", value=("18", "140"), days=_SPRING, count=2),
    _case("EU", "courier", value=("165", "900"), days=_ANY, count=2),
    _case("UK", "courier", value=("16", "125"), days=_ANY),
    _case("UK", "courier", value=("150", "800"), days=_ANY),
    _case("US", "post", value=("20", "300"), days=_SURCHARGE),
    _case("US", "courier", value=("40", "700"), days=_SURCHARGE),
)


class LandedCostSpec(BaseModel):
    """The world of the engine landed-cost. Money is in yuan."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    packs: dict[str, dict[str, Any]] = Field(
        default_factory=lambda: {"customs": shipped_pack_data()},
        description="Dated rule packs by name; `customs` is needed.",
    )
    cases: tuple[CaseSpec, ...] = Field(default=_CASES, description="Sorts of parcels.", min_length=1, max_length=20)
    revenue: Annotated[float, Field(gt=0, le=1e8)] = Field(
        default=120_000, description="What a year of each parcel sells for: dear parcels are rarer."
    )
    elasticity: Annotated[float, Field(gt=0, le=20)] = Field(
        default=3.0, description="Share of orders lost for each share of the price that is charged too much."
    )
    inspected: Share = Field(default=0.6, description="Share of wrong headings that customs find.")
    penalty: Share = Field(default=0.6, description="What a found one costs, as a share of the line's value.")
    stopped: Share = Field(default=0.4, description="Share of parcels stopped that are declared under a wrong rule.")
    contract: Annotated[float, Field(gt=0, le=1e9)] = Field(
        default=500_000, description="Value of a bulk contract; there is one of each group of Incoterms."
    )
    dispute: Share = Field(
        default=0.02, description="What a wrong cell costs besides the item itself, of the contract."
    )
    products: StrictInt = Field(default=3, description="Products for each route that is best.", ge=1, le=6)
    route_regret: Annotated[float, Field(gt=0, le=1e8)] = Field(
        default=50_000, description="What a wrong route costs in a year, about."
    )

    routes: RouteCaseSpec = Field(default=RouteCaseSpec(), description="The parcels of the products to be routed.")

    @model_validator(mode="after")
    def _has_customs(self) -> Self:
        if "customs" not in self.packs:
            raise ValueError("packs needs `customs`")
        return self
