"""What the search engines' projects say in words: news of the market, and why a part lost value."""

from __future__ import annotations

from typing import Final

from qualoop.simulators.sem.spec import SearchMarketSpec
from qualoop.simulators.views import Prose
from qualoop.values import Text

_RIVAL: Final = Text(
    {
        "en": "One more advertiser has begun to bid in every auction. Prices and positions will not stay as they were.",
        "zh-Hans": "又有一家广告主加入了所有竞价。价格和排名不会再和以前一样。",
    }
)
_LOSSES: Final = {
    "match": Text(
        {
            "en": "Match types lost {lost} ¥ of expected profit: searches that were reached and do not pay, or missed "
            "though they do.",
            "zh-Hans": "匹配方式使期望利润少了{lost}元：匹配到了不划算的搜索，或漏掉了划算的搜索。",
        }
    ),
    "bids": Text(
        {
            "en": "Bids lost {lost} ¥ of expected profit: clicks dearer than their worth, or budget that would have "
            "earned more elsewhere.",
            "zh-Hans": "出价使期望利润少了{lost}元：点击花费高于它的价值，或预算没有用在收益更高的地方。",
        }
    ),
    "negatives": Text(
        {
            "en": "Negative keywords lost {lost} ¥ of expected profit: terms left in that never pay, or good ones "
            "excluded.",
            "zh-Hans": "否定关键词使期望利润少了{lost}元：没有排除不带来订单的词，或误排除了好词。",
        }
    ),
    "quality": Text(
        {
            "en": "Ads and landing pages lost {lost} ¥ of expected profit: lower quality means fewer clicks at a higher "
            "price.",
            "zh-Hans": "广告与落地页使期望利润少了{lost}元：质量度低，点击更少、价格更高。",
        }
    ),
}
_NOTHING_LOST: Final = Text(
    {
        "en": "Nothing lost here against the reference: {gained} ¥ of expected profit more.",
        "zh-Hans": "这一项没有输给参考方案，期望利润多{gained}元。",
    }
)


SHOCK_NAMES: Final = {
    "rival_enters": Text({"en": "One more rival bids in every auction", "zh-Hans": "每场竞价多一个对手"}),
}
"""What happens, by kind, in a phrase."""


def announcements(spec: SearchMarketSpec, number: int) -> tuple[Prose, ...]:
    """Return the news at the beginning of a round (from 0): everybody is told when it happens."""
    come = [shock for shock in spec.shocks if shock.round == number + 1]
    title = Text({"en": "News of the market", "zh-Hans": "市场动态"})
    return tuple(Prose(key=f"news-{place + 1}", title=title, text=_RIVAL) for place in range(len(come)))


def why_lost(component: str, lost: float, poor: float) -> Text:
    """Return what a component lost against the reference, in words; ``poor`` is what the poor plan loses there."""
    if lost <= 0.0:
        return filled(_NOTHING_LOST, gained=f"{-lost:,.0f}")
    return filled(_LOSSES[component], lost=f"{lost:,.0f}")


def filled(text: Text, **numbers: str) -> Text:
    """Return a text with its numbers put in."""
    return Text({language: form.format(**numbers) for language, form in text.by_language.items()})


_FLAGS: Final = Text(
    {
        "en": "Of the terms that you excluded, {precision} never pay; of those that never pay, you excluded {recall}. "
        "Against the reference this changes expected profit by {change} ¥.",
        "zh-Hans": "你设为否定词的搜索词中，{precision}确实不划算；所有不划算的搜索词中，你排除了{recall}。"
        "与参考方案相比，期望利润变化{change}元。",
    }
)


def why_flags(precision: float, recall: float, lost: float) -> Text:
    """Return how well exclusions hit, in words; shares of 1, and money lost."""
    return filled(_FLAGS, precision=f"{precision:.0%}", recall=f"{recall:.0%}", change=f"{-lost:+,.0f}")
