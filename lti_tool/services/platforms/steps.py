"""What the administrator of a platform does, by product, with the addresses of this installation filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from lti_tool.lti.platform_profiles import Product
from lti_tool.services.mechanisms.authored_words import words_of
from qualoop.values import Text

FILE: Final = Path(__file__).with_name("steps.yaml")
PRODUCTS: Final = (Product.MOODLE, Product.OPEN_EDX, Product.CANVAS, Product.BRIGHTSPACE, Product.BLACKBOARD)
_SECTIONS: Final = ("link", "manual", "afterwards")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The steps of one product: how far they were tried, addresses by what they are called, sections by heading."""

    name: str
    tried: str
    heading: str
    addresses: Sequence[tuple[str, str]]
    sections: Sequence[tuple[str, Sequence[str]]]


def steps(product: Product, base_url: str, *, language: str) -> Steps:
    """Return the steps of a product in one language."""
    found = words_of(FILE)["products"][product.value]
    headings = {name: Text(text)[language] for name, text in words_of(FILE)["headings"].items()}
    return Steps(
        name=found["name"],
        tried=Text(found["tried"])[language],
        heading=headings["addresses"],
        addresses=[
            (Text(address["name"])[language], _filled(address["value"], base_url))
            for address in words_of(FILE)["addresses"]
        ],
        sections=[
            (headings[section], _said(found[section], base_url, language)) for section in _SECTIONS if found[section]
        ],
    )


def printed(product: Product, base_url: str, *, language: str) -> list[str]:
    """Return the steps of a product as lines for a terminal."""
    found = steps(product, base_url, language=language)
    lines = [found.name, found.tried, "", found.heading]
    for name, address in found.addresses:
        lines += [f"  {name}", f"      {address}"]
    for heading, section in found.sections:
        lines += ["", heading, *(f"  {number}. {step}" for number, step in enumerate(section, 1))]
    return lines


def afterwards(product: str | None, base_url: str, *, language: str) -> list[str]:
    """Return what is still to be done in a platform that has registered; general words where it is not known."""
    steps = words_of(FILE)["products"].get(product) or words_of(FILE)["other"]
    return _said(steps["afterwards"], base_url, language)


def _said(steps: Sequence[Mapping[str, str]], base_url: str, language: str) -> list[str]:
    return [_filled(Text(step)[language], base_url) for step in steps]


def _filled(text: str, base_url: str) -> str:
    return text.format(base=base_url, host=urlsplit(base_url).netloc)
