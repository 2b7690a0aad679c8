"""Rules as data: tables and rule trees with an id, and the sentence that explains each of their results."""

from __future__ import annotations

from qualoop.policies.competence import CompetenceNumbers, competence_numbers, forms_mask, forms_of, is_competent
from qualoop.policies.occasions import (
    Checkpoints,
    GradedRun,
    Judge,
    Occasion,
    PracticeRun,
    Sheet,
    read_occasion,
    rubric_score,
)
from qualoop.policies.status_policy import (
    DEFAULT_STATUS_POLICY,
    Cut,
    GateRule,
    RollUpPolicy,
    StatusPolicy,
    StatusPolicyNotFoundError,
    load_status_policy,
    status_policy,
)
from qualoop.policies.tables import (
    DEFAULT_TABLE,
    WeightTable,
    WeightTableNotFoundError,
    load_weight_table,
    weight_table,
)
from qualoop.policies.weights import FormNotWeighedError, Weight, vote_number, weigh

__all__ = [
    "DEFAULT_STATUS_POLICY",
    "DEFAULT_TABLE",
    "Checkpoints",
    "CompetenceNumbers",
    "Cut",
    "FormNotWeighedError",
    "GateRule",
    "GradedRun",
    "Judge",
    "Occasion",
    "PracticeRun",
    "RollUpPolicy",
    "Sheet",
    "StatusPolicy",
    "StatusPolicyNotFoundError",
    "Weight",
    "WeightTable",
    "WeightTableNotFoundError",
    "competence_numbers",
    "forms_mask",
    "forms_of",
    "is_competent",
    "load_status_policy",
    "load_weight_table",
    "read_occasion",
    "rubric_score",
    "status_policy",
    "vote_number",
    "weigh",
    "weight_table",
]
