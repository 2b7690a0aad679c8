"""Incoterms 2020 as data: eleven rules by ten items of cost and risk, each the seller's or the buyer's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from qualoop.authored_files import Problems, parse_model, read_yaml
from qualoop.simulators.border.reading import HERE
from qualoop.values import Text

GROUPS: Final = ("departure", "board", "carriage", "delivered")
"""Rules by how far the seller goes; a world has one rule of each."""


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(_Authored):
    """A cost or a risk; ``share`` is what it is worth, of the contract's value."""

    key: str
    title: Text
    share: Annotated[Decimal, Field(gt=0, lt=1)]


class Term(_Authored):
    """One of the rules, with its named place; ``seller`` names the items that fall on the seller."""

    key: str
    group: Literal["departure", "board", "carriage", "delivered"]
    title: Text
    seller: frozenset[str]


class Incoterms(_Authored):
    """The table."""

    version: date
    items: tuple[Item, ...]
    rules: tuple[Term, ...]

    def of_group(self, group: str) -> list[Term]:
        """Return the rules of a group, in the order of the file."""
        return [rule for rule in self.rules if rule.group == group]

    def get_rule(self, key: str) -> Term:
        """Return a rule; raise KeyError."""
        return {rule.key: rule for rule in self.rules}[key]


@lru_cache(maxsize=1)
def incoterms() -> Incoterms:
    """Return the table that comes with the engine; raise AuthoredFilesError."""
    problems = Problems()
    file = read_yaml(HERE, "incoterms.yaml", problems)
    table = None if file is None else parse_model(Incoterms, file, problems)
    problems.raise_if_any()
    if table is None:
        raise FileNotFoundError("incoterms.yaml")
    return table
