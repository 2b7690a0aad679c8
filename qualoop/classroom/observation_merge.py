"""What observations say together: a pure function of the set of them, whatever their order, copies and clocks.

Two assessors are two judgements, and both are kept. Of one assessor, a later capture revises an earlier one only where
it says so; otherwise both are kept and shown. No clock decides anything: a revision names what it revises, and where two
revise the same, the one counted higher on its device stands, and is shown.

What stands is reached by steps (`Judged.steps`), so that the ledger gets the same events however the captures came: the
judgement of the first, then each revision of it in order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from qualoop.values import Score


class Wait(StrEnum):
    """Why a revision does not count yet, or cannot."""

    TARGET = "observation-target"
    """What it revises has not arrived yet, or waits itself."""
    TARGET_OUT = "observation-target-out"
    """The first of what it revises was left out: somebody says whether it counts by itself."""
    NOT_OWN = "observation-not-own"
    """What it revises is somebody else's, or of another task or learner."""
    CIRCLE = "observation-circle"
    """It revises what in the end revises it."""


class Difference(StrEnum):
    """What is to be seen about observations that count side by side."""

    DIFFER = "observation-differs"
    """Two assessors judge a row differently. Both count."""
    REPEATED = "observation-repeated"
    """One assessor judged a row more than once, and did not say that one revises the other. Both count."""
    FORKED = "observation-forked"
    """One assessor revised the same observation more than once. The one counted higher on its device stands, with what
    revises it; what revises the other is shown with it, and is not gone on from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A capture that is accepted: whose, of what, of whom, and its level and score by row.

    ``is_out`` says that a person has left it out; it is there, and counts nothing. ``alone`` lets a revision count by
    itself, because a person has said so.
    """

    capture: str
    assessor: str
    device: str
    seq: int
    task: str
    rubric: str
    learners: tuple[str, ...]
    levels: Mapping[str, int]
    scores: Mapping[str, Score]
    about: frozenset[str] = frozenset()
    """Whom it is about as it was signed; ``learners`` are those of them for whom it counts."""
    replaces: str | None = None
    is_out: bool = False
    alone: bool = False

    @property
    def rank(self) -> tuple[int, str, str]:
        """Return by what revisions of the same capture are ordered: no clock has a part in it."""
        return self.seq, self.device, self.capture


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One judgement of a row on the way to what stands; ``score`` None: the row was not judged any more."""

    capture: str
    score: Score | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One row of one learner by one chain of captures, ``root`` its first; what stands is the last step."""

    root: str
    assessor: str
    learner: str
    row: str
    steps: tuple[Step, ...]

    @property
    def score(self) -> Score | None:
        """Return what stands, None where nothing does."""
        return self.steps[-1].score

    def steps_after(self, capture: str) -> tuple[Step, ...]:
        """Return the steps that follow that of a capture; only the last one where it is none of them."""
        names = [step.capture for step in self.steps]
        return self.steps[names.index(capture) + 1 :] if capture in names else self.steps[-1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What somebody ought to look at: which captures, of which learner, in which rows."""

    kind: Difference
    learner: str
    captures: frozenset[str]
    rows: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a set of captures says: judgements, conflicts, and by capture why a revision waits."""

    judged: Mapping[tuple[str, str, str], Judged]
    conflicts: frozenset[Conflict]
    waiting: Mapping[str, Wait]
    by_capture: Mapping[str, Sequence[Conflict]] = field(default_factory=dict, compare=False)
    """The conflicts of each capture."""


@dataclass(frozen=True, slots=True)
class _Chain:
    """A capture, ``root``, with everything that revises it: ``revisions`` by what they revise.

    What was left out is passed over; of a learner only those captures say something that count for that learner.
    """

    root: Observed
    revisions: Mapping[str, Sequence[Observed]]

    @property
    def captures(self) -> list[Observed]:
        """Return all of them, whatever stands: the first one first, nearer revisions before others."""
        return self._with_revisions([self.root])

    @property
    def learners(self) -> Iterable[str]:
        """Return for whom any of them counts."""
        return dict.fromkeys(learner for each in self.captures for learner in each.learners)

    def of_learner(self, learner: str) -> list[Observed]:
        """Return what counts for a learner, what stands last: of several that revise the same the highest counted.

        Those beside it come before it, with all that revises them.
        """
        found = []
        for *beside, standing in self._layers(learner):
            found += [*self._below(beside, learner), standing]
        return found

    def forks_of(self, learner: str) -> Iterable[list[Observed]]:
        """Give the captures that revise the same for a learner, with what revises those of them that do not stand."""
        for *beside, standing in self._layers(learner):
            if beside:
                yield [standing, *self._below(beside, learner)]

    def _layers(self, learner: str) -> Iterable[list[Observed]]:
        """Give what revises the same for a learner, one step after another on the way to what stands; that comes last."""
        layer = self._speaking([self.root], learner)
        while layer:
            layer = _ranked(layer)
            yield layer
            layer = self._speaking(self.revisions.get(layer[-1].capture, ()), learner)

    def _speaking(self, captures: Iterable[Observed], learner: str) -> list[Observed]:
        """Return captures that count for a learner; what revises those that do not stands for them."""
        found, looked_at = [], [*captures]
        while looked_at:
            each = looked_at.pop()
            if _counts(each, learner):
                found.append(each)
            else:
                looked_at += self.revisions.get(each.capture, ())
        return found

    def _below(self, captures: Iterable[Observed], learner: str) -> list[Observed]:
        """Return captures and all that revises them, as far as it counts for a learner."""
        return [each for each in self._with_revisions(captures) if _counts(each, learner)]

    def _with_revisions(self, captures: Iterable[Observed]) -> list[Observed]:
        found = [*captures]
        for each in found:
            found += _ranked(self.revisions.get(each.capture, ()))
        return found


def _ranked(captures: Iterable[Observed]) -> list[Observed]:
    return sorted(captures, key=lambda each: each.rank)


def _counts(capture: Observed, learner: str) -> bool:
    return learner in capture.learners and not capture.is_out


NOTHING: Final = Merged(judged={}, conflicts=frozenset(), waiting={})


def merge(captures: Iterable[Observed]) -> Merged:
    """Return what captures say together; a capture that comes twice is one."""
    known = {each.capture: each for each in captures}
    waiting = _waits(known)
    revisions: dict[str, list[Observed]] = defaultdict(list)
    roots: list[Observed] = []
    for each in known.values():
        if each.capture in waiting:
            continue
        if each.replaces is None or each.alone:
            roots.append(each)
        else:
            revisions[each.replaces].append(each)
    chains = [_Chain(root, revisions) for root in roots]
    judged = {(one.root, one.learner, one.row): one for chain in chains for one in _judgements(chain) if one.steps}
    conflicts = frozenset(_conflicts(chains))
    by_capture: dict[str, list[Conflict]] = defaultdict(list)
    for conflict in conflicts:
        for capture in conflict.captures:
            by_capture[capture].append(conflict)
    return Merged(judged=judged, conflicts=conflicts, waiting=waiting, by_capture=by_capture)


def _waits(known: Mapping[str, Observed]) -> dict[str, Wait]:
    """Return why revisions do not count: their target is missing or not theirs, or waits itself."""
    return {each.capture: wait for each in known.values() if (wait := _wait(each, known)) is not None}


def _wait(capture: Observed, known: Mapping[str, Observed]) -> Wait | None:
    asked, passed = capture, set[str]()
    while capture.replaces is not None and not capture.alone:
        if capture.capture in passed:
            return Wait.CIRCLE
        passed.add(capture.capture)
        target = known.get(capture.replaces)
        if target is None:
            return Wait.TARGET
        if not _same_matter(capture, target):
            return Wait.NOT_OWN
        capture = target
    return Wait.TARGET_OUT if capture.is_out and capture is not asked else None


def _same_matter(one: Observed, other: Observed) -> bool:
    """Say whether a capture may revise another one: own, of the same task and the same learners."""
    return (one.assessor, one.task, one.about) == (other.assessor, other.task, other.about)


def _judgements(chain: _Chain) -> Iterable[Judged]:
    """Give the rows of a chain for each learner, by the captures that count for that learner."""
    root = chain.root
    rows = dict.fromkeys(row for each in chain.captures for row in each.scores)
    for learner in chain.learners:
        captures = chain.of_learner(learner)
        for row in rows:
            steps: list[Step] = []
            for each in captures:
                score = each.scores.get(row)
                if steps or score is not None:
                    steps.append(Step(capture=each.capture, score=score))
            yield Judged(root=root.capture, assessor=root.assessor, learner=learner, row=row, steps=tuple(steps))


def _conflicts(chains: Sequence[_Chain]) -> Iterable[Conflict]:
    """Give what chains of the same learner, task and rubric say differently, or twice; and what was revised twice."""
    groups: dict[tuple[str, str, str], list[Observed]] = defaultdict(list)
    for chain in chains:
        for learner in chain.learners:
            for standing in chain.of_learner(learner)[-1:]:
                groups[learner, standing.task, standing.rubric].append(standing)
            for fork in chain.forks_of(learner):
                names, rows = (
                    frozenset(each.capture for each in fork),
                    frozenset(row for each in fork for row in each.levels),
                )
                yield Conflict(kind=Difference.FORKED, learner=learner, captures=names, rows=rows)
    for (learner, _, _), group in groups.items():
        yield from _group_conflicts(learner, group)


def _group_conflicts(learner: str, group: Sequence[Observed]) -> Iterable[Conflict]:
    """Give what assessors judge differently of a learner, and what any of them judged more than once."""
    said: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    own: dict[str, list[Observed]] = defaultdict(list)
    for each in group:
        own[each.assessor].append(each)
        for row, level in each.levels.items():
            said[row][level].add(each.assessor)
    differing = {each.capture: rows for each in group if (rows := _differing(each, said))}
    if differing:
        rows = frozenset().union(*differing.values())
        yield Conflict(kind=Difference.DIFFER, learner=learner, captures=frozenset(differing), rows=rows)
    for some in own.values():
        counts = Counter(row for each in some for row in each.levels)
        twice = frozenset(row for row, count in counts.items() if count > 1)
        if twice:
            captures = frozenset(each.capture for each in some if twice & each.levels.keys())
            yield Conflict(kind=Difference.REPEATED, learner=learner, captures=captures, rows=twice)


def _differing(capture: Observed, said: Mapping[str, Mapping[int, set[str]]]) -> frozenset[str]:
    """Return the rows of a capture that another assessor judges differently."""
    return frozenset(
        row
        for row, level in capture.levels.items()
        if any(other != level and assessors - {capture.assessor} for other, assessors in said[row].items())
    )
