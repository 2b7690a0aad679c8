"""What stands beside a level in a grade book."""

from __future__ import annotations

import pytest

from qualoop.records.level_sentences import level_sentence


@pytest.mark.parametrize(
    ("language", "n", "told"),
    [
        ("en", 1, "From 1 answer; likely between 41% and 68%; newest answer 3 Mar 2026."),
        ("en", 12, "From 12 answers; likely between 41% and 68%; newest answer 3 Mar 2026."),
        ("zh-Hans", 1, "依据 1 次作答；很可能在 41% 至 68% 之间；最近一次作答：3 Mar 2026。"),
        ("zh-Hans", 12, "依据 12 次作答；很可能在 41% 至 68% 之间；最近一次作答：3 Mar 2026。"),
        ("fr", 12, "From 12 answers; likely between 41% and 68%; newest answer 3 Mar 2026."),
    ],
)
def test_a_grade_says_what_it_rests_on(language: str, n: int, told: str) -> None:
    assert level_sentence(language, n=n, band=(0.4099, 0.6801), newest="3 Mar 2026") == told
