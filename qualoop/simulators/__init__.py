"""Simulated practice: markets and operations, the decisions in them, and scores free of luck.

`get_engine(name)` gives an `Engine`; a project (`ProjectFile`) names one and describes its world.
"""

from __future__ import annotations

from qualoop.simulators.decided_rounds import DecidedRounds
from qualoop.simulators.decisions import (
    ChoiceField,
    Column,
    Decision,
    DecisionForm,
    DecisionTable,
    FlagField,
    NumberField,
    Option,
    Plan,
    Row,
    TextField,
)
from qualoop.simulators.engine import (
    BaselineKind,
    Bound,
    ChecksPacks,
    Engine,
    Happened,
    HasUnused,
    HoldsLaws,
    JudgedEngine,
    NamesHidden,
    NamesParts,
    PartScore,
    PlansEvents,
    Refusal,
    Standard,
    State,
    TakesShocks,
    parts_of,
)
from qualoop.simulators.errors import (
    EnginePlaceError,
    FormOutsideBandError,
    SimulatorError,
    SpecRefusedError,
    UnknownEngineError,
)
from qualoop.simulators.project import PROJECT_FILE, ProjectFile
from qualoop.simulators.registry import ENTRY_POINT_GROUP, engine_hash, engine_names, get_engine, starting_folder
from qualoop.simulators.scoring import as_score, earned_parts, gap_score, gap_scores, shapley, shares, standard_of
from qualoop.simulators.streams import WorldKey
from qualoop.simulators.views import Chart, Figure, Figures, Grid, Line, Panel, Prose, Series, Talk, View

__all__ = [
    "ENTRY_POINT_GROUP",
    "PROJECT_FILE",
    "BaselineKind",
    "Bound",
    "Chart",
    "ChecksPacks",
    "ChoiceField",
    "Column",
    "DecidedRounds",
    "Decision",
    "DecisionForm",
    "DecisionTable",
    "Engine",
    "EnginePlaceError",
    "Figure",
    "Figures",
    "FlagField",
    "FormOutsideBandError",
    "Grid",
    "Happened",
    "HasUnused",
    "HoldsLaws",
    "JudgedEngine",
    "Line",
    "NamesHidden",
    "NamesParts",
    "NumberField",
    "Option",
    "Panel",
    "PartScore",
    "Plan",
    "PlansEvents",
    "ProjectFile",
    "Prose",
    "Refusal",
    "Row",
    "Series",
    "SimulatorError",
    "SpecRefusedError",
    "Standard",
    "State",
    "TakesShocks",
    "Talk",
    "TextField",
    "UnknownEngineError",
    "View",
    "WorldKey",
    "as_score",
    "earned_parts",
    "engine_hash",
    "engine_names",
    "gap_score",
    "gap_scores",
    "get_engine",
    "parts_of",
    "shapley",
    "shares",
    "standard_of",
    "starting_folder",
]
