"""What reviews say together: bias off, the careless count less, the nearest level, and when reviewers agree."""

from __future__ import annotations

import pytest

from qualoop.assessment.marking import Mark, Marking, MarkSheet, Position, Stage, counting_mark, stage_of
from qualoop.assessment.peer_marks import agree, calibrations, peer_rows, peer_sheet, rows_body, rows_of
from tests.factories.peers import LEVELS, SAMPLES
from tests.factories.rubrics import sheet, the_rubric

EXACT = {sample.key: sheet(*levels) for sample, levels in zip(SAMPLES, LEVELS, strict=True)}
WILD = {"sample-1": sheet(2, 2), "sample-2": sheet(0, 0), "sample-3": sheet(2, 0)}
STRICT = {"sample-1": sheet(0, 0), "sample-2": sheet(1, 0), "sample-3": sheet(0, 1)}


def test_who_rates_the_samples_well_decides() -> None:
    rubric = the_rubric()
    known = calibrations(rubric, SAMPLES, {"ann": EXACT, "ben": EXACT, "cem": WILD})
    assert known["ann"].weight > 2 * known["cem"].weight
    rows = peer_rows(rubric, {"ann": sheet(2, 2), "cem": sheet(0, 0)}, known)
    assert peer_sheet(rubric, rows) == sheet(2, 2)
    assert [row.score.as_text() for row in rows] == ["0.826087"] * 2, "0.57 / (0.57 + 0.12)"
    assert [(row.lowest, row.highest, row.apart, row.count) for row in rows] == [(0, 2, 2, 2)] * 2


def test_a_strict_reviewers_bias_is_taken_off() -> None:
    rubric = the_rubric()
    known = calibrations(rubric, SAMPLES, {"ann": EXACT, "ben": EXACT, "dee": STRICT})
    assert known["dee"].bias < known["ann"].bias
    alone = peer_rows(rubric, {"dee": sheet(1, 1)}, known)
    assert all(row.score > 0.5 for row in alone)


def test_without_samples_all_count_the_same() -> None:
    rubric = the_rubric()
    known = calibrations(rubric, (), {"ann": {}, "ben": {}})
    rows = peer_rows(rubric, {"ann": sheet(0, 0), "ben": sheet(2, 2)}, known)
    assert peer_sheet(rubric, rows) == sheet(1, 1)
    assert rows_body(rows_of(rows_body(rows))) == rows_body(rows)


@pytest.mark.parametrize(
    ("reviews", "enough", "agreed"),
    [
        ((sheet(1, 1), sheet(2, 1)), 2, True),
        ((sheet(1, 1), sheet(2, 1)), 3, False),
        ((sheet(0, 1), sheet(2, 1)), 2, False),
        ((sheet(1, None), sheet(1, 1)), 2, False),
    ],
)
def test_who_agrees(reviews: tuple[MarkSheet, ...], enough: int, *, agreed: bool) -> None:
    rubric = the_rubric()
    given = {str(number): each for number, each in enumerate(reviews)}
    rows = peer_rows(rubric, given, calibrations(rubric, (), {each: {} for each in given}))
    assert agree(rubric, rows, enough=enough) is agreed


def test_peers_mark_counts_until_a_marker_begins() -> None:
    peers = Mark(position=Position.PEERS, marker="", is_approved=True, sheet=sheet(1, 1))
    alone = Marking(rubric=the_rubric(), peers=peers)
    assert (counting_mark(alone), stage_of(alone)) == (peers, Stage.APPROVED)
    draft = Mark(position=Position.FIRST, marker="m", is_approved=False, sheet=sheet(0, 0))
    begun = Marking(rubric=the_rubric(), peers=peers, marks={Position.FIRST: draft})
    assert (counting_mark(begun), stage_of(begun)) == (None, Stage.DRAFT)
