"""A pack of rules to read: rules with dates and sources, headings with rates, destinations, exchange rates."""

from __future__ import annotations

from collections.abc import Sequence

from qualoop.simulators.border.form import SCHEMES, day
from qualoop.simulators.border.pack import CustomsPack, DutyEffect, Heading, Rule
from qualoop.simulators.decisions import Cell, Column
from qualoop.simulators.views import Grid
from qualoop.values import Text

_OPEN = Text({"en": "until further notice", "zh-Hans": "至另行通知"})
_ANY = Text({"en": "any", "zh-Hans": "不限"})
_UNVERIFIED = Text({"en": "not verified: not used", "zh-Hans": "未核实，不采用"})
_BASES = {
    "goods": Text({"en": "goods", "zh-Hans": "货值"}),
    "freight": Text({"en": "freight", "zh-Hans": "运费"}),
    "customs-value": Text({"en": "customs value", "zh-Hans": "完税价格"}),
    "duty": Text({"en": "duty", "zh-Hans": "关税"}),
    "inland": Text({"en": "carriage from the border", "zh-Hans": "境内运费"}),
}
_COLLECTED = {
    "checkout": Text({"en": "at checkout", "zh-Hans": "结账时"}),
    "import": Text({"en": "at import", "zh-Hans": "进口时"}),
    "none": Text({"en": "none", "zh-Hans": "无"}),
}


def pack_panels(pack: CustomsPack) -> tuple[Grid, ...]:
    """Return all of a pack that a learner needs."""
    return (_rules(pack), _sources(pack), _headings(pack), _destinations(pack), _exchange(pack))


def column(en: str, zh: str, *, places: int = 0, unit: str = "") -> Column:
    """Return a column of facts with its label in both languages."""
    return Column(label=Text({"en": en, "zh-Hans": zh}), places=places, unit=unit)


def _rules(pack: CustomsPack) -> Grid:
    return Grid(
        key="rules",
        title=Text(
            {
                "en": f"Rules (checked on {pack.checked_on}, goods of origin {pack.origin})",
                "zh-Hans": f"规则（{pack.checked_on}核对，原产地{pack.origin}）",
            }
        ),
        columns=(
            column("Rule", "规则"),
            column("Channel", "渠道"),
            column("Goods above", "货值高于"),
            column("Goods up to", "货值不超过"),
            column("From", "起"),
            column("To", "止"),
            column("Duty", "关税"),
            column("VAT", "增值税"),
            column("Sources", "来源"),
        ),
        rows=tuple(_rule(pack, rule) for rule in pack.rules),
    )


def _rule(pack: CustomsPack, rule: Rule) -> tuple[Cell, ...]:
    currency = pack.zones[rule.where.zone].currency
    effect, where = rule.effect, rule.where
    limits = [None if bound is None else f"{bound} {currency}" for bound in (where.value_over, where.value_max)]
    return (
        rule.title,
        _ANY if where.scheme is None else SCHEMES[where.scheme],
        *limits,
        day(rule.valid_from),
        _OPEN if rule.valid_to is None else day(rule.valid_to),
        _UNVERIFIED if effect is None else _duty(effect.duty, currency),
        _UNVERIFIED if effect is None else _vat(effect.vat.collected, effect.vat.base),
        ", ".join(rule.sources),
    )


def _duty(duty: DutyEffect, currency: str) -> Text:
    rate = f"{duty.rate * 100:.0f}%"
    match duty.kind:
        case "per-heading":
            return Text(
                {
                    "en": f"{duty.amount} {currency} for each heading in the parcel",
                    "zh-Hans": f"包裹内每个税号{duty.amount} {currency}",
                }
            )
        case "ad-valorem":
            return Text({"en": f"{rate} of the goods", "zh-Hans": f"货值的{rate}"})
        case "tariff" if duty.rate:
            return Text(
                {
                    "en": f"by tariff, and {rate} of the customs value",
                    "zh-Hans": f"按税则，另加完税价格的{rate}",
                }
            )
        case "tariff":
            return Text({"en": "by tariff", "zh-Hans": "按税则"})
        case _:
            return Text({"en": "none", "zh-Hans": "免"})


def _vat(collected: str, base: Sequence[str]) -> Text:
    words = {language: " + ".join(_BASES[each][language] for each in base) for language in ("en", "zh-Hans")}
    if not base:
        return _COLLECTED[collected]
    return Text(
        {
            "en": f"{_COLLECTED[collected]['en']}, on {words['en']}",
            "zh-Hans": f"{_COLLECTED[collected]['zh-Hans']}，计税基础：{words['zh-Hans']}",
        }
    )


def _sources(pack: CustomsPack) -> Grid:
    return Grid(
        key="sources",
        title=Text({"en": "Where the rules can be read", "zh-Hans": "规则出处"}),
        columns=(column("Name", "简称"), column("Title", "标题"), column("Address", "网址")),
        rows=tuple((name, source.title, source.url) for name, source in pack.sources.items()),
    )


def _headings(pack: CustomsPack) -> Grid:
    zones = list(pack.zones)
    return Grid(
        key="headings",
        title=Text(
            {
                "en": "Headings and rates of duty (teaching data, no country's tariff)",
                "zh-Hans": "税号与关税税率（教学数据，非任何国家的实际税则）",
            }
        ),
        columns=(
            column("Heading", "税号"),
            column("Covers", "范围"),
            *(Column(label=pack.zones[zone].title, places=1, unit="%") for zone in zones),
            column("Specific duty", "从量税"),
        ),
        rows=tuple(
            (heading.hs6, heading.title, *(float(heading.rates[zone]) for zone in zones), _specific(pack, heading))
            for heading in pack.headings
        ),
    )


def _specific(pack: CustomsPack, heading: Heading) -> str:
    return "; ".join(
        f"{zone}: {specific.amount} {pack.zones[zone].currency}/{specific.per}"
        for zone, specific in heading.specific.items()
    )


def _destinations(pack: CustomsPack) -> Grid:
    cif = Text({"en": "goods + freight + insurance (CIF)", "zh-Hans": "货值+运费+保险费（CIF）"})
    fob = Text({"en": "goods (FOB)", "zh-Hans": "货值（FOB）"})
    return Grid(
        key="destinations",
        title=Text(
            {
                "en": f"Destinations. Insurance: {pack.insurance.rate * 100:.1f}% of "
                f"{pack.insurance.insured * 100:.0f}% of goods and freight",
                "zh-Hans": f"目的地。保险费：货值与运费之和的{pack.insurance.insured * 100:.0f}%"
                f"乘以{pack.insurance.rate * 100:.1f}%",
            }
        ),
        columns=(
            column("To", "目的地"),
            column("VAT", "增值税率", unit="%"),
            column("Customs value", "完税价格"),
            column("Sources", "来源"),
        ),
        rows=tuple(
            (each.title, float(each.vat), cif if pack.zones[each.zone].basis == "cif" else fob, ", ".join(each.sources))
            for each in pack.destinations.values()
        ),
    )


def _exchange(pack: CustomsPack) -> Grid:
    return Grid(
        key="exchange",
        title=Text(
            {
                "en": "Exchange rates by day of declaration (teaching data)",
                "zh-Hans": "按申报日的汇率（教学数据）",
            }
        ),
        columns=(
            column("Currency", "货币"),
            column("Yuan", "人民币", places=2),
            column("From", "起"),
            column("To", "止"),
        ),
        rows=tuple(
            (
                rate.currency,
                float(rate.yuan),
                day(rate.valid_from),
                _OPEN if rate.valid_to is None else day(rate.valid_to),
            )
            for rate in pack.exchange
        ),
    )
