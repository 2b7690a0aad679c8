"""One order for one season: the newsvendor (Arrow, Harris & Marschak, 1951), and demand over a lead time.

``over`` is lost on each piece too many, ``under`` on each piece too few.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qualoop.simulators.distributions import normal_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalDemand:
    """Demand that is about normal: mean and standard deviation, in pieces."""

    mean: float
    deviation: float


def critical_ratio(over: float, under: float) -> float:
    """Return the chance of not running out that pays best: under / (under + over)."""
    return under / (under + over)


def newsvendor_normal(demand: NormalDemand, *, over: float, under: float) -> tuple[float, float]:
    """Return the best quantity, mean + z·deviation, and its expected cost, (under + over)·deviation·φ(z)."""
    z = safety_factor(critical_ratio(over, under))
    density = math.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi)
    return demand.mean + z * demand.deviation, (under + over) * demand.deviation * density


def safety_factor(service: float) -> float:
    """Return z with Φ(z) = ``service``, the chance in (0, 1) of not running out."""
    return float(normal_quantile(np.array([service]))[0])


def lead_time_demand(weekly: NormalDemand, lead: NormalDemand) -> NormalDemand:
    """Return demand over a lead time that varies itself: ``lead`` in weeks, ``weekly`` in pieces.

    mean = L̄·D̄; variance = L̄·σ_D² + D̄²·σ_L².
    """
    variance = lead.mean * weekly.deviation**2 + (weekly.mean * lead.deviation) ** 2
    return NormalDemand(mean=lead.mean * weekly.mean, deviation=math.sqrt(variance))


def reorder_point(demand: NormalDemand, service: float) -> float:
    """Return the stock position at which to order: mean of the lead time's demand + z·deviation."""
    return demand.mean + safety_factor(service) * demand.deviation
