"""How far raters agree beyond chance: shares, quadratic-weighted kappa, Krippendorff's alpha (docs/mastery.md, raters)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from qualoop.errors import QualoopError

Level = Literal["nominal", "ordinal", "interval"]
Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
Scores = Sequence[float] | Numbers


class RatingsRefusedError(QualoopError, ValueError):
    """These ratings cannot be compared."""

    code = "ratings"


def agreement(first: Scores, second: Scores, *, within: float = 0.0, weights: Scores | None = None) -> float | None:
    """Return the share in [0, 1] of pairs that differ by no more than ``within`` points; None without pairs."""
    x, y, w = _pairs_of(first, second, weights)
    return float(w[np.abs(x - y) <= within].sum() / w.sum()) if w.sum() else None


def quadratic_weighted_kappa(first: Scores, second: Scores, *, weights: Scores | None = None) -> float | None:
    """Return Cohen's kappa with squared weights (1968) for two raters' scores of the same things.

    At most 1, 0 as by chance; None where chance alone would agree fully. ``weights`` counts pairs.
    """
    x, y, w = _pairs_of(first, second, weights)
    counted = w > 0
    if not counted.any() or np.ptp(np.append(x[counted], y[counted])) == 0:
        return None
    w = w / w.sum()
    mean_x, mean_y = float(w @ x), float(w @ y)
    spread = float(w @ (x - mean_x) ** 2 + w @ (y - mean_y) ** 2)
    by_chance = spread + (mean_x - mean_y) ** 2
    return 1.0 - float(w @ (x - y) ** 2) / by_chance if by_chance else None


def krippendorff_alpha(texts: Sequence[Hashable], values: Scores, *, level: Level = "interval") -> float | None:
    """Return Krippendorff's alpha (2011) for any number of raters per text.

    ``texts`` and ``values`` are two columns, one line per rating; NaN is a gap. At most 1, 0 as by chance; None where
    no text has two ratings or all are equal.
    """
    numbers = np.asarray(values, dtype=float)
    given = ~np.isnan(numbers)
    codes = coded([text for text, there in zip(texts, given, strict=True) if there])
    numbers = numbers[given]
    counts = np.bincount(codes)
    twice = counts[codes] > 1
    codes, numbers = coded(codes[twice].tolist()), numbers[twice]
    if not numbers.size or np.ptp(numbers) == 0:
        return None
    observed, chance = _squares(codes, numbers) if level == "interval" else _coincidences(codes, numbers, level)
    return float(1.0 - observed / chance)


def coded(values: Sequence[Any]) -> Codes:
    """Return 0, 1, 2 ... for the different values in order of first appearance."""
    places: dict[Any, int] = {}
    return np.array([places.setdefault(value, len(places)) for value in values], dtype=np.intp)


def means(codes: Codes, values: Numbers) -> Numbers:
    """Return the mean of the values of each code."""
    means: Numbers = np.bincount(codes, values) / np.bincount(codes)
    return means


def same_text(texts: Codes) -> Iterator[tuple[Codes, Codes]]:
    """Yield each two lines of one text once: places of first and second, in arrays."""
    order = np.argsort(texts, kind="stable")
    ordered = texts[order]
    for lag in range(1, int(np.bincount(texts).max(initial=0)) if texts.size else 0):
        same = np.flatnonzero(ordered[lag:] == ordered[:-lag])
        yield order[same], order[same + lag]


def _squares(codes: Codes, values: Numbers) -> tuple[float, float]:
    """Return observed and chance disagreement with squared differences: no table of values is needed."""
    sizes = np.bincount(codes)
    within = np.bincount(codes, (values - means(codes, values)[codes]) ** 2)
    observed = 2.0 * float((sizes * within / (sizes - 1)).sum())
    return observed, 2.0 * len(values) * float(((values - values.mean()) ** 2).sum()) / (len(values) - 1)


def _coincidences(codes: Codes, values: Numbers, level: Level) -> tuple[float, float]:
    """Return observed and chance disagreement from the table of coincidences."""
    _, column = np.unique(values, return_inverse=True)
    table = np.zeros((int(codes.max()) + 1, int(column.max()) + 1))
    np.add.at(table, (codes, column), 1.0)
    shares = table / (table.sum(axis=1, keepdims=True) - 1.0)
    coincidences = shares.T @ table - np.diag(shares.sum(axis=0))
    counts = table.sum(axis=0)
    if level == "nominal":
        distance = 1.0 - np.eye(len(counts))
    else:
        ranks = np.cumsum(counts) - counts / 2.0
        distance = (ranks[:, None] - ranks[None, :]) ** 2
    observed = float((coincidences * distance).sum())
    return observed, float((np.outer(counts, counts) * distance).sum()) / (len(values) - 1)


def _pairs_of(first: Scores, second: Scores, weights: Scores | None) -> tuple[Numbers, Numbers, Numbers]:
    """Return two columns of scores and their weights, as arrays; raise where their lengths differ."""
    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if not len(x) == len(y) == len(w):
        raise RatingsRefusedError("two columns of scores of different lengths")
    return x, y, w
