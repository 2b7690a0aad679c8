"""How far raters agree, how strict each is, and how many are needed (docs/mastery.md, raters).

The unit is one text: one artefact that several people have rated. Two texts of one learner differ more than two raters
of one text, so pooling them as if they were ratings of the same thing is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from qualoop.mastery.agreement import (
    Codes,
    Numbers,
    RatingsRefusedError,
    agreement,
    coded,
    krippendorff_alpha,
    means,
    quadratic_weighted_kappa,
    same_text,
)

Z_90: Final = 1.645
"""Half width of a 90 % band in standard deviations."""
LEAST_SHOWN: Final = 0.05
"""A severity below half of the last digit that is shown is none."""
RELIABLE: Final = 0.80
"""The reliability that awards of the higher levels ask for."""

_SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "strict": "{rater} is {points} points stricter than average (± {band}).",
        "mild": "{rater} is {points} points milder than average (± {band}).",
        "same": "{rater}: no difference from the average that can be told.",
        "alone": "{rater} shares no text with another rater, so strictness cannot be told.",
        "few": "{rater} shares too few texts with other raters for strictness to be told.",
    },
    "zh-Hans": {
        "strict": "{rater}比平均严格{points}分（±{band}）。",
        "mild": "{rater}比平均宽松{points}分（±{band}）。",
        "same": "{rater}：与平均没有可辨别的差异。",
        "alone": "{rater}与其他评分者没有共同评过的文本，无法判断宽严。",
        "few": "{rater}与其他评分者共同评过的文本太少，无法判断宽严。",
    },
}


class MixedTasksError(RatingsRefusedError):
    """Ratings of different tasks stand under one text: they are not two ratings of the same thing."""

    code = "ratings-mixed-tasks"


class RepeatedRatingError(RatingsRefusedError):
    """One rater has two sheets for one text."""

    code = "ratings-repeated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One rater's sheet for one text: points per criterion, in the same order on all sheets, None where not scored."""

    text: str
    rater: str
    scores: tuple[float | None, ...]
    task: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Severity:
    """How much lower than the average of the compared raters one rater scores the same text, in points per criterion.

    ``points`` is positive for strict raters and None where no text is shared; ``sd`` is its standard error, None where
    too little is shared. ``shared`` counts the rater's sheets of texts that others rated too.
    """

    rater: str
    points: float | None
    sd: float | None
    shared: int

    @property
    def told(self) -> bool:
        """Whether the 90 % band leaves zero out, and the difference is large enough to be shown."""
        if self.points is None or self.sd is None:
            return False
        return abs(self.points) >= max(Z_90 * self.sd, LEAST_SHOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Where the variance of a sheet's mean score comes from: texts, raters' severity, the rest; in points²."""

    text: float
    rater: float
    rest: float

    @property
    def icc(self) -> float | None:
        """Reliability of one sheet by any rater: ICC(2,1) of Shrout and Fleiss (1979); None without variance."""
        total = self.text + self.rater + self.rest
        return self.text / total if total else None

    def icc_of(self, raters: int) -> float | None:
        """Return the reliability of the mean of several raters' sheets (Spearman and Brown)."""
        noise = (self.rater + self.rest) / raters
        return self.text / (self.text + noise) if self.text + noise else None

    def raters_needed(self, reliability: float = RELIABLE) -> float | None:
        """Return how many raters per text reach ``reliability`` in (0, 1); a fraction, None if none do."""
        if not self.text:
            return None
        return reliability / (1 - reliability) * (self.rater + self.rest) / self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterStatistics:
    """What double ratings say of a rubric and its raters. None: too little was rated twice to tell.

    Shares and kappa compare the criteria of each two sheets of one text, every text counting once; kappa is the mean
    over criteria. Alpha and the components are those of the sheets' mean scores. ``gaps`` sheets lack a criterion and
    take part in shares and kappa only.
    """

    sheets: int
    texts: int
    twice: int
    gaps: int
    exact: float | None
    adjacent: float | None
    kappa: float | None
    alpha: float | None
    severities: tuple[Severity, ...]
    components: Components | None


def rater_statistics(sheets: Sequence[Sheet]) -> RaterStatistics:
    """Return agreement, severities and reliability of ``sheets``, which all have the same criteria.

    Raises MixedTasksError, RepeatedRatingError, or RatingsRefusedError for sheets of different rubrics.
    """
    _check(sheets)
    points = np.array([[np.nan if score is None else score for score in sheet.scores] for sheet in sheets], dtype=float)
    points = points.reshape(len(sheets), len(sheets[0].scores) if sheets else 0)
    whole = ~np.isnan(points).any(axis=1)
    totals = points[whole].mean(axis=1) if points.size else np.zeros(0)
    complete = [sheet for sheet, there in zip(sheets, whole, strict=True) if there]
    texts = coded([sheet.text for sheet in sheets])
    design = _Design(coded([sheet.text for sheet in complete]), [sheet.rater for sheet in complete], totals)
    exact, adjacent, kappa = _agreements(texts, points)
    return RaterStatistics(
        sheets=len(sheets),
        texts=len({sheet.text for sheet in sheets}),
        twice=int((np.bincount(texts) > 1).sum()) if sheets else 0,
        gaps=int((~whole).sum()),
        exact=exact,
        adjacent=adjacent,
        kappa=kappa,
        alpha=krippendorff_alpha(design.texts.tolist(), totals.tolist()),
        severities=design.severities(),
        components=design.components(),
    )


def severity_sentence(severity: Severity, language: str, *, name: str | None = None) -> str:
    """Return in plain words how strict a rater is; ``name`` stands for the rater's id, ± is the 90 % band."""
    words = _SENTENCES[language]
    if severity.points is None:
        key = "alone"
    elif severity.sd is None:
        key = "few"
    else:
        key = ("strict" if severity.points > 0 else "mild") if severity.told else "same"
    rater = name or (f"评分者{severity.rater}" if language == "zh-Hans" else f"Rater {severity.rater}")
    points, band = abs(severity.points or 0.0), Z_90 * (severity.sd or 0.0)
    # A narrow band is not told as none.
    return words[key].format(rater=rater, points=f"{points:.1f}", band=f"{band:.{1 if band >= LEAST_SHOWN else 2}f}")


class _Design:
    """The two-way table of mean scores by text and rater, with rater effects fitted within texts.

    Only comparisons within a text count, so raters of stronger classes are not called mild.
    """

    def __init__(self, texts: Codes, raters: Sequence[str], totals: Numbers) -> None:
        self.texts, self.totals = texts, totals
        self.names = sorted(set(raters))
        place = {name: number for number, name in enumerate(self.names)}
        self.raters: Codes = np.array([place[name] for name in raters], dtype=np.intp)
        self.per_text = np.bincount(texts).astype(float)
        self._fit()

    def _fit(self) -> None:
        """Solve the normal equations of the raters with the texts taken out (Henderson's method III)."""
        within = self.totals - means(self.texts, self.totals)[self.texts]
        size = len(self.names)
        matrix = np.diag(np.bincount(self.raters, 1.0 - 1.0 / self.per_text[self.texts], minlength=size))
        for i, j in same_text(self.texts):
            shares = 1.0 / self.per_text[self.texts[i]]
            np.subtract.at(matrix, (self.raters[i], self.raters[j]), shares)
            np.subtract.at(matrix, (self.raters[j], self.raters[i]), shares)
        right = np.bincount(self.raters, within, minlength=size)
        roots, vectors = np.linalg.eigh(matrix)
        used = roots > 1e-9 * max(1.0, float(roots.max(initial=0.0)))
        vectors = vectors[:, used]
        self.matrix, self.rank = matrix, int(used.sum())
        self.inverse = (vectors / roots[used]) @ vectors.T
        self.effects = self.inverse @ right
        self.explained = float(self.effects @ right)
        freedom = len(self.totals) - len(self.per_text) - self.rank
        left = max(float(within @ within) - self.explained, 0.0)
        self.rest = left / freedom if freedom > 0 else None

    def severities(self) -> tuple[Severity, ...]:
        """Return every rater's severity, by name."""
        shared = np.bincount(self.raters[self.per_text[self.texts] > 1], minlength=len(self.names))
        return tuple(
            Severity(
                rater=name,
                points=-float(self.effects[k]) if shared[k] else None,
                sd=float(np.sqrt(self.rest * self.inverse[k, k])) if shared[k] and self.rest is not None else None,
                shared=int(shared[k]),
            )
            for k, name in enumerate(self.names)
        )

    def components(self) -> Components | None:
        """Return the variance components; negative estimates count as zero.

        Rest and rater come from the comparisons within texts. The variance of texts is that of their means after
        the raters' effects, each text once: texts with many sheets are often chosen to span the scale.
        """
        if self.rest is None:
            return None
        trace = float(np.trace(self.matrix))
        corrected = means(self.texts, self.totals - self.effects[self.raters])
        noise = self.rest * float(np.mean(1.0 / self.per_text))
        text = float(corrected.var(ddof=1)) - noise if len(corrected) > 1 else 0.0
        rater = (self.explained - self.rest * self.rank) / trace
        return Components(text=max(text, 0.0), rater=max(rater, 0.0), rest=self.rest)


def _check(sheets: Sequence[Sheet]) -> None:
    """Raise unless each text has one task, each rater one sheet per text, and all sheets the same criteria."""
    tasks: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for sheet in sheets:
        if tasks.setdefault(sheet.text, sheet.task) != sheet.task:
            raise MixedTasksError(
                f"text {sheet.text!r} has sheets of the tasks {tasks[sheet.text]!r} and {sheet.task!r}: "
                "give each artefact an id of its own"
            )
        if (sheet.text, sheet.rater) in seen:
            raise RepeatedRatingError(f"rater {sheet.rater!r} has two sheets for the text {sheet.text!r}")
        seen.add((sheet.text, sheet.rater))
        if len(sheet.scores) != len(sheets[0].scores):
            raise RatingsRefusedError(f"sheets with {len(sheets[0].scores)} and {len(sheet.scores)} criteria")


def _agreements(texts: Codes, points: Numbers) -> tuple[float | None, float | None, float | None]:
    """Return exact and adjacent agreement over all criteria, and the mean kappa over criteria.

    All pairs of a text share the weight 1, so that one text with 50 sheets does not decide; a pair has no order, so
    kappa sees both.
    """
    first, second, weights = [], [], []
    sizes = np.bincount(texts) if texts.size else np.zeros(0)
    for i, j in same_text(texts):
        first.append(points[i])
        second.append(points[j])
        n = sizes[texts[i]]
        weights.append(2.0 / (n * (n - 1.0)))
    if not first:
        return None, None, None
    x, y, w = np.concatenate(first), np.concatenate(second), np.concatenate(weights)
    given = ~np.isnan(x) & ~np.isnan(y)
    flat = np.broadcast_to(w[:, None], x.shape)[given]
    shares = [agreement(x[given], y[given], within=within, weights=flat) for within in (0.0, 1.0)]
    kappas = [
        quadratic_weighted_kappa(np.append(a, b), np.append(b, a), weights=np.append(w[there], w[there]))
        for k, there in enumerate(given.T)
        for a, b in [(x[there, k], y[there, k])]
    ]
    known = [kappa for kappa in kappas if kappa is not None]
    return shares[0], shares[1], sum(known) / len(known) if known else None
