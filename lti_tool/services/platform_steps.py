"""What the administrator of a platform does, by product, with the addresses of this installation filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from lti_tool.lti.platform_profiles import Product
from qualoop.authored_files import AuthoredFilesError, Problems, read_yaml
from qualoop.values import Text

FILE: Final = "platform_steps.yaml"
PRODUCTS: Final = (Product.MOODLE, Product.OPEN_EDX, Product.CANVAS, Product.BRIGHTSPACE, Product.BLACKBOARD)
_SECTIONS: Final = ("link", "manual", "afterwards")


@cache
def load() -> Mapping[str, Any]:
    """Return the file of steps, read once."""
    problems = Problems()
    file = read_yaml(Path(__file__).parent, FILE, problems)
    if file is None:
        raise AuthoredFilesError(problems.found)
    data: Mapping[str, Any] = file.data
    return data


def printed(product: Product, base_url: str, *, language: str) -> list[str]:
    """Return the steps of a product as lines for a terminal."""
    steps = load()["products"][product.value]
    headings = {name: Text(text)[language] for name, text in load()["headings"].items()}
    lines = [steps["name"], Text(steps["tried"])[language], "", headings["addresses"]]
    for address in load()["addresses"]:
        lines.append(f"  {Text(address['name'])[language]}")
        lines.append(f"      {_filled(address['value'], base_url)}")
    for section in _SECTIONS:
        if steps[section]:
            numbered = enumerate(_said(steps[section], base_url, language), 1)
            lines += ["", headings[section], *(f"  {number}. {step}" for number, step in numbered)]
    return lines


def afterwards(product: str | None, base_url: str, *, language: str) -> list[str]:
    """Return what is still to be done in a platform that has registered; general words where it is not known."""
    steps = load()["products"].get(product) or load()["other"]
    return _said(steps["afterwards"], base_url, language)


def _said(steps: Sequence[Mapping[str, str]], base_url: str, language: str) -> list[str]:
    return [_filled(Text(step)[language], base_url) for step in steps]


def _filled(text: str, base_url: str) -> str:
    return text.format(base=base_url, host=urlsplit(base_url).netloc)
