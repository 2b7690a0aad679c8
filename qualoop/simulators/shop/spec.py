"""What a project may say about a world of A/B tests."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from qualoop.simulators.shop.belief import Stakes

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]
Count = Annotated[StrictInt, Field(ge=0, le=6)]


class RefereeSpec(BaseModel):
    """The world of the engine ab-referee: how many experiments of each sort, and what is known of all ideas."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wins: Count = Field(default=3, description="Sound, complete, clearly better.")
    losses: Count = Field(default=1, description="Sound, complete, clearly worse.")
    novelties: Count = Field(default=1, description="Better in the running-in week only.")
    segments: Count = Field(default=1, description="Nothing at all, but better in one of eight segments.")
    nothings: Count = Field(default=0, description="Sound, complete, no difference.")
    underpowered: Count = Field(default=1, description="Ended long before the planned size, undecided.")
    peeks: Count = Field(default=1, description="Ended at the first look that was significant.")
    mismatches: Count = Field(default=4, description="Sample ratio mismatch.")

    nothing: Share = Field(default=0.6, description="Share of ideas that do nothing.")
    spread: Annotated[float, Field(gt=0, le=5)] = Field(
        default=1.0, description="Standard deviation of the other ideas' effects, in least effects that matter."
    )
    shipping: Amount = Field(
        default=0.2, description="Cost of shipping, in yearly values of a least effect that matters."
    )
    extending: Amount = Field(default=0.02, description="Cost of extending a test, likewise.")
    repeating: Amount = Field(default=0.05, description="Cost of repeating a test from the start, likewise.")

    @property
    def stakes(self) -> Stakes:
        """Return what is known of all ideas."""
        return Stakes(
            nothing=self.nothing,
            spread=self.spread,
            shipping=self.shipping,
            extending=self.extending,
            repeating=self.repeating,
        )
