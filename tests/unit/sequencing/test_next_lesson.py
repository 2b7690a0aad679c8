"""What next, on the framework that comes with Qualoop."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import permutations

import pytest

from qualoop.mastery.readings import Reading
from qualoop.records import Status
from qualoop.sequencing import Candidate, Motive, Suggestion, choose_next
from qualoop.values import LANGUAGES, Score
from tests.factories.packages import ecommerce
from tests.unit.records.evidence import reading

KEYWORDS, ORGANIC, PAID, MEASURING = (
    Candidate(key=f"lesson-{number}", knowledge_points=(f"SEM-1.{number}",)) for number in (1, 2, 3, 4)
)
LESSONS = (MEASURING, PAID, ORGANIC, KEYWORDS)
WELL = reading(3, 0.5, n=8)
POOR = reading(-1, 0.6, n=8)


def finished(lesson: Candidate, score: str) -> Candidate:
    return Candidate(key=lesson.key, knowledge_points=lesson.knowledge_points, best=Score(score), begun=True)


def chosen(*lessons: Candidate, levels: Mapping[str, Reading] | None = None) -> Suggestion:
    suggestion = choose_next(ecommerce(), levels or {}, lessons)
    assert suggestion
    return suggestion


def test_without_lessons_there_is_nothing_to_suggest() -> None:
    assert choose_next(ecommerce(), {}, []) is None


def test_lessons_of_another_framework_are_not_suggested() -> None:
    assert choose_next(ecommerce(), {}, [Candidate(key="other", knowledge_points=("XX-1",))]) is None


def test_where_all_is_done_well_there_is_nothing_to_suggest() -> None:
    assert choose_next(ecommerce(), {"SEM-1.1": WELL}, [finished(KEYWORDS, "0.8")]) is None


def test_a_new_learner_begins_where_nothing_comes_before() -> None:
    suggestion = chosen(*LESSONS)
    assert (suggestion.key, suggestion.reason.motive, suggestion.reason.missing) == ("lesson-1", Motive.NEW, ())


@pytest.mark.parametrize("lessons", list(permutations(LESSONS)))
def test_the_order_of_the_lessons_does_not_matter(lessons: tuple[Candidate, ...]) -> None:
    assert chosen(*lessons).key == "lesson-1"


def test_what_is_met_opens_what_builds_on_it() -> None:
    suggestion = chosen(finished(KEYWORDS, "0.9"), ORGANIC, PAID, MEASURING, levels={"SEM-1.1": WELL})
    assert (suggestion.key, suggestion.reason.met, suggestion.reason.missing) == ("lesson-2", ("SEM-1.1",), ())


def test_what_was_begun_is_finished_first() -> None:
    begun = Candidate(key=PAID.key, knowledge_points=PAID.knowledge_points, begun=True)
    suggestion = chosen(finished(KEYWORDS, "0.9"), ORGANIC, begun, levels={"SEM-1.1": WELL})
    assert (suggestion.key, suggestion.reason.motive) == ("lesson-3", Motive.BEGUN)


@pytest.mark.parametrize(("score", "key"), [("0.79", "lesson-1"), ("0.8", "lesson-2")])
def test_a_lesson_done_badly_comes_again(score: str, key: str) -> None:
    assert chosen(finished(KEYWORDS, score), ORGANIC, levels={"SEM-1.1": POOR}).key == key


def test_the_lowest_comes_first_among_equals() -> None:
    suggestion = chosen(ORGANIC, PAID, levels={"SEM-1.1": WELL, "SEM-1.2": reading(1, 0.5), "SEM-1.3": reading(0, 0.5)})
    assert (suggestion.key, suggestion.reason.motive) == ("lesson-3", Motive.WEAK)


def test_the_least_certain_comes_first_among_equals() -> None:
    assert (
        chosen(ORGANIC, PAID, levels={"SEM-1.1": WELL, "SEM-1.2": reading(1, 1.5), "SEM-1.3": reading(1, 0.5)}).key
        == "lesson-2"
    )


def test_what_was_never_answered_counts_as_unknown() -> None:
    suggestion = chosen(
        ORGANIC, PAID, levels={"SEM-1.1": WELL, "SEM-1.2": reading(0, 0.5), "SEM-1.3": reading(5, 0.1, n=0)}
    )
    assert (suggestion.key, suggestion.reason.reading) == ("lesson-3", None)


def test_few_answers_do_not_meet_a_prerequisite() -> None:
    assert chosen(ORGANIC, levels={"SEM-1.1": reading(3, 0.5, n=2)}).reason.missing == ("SEM-1.1",)
    assert chosen(ORGANIC, levels={"SEM-1.1": reading(3, 0.5, n=3)}).reason.met == ("SEM-1.1",)


def test_a_lesson_builds_on_nothing_that_it_teaches_itself() -> None:
    both = Candidate(key="both", knowledge_points=("SEM-1.1", "SEM-1.2"))
    assert chosen(both).reason.missing == ()


def test_a_review_that_is_due_reopens_a_lesson_done_well() -> None:
    statuses = {"SEM-1.1": Status.REVIEW_DUE}
    levels = {"SEM-1.1": WELL}
    done = finished(KEYWORDS, "0.9")
    assert choose_next(ecommerce(), levels, [done], {"SEM-1.1": Status.COMPETENT}) is None
    suggestion = choose_next(ecommerce(), levels, [done, ORGANIC], statuses)
    assert suggestion
    assert (suggestion.key, suggestion.reason.motive) == ("lesson-1", Motive.REVIEW)
    assert suggestion.sentence["en"] == (
        "Its review is due: “Keywords and search intent” was competent before, and now: "
        "95%, between 90 and 98%, from 8 answers."
    )


def test_what_was_begun_comes_before_a_review() -> None:
    begun = Candidate(key=PAID.key, knowledge_points=PAID.knowledge_points, begun=True)
    found = choose_next(
        ecommerce(), {"SEM-1.1": WELL}, [finished(KEYWORDS, "0.9"), begun], {"SEM-1.1": Status.REVIEW_DUE}
    )
    assert found
    assert found.key == "lesson-3"


def test_where_practice_may_stop_something_else_comes_first() -> None:
    levels = {"SEM-1.1": WELL, "SEM-1.2": reading(1.4, 0.4), "SEM-1.3": reading(2, 0.4)}
    statuses = {"SEM-1.2": Status.PROVISIONAL, "SEM-1.3": Status.DEVELOPING}
    without, with_statuses = (choose_next(ecommerce(), levels, [ORGANIC, PAID], given) for given in (None, statuses))
    assert without
    assert with_statuses
    assert (without.key, with_statuses.key) == ("lesson-2", "lesson-3")


def test_who_has_begun_a_unit_goes_on_in_it() -> None:
    copy = Candidate(key="copy", knowledge_points=("CW-1.1",))
    assert chosen(copy, PAID, ORGANIC).key == "copy"
    found = chosen(copy, finished(KEYWORDS, "0.9"), PAID, ORGANIC, levels={"SEM-1.1": WELL})
    assert (found.key, found.reason.motive) == ("lesson-2", Motive.NEW)


def test_a_lesson_is_for_those_of_its_points_that_still_need_it() -> None:
    both = Candidate(key="both", knowledge_points=("SEM-1.2", "SEM-1.3"))
    levels = {"SEM-1.1": WELL, "SEM-1.2": reading(1.4, 0.4), "SEM-1.3": reading(2, 0.4)}
    found = choose_next(ecommerce(), levels, [both], {"SEM-1.2": Status.PROVISIONAL})
    assert found
    assert found.reason.target == "SEM-1.3"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "suggestion",
    [
        chosen(KEYWORDS),
        chosen(ORGANIC),
        chosen(ORGANIC, levels={"SEM-1.1": WELL}),
        chosen(ORGANIC, levels={"SEM-1.2": reading(0, 1, n=1)}),
        chosen(finished(KEYWORDS, "0.55"), levels={"SEM-1.1": POOR}),
        chosen(finished(KEYWORDS, "0.55")),
        chosen(Candidate(key="begun", knowledge_points=("SEM-1.1",), begun=True)),
    ],
    ids=["new", "missing", "met", "weak", "again", "again-new", "begun"],
)
def test_each_reason_is_a_sentence(suggestion: Suggestion, language: str) -> None:
    sentence = suggestion.sentence[language]
    assert sentence[-1] in ".。"
    assert not re.search(r"[{}]|None|\s\s|,\.", sentence)


def test_the_sentence_tells_level_band_and_number() -> None:
    sentence = chosen(finished(KEYWORDS, "0.55"), levels={"SEM-1.1": reading(0, 0.5, n=8)}).sentence["en"]
    assert sentence == (
        "You finished it with 55%, and “Keywords and search intent” can still grow: "
        "50%, between 31 and 69%, from 8 answers."
    )
