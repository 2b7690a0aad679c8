"""Decisions for tests, and what they are worth."""

from __future__ import annotations

import numpy as np

from qualoop.simulators import WorldKey
from qualoop.simulators.sem.auction import Choice, campaign, campaign_value
from qualoop.simulators.sem.worlds import SearchWorld


def random_choice(world: SearchWorld, seed: int) -> Choice:
    key = WorldKey.of_seed(seed, "choice")
    spec = world.spec
    options = (key.uniforms("options", shape=(spec.groups, 3)) * 5).astype(int)
    return Choice(
        level=(key.uniforms("level", shape=spec.keywords) * 4).astype(int),
        bid=np.round(3.0 * key.uniforms("bid", shape=spec.keywords), 2),
        excluded=key.uniforms("excluded", shape=spec.queries) < 0.1,
        quality=world.quality_of(options),
    )


def value(world: SearchWorld, choice: Choice) -> float:
    choices = [choice] * world.spec.rounds
    return campaign_value(world.spec, world.market, campaign(world.spec, world.market, choices))
