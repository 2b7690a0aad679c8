"""Keys and uniforms: the same everywhere, and different wherever a label differs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.simulators.streams import WorldKey
from qualoop.values import ValueRefusedError

LABELS = st.lists(st.one_of(st.integers(0, 1000), st.text(max_size=5)), max_size=4)

# Written down once: whoever changes a number here changes the worlds of every recorded run.
FIRST = [0.10829366, 0.68195953, 0.28272428]


def test_the_first_numbers_of_a_known_key() -> None:
    assert WorldKey.of_seed(1).uniforms("a", shape=3) == pytest.approx(FIRST, abs=5e-9)


def test_a_longer_draw_begins_with_the_shorter() -> None:
    key = WorldKey.of_seed(7)
    assert np.array_equal(key.uniforms("x", shape=(5, 20)).ravel()[:30], key.uniforms("x", shape=30))


@given(LABELS, LABELS)
def test_other_labels_are_another_key(first: list[int | str], second: list[int | str]) -> None:
    key = WorldKey.of_seed(1)
    assert (key.derive(*first) == key.derive(*second)) == (first == second)


def test_uniforms_lie_inside_and_are_uniform() -> None:
    drawn = WorldKey.of_seed(3).uniforms(shape=200_000)
    assert 0.0 < drawn.min() < drawn.max() < 1.0
    assert drawn.mean() == pytest.approx(0.5, abs=0.003)
    assert drawn.var() == pytest.approx(1 / 12, abs=0.001)


def test_a_key_never_shows_itself() -> None:
    key = WorldKey.of_seed(5)
    assert key.as_text() not in repr(key)
    assert key.commitment in repr(key)
    assert WorldKey.from_text(key.as_text()) == key


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "00" * 33])
def test_no_other_text_is_a_key(text: str) -> None:
    with pytest.raises(ValueRefusedError):
        WorldKey.from_text(text)
