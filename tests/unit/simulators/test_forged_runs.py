"""Who makes a file anew with all its digests cannot have another score under the name that the ledger has for the run.

Each forgery is tried three times: as it stands, where the file tells which part was changed; with new digests and the name
of the graded run, which does not follow from the file any more; and with a new name too, where the ledger's is another.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qualoop.commands import FAILED, main
from qualoop.simulators import TakesShocks, WorldKey, get_engine
from qualoop.simulators.run_files import RunRecord, Source, make_record, name_of, sealed
from qualoop.simulators.verifying import read_record, verify

KEY = WorldKey.of_seed(7, "forged")

Document = dict[str, Any]


@pytest.fixture(scope="module")
def graded() -> RunRecord:
    """Return a year in which a teacher made storage dearer, played neither well nor ill."""
    engine = get_engine("stock-policy")
    assert isinstance(engine, TakesShocks)
    spec = engine.with_shock(engine.spec_model(), 2, "storage_dearer")
    reference = engine.reference(engine.world(spec, KEY))
    plan = [{**each, "point": [float(value) + 9 for value in each["point"]]} for each in reference]
    return make_record(engine, Source(project="year", content="5f" * 32, spec=spec), KEY, plan)


def _other_world(said: Document) -> None:
    said["world"]["scatter"] = 0.4


def _without_shock(said: Document) -> None:
    said["world"]["shocks"] = []


def _later_shock(said: Document) -> None:
    said["world"]["shocks"][0]["round"] = 4


def _other_content(said: Document) -> None:
    said["content"] = "6f" * 32


def _other_project(said: Document) -> None:
    said["project"] = "another"


def _other_engine(said: Document) -> None:
    said["engine_hash"] = "7f" * 32


def _forgotten_engine(said: Document) -> None:
    said["engine_hash"] = None


def _other_decision(said: Document) -> None:
    said["steps"][2]["decision"]["quantity"][0] += 1


FORGERIES: list[tuple[Callable[[Document], None], str]] = [
    (_other_world, "the world"),
    (_without_shock, "what happened in the world"),
    (_later_shock, "what happened in the world"),
    (_other_content, "the project or its content"),
    (_other_project, "the project or its content"),
    (_other_engine, "the engine"),
    (_forgotten_engine, "the engine"),
    (_other_decision, "round 3"),
]


def changed(graded: RunRecord, change: Callable[[Document], None]) -> Document:
    said: Document = json.loads(graded.model_dump_json())
    change(said)
    return said


def anew(said: Document) -> RunRecord:
    """Return the file with all that a forger can make: what it comes to, and then its digests."""
    engine = get_engine(said["engine"])
    source = Source(
        project=said["project"], content=said["content"], spec=engine.spec_model.model_validate(said["world"])
    )
    come_to = json.loads(
        make_record(engine, source, KEY, [step["decision"] for step in said["steps"]]).model_dump_json()
    )
    own = {name: come_to[name] for name in ("steps", "value", "score", "scores")}
    return sealed({**said, **own})


def test_the_graded_file_is_the_ledgers(graded: RunRecord) -> None:
    assert verify(graded, ledger_run=graded.run).faults == ()
    assert graded.run == name_of(graded.model_dump(mode="json"))
    (fault,) = verify(graded, ledger_run="00" * 32).faults
    assert fault.startswith("the ledger names another run")


@pytest.mark.parametrize(("change", "place"), FORGERIES)
def test_what_was_changed_is_named(graded: RunRecord, change: Callable[[Document], None], place: str) -> None:
    record = read_record(json.dumps(changed(graded, change)).encode())
    assert verify(record).faults == (f"{place} is not what was recorded: it was changed after the file was written",)


@pytest.mark.parametrize(("change", "_place"), FORGERIES)
def test_the_name_of_the_graded_run_does_not_fit_a_forgery(
    graded: RunRecord, change: Callable[[Document], None], _place: str
) -> None:
    (fault,) = verify(anew(changed(graded, change))).faults
    assert fault.startswith("the run is not the one that it names")


@pytest.mark.parametrize(("change", "_place"), FORGERIES)
def test_a_forgery_with_a_name_of_its_own_is_not_what_the_ledger_names(
    graded: RunRecord, change: Callable[[Document], None], _place: str
) -> None:
    said = json.loads(anew(changed(graded, change)).model_dump_json())
    forged = sealed({**said, "run": name_of(said)})
    assert verify(forged).faults == (), "of itself such a file is whole"
    assert forged.run != graded.run
    (fault,) = verify(forged, ledger_run=graded.run).faults
    assert fault.startswith("the ledger names another run")


def test_taking_away_what_a_teacher_let_happen_changes_the_value(graded: RunRecord) -> None:
    assert anew(changed(graded, _without_shock)).value != graded.value


def test_the_command_compares_with_the_ledgers_name(
    graded: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "run.json"
    file.write_text(graded.model_dump_json(), encoding="utf-8")
    assert main(["sim", "verify", str(file), "--run", graded.run]) == 0
    assert "the ledger's name is this run's" in capsys.readouterr().out
    assert main(["sim", "verify", str(file), "--run", "00" * 32]) == FAILED
    assert "the ledger names another run" in capsys.readouterr().out
    assert main(["sim", "verify", str(file)]) == 0
    assert f"the ledger names this run {graded.run}" in capsys.readouterr().out
