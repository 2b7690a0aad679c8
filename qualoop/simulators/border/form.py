"""What is decided: a heading for each line, rule and charges for each parcel, who pays in each contract, a route."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from qualoop.simulators.border.incoterms import incoterms
from qualoop.simulators.border.routes import ROUTES
from qualoop.simulators.border.valuing import contract_field
from qualoop.simulators.border.world import BorderWorld
from qualoop.simulators.decisions import (
    ChoiceField,
    Column,
    DecisionForm,
    DecisionTable,
    NumberField,
    Option,
    Row,
)
from qualoop.values import Text

HIGHEST_CHARGE: Final = Decimal(2000)

SCHEMES: Final = {
    "ioss": Text({"en": "parcel with IOSS number", "zh-Hans": "带IOSS号的包裹"}),
    "post": Text({"en": "post", "zh-Hans": "邮政"}),
    "courier": Text({"en": "courier", "zh-Hans": "快递"}),
}
SIDES: Final = (
    Option(key="buyer", label=Text({"en": "buyer", "zh-Hans": "买方"})),
    Option(key="seller", label=Text({"en": "seller", "zh-Hans": "卖方"})),
)
ROUTE_TITLES: Final = {
    "parcel": Text({"en": "parcels, duty paid (DDP)", "zh-Hans": "直邮小包（DDP完税交货）"}),
    "overseas": Text({"en": "bulk to an overseas warehouse", "zh-Hans": "大货发海外仓"}),
    "bonded": Text({"en": "bulk to a bonded warehouse", "zh-Hans": "大货发保税仓"}),
}

_PARCEL_COLUMNS: Final = (
    Column(label=Text({"en": "To", "zh-Hans": "目的地"})),
    Column(label=Text({"en": "How", "zh-Hans": "渠道"})),
    Column(label=Text({"en": "Sent", "zh-Hans": "发出日期"})),
    Column(label=Text({"en": "Declared", "zh-Hans": "申报日期"})),
    Column(label=Text({"en": "Freight to the border", "zh-Hans": "至边境运费"}), unit="¥"),
    Column(label=Text({"en": "Carriage from the border, in the currency", "zh-Hans": "境内运费（当地货币）"})),
    Column(label=Text({"en": "Currency", "zh-Hans": "货币"})),
    Column(label=Text({"en": "Parcels a year", "zh-Hans": "年件量"})),
)


def plain(text: str) -> Text:
    """Return a text that is the same in every language: a code, a date."""
    return Text({"en": text, "zh-Hans": text})


def day(when: date) -> Text:
    """Return a date as ISO 8601 writes it."""
    return plain(when.isoformat())


def form_of(world: BorderWorld) -> DecisionForm:
    """Return the form of a world."""
    return DecisionForm(tables=(_goods(world), _parcels(world), _contracts(world), _routes(world)))


def _goods(world: BorderWorld) -> DecisionTable:
    rows = [
        Row(
            key=f"{parcel_key(number)}{chr(97 + place)}",
            label=Text({language: f"{parcel_key(number)} · {good.title[language]}" for language in ("en", "zh-Hans")}),
            cells=(line.pieces, float(line.yuan), float(line.kg)),
        )
        for number, parcel in enumerate(world.parcels)
        for place, (good, line) in enumerate(zip(parcel.goods, parcel.consignment.lines, strict=True))
    ]
    options = tuple(
        Option(
            key=heading.hs6,
            label=Text({language: f"{heading.hs6} {heading.title[language]}" for language in ("en", "zh-Hans")}),
        )
        for heading in world.pack.headings
    )
    return DecisionTable(
        key="goods",
        title=Text({"en": "Goods and their headings", "zh-Hans": "商品归类"}),
        rows=tuple(rows),
        columns=(
            Column(label=Text({"en": "Pieces", "zh-Hans": "件数"})),
            Column(label=Text({"en": "Price of a piece, without VAT", "zh-Hans": "单价（不含增值税）"}), unit="¥"),
            Column(label=Text({"en": "Weight of a piece", "zh-Hans": "单件重量"}), places=2, unit="kg"),
        ),
        fields=(
            ChoiceField(
                key="heading",
                component="classification",
                label=Text({"en": "HS heading", "zh-Hans": "HS六位税号"}),
                options=options,
                default=options[0].key,
            ),
        ),
        row_label=Text({"en": "Parcel and goods", "zh-Hans": "包裹与商品"}),
    )


def parcel_key(number: int) -> str:
    """Return what a parcel is called."""
    return f"P{number + 1}"


def _parcels(world: BorderWorld) -> DecisionTable:
    rows = []
    for number, parcel in enumerate(world.parcels):
        sent = parcel.consignment
        destination = world.pack.destinations[sent.destination]
        rows.append(
            Row(
                key=parcel_key(number),
                label=plain(parcel_key(number)),
                cells=(
                    destination.title,
                    SCHEMES[sent.scheme],
                    day(parcel.sent),
                    day(sent.day),
                    float(sent.freight),
                    float(sent.inland),
                    plain(world.pack.zones[destination.zone].currency),
                    parcel.yearly,
                ),
            )
        )
    return DecisionTable(
        key="parcels",
        title=Text({"en": "Parcels: rule and charges", "zh-Hans": "包裹：适用规则与税费"}),
        rows=tuple(rows),
        columns=_PARCEL_COLUMNS,
        fields=(
            _rule(world),
            _charge("duty", Text({"en": "Duty of one parcel", "zh-Hans": "每件关税"})),
            _charge("vat", Text({"en": "VAT of one parcel", "zh-Hans": "每件增值税"})),
        ),
        row_label=Text({"en": "Parcel", "zh-Hans": "包裹"}),
        help=Text(
            {
                "en": "Charges are in the destination's currency. The goods of each parcel stand in the table above.",
                "zh-Hans": "税费以目的地货币填写。每件包裹里的商品见上表。",
            }
        ),
    )


def _rule(world: BorderWorld) -> ChoiceField:
    options = tuple(Option(key=rule.id, label=rule.title) for rule in world.pack.rules)
    return ChoiceField(
        key="rule",
        component="landed-cost",
        label=Text({"en": "Rule that applies", "zh-Hans": "适用规则"}),
        options=options,
        default=options[0].key,
    )


def _charge(key: str, label: Text) -> NumberField:
    return NumberField(key=key, component="landed-cost", label=label, low=Decimal(0), high=HIGHEST_CHARGE)


def _contracts(world: BorderWorld) -> DecisionTable:
    return DecisionTable(
        key="contracts",
        title=Text({"en": "Bulk contracts: whose is it?", "zh-Hans": "大货合同：由谁承担？"}),
        rows=tuple(Row(key=item.key, label=item.title, cells=(float(item.share),)) for item in incoterms().items),
        columns=(Column(label=Text({"en": "Worth, of the contract", "zh-Hans": "占合同金额"}), places=1, unit="%"),),
        fields=tuple(
            ChoiceField(
                key=contract_field(number),
                component="incoterm",
                label=term.title,
                options=SIDES,
                default=SIDES[0].key,
            )
            for number, term in enumerate(world.contracts)
        ),
        row_label=Text({"en": "Cost or risk", "zh-Hans": "费用或风险"}),
        help=Text(
            {
                "en": "Incoterms 2020. Each column is a contract with its named place.",
                "zh-Hans": "按Incoterms 2020，每列为一份合同及其指定地点。",
            }
        ),
    )


def _routes(world: BorderWorld) -> DecisionTable:
    facts = world.products
    columns = (facts.units, facts.sigma, facts.kg, facts.purchase, facts.margin, facts.duty)
    return DecisionTable(
        key="routes",
        title=Text({"en": "Routes to the European buyer", "zh-Hans": "发往欧洲买家的路线"}),
        rows=tuple(
            Row(
                key=f"A{number + 1}",
                label=Text({"en": f"Product A{number + 1}", "zh-Hans": f"商品A{number + 1}"}),
                cells=tuple(float(column[number]) for column in columns),
            )
            for number in range(len(facts.units))
        ),
        columns=(
            Column(label=Text({"en": "Units a day", "zh-Hans": "日均销量"}), places=1),
            Column(label=Text({"en": "Standard deviation of a day", "zh-Hans": "日销量标准差"}), places=1),
            Column(label=Text({"en": "Weight", "zh-Hans": "重量"}), places=2, unit="kg"),
            Column(label=Text({"en": "Purchase cost", "zh-Hans": "采购成本"}), unit="¥"),
            Column(label=Text({"en": "Margin before logistics", "zh-Hans": "物流前毛利"}), unit="¥"),
            Column(label=Text({"en": "Duty in bulk", "zh-Hans": "大货关税率"}), places=1, unit="%"),
        ),
        fields=(
            ChoiceField(
                key="route",
                component="route",
                label=Text({"en": "Route", "zh-Hans": "路线"}),
                options=tuple(Option(key=route.key, label=ROUTE_TITLES[route.key]) for route in ROUTES),
                default=ROUTES[0].key,
            ),
        ),
        row_label=Text({"en": "Product", "zh-Hans": "商品"}),
    )
