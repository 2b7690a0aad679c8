"""What was graded stays what it was, whatever a later engine makes of the same decisions; the run's file says which it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from gettext import NullTranslations
from typing import Any

import pytest
from pydantic import BaseModel

from qualoop.assessment import LinkSettings
from qualoop.content_packages import load_package
from qualoop.content_packages.project import Project, open_project
from qualoop.framework import shipped_content
from qualoop.player import Action, RunScored
from qualoop.player.project import PracticeProjectKind
from qualoop.player.project_proof import said_world
from qualoop.player.project_state import PROOF_BYTES, ProjectState, Proof, Shock, fits
from qualoop.player.state import MAX_STATE_BYTES
from qualoop.player.translation import translations
from qualoop.simulators import BaselineKind, Decision
from qualoop.simulators.run_files import RunRecord, run_digest, run_name
from tests.factories.packages import ecommerce
from tests.fakes.engines import StallEngine, StallSpec
from tests.unit.player.hosts import FixedHost
from tests.unit.player.projects import FAKE_HASH, KIND, NOW, PROJECT, Attempt, finished, graded_world, played, project

CONTENT = "c7" * 32
RENEWED = "9d" * 32
SAYS = {"en": "another version than the one that graded this run", "zh-Hans": "与为本次运行评分的程序版本不同"}


class KinderSpec(StallSpec):
    """What the next version of the stall knows of its world: one thing more."""

    umbrellas: int = 3


class KinderEngine(StallEngine):
    """The next version of the stall: each plan is worth more, the naive one most."""

    spec_model: type[BaseModel] = KinderSpec

    def value(self, world: Any, plan: Sequence[Decision], /) -> float:
        naive = self.baseline(world, BaselineKind.NAIVE)
        return super().value(world, plan) + (50 if list(plan) == list(naive or ()) else 5)


def record(attempt: Attempt, *, kind: PracticeProjectKind = KIND, content: Project = PROJECT) -> RunRecord:
    return kind.record(content, attempt.state, settings=LinkSettings(), content_hash=CONTENT)


def renewed() -> tuple[PracticeProjectKind, Project]:
    """Return the same project in an installation whose engine is the next version."""
    engine = KinderEngine()
    content = project(engine=engine, spec=KinderSpec(rounds=2), world=PROJECT.spec.model_dump(mode="json"))
    return PracticeProjectKind(lambda _name: RENEWED), content


def of_old(attempt: Attempt) -> Attempt:
    """Return an attempt as it was handed in before proofs were kept."""
    del attempt.state["graded"]["proof"]
    return attempt


def test_a_graded_run_keeps_which_engine_graded_it_and_what_it_came_to() -> None:
    attempt = finished(Attempt())
    scored = attempt.events[0]
    assert isinstance(scored, RunScored)
    proof = attempt.state["graded"]["proof"]
    assert (proof["engine"], proof["digest"]) == (FAKE_HASH, scored.digest)
    file = record(attempt)
    assert (file.value, [step.realised for step in file.steps]) == (proof["value"], proof["realised"])
    assert file.run == run_name(scored.digest, CONTENT), "the host names the evidence so"
    assert ProjectState.from_json(json.loads(json.dumps(attempt.state))).as_json() == attempt.state


def test_what_time_hands_in_has_a_proof_too() -> None:
    attempt = Attempt()
    attempt.open("graded")
    attempt.play()
    step = KIND.hand_in(PROJECT, attempt.state, settings=LinkSettings(), now=NOW)
    attempt.state = step.state
    (scored,) = (event for event in step.events if isinstance(event, RunScored))
    assert record(attempt).run == run_name(scored.digest, CONTENT)


def test_a_renewed_engine_changes_nothing_in_the_file_of_what_was_graded() -> None:
    attempt = finished(Attempt())
    before = record(attempt)
    kind, content = renewed()
    after = record(attempt, kind=kind, content=content)
    assert after == before
    assert (after.engine_hash, after.score) == (FAKE_HASH, attempt.state["graded"]["score"])
    # And it is no test of nothing: the next version would grade otherwise, under another name.
    assert record(of_old(attempt), kind=kind, content=content).value != before.value


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_the_page_says_that_another_engine_graded_the_run(language: str) -> None:
    catalogue = translations(language) if language != "en" else NullTranslations()
    attempt = finished(Attempt(host=FixedHost(language=language, catalogue=catalogue)))
    kind, content = renewed()
    assert SAYS[language] not in attempt.html() + attempt.review()
    page = kind.render(content, attempt.state, attempt.host, settings=LinkSettings())
    review = kind.review(content, attempt.state, attempt.host, settings=LinkSettings(), by_other=True)
    assert SAYS[language] in page
    assert SAYS[language] in review
    attempt.open("practice")
    assert SAYS[language] not in kind.render(content, attempt.state, attempt.host, settings=LinkSettings())


def test_a_run_of_before_has_its_old_name_and_says_that_its_engine_is_not_known() -> None:
    attempt = of_old(finished(Attempt()))
    key = graded_world(attempt)[1]
    file = record(attempt)
    assert file.engine_hash is None
    assert file.run == run_digest(key.commitment, [step.decision for step in file.steps])
    kind, content = renewed()
    again = record(attempt, kind=kind, content=content)
    assert (again.score, again.scores) == (attempt.state["graded"]["score"], attempt.state["graded"]["parts"])
    assert again.run == file.run, "whatever the engine is today"
    assert attempt.html()


def test_the_engine_is_in_the_name() -> None:
    names = []
    for engine in (FAKE_HASH, RENEWED):
        kind, attempt = PracticeProjectKind({"stall": engine}.__getitem__), finished(Attempt())
        form = {key: [value] for key, value in {"mode": "graded", "world": "0", "round": "2"}.items()}
        before = ProjectState.from_json(attempt.state)
        assert before.graded is not None
        form["world"] = [str(before.graded.number)]
        state = replace(before, graded=replace(before.graded, done=False, proof=None)).as_json()
        step = kind.step(PROJECT, state, Action(name="hand-in", form=form), settings=LinkSettings(), now=NOW)
        (scored,) = (event for event in step.events if isinstance(event, RunScored))
        log = run_digest(graded_world(attempt)[1].commitment, step.state["graded"]["state"]["plan"])
        assert scored.digest == played(log, engine=engine)
        names.append(scored.digest)
    assert names[0] != names[1]


def test_a_teachers_shock_is_in_the_world_that_the_package_tells() -> None:
    folder = shipped_content() / "ecommerce/projects/scm-beer-game"
    package = load_package(folder, ecommerce())
    content = open_project(package.document)
    shocks = (Shock(round=2, kind="demand_rises"),)
    assert said_world(content, ()) == package.document["world"]
    assert said_world(content, shocks) == {
        **package.document["world"],
        "shocks": [{"round": 2, "kind": "demand_rises"}],
    }


def test_there_is_room_for_the_proof_in_every_state_that_is_kept() -> None:
    longest = Proof(engine=FAKE_HASH, digest=FAKE_HASH, value=-1 / 3e-200, realised=(-1 / 3e-200,) * 200)
    attempt = finished(Attempt())
    run = ProjectState.from_json(attempt.state).graded
    assert run is not None
    with_proof = replace(ProjectState(seed=1), graded=replace(run, proof=longest)).as_json()
    without = replace(ProjectState(seed=1), graded=replace(run, proof=None)).as_json()
    assert len(json.dumps(with_proof)) - len(json.dumps(without)) < PROOF_BYTES

    def filled(state: dict[str, Any], size: int, *, done: bool) -> dict[str, Any]:
        graded = {**state["graded"], "done": done, "state": {"text": ""}}
        bare = {**state, "graded": graded}
        missing = size - len(json.dumps(bare, separators=(",", ":")))
        return {**bare, "graded": {**graded, "state": {"text": "x" * missing}}}

    assert fits(filled(without, MAX_STATE_BYTES - PROOF_BYTES, done=False))
    assert not fits(filled(without, MAX_STATE_BYTES - PROOF_BYTES + 2, done=False))
    assert fits(filled(without, MAX_STATE_BYTES, done=True))
