"""The engine goes through a log as through single responses, compiled or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.engine import Learner, Memory, Response, State, step
from qualoop.mastery.log_runs import Responses, run_engine
from tests.unit.benchmarks.mastery.csv_logs import HEADER, made_responses, responses_of

VECTORS = """\
1,0,i1,A,1,,,,
2,60,i2,A;B,0,,,,
3,86460,i3,B,0.6,,,,
4,90000,i4,A,1,,,,4
5,90060,i5,A,0.6666666666666666,R,s,2.5,
"""
VECTOR_HEADER = "learner,order,time,item,kps,score,split,rater,sheet,omega,options"


def vectors(folder: Path) -> Responses:
    rows = []
    for line in VECTORS.splitlines():
        order, time, item, points, score, rest = line.split(",", 5)
        rows.append(f"u,{order},{time},{item},{points},{score},test,{rest}")
    return responses_of(folder, *rows, header=VECTOR_HEADER)


@pytest.mark.parametrize("compile_it", [False, True])
def test_the_test_vectors(tmp_path: Path, *, compile_it: bool) -> None:
    run = run_engine(vectors(tmp_path), DEFAULT_CONSTANTS, readings=True, compile_it=compile_it)
    expected = [0.616793259, 0.716293832, 0.367010959, 0.709891368, 0.674951386]
    assert run.predictions.tolist() == pytest.approx(expected, abs=1e-8)
    base, g, m, c = 0.83, 0.047344339, 0.067658510, -0.739755299
    assert run.means[0] == pytest.approx(base + g + m - c, abs=1e-8)
    # Two touches of the second response: A, then B.
    assert run.means[2] == pytest.approx(base - 0.155040776 - 0.041442636 - 1.633279079, abs=1e-8)
    assert len(run.means) == len(run.variances) == 6


def test_compiled_and_plain_give_the_same_bits(tmp_path: Path) -> None:
    responses = made_responses(tmp_path)
    frozen = responses.test
    plain, compiled = (
        run_engine(responses, DEFAULT_CONSTANTS, readings=True, frozen=frozen, compile_it=compile_it)
        for compile_it in (False, True)
    )
    assert plain.predictions.tobytes() == compiled.predictions.tobytes()
    assert plain.means.tobytes() == compiled.means.tobytes()
    assert plain.variances.tobytes() == compiled.variances.tobytes()


def test_without_times_memories_fade_by_the_responses_between(tmp_path: Path) -> None:
    rows = ["u,0,i,a,1,test", "u,1,j,b,1,test", "u,2,j,b,1,test", "u,3,k,a,0,test"]
    responses = responses_of(tmp_path, *rows, header="learner,order,item,kps,score,split")
    assert not responses.log.timed
    constants = replace(DEFAULT_CONSTANTS, psi=0.0, v_f0=1e-9)
    slow, fast = (run_engine(responses, replace(constants, phi_m=phi)).predictions for phi in (0.0, 5.0))
    assert slow[:3].tolist() == fast[:3].tolist(), "consecutive touches do not fade"
    assert slow[3] > fast[3], "what was won on `a` has faded"


def test_agrees_with_single_steps(tmp_path: Path) -> None:
    responses = made_responses(tmp_path, learners=6)
    constants, log_ = DEFAULT_CONSTANTS, responses.log
    state = State()
    items: dict[int, object] = {}
    states: dict[int, tuple[Learner | None, dict[str, Memory]]] = {}
    points: dict[str, object] = {}
    predicted = []
    for row in responses.rows.tolist():
        who, item = int(log_.learner[row]), int(log_.item[row])
        names = [log_.point_names[p] for p in log_.points[log_.point_start[item] : log_.point_start[item + 1]]]
        learner, memories = states.get(who, (None, {}))
        state = State(learner=learner, memories=memories, item=items.get(item), knowledge_points=points)
        weights = {name: 1 / len(names) for name in names}
        response = Response(weights=weights, at=float(log_.time[row]), score=float(log_.score[row]))
        after, update = step(state, response, constants)
        states[who] = (after.learner, {**memories, **after.memories})
        items[item] = after.item
        points.update(after.knowledge_points)
        predicted.append(update.predicted)
    assert run_engine(responses, constants).predictions.tolist() == pytest.approx(predicted, abs=1e-12)


def test_frozen_responses_leave_difficulties_alone(tmp_path: Path) -> None:
    rows = ["u,0,i,a,1,train", "v,0,i,a,0,test", "w,0,i,a,1,test"]
    responses = responses_of(tmp_path, *rows, header="learner,order,item,kps,score,split")
    moving = run_engine(responses, DEFAULT_CONSTANTS).predictions
    frozen = run_engine(responses, DEFAULT_CONSTANTS, frozen=responses.test).predictions
    assert frozen[1] == frozen[2] == moving[1]
    assert moving[2] < moving[1]


def test_an_item_without_points_and_rated_work(tmp_path: Path) -> None:
    rows = ["u,0,1,i,,1,train,,,,", "u,1,2,c,,0.5,train,R,s,,", "u,2,3,c,,0.5,train,Q,t,,"]
    constants = Constants(slope=2.0, offset=1.0, base=0.0)
    run = run_engine(responses_of(tmp_path, *rows, header=VECTOR_HEADER), constants, readings=True)
    assert run.predictions[0] == pytest.approx(1 / (1 + np.exp(-1.0))), "scored by machine: Platt-scaled"
    assert 0.5 < run.predictions[1] < 0.6, "rated: not Platt-scaled"
    assert run.means.tolist() == []


def test_what_models_need_of_responses(tmp_path: Path) -> None:
    rows = ["u,0,i,a;b,1,train", "v,0,i,a;b,1,train", "u,1,j,b,0,train", "u,2,n,,1,train", "u,3,j,b,1,train"]
    responses = responses_of(tmp_path, *rows, header="learner,order,item,kps,score,split")
    u_first = responses.log.learners[responses.learner[0]] == "u"
    u = slice(0, 4) if u_first else slice(1, 5)
    assert responses.position[u].tolist() == [1, 2, 3, 4]
    assert responses.first_meeting[u].tolist() == [True, False, False, False]
    assert responses.points[u].tolist() == [2, 1, 0, 1]
    touches = slice(0, 4) if u_first else slice(2, 6)
    assert responses.met[touches].tolist() == [0, 0, 1, 2]
    assert responses.before(responses.score[responses.touch])[touches].tolist() == [0, 0, 1, 1]
    assert responses.weight[touches].tolist() == [0.5, 0.5, 1, 1]
    assert responses.memories == 4
    later = responses.only(responses.position > 1)
    assert later.score.tolist() == [0, 1, 1]


def test_by_time_merges_learners(tmp_path: Path) -> None:
    rows = ["u,0,10,i,a,1,train", "u,1,30,i,a,1,train", "v,0,20,i,a,1,test", "v,1,30,i,a,1,test"]
    folder_log = responses_of(tmp_path, *rows, header=HEADER).log
    merged = Responses.of(folder_log, by_time=True)
    assert folder_log.time[merged.rows].tolist() == [10, 20, 30, 30]
    assert [folder_log.learners[who] for who in merged.learner] == ["u", "v", "u", "v"]
