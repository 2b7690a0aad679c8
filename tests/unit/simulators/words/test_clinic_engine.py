"""The engine of the copy clinic: briefs by key, two rounds, parts, what is shown and what never is."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from qualoop.simulators import BaselineKind, Grid, JudgedEngine, Prose, SpecRefusedError, WorldKey
from qualoop.simulators.conformance import fingerprint, play
from qualoop.simulators.decisions import Value, packed
from qualoop.simulators.scoring import gap_score, standard_of
from qualoop.simulators.texts import texts_in
from qualoop.simulators.words.briefs import all_briefs
from qualoop.simulators.words.clinic import ClinicSpec, ClinicWorld, CopyClinicEngine, copy_of, decision_of
from qualoop.simulators.words.pages import LONGEST, TEXT_FIELDS
from qualoop.values import LANGUAGES

ENGINE = CopyClinicEngine()
KEY = WorldKey.of_seed(5)
RUN = KEY.derive("run")


@pytest.fixture(params=LANGUAGES)
def world(request: pytest.FixtureRequest) -> ClinicWorld:
    return ENGINE.world(ClinicSpec(language=request.param), KEY)


def test_it_hands_work_to_judges() -> None:
    assert isinstance(ENGINE, JudgedEngine)


def test_learners_get_products_of_their_own() -> None:
    drawn = [ENGINE.world(ClinicSpec(), WorldKey.of_seed(seed)).brief.key for seed in range(60)]
    assert set(drawn) == {brief.key for brief in all_briefs()}


def test_a_project_may_choose_the_products() -> None:
    spec = ClinicSpec(products=("tea",))
    assert {ENGINE.world(spec, WorldKey.of_seed(seed)).brief.key for seed in range(5)} == {"tea"}
    with pytest.raises(SpecRefusedError, match="no product gold"):
        ENGINE.world(ClinicSpec(products=("gold",)), KEY)


def test_another_process_makes_the_same_world() -> None:
    code = (
        "from qualoop.simulators import WorldKey\n"
        "from qualoop.simulators.conformance import fingerprint\n"
        "from qualoop.simulators.words.clinic import ClinicSpec, CopyClinicEngine\n"
        "print(fingerprint(CopyClinicEngine(), ClinicSpec(), WorldKey.of_seed(5)), end='')"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8").stdout
    assert there == fingerprint(ENGINE, ClinicSpec(), KEY)


def test_the_ends_of_the_score(world: ClinicWorld) -> None:
    standard = standard_of(ENGINE, world)
    values = {kind: ENGINE.value(world, ENGINE.baseline(world, kind) or []) for kind in BaselineKind}
    assert gap_score(standard.reference, standard) == 1
    assert gap_score(values[BaselineKind.NAIVE], standard) == 0
    assert all(gap_score(value, standard) < 0.4 for value in values.values())
    assert standard.reference == pytest.approx(standard.oracle)


def test_parts_and_the_critical_error(world: ClinicWorld) -> None:
    good = {part.part: part for part in ENGINE.scores(world, ENGINE.reference(world))}
    assert {part: each.score for part, each in good.items()} == {"compliance": 1.0, "search": 1.0}
    assert all(each.critical is None for each in good.values())
    bad = {part.part: part for part in ENGINE.scores(world, ENGINE.baseline(world, BaselineKind.POOR) or [])}
    assert (bad["compliance"].score, bad["compliance"].critical) == (0.0, "absolute")
    assert bad["search"].critical is None


def test_only_the_final_text_counts_and_the_draft_shows_what_to_mend(world: ClinicWorld) -> None:
    reference, naive = ENGINE.reference(world), ENGINE.baseline(world, BaselineKind.NAIVE)
    assert naive is not None
    plan = [naive[0], reference[1]]
    state, realised = play(ENGINE, world, plan, RUN)
    assert ENGINE.value(world, plan) == ENGINE.value(world, reference) == pytest.approx(realised)
    draft, happened = ENGINE.step(world, ENGINE.initial(world), naive[0], RUN)
    checks = next(panel for panel in happened.panels if isinstance(panel, Grid))
    assert sum(row[1]["en"] == "mend" for row in checks.rows if not isinstance(row[1], int | float | str | None)) >= 3
    view = ENGINE.view(world, draft, RUN)
    assert view.standing == ENGINE.plan(world, draft)[-1], "the final text begins as the draft stood"
    assert ENGINE.view(world, state, RUN).form is None


def test_a_text_without_a_title_is_refused(world: ClinicWorld) -> None:
    decision = dict(ENGINE.reference(world)[0])
    assert ENGINE.check(world, ENGINE.initial(world), decision) == []
    decision["title"] = [" \n"]
    assert [each.code for each in ENGINE.check(world, ENGINE.initial(world), decision)] == ["nothing-written"]


def test_the_view_shows_the_brief_and_nothing_of_the_answer(world: ClinicWorld) -> None:
    view = ENGINE.view(world, ENGINE.initial(world), RUN)
    assert [panel.key for panel in view.panels] == ["product", "terms"]
    shown = repr(view)
    for language in LANGUAGES:
        model = world.brief.model[language]
        assert not any(text in shown for text in (model.title, *model.bullets, model.faq))
    terms = next(panel for panel in view.panels if isinstance(panel, Grid))
    assert [row[1] for row in terms.rows] == sorted((term.searches["en"] for term in world.brief.terms), reverse=True)
    assert all(len(row) == 4 for row in terms.rows), "where a term belongs is not shown"
    assert isinstance(view.panels[0], Prose)


def test_every_text_is_there_in_both_languages(world: ClinicWorld) -> None:
    for kind in BaselineKind:
        plan = ENGINE.baseline(world, kind) or []
        state = ENGINE.initial(world)
        for decision in plan:
            state, happened = ENGINE.step(world, state, decision, RUN)
            shown = (happened.panels, ENGINE.view(world, state, RUN), ENGINE.scores(world, plan))
            assert all(set(text.by_language) == set(LANGUAGES) for text in texts_in(shown))


def test_who_marks_gets_the_brief_and_the_final_text(world: ClinicWorld) -> None:
    work = ENGINE.work(world, ENGINE.reference(world))
    model = world.brief.model[world.language]
    assert all(text.strip() in work for text in (model.title, *model.bullets, model.faq))
    assert all(fact.text[world.language] in work for fact in world.brief.facts)


def test_the_longest_texts_of_two_rounds_stay_small(world: ClinicWorld) -> None:
    full: dict[str, list[Value]] = {key: ["文" * LONGEST[key.partition("-")[0]]] for key in TEXT_FIELDS}
    state = {"texts": [packed({"language": ["zh-Hans"], **full}, world.form)] * 2}
    assert len(json.dumps(state, ensure_ascii=False).encode()) <= 16 * 1024


def test_a_text_survives_being_a_decision(world: ClinicWorld) -> None:
    model = world.brief.model[world.language]
    assert copy_of(decision_of(model, world.language)) == model


@pytest.mark.parametrize("nasty", ["\0\ud7ff" * 40, "a" * 200, "((((" * 50, "？" * 200, "🙂" * 100, "\u202e最佳"])
def test_hostile_texts_are_only_texts(world: ClinicWorld, nasty: str) -> None:
    decision = {key: [nasty] for key in TEXT_FIELDS} | {"language": [world.language]}
    assert 0 <= ENGINE.value(world, [decision, decision]) < 0.5
