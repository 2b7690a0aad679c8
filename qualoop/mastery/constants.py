"""The constants of the mastery model, with their meaning. A change is a new id: states never mix versions.

The defaults are medians of values tuned on six public data sets of learners' answers (docs/mastery.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

KAPPA: Final = 0.3927
"""pi/8: the factor with which a logistic curve is averaged over a normal doubt."""
RATER_DRIFT: Final = 1e-5
"""Drift of a rater's severity per rating, logit²."""

Fading: TypeAlias = tuple[float, float, float, float, float, float, float]
"""What forgetting needs: v_m0, v_f0, phi_m, phi_f, psi, tau, and 1.0 where responses have times, else 0.0."""
Learning: TypeAlias = tuple[float, float, float, float, float, float, float, float, float, float]
"""What an update needs: q_g, q_m, gains, and per fading state the share kept, its square and what rest adds."""
ConstantsRow: TypeAlias = tuple[tuple[float, float, float], Fading, Learning]
"""The constants as the kernel takes them: (base, slope, offset), fading, learning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """The 19 constants of the model; means in logits, variances in logit²."""

    id: str = "c1"
    base: float = 0.83
    """Log-odds of success of the average learner on the average item."""
    v_g0: float = 0.48
    """Prior variance of general ability."""
    v_h0: float = 0.16
    """Prior (= resting) variance of the form of the day."""
    v_m0: float = 0.25
    """Prior (= ceiling) variance of the slow memory of a knowledge point."""
    v_f0: float = 0.34
    """Prior (= resting) variance of the fast memory of a knowledge point."""
    v_b0: float = 1.1
    """Prior variance of an item's difficulty."""
    v_c0: float = 7.5
    """Prior variance of a knowledge point's difficulty."""
    q_g: float = 0.0005
    """Drift of ability per response."""
    q_m: float = 0.012
    """Drift of the slow memory per touch."""
    gain_success: float = 0.043
    """Practice gain in the slow memory per full success (lambda_S), logits."""
    gain_failure: float = 0.026
    """Practice gain in the slow memory per full failure (lambda_F), logits."""
    rho_h: float = 0.91
    """Share of form kept from one response to the next."""
    rho_f: float = 0.55
    """Share of fast memory kept from one touch of the knowledge point to the next."""
    phi_m: float = 0.28
    """Forgetting exponent of the slow memory over time."""
    phi_f: float = 0.041
    """Forgetting exponent of the fast memory over time."""
    tau: float = 6500.0
    """Time scale of forgetting, seconds."""
    psi: float = 0.68
    """Forgetting exponent of the fast memory over other responses."""
    slope: float = 1.15
    """Platt slope (a) of the shown prediction."""
    offset: float = 0.043
    """Platt offset (b0) of the shown prediction, logits."""
    v_s0: float = 0.10
    """Prior variance of a rater's severity."""

    def fading(self, *, timed: bool = True) -> Fading:
        """Return the part of `row` that forgetting needs."""
        return self.v_m0, self.v_f0, self.phi_m, self.phi_f, self.psi, self.tau, 1.0 if timed else 0.0

    def row(self, *, timed: bool = True) -> ConstantsRow:
        """Return the constants as the kernel takes them.

        Where responses have no times (``timed`` false), the slow memory fades by the other responses in between.
        """
        keep_h, keep_f = self.rho_h * self.rho_h, self.rho_f * self.rho_f
        gains = (self.gain_failure, self.gain_success - self.gain_failure)
        form = (self.rho_h, keep_h, (1.0 - keep_h) * self.v_h0)
        fast = (self.rho_f, keep_f, (1.0 - keep_f) * self.v_f0)
        return (
            (self.base, self.slope, self.offset),
            self.fading(timed=timed),
            (self.q_g, self.q_m, *gains, *form, *fast),
        )


DEFAULT_CONSTANTS: Final = Constants()
