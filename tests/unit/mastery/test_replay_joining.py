"""Facts are joined with tags, weights and corrections as they are, and not as they were."""

from __future__ import annotations

import pytest

from qualoop.mastery import joining, segments
from qualoop.mastery.joining import Part, correct, join
from qualoop.mastery.segments import Fact, Facts
from qualoop.policies import FormNotWeighedError, weight_table

ONE, TWO = (segments.part_name("lesson", part, "a" * 64) for part in ("q1", "q2"))


def facts(*rows: tuple[str, str, str]) -> Facts:
    """Return facts of learner, part and score."""
    return segments.gather(
        Fact(10 * place, place, learner, part, "quiz", score, 0, "auto")
        for place, (learner, part, score) in enumerate(rows, start=1)
    )


def test_names_of_parts_are_taken_apart_again() -> None:
    assert segments.split_part(ONE) == ("lesson", "q1", "a" * 64)
    assert segments.item_of(ONE) == "lesson/q1"


def test_the_same_part_of_two_versions_is_one_item() -> None:
    newer = segments.part_name("lesson", "q1", "b" * 64)
    found = join(
        facts(("l", ONE, "1"), ("l", newer, "1")),
        {ONE: Part(tags={"A": "1"}), newer: Part(tags={"B": "1"})},
        weight_table(),
    )
    assert found.items == ("lesson/q1",)
    assert found.codes == ("A", "B")
    assert found.log.item_of_part.tolist() == [0, 0]


def test_evidence_of_untagged_parts_is_left_out_and_counted() -> None:
    found = join(facts(("l", ONE, "1"), ("l", TWO, "1"), ("m", TWO, "0")), {ONE: Part(tags={"A": "1"})}, weight_table())
    assert found.untagged == 2
    assert found.seq.tolist() == [10]


def test_voided_evidence_is_left_out_and_revised_evidence_has_its_new_score() -> None:
    three = facts(("l", ONE, "1"), ("l", ONE, "0"), ("m", ONE, "1"))
    found = correct(three, voided={20, 25}, revised={10: "0.4", 20: "0.3", 99: "0.2"})
    assert found.seq.tolist() == [10, 30]
    assert [found.score.values[code] for code in found.score.codes] == ["0.4", "1"]
    assert [three.score.values[code] for code in three.score.codes] == ["1", "0", "1"], "the facts stay"


def test_forms_are_named_with_what_decides_their_weight() -> None:
    for form in (("quiz", "", 1), ("project", "practice-run:4", 1), ("poll", "", 2)):
        assert segments.split_form(segments.form_name(*form)) == form
    assert segments.form_name("quiz", "") == "quiz"


def test_a_second_vote_weighs_as_one_without_a_first() -> None:
    names = [segments.form_name("poll", "", vote) for vote in (1, 2)]
    polls = segments.gather(Fact(n, n, "l", ONE, name, "1", 0, "auto") for n, name in enumerate(names, start=1))
    found = join(polls, {ONE: Part(tags={"A": "1"})}, weight_table())
    assert found.log.weights.omega[found.log.kind].tolist() == [[0.5, 0.2], [0.2, 0.2]]


def test_a_form_that_the_table_does_not_weigh_is_refused() -> None:
    one = segments.gather([Fact(1, 1, "l", ONE, "prior_learning", "1", 0, "auto")])
    with pytest.raises(FormNotWeighedError):
        join(one, {ONE: Part(tags={"A": "1"})}, weight_table())


def test_many_kinds_of_answers_are_told_apart_like_few(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = facts(*((f"l{n % 3}", (ONE, TWO)[n % 2], ("0", "0.5", "1")[n % 3]) for n in range(30)))
    parts = {ONE: Part(tags={"A": "1"}, options=4), TWO: Part(tags={"A": "1"})}
    few = join(rows, parts, weight_table())
    monkeypatch.setattr(joining, "TABLE_AT_MOST", 1)
    many = join(rows, parts, weight_table())
    assert few.log.kind.tolist() == many.log.kind.tolist()
    assert few.log.weights.guess.tolist() == many.log.weights.guess.tolist()
    assert len(few.log.weights.guess) == 6
