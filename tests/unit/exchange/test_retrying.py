"""When something is sent again: what a server asks for, and how long we wait of our own accord."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from qualoop.exchange.retrying import RetryTerms, retry_after_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), ("999999", 21600), ("", 0), ("-1", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("9" * 5000, 0)],
)
def test_retry_after_is_read_in_seconds(text: str, seconds: int) -> None:
    assert retry_after_s({"retry-after": text}) == seconds
    assert retry_after_s({}) == 0


def test_tries_grow_apart_until_the_longest_and_end_within_three_days() -> None:
    terms = RetryTerms()
    waits = [terms.delay(tried, Random(tried)) for tried in range(1, terms.tries)]
    for wait, seconds in zip(waits, [10, 60, 360, 2160, 12960, 21600, 21600], strict=False):
        assert abs(wait - timedelta(seconds=seconds)) <= timedelta(seconds=seconds / 10)
    assert timedelta(days=2) < sum(waits, timedelta()) < timedelta(days=3)


def test_the_wait_after_ever_so_many_tries_is_the_longest() -> None:
    assert RetryTerms().delay(100_000, Random(1)) <= 1.1 * timedelta(hours=6)
