"""What a teacher may let happen in a chain, and in a year of stock: from a round on, for everybody alike.

It is part of the world's spec, so that naive policy, reference, oracle and value meet it too; rounds before stay alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from qualoop.simulators.stock.words import text
from qualoop.values import Text


class ChainShock(BaseModel):
    """Something that changes what a chain's customers ask for from a round on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    round: StrictInt = Field(description="From which round on, counted from 1.", ge=2, le=8)
    kind: Literal["demand_rises", "demand_falls"] = Field(
        description="demand_rises: half as much again is asked for; demand_falls: 40 % less is."
    )


class YearShock(BaseModel):
    """Something that changes a year's conditions from a round on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    round: StrictInt = Field(description="From which round on, counted from 1.", ge=2, le=4)
    kind: Literal["orders_slower", "storage_dearer"] = Field(
        description="orders_slower: orders take a week longer; storage_dearer: storage costs half as much again."
    )


CHAIN_FACTORS: Final[Mapping[str, float]] = {"demand_rises": 1.5, "demand_falls": 0.6}
CHAIN_NAMES: Final[Mapping[str, Text]] = {
    "demand_rises": text("Customers ask for half as much again, of every product", "所有商品的顾客需求都增加一半"),
    "demand_falls": text("Customers ask for 40 % less, of every product", "所有商品的顾客需求都减少40%"),
}
YEAR_FEE: Final = 1.5
YEAR_NAMES: Final[Mapping[str, Text]] = {
    "orders_slower": text("Orders take one week longer to arrive", "订货的到货时间延长一周"),
    "storage_dearer": text("Storage costs half as much again", "仓储费上涨一半"),
}


PEAK: Final = text(
    "Storage is dear: the busy season. The factor is told from the start", "旺季仓储费上涨，倍数从一开始就公布"
)
_NEWS: Final = text(
    "Demand changes, product by product; it is told when the round begins", "各商品的需求发生变化，本轮开始时公布"
)


def chain_events(rounds: int, shocks: tuple[ChainShock, ...]) -> list[tuple[int, Text]]:
    """Return what a chain has in store, by round from 1: news in every round but the first, and what its file adds."""
    own = [(shock.round, CHAIN_NAMES[shock.kind]) for shock in shocks]
    return sorted([*((number, _NEWS) for number in range(2, rounds + 1)), *own], key=lambda each: each[0])


def year_events(shocks: tuple[YearShock, ...]) -> list[tuple[int, Text]]:
    """Return what a year's file adds, by round from 1."""
    return [(shock.round, YEAR_NAMES[shock.kind]) for shock in shocks]


def slower(least: int, most: int) -> Text:
    """Return that orders take so many weeks longer, told when it begins."""
    weeks = str(least) if least == most else f"{least}–{most}"
    noun = "week" if weeks == "1" else "weeks"
    return text(
        f"Orders take {weeks} {noun} longer to arrive; it is told when the round begins",
        f"订货的到货时间延长{weeks}周，本轮开始时公布",
    )


def count_of(shocks: tuple[YearShock, ...], kind: str, number: int) -> int:
    """Return how many shocks of a kind have come by a round, from 1."""
    return sum(shock.kind == kind and shock.round <= number for shock in shocks)
