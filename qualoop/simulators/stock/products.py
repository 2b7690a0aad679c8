"""The goods of generated shops, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import yaml

from qualoop.simulators.streams import WorldKey
from qualoop.values import LANGUAGES, Text

_LEXICON: Final = Path(__file__).parent / "products.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something a shop sells: its key, its name, and the number and title of its category."""

    key: str
    name: Text
    category: int
    category_title: Text


@lru_cache(maxsize=1)
def all_products() -> tuple[Product, ...]:
    """Return every product of the lexicon, category by category."""
    categories = yaml.safe_load(_LEXICON.read_text(encoding="utf-8"))
    return tuple(
        Product(
            key=product["key"],
            name=_text(product),
            category=number,
            category_title=_text(category["title"]),
        )
        for number, category in enumerate(categories)
        for product in category["products"]
    )


def _text(names: dict[str, str]) -> Text:
    return Text({language: names[language] for language in LANGUAGES})


def pick_products(count: int, key: WorldKey) -> tuple[Product, ...]:
    """Return ``count`` products in the order of the lexicon, evenly spread over the categories, by chance of ``key``."""
    products = all_products()
    draws = key.uniforms("products", shape=len(products))
    categories = np.array([product.category for product in products])
    # The place within its own category by chance: taking all firsts, then all seconds, spreads evenly.
    places = np.array(
        [(draws[categories == category] < draw).sum() for category, draw in zip(categories, draws, strict=True)]
    )
    chosen = np.sort(np.lexsort((draws, places))[:count])
    return tuple(products[place] for place in chosen)
