"""The lessons of a project: named where they are needed, in words where there are none, and by no empty heading."""

from __future__ import annotations

import pytest

from qualoop.player import NextActivity
from qualoop.player.translation import translations
from tests.unit.player.hosts import FixedHost
from tests.unit.player.projects import Attempt, finished


class Guide(FixedHost):
    """A host that has every lesson."""

    def find_lesson(self, key: str, /) -> NextActivity | None:
        return NextActivity(title=f"Lesson {key}", reason="", url="/lesson?a=1&b=2")


class Empty(FixedHost):
    """A host on which no lesson was installed."""

    def find_lesson(self, key: str, /) -> NextActivity | None:
        return None


LINK = '<a href="/lesson?a=1&amp;b=2">Lesson newsvendor</a>'
WORDS = {
    "en": ("Lessons to know first", "There is no lesson for this project yet"),
    "zh-Hans": ("建议先学的微课", "本项目暂无对应微课"),
}


def test_lessons_of_a_part_are_named_where_the_host_knows_them() -> None:
    attempt = finished(Attempt())
    assert "Lessons for this" not in attempt.html()
    attempt.host = Guide()
    assert LINK in attempt.html().partition("Part by part")[2]


@pytest.mark.parametrize("language", WORDS)
def test_each_task_names_the_lessons_to_know_first(language: str) -> None:
    heading, none_yet = WORDS[language]
    attempt, words = Attempt(), {"language": language, "catalogue": translations(language)}
    attempt.host = FixedHost(**words)
    assert heading not in attempt.html()
    assert none_yet not in attempt.html(), "a host that knows no lessons cannot say that there are none"
    attempt.host = Guide(**words)
    assert heading in attempt.html()
    assert LINK in attempt.html()
    attempt.host = Empty(**words)
    assert heading not in attempt.html(), "no heading with nothing below it"
    assert none_yet in attempt.html()
