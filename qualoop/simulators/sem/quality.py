"""Quality of an ad, from three choices for each ad group: what it says, how its headline answers, where it leads.

Q in (0, 1] is the weighted mean of three parts, as platforms name them: expected click rate, ad relevance, landing page
experience. Each part fits what the searchers of a group want (their intent) more or less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from qualoop.simulators.distributions import normal_quantile
from qualoop.simulators.sem.spec import SearchMarketSpec
from qualoop.simulators.streams import Floats, Integers, WorldKey
from qualoop.values import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A choice: ``options[0]`` stands before anybody chose, ``options[1 + i]`` suits intent i."""

    key: str
    label: Text
    options: tuple[tuple[str, Text], ...]


INTENTS: Final = (
    Text({"en": "to learn", "zh-Hans": "想了解"}),
    Text({"en": "to compare", "zh-Hans": "想比较"}),
    Text({"en": "to buy", "zh-Hans": "想购买"}),
    Text({"en": "to find the shop", "zh-Hans": "找店铺"}),
)

PARTS: Final = (
    Part(
        key="ad",
        label=Text({"en": "Ad text", "zh-Hans": "广告文案"}),
        options=(
            ("general", Text({"en": "About the shop in general", "zh-Hans": "泛泛介绍店铺"})),
            ("advice", Text({"en": "Advice and know-how", "zh-Hans": "知识和建议"})),
            ("proof", Text({"en": "Ratings, tests, guarantee", "zh-Hans": "评价、测评、保障"})),
            ("offer", Text({"en": "Price, stock, delivery", "zh-Hans": "价格、现货、配送"})),
            ("name", Text({"en": "Brand and official store", "zh-Hans": "品牌和官方店"})),
        ),
    ),
    Part(
        key="headline",
        label=Text({"en": "Headline", "zh-Hans": "标题"}),
        options=(
            ("slogan", Text({"en": "The shop's slogan", "zh-Hans": "店铺口号"})),
            ("question", Text({"en": "Takes up the question", "zh-Hans": "回应所问的问题"})),
            ("selection", Text({"en": "Names the range to choose from", "zh-Hans": "点明可选的品类"})),
            ("product", Text({"en": "Names the very product", "zh-Hans": "点明具体商品"})),
            ("brand", Text({"en": "Names the brand", "zh-Hans": "点明品牌"})),
        ),
    ),
    Part(
        key="page",
        label=Text({"en": "Landing page", "zh-Hans": "落地页"}),
        options=(
            ("home", Text({"en": "Home page", "zh-Hans": "首页"})),
            ("article", Text({"en": "Guide or article", "zh-Hans": "选购指南或文章"})),
            ("category", Text({"en": "Category page with filters", "zh-Hans": "可筛选的分类页"})),
            ("item", Text({"en": "Product page", "zh-Hans": "商品页"})),
            ("store", Text({"en": "Brand store page", "zh-Hans": "品牌专区"})),
        ),
    ),
)

LEAST_QUALITY: Final = 0.1
MOST_QUALITY: Final = 1.0

_GENERAL: Final = 0.45
_BY_DISTANCE: Final = (0.85, 0.5, 0.3, 0.25)
_SPREAD: Final = 0.04


def draw_fits(spec: SearchMarketSpec, key: WorldKey, intents: Integers) -> Floats:
    """Return (group, part, option) how well each option fits, in (0, 1)."""
    wanted = np.arange(len(INTENTS))
    distance = np.abs(wanted[None, :] - intents[:, None])
    by_intent = np.asarray(_BY_DISTANCE)[distance]
    fits = np.concatenate((np.full((len(intents), 1), _GENERAL), by_intent), axis=1)
    shape = (len(intents), len(PARTS), fits.shape[1])
    noise = _SPREAD * normal_quantile(key.uniforms("fits", shape=shape))
    return np.clip(fits[:, None, :] + noise, LEAST_QUALITY, MOST_QUALITY)


def qualities(spec: SearchMarketSpec, fits: Floats, choices: Integers) -> Floats:
    """Return the quality of each group under ``choices`` (group, part): option numbers."""
    groups, parts = choices.shape
    chosen = fits[np.arange(groups)[:, None], np.arange(parts)[None, :], choices]
    quality: Floats = chosen @ np.asarray(spec.quality_weights)
    return quality


def best_qualities(spec: SearchMarketSpec, fits: Floats) -> Floats:
    """Return the highest quality that each group can have before any drift."""
    quality: Floats = fits.max(axis=2) @ np.asarray(spec.quality_weights)
    return quality


def drift_of(spec: SearchMarketSpec, surplus: Floats, impressions: Floats) -> Floats:
    """Return how far quality moves after a round, by group: drift · surplus / sqrt(impressions + 50).

    ``surplus`` is how many clicks were expected above those of an ad of quality 0.5: what is better rises.
    """
    moved: Floats = spec.drift * surplus / np.sqrt(impressions + 50.0)
    return moved


def drifted(quality: Floats, drift: Floats) -> Floats:
    """Return quality with the drift that has gathered, inside its range."""
    moved: Floats = np.clip(quality + drift, LEAST_QUALITY, MOST_QUALITY)
    return moved
