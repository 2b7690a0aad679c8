"""The state of an attempt at a practice project, between its JSON form and what the player works with.

    {"v": 1, "seed": 7, "at": "graded", "graded": RUN or null, "practice": RUN or null, "worlds": 2}

    RUN = {"number": 3, "state": {…}, "played": 1, "rounds": 4, "done": false, "score": "0.5",
           "parts": {"bids": "0.25"}, "draft": {…} or null, "what_if": {"round": 0, "decision": {…}} or null}

A run in which a teacher let something happen has `"shocks": [{"round": 3, "kind": "rival_enters"}]` besides: its world
follows from them too. One of whose rounds closed before they were played has `"missed": [{"round": 2, "instead": "draft"}]`. A graded run that was handed in has its proof,
`"proof": {"engine": "5f…", "digest": "0c…", "value": 1480.5, "realised": [700.0, 810.5]}`, if that was not before proofs were kept. ``state`` is the engine's; drafts and what-ifs are packed decisions. Only the newest world of practice is kept; ``worlds``
counts those of the learner's own. A number from `CLASS_WORLDS` on is a world that a class shares, so that it can be looked
at together: whoever types the same number gets the same world.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Literal, Self, TypeAlias

from qualoop.player.actions import State
from qualoop.player.state import MAX_STATE_BYTES
from qualoop.values import ZERO, Score

STATE_VERSION: Final = 1
CLASS_WORLDS: Final = 1_000_000

PROOF_BYTES: Final = 6_000
"""No proof is larger: it has two digests, and one number for each of at most 200 rounds."""

Mode: TypeAlias = Literal["practice", "graded"]
PRACTICE: Final = "practice"
GRADED: Final = "graded"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What was tried instead in a round (from 0) that was played: a packed decision."""

    round: int
    decision: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shock:
    """What a teacher let happen in a world from a round (from 1) on; ``kind`` is the engine's word."""

    round: int
    kind: str


class Instead(StrEnum):
    """What was played in a round that closed before the learner played it."""

    DRAFT = "draft"
    """The decision that was saved for it."""
    BEFORE = "before"
    """The decision of the round before."""
    NAIVE = "naive"
    """The naive policy's, with which a score begins: nothing had been decided yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A round (from 1) that closed before the learner played it."""

    round: int
    instead: Instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a graded run was scored by, and what it came to then, whatever a later engine makes of it.

    ``engine`` is the engine's hash, ``digest`` that of what was played (`qualoop.simulators.run_files`), ``value`` the expected
    value, ``realised`` what each round brought.
    """

    engine: str
    digest: str
    value: float
    realised: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A world that is decided in: which, how far, and what stands in its fields.

    ``done`` says that nothing is decided any more: of practice when its last round was played, of the graded run when
    it was handed in. ``score`` and ``parts`` are as they were computed then, whatever later versions would compute.
    """

    number: int
    state: Mapping[str, Any]
    rounds: int
    played: int = 0
    done: bool = False
    score: Score = ZERO
    parts: Mapping[str, Score] = field(default_factory=dict)
    draft: Mapping[str, Any] | None = None
    what_if: WhatIf | None = None
    shocks: tuple[Shock, ...] = ()
    missed: tuple[Missed, ...] = ()
    proof: Proof | None = None

    @property
    def class_world(self) -> int | None:
        """Return the number by which a class shares this world; None for a world of one's own."""
        return self.number - CLASS_WORLDS if self.number >= CLASS_WORLDS else None

    @property
    def is_played(self) -> bool:
        """Return whether every round was played."""
        return self.played >= self.rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectState:
    """An attempt: its seed, the run that its page shows, both runs, and how many own worlds of practice were begun."""

    seed: int
    at: Mode | None = None
    graded: Run | None = None
    practice: Run | None = None
    worlds: int = 0

    def run(self, mode: Mode) -> Run | None:
        """Return the run of a mode."""
        return self.practice if mode == PRACTICE else self.graded

    def with_run(self, mode: Mode, run: Run) -> Self:
        """Return the attempt with a run changed, which its page now shows."""
        if mode == PRACTICE:
            return replace(self, at=mode, practice=run)
        return replace(self, at=mode, graded=run)

    @property
    def handed_in(self) -> bool:
        """Return whether the graded run was handed in."""
        return self.graded is not None and self.graded.done

    @classmethod
    def from_json(cls, state: State) -> Self:
        """Read a state that `as_json` made."""
        return cls(
            seed=state["seed"],
            at=state["at"],
            graded=_run(state["graded"]),
            practice=_run(state["practice"]),
            worlds=state["worlds"],
        )

    def as_json(self) -> State:
        """Return the state as plain JSON."""
        return {
            "v": STATE_VERSION,
            "seed": self.seed,
            "at": self.at,
            "graded": _as_json(self.graded),
            "practice": _as_json(self.practice),
            "worlds": self.worlds,
        }


def fits(state: State) -> bool:
    """Return whether a state is small enough to be kept, with the proof that its graded run still gets."""
    size = len(json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode())
    graded = state["graded"]
    return size + (0 if graded and graded["done"] else PROOF_BYTES) <= MAX_STATE_BYTES


def _run(row: Mapping[str, Any] | None) -> Run | None:
    if row is None:
        return None
    what_if = row["what_if"]
    return Run(
        number=row["number"],
        state=row["state"],
        rounds=row["rounds"],
        played=row["played"],
        done=row["done"],
        score=Score(row["score"]),
        parts={part: Score(score) for part, score in row["parts"].items()},
        draft=row["draft"],
        what_if=None if what_if is None else WhatIf(round=what_if["round"], decision=what_if["decision"]),
        shocks=tuple(Shock(round=each["round"], kind=each["kind"]) for each in row.get("shocks", ())),
        missed=tuple(Missed(round=each["round"], instead=Instead(each["instead"])) for each in row.get("missed", ())),
        proof=_proof(row.get("proof")),
    )


def _proof(row: Mapping[str, Any] | None) -> Proof | None:
    if row is None:
        return None
    return Proof(
        engine=row["engine"],
        digest=row["digest"],
        value=float(row["value"]),
        realised=tuple(map(float, row["realised"])),
    )


def _as_json(run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    what_if = run.what_if
    shocks = [{"round": each.round, "kind": each.kind} for each in run.shocks]
    missed = [{"round": each.round, "instead": each.instead.value} for each in run.missed]
    return {
        "number": run.number,
        "state": run.state,
        "played": run.played,
        "rounds": run.rounds,
        "done": run.done,
        "score": run.score.as_text(),
        "parts": {part: score.as_text() for part, score in run.parts.items()},
        "draft": run.draft,
        "what_if": None if what_if is None else {"round": what_if.round, "decision": what_if.decision},
        **({"shocks": shocks} if shocks else {}),
        **({"missed": missed} if missed else {}),
        **({"proof": _proof_as_json(run.proof)} if run.proof else {}),
    }


def _proof_as_json(proof: Proof) -> dict[str, Any]:
    return {
        "engine": proof.engine,
        "digest": proof.digest,
        "value": proof.value,
        "realised": list(proof.realised),
    }
