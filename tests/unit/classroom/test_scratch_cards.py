"""Scratch cards on paper: every option has a frame that a usual label covers, the star is where the program put it."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.classroom.paper import printing
from qualoop.classroom.sheets.scratch_cards import FRAME, STAR, CardRow, card_pages, key_page
from qualoop.classroom.sheets.shapes import Line, Page, Paper

WORDS = {"rule": "Scratch.", "points": "Points", "total": "Total", "key": "Key"}
LABEL = (25.0, 13.0)
Frame = tuple[float, float, float, float]


def measure(text: str, size: float) -> float:
    return len(text) * size / 5


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
    pages = card_pages(rows, paper, WORDS, measure)
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
    (page,) = card_pages([CardRow(number=n, options=5, right=0) for n in range(1, 4)], Paper.A4, WORDS, measure)
    assert FRAME[0] < LABEL[0]
    assert FRAME[1] < LABEL[1]
    middles = [((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in option_frames(page)]
    for one, other in combinations(middles, 2):
        assert abs(one[0] - other[0]) >= LABEL[0] or abs(one[1] - other[1]) >= LABEL[1]


@pytest.mark.parametrize("right", range(4))
def test_the_star_stands_in_the_frame_of_the_right_option(right: int) -> None:
    (page,) = card_pages([CardRow(number=1, options=4, right=right)], Paper.LETTER, WORDS, measure)
    assert star_frames(page) == [option_frames(page)[right]]
    assert [line.text for line in key_page([CardRow(number=1, options=4, right=right)], WORDS).lines] == [
        "Key",
        "1.",
        "ABCD"[right],
    ]


def test_each_question_says_what_its_tries_give() -> None:
    rows = [CardRow(number=n, options=n + 1, right=0) for n in range(1, 5)]
    (page,) = card_pages(rows, Paper.A4, WORDS, measure)
    found = [line for line in page.lines if line.text[:2] == "4-"]
    assert [line.text for line in found] == ["4-0", "4-2-0", "4-2-1-0", "4-2-1-0"]
    assert all(line.x + printing.measure(line.text, line.size) < option_frames(page)[0][0] for line in found)


@pytest.mark.parametrize("words", ["Points", "Points reached by the team"])
def test_the_words_above_the_points_end_where_their_frames_do(words: str) -> None:
    (page,) = card_pages([CardRow(number=1, options=4, right=0)], Paper.A4, {**WORDS, "points": words}, measure)
    (line,) = [line for line in page.lines if line.text == words]
    assert line.x + measure(words, line.size) == pytest.approx(max(frame[2] for frame in page.fields))


@pytest.mark.parametrize("letter", ["m", "组"])
@given(st.integers(0, 200), st.sampled_from([9.5, 13.5, 14.0]))
def test_long_names_are_set_smaller_and_are_not_cut_unseen(letter: str, length: int, size: float) -> None:
    text, used = printing.fitted(letter * length, 166.0, size)
    assert printing.measure(text, used) <= 166.0
    assert 8.0 <= used <= size
    assert text == letter * length or (used == 8.0 and text.endswith("…"))


def test_a_name_of_eighty_letters_is_whole() -> None:
    name = "The team with a name as long as eighty characters can be, which is quite long ok"
    assert printing.fitted(name, 166.0, 14.0)[0] == name


def _holds(frame: Frame, line: Line) -> bool:
    left, top, right, bottom = frame
    return left < line.x < right and top < line.y < bottom
