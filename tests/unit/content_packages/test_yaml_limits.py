"""What a reader of authored files does with YAML that is small to write and larger than any machine to read."""

from __future__ import annotations

import pytest

from qualoop.authored_files import MAX_VALUES, Problems, parse_yaml

LEVELS = 35


def bomb(level: str) -> str:
    """Return a document each line of which repeats the one before ten times; ``level`` is a line, `{up}` its repeats."""
    lines = ["- &a0 {k: 1}"]
    lines += [f"- &a{number} " + level.replace("{up}", f"*a{number - 1}") for number in range(1, LEVELS)]
    return "\n".join(lines)


TEN = ", ".join(["{up}"] * 10)


@pytest.mark.parametrize(
    "level",
    [
        f"[{TEN}]",
        "{" + ", ".join(f"k{number}: {{up}}" for number in range(10)) + "}",
        "{" + ", ".join(["k: {up}"] * 10) + "}",
        f"{{<<: [{TEN}]}}",
        "{" + ", ".join(["<<: {up}"] * 10) + "}",
    ],
    ids=["list", "mapping", "one key again and again", "merged list", "merged again and again"],
)
def test_aliases_that_multiply_are_refused_at_once(level: str) -> None:
    problems = Problems()

    assert parse_yaml(bomb(level), "lesson.yaml", problems) is None

    assert any(problem.message == f"more than {MAX_VALUES} values" for problem in problems)
    # A repeated key is told once, however often aliases lead to it.
    assert len(problems) <= LEVELS + 1


@pytest.mark.parametrize(
    ("level", "line"), [(f"{{? [{TEN}] : 1}}", 2), ("{? {up} : 1}", 1)], ids=["list", "alias of what stands above"]
)
def test_a_key_that_is_no_word_is_refused_where_it_was_written(level: str, line: int) -> None:
    problems = Problems()

    assert parse_yaml(bomb(level), "lesson.yaml", problems) is None

    (problem,) = problems
    assert (problem.line, problem.code, problem.message) == (line, "yaml-syntax", "a key must be a word")


def test_a_time_is_the_text_that_was_written() -> None:
    """Not ninety, as YAML 1.1 has it; and so a megabyte of it costs no more than any other text."""
    long = "1" + ":59" * 330_000
    file = parse_yaml(f"[1:30, -1:30.5, {long}, 12, 0x1F]", "lesson.yaml", Problems())

    assert file is not None
    assert file.data == ["1:30", "-1:30.5", long, 12, 31]


def test_no_tag_asks_for_a_number_in_base_60() -> None:
    problems = Problems()

    assert parse_yaml("a: 1\nb: !!int " + "1" + ":59" * 330_000, "lesson.yaml", problems) is None

    assert [(each.line, each.code) for each in problems] == [(2, "yaml-syntax")]
