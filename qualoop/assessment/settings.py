"""How one placed activity is graded: what a teacher sets where the link is made."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from qualoop.assessment.items import Number

Share = Annotated[Number, Field(ge=0, le=1)]


class LinkSettings(BaseModel):
    """The settings of one link. Made of numbers or of the texts that stand in LTI custom parameters and forms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tries_per_item: int = Field(default=3, ge=1, le=10, description="How often one item may be answered in an attempt.")
    retry_credit: tuple[Share, ...] = Field(
        default=(Decimal(1), Decimal("0.7"), Decimal("0.4")),
        min_length=1,
        max_length=10,
        description="What the first, second, … try is worth; the last holds for all that follow; never rising.",
    )
    hint_cost: Share = Field(
        default=Decimal("0.2"), description="Share of a try's credit that each hint before it costs."
    )
    max_attempts: int = Field(default=0, ge=0, le=1000, description="How many attempts there may be; 0 for no limit.")
    counts: Literal["best", "latest"] = Field(default="best", description="Which attempt's score is the grade.")
    score_maximum: int = Field(default=100, ge=1, le=1_000_000, description="The grade for a score of 1.")
    show_solution: Literal["after_item", "after_submit", "never"] = Field(
        default="after_item", description="When worked solutions and right answers may be seen."
    )

    @model_validator(mode="after")
    def _refuse_rising_credit(self) -> Self:
        if any(later > earlier for earlier, later in pairwise(self.retry_credit)):
            raise ValueError("a later try must not be worth more than an earlier one")
        return self
