"""Rules as data: tables and rule trees with an id, and the sentence that explains each of their results."""

from __future__ import annotations

from qualoop.policies.weights import (
    DEFAULT_TABLE,
    FormNotWeighedError,
    Weight,
    WeightTable,
    WeightTableNotFoundError,
    load_weight_table,
    weigh,
    weight_table,
)

__all__ = [
    "DEFAULT_TABLE",
    "FormNotWeighedError",
    "Weight",
    "WeightTable",
    "WeightTableNotFoundError",
    "load_weight_table",
    "weigh",
    "weight_table",
]
