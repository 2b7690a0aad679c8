"""What a project may say about its search market. Defaults are the standard form."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

_ROUNDING: Final = 1e-9
_MOST_IN_GROUP: Final = 100
"""The lexicon has names for more than twice as many."""

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e6)]


class Shock(BaseModel):
    """Something that changes the market from a round on, for everybody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    round: StrictInt = Field(description="From which round on, counted from 1.", ge=2, le=12)
    kind: Literal["rival_enters"] = Field(description="rival_enters: one more advertiser bids in every auction.")


class SearchMarketSpec(BaseModel):
    """A search market, and the account that is taken over in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    queries: StrictInt = Field(default=600, description="Different queries that people search for.", ge=20, le=2000)
    keywords: StrictInt = Field(default=200, description="Keywords of the account, a query each.", ge=4, le=500)
    lines: StrictInt = Field(default=5, description="Product lines; each has an ad group per intent (4).", ge=1, le=8)
    terms: StrictInt = Field(default=100, description="Search terms that can be excluded.", ge=4, le=200)
    rounds: StrictInt = Field(default=4, description="How often is decided.", ge=1, le=12)
    days_each: StrictInt = Field(default=7, description="Days in a round.", ge=1, le=91)
    budget: Positive = Field(default=300.0, description="Money for an average day.")
    shocks: tuple[Shock, ...] = Field(default=(), description="What changes on the way.")

    rivals: StrictInt = Field(default=8, description="Rivals in an auction.", ge=4, le=20)
    sigma: Positive = Field(default=0.6, description="Standard deviation of the logarithm of a rival's ad rank.")
    mu: tuple[float, Positive] = Field(
        default=(-0.6, 0.5), description="Mean and standard deviation, over queries, of the mean log ad rank."
    )
    searches: tuple[float, Positive] = Field(
        default=(4.0, 1.1), description="Mean and standard deviation of the logarithm of a query's searches a day."
    )
    margin: tuple[float, Positive] = Field(
        default=(3.2, 0.4), description="Mean and standard deviation of the logarithm of the margin of an order."
    )
    junk: Share = Field(default=0.35, description="Share of the queries that never lead to an order.")
    intent_pull: tuple[float, float, float, float] = Field(
        default=(0.6, 0.9, 1.5, 1.2),
        description="Factors of the order rate by intent: to learn, to compare, to buy, to find the shop.",
    )
    phrase: Share = Field(default=0.12, description="Chance that phrase match reaches a query of the ad group.")
    broad: Share = Field(default=0.6, description="Chance that broad match reaches a query of the ad group.")
    stray: Share = Field(default=0.004, description="Chance that broad match reaches any query at all.")
    stray_quality: Share = Field(default=0.6, description="Factor of quality outside the keyword's ad group.")
    price_step: Positive = Field(default=0.01, description="What a click costs above the rank that it must beat.")
    margin_share: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.4, description="Margin over revenue of an order: reports show both."
    )
    drift: Share = Field(default=0.02, description="How fast quality follows the click rate between rounds.")
    quality_weights: tuple[Share, Share, Share] = Field(
        default=(0.4, 0.3, 0.3), description="Weights of ad text, headline and landing page; they add up to 1."
    )
    history_days: StrictInt = Field(default=182, description="Days that the report at the start covers.", ge=7, le=730)
    history_bid: Positive = Field(default=2.0, description="What was bid then, about.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.queries > _MOST_IN_GROUP * self.groups:
            raise ValueError(f"an ad group has at most {_MOST_IN_GROUP} queries: more lines, or fewer queries")
        if self.keywords > self.queries:
            raise ValueError("there are no more keywords than queries")
        if abs(sum(self.quality_weights) - 1.0) > _ROUNDING:
            raise ValueError("the weights of quality add up to 1")
        if not self.stray <= self.phrase <= self.broad:
            raise ValueError("broad match reaches at least what phrase match does")
        return self

    @property
    def groups(self) -> int:
        """Ad groups: one for each product line and intent."""
        return 4 * self.lines


class SearchTermsSpec(SearchMarketSpec):
    """A small market whose search terms of most traffic are judged one by one, once."""

    queries: StrictInt = Field(default=240, description="Different queries that people search for.", ge=20, le=2000)
    keywords: StrictInt = Field(default=60, description="Rows of the search-term report.", ge=10, le=120)
    terms: StrictInt = Field(default=60, description="As many as rows of the report.", ge=10, le=120)
    lines: StrictInt = Field(default=2, description="Product lines; each has an ad group per intent (4).", ge=1, le=8)
    rounds: Literal[1] = 1
    days_each: StrictInt = Field(default=28, description="Days that the decision holds for.", ge=1, le=91)
    budget: Positive = Field(default=150.0, description="Money for an average day.")
    quality: Share = Field(default=0.7, description="Quality of every ad, which nobody changes here.")
    bands: tuple[Positive, Positive, Positive, Positive] = Field(
        default=(0.3, 0.6, 1.0, 1.6), description="Bids of the bands low, middle, high and top."
    )

    @model_validator(mode="after")
    def _report(self) -> Self:
        if self.terms != self.keywords:
            raise ValueError("terms are the rows of the report: as many as keywords")
        return self
