"""What the shop sells, from goods.yaml: a lexicon in both languages, each with the heading that is right for it."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from pydantic import BaseModel, ConfigDict

from qualoop.authored_files import Problems, parse_model, read_yaml
from qualoop.simulators.border.reading import HERE
from qualoop.values import Text


class Good(BaseModel):
    """One sort of goods: the least and the highest price of a piece in yuan, the weight of a piece in kg."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    hs6: str
    yuan: tuple[Decimal, Decimal]
    kg: Decimal
    title: Text


class _Goods(BaseModel):
    goods: tuple[Good, ...]


@lru_cache(maxsize=1)
def goods() -> tuple[Good, ...]:
    """Return all goods; raise AuthoredFilesError."""
    problems = Problems()
    file = read_yaml(HERE, "goods.yaml", problems)
    read = None if file is None else parse_model(_Goods, file, problems)
    problems.raise_if_any()
    return () if read is None else read.goods
