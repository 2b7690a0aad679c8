"""Scratch cards on paper: every option has a frame that a usual label covers, the star is where the program put it."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.classroom.sheets.scratch_cards import FRAME, STAR, CardRow, card_pages, key_page
from qualoop.classroom.sheets.shapes import Line, Page, Paper

WORDS = {"rule": "Scratch.", "points": "Points", "total": "Total", "key": "Key"}
LABEL = (25.0, 13.0)
Frame = tuple[float, float, float, float]


def option_frames(page: Page) -> list[Frame]:
    return [frame for frame in page.fields if abs(frame[2] - frame[0] - FRAME[0]) < 0.01]


def star_frames(page: Page) -> list[Frame]:
    stars = [line for line in page.lines if line.text == STAR]
    return [frame for star in stars for frame in option_frames(page) if _holds(frame, star)]


@given(
    st.lists(st.tuples(st.integers(2, 8), st.integers(0, 7)), min_size=3, max_size=10),
    st.sampled_from(list(Paper)),
)
def test_every_option_has_a_frame_on_the_page_and_one_star_a_question(
    drawn: list[tuple[int, int]], paper: Paper
) -> None:
    rows = [CardRow(number=n, options=o, right=r % o) for n, (o, r) in enumerate(drawn, 1)]
    pages = card_pages(rows, paper, WORDS)
    frames = [frame for page in pages for frame in option_frames(page)]
    assert len(frames) == sum(row.options for row in rows)
    assert sum(len(star_frames(page)) for page in pages) == len(rows)
    width, height = paper.size
    for page in pages:
        for left, top, right, bottom in page.fields:
            assert 6 < left < right < width - 6
            assert 48 < top < bottom < height - 12
        for one, other in combinations(page.fields, 2):
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_a_label_covers_a_frame_and_touches_no_other() -> None:
    (page,) = card_pages([CardRow(number=n, options=5, right=0) for n in range(1, 4)], Paper.A4, WORDS)
    assert FRAME[0] < LABEL[0]
    assert FRAME[1] < LABEL[1]
    middles = [((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in option_frames(page)]
    for one, other in combinations(middles, 2):
        assert abs(one[0] - other[0]) >= LABEL[0] or abs(one[1] - other[1]) >= LABEL[1]


@pytest.mark.parametrize("right", range(4))
def test_the_star_stands_in_the_frame_of_the_right_option(right: int) -> None:
    (page,) = card_pages([CardRow(number=1, options=4, right=right)], Paper.LETTER, WORDS)
    assert star_frames(page) == [option_frames(page)[right]]
    assert [line.text for line in key_page([CardRow(number=1, options=4, right=right)], WORDS).lines] == [
        "Key",
        "1.",
        "ABCD"[right],
    ]


def _holds(frame: Frame, line: Line) -> bool:
    left, top, right, bottom = frame
    return left < line.x < right and top < line.y < bottom
