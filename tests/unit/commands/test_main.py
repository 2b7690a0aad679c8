"""The command finds its nouns by entry points, says what went wrong in one line, and never shows a traceback."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from qualoop.commands import ENTRY_POINT_GROUP, main

HERE = "tests.unit.commands.nouns"


def noun(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=ENTRY_POINT_GROUP)


NOUNS = [
    noun("weather", f"{HERE}.weather"),
    noun("space", f"{HERE}.needs_library [lti,paper]"),
    noun("moon", f"{HERE}.says_what_it_needs"),
]


def run(*arguments: str) -> int:
    return main(arguments, entry_points=NOUNS)


def test_a_verb_runs_and_its_status_is_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("weather", "tell", "--place", "Luoyang") == 0
    assert capsys.readouterr().out == "sunny in Luoyang\n"
    assert run("weather", "tell", "--place", "nowhere") == 4


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("qualoop 0.")


@pytest.mark.parametrize("arguments", [(), ("weather",)])
def test_without_noun_or_verb_it_says_which_there_are(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert ("tell" if arguments else "weather") in printed.err


@pytest.mark.parametrize("arguments", [("wether",), ("weather", "tell"), ("weather", "tell", "--plaice", "x")])
def test_used_wrongly(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    assert "qualoop" in capsys.readouterr().err


def test_a_refusal_is_one_line_with_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("weather", "fail", "refused") == 1
    assert capsys.readouterr() == ("", "qualoop: weather-refused: no weather today\n")


def test_every_problem_of_authored_files_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("weather", "fail", "files") == 1
    assert capsys.readouterr().err.splitlines() == [
        "sky.yaml:3: too-blue: the sky is too blue (add a cloud)",
        "sun.yaml:1: too-hot: the sun is too hot",
        "qualoop: authored-files: 2 to mend",
    ]


def test_an_interruption_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("weather", "fail", "interrupted") == 130
    assert capsys.readouterr().err == "qualoop: interrupted\n"


def test_a_noun_without_its_libraries_is_listed_with_the_extra_to_install(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    listed = " ".join(capsys.readouterr().out.split())
    assert "not available: `qualoop space` needs libraries that are not installed: pip install" in listed
    assert "'qualoop[lti,paper]'" in listed
    assert "'qualoop[sim]'" in listed
    assert "tell and test the weather" in listed


@pytest.mark.parametrize(("name", "extra"), [("space", "lti,paper"), ("moon", "sim")])
@pytest.mark.parametrize("rest", [(), ("add", "x"), ("--help",)])
def test_calling_it_says_so(name: str, extra: str, rest: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(name, *rest) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("qualoop: missing-extra: ")
    assert printed.endswith(f"pip install 'qualoop[{extra}]'\n")


def test_only_the_noun_that_was_asked_for_is_imported(capsys: pytest.CaptureFixture[str]) -> None:
    nouns = [*NOUNS, noun("broken", f"{HERE}.no_such_module")]
    assert main(["weather", "tell", "--place", "Luoyang"], entry_points=nouns) == 0


def test_a_missing_module_of_our_own_is_a_fault_and_not_hidden() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        main(["broken"], entry_points=[noun("broken", f"{HERE}.no_such_module")])
