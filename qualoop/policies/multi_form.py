"""Multi-form rules: in how many forms, and by how many people, the required units are to be shown. Data, such as m1.

What reads them is `qualoop.records.multi_form`. Such a rule awards nothing; it says what is missing.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from qualoop.errors import QualoopError
from qualoop.ledger import EvidenceForm
from qualoop.policies.versioned import Versioned, load_versioned
from qualoop.values import Text

MULTI_FORM_RULES: Final = Path(__file__).parent / "multi_form_rules"
DEFAULT_MULTI_FORM_RULE: Final = "m1"

Least = Annotated[int, Field(ge=1, le=12)]


class MultiFormRuleNotFoundError(QualoopError):
    """There is no multi-form rule with this id."""

    code = "multi-form-rule-not-found"


class MultiFormRule(Versioned):
    """A versioned rule: which forms count, and how many of them and of assessors there are to be at least."""

    format: Literal["qualoop-multi-form-rule"]
    format_version: Literal[1]
    title: Text
    forms: tuple[EvidenceForm, ...] = Field(min_length=1)
    least_forms: Least
    least_assessors: Least

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if len(set(self.forms)) != len(self.forms) or self.least_forms > len(self.forms):
            raise ValueError("each form stands there once, and there are no fewer than are asked for")
        return self


def load_multi_form_rule(rule_id: str, root: Path = MULTI_FORM_RULES) -> MultiFormRule:
    """Read the rule with this id. Raises MultiFormRuleNotFoundError, or AuthoredFilesError with all its problems."""
    missing = MultiFormRuleNotFoundError(f"no multi-form rule has the id {rule_id!r}")
    return load_versioned(MultiFormRule, root, rule_id, missing=missing, code="rule-id")


@lru_cache(maxsize=8)
def multi_form_rule(rule_id: str = DEFAULT_MULTI_FORM_RULE) -> MultiFormRule:
    """Return the shipped rule with this id, read once. Raises as `load_multi_form_rule`."""
    return load_multi_form_rule(rule_id)
