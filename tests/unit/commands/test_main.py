"""The command finds its nouns by entry points, says what went wrong in one line, and never shows a traceback."""

from __future__ import annotations

import shlex
import subprocess
import sys
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


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("file", "qualoop: file: /no/such/file: No such file or directory (mend the path)"),
        ("port", "qualoop: file: Address already in use (name another port, or stop what listens there)"),
        ("number", "qualoop: number: a number is larger than can be worked with: too large (take a smaller one)"),
        ("library", "qualoop: weather-library: the barometer is broken"),
    ],
)
def test_an_error_of_somebody_else_is_one_line_with_what_to_do(
    way: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("weather", "fail", way) == 1
    assert capsys.readouterr() == ("", f"{told}\n")


def test_a_fault_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run("weather", "fail", "fault")


def test_who_closes_the_pipe_reads_no_traceback() -> None:
    command = f"{shlex.quote(sys.executable)} -c 'import sys; from qualoop.commands import main; sys.exit(main())'"
    script = f"{command} framework show --json | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (141, "{", "")


def test_a_verb_that_finds_its_options_at_odds_has_used_them_wrongly(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("weather", "fail", "odds") == 2
    assert "either sun or rain" in capsys.readouterr().err


def test_what_is_no_text_is_no_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("weather", "tell", "--place", "\udcff") == 2
    assert capsys.readouterr().err == "qualoop: an argument is not text in UTF-8: type it anew\n"
