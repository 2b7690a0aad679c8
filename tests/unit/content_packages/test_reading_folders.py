"""What of a folder is read, and what is refused before it is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qualoop.authored_files import AuthoredFilesError, Problems
from qualoop.content_packages import load_package, media_types, reading
from qualoop.content_packages.reading import read_package
from tests.factories.packages import copied, ecommerce


def problems_of(package: Path) -> list[str]:
    with pytest.raises(AuthoredFilesError) as caught:
        load_package(package, ecommerce())
    return [f"{problem.file}: {problem.code}" for problem in caught.value.problems]


@pytest.mark.parametrize("inside", [True, False])
def test_a_link_is_refused_wherever_it_leads(tmp_path: Path, *, inside: bool) -> None:
    package = copied("full", tmp_path)
    outside = tmp_path / "secret.svg"
    outside.write_bytes((package / "figures/page.en.svg").read_bytes())
    (package / "figures/linked.svg").symlink_to(package / "figures/page.en.svg" if inside else outside)

    assert problems_of(package) == ["figures/linked.svg: file-not-regular"]
    assert "figures/linked.svg" not in read_package(package, Problems()).files


def test_a_linked_folder_is_not_entered(tmp_path: Path) -> None:
    package = copied("minimal", tmp_path)
    (package / "figures").symlink_to(tmp_path)

    assert problems_of(package) == ["figures: file-not-regular"]


def test_a_linked_lesson_file_is_not_read(tmp_path: Path) -> None:
    package = copied("minimal", tmp_path)
    (package / "lesson.yaml").rename(tmp_path / "elsewhere.yaml")
    (package / "lesson.yaml").symlink_to(tmp_path / "elsewhere.yaml")

    assert problems_of(package) == ["lesson.yaml: file-not-regular"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    package = copied("minimal", tmp_path)
    (package / "media").mkdir()
    os.mkfifo(package / "media/talk.mp3")

    assert problems_of(package) == ["media/talk.mp3: file-not-regular"]


def test_a_refused_file_is_not_also_called_missing(tmp_path: Path) -> None:
    package = copied("full", tmp_path)
    limit = media_types.MEDIA_TYPES[".mp3"].max_bytes
    os.truncate(package / "media/talk.mp3", limit + 1)

    assert problems_of(package) == ["media/talk.mp3: file-too-large"]


def test_a_file_of_exactly_the_largest_size_is_read(tmp_path: Path) -> None:
    package = copied("full", tmp_path)
    os.truncate(package / "media/talk.mp3", media_types.MEDIA_TYPES[".mp3"].max_bytes)

    assert "media/talk.mp3" in load_package(package, ecommerce()).assets


def test_a_package_with_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_FILES", 6)

    assert "media/talk.zh-Hans.vtt: package-too-large" in problems_of(copied("full", tmp_path))


@pytest.mark.parametrize("name", ["lesson.en.md", "media/talk.en.md", "media/talk.en.vtt"])
def test_text_that_is_not_utf8_is_refused(name: str, tmp_path: Path) -> None:
    package = copied("full", tmp_path)
    (package / name).write_bytes("WEBVTT — é".encode("latin-1", "replace"))

    assert f"{name}: file-not-utf8" in problems_of(package)


def test_hidden_files_are_passed_over(tmp_path: Path) -> None:
    package = copied("full", tmp_path)
    (package / ".DS_Store").write_bytes(b"x")
    (package / "figures/.gitkeep").write_bytes(b"")

    assert load_package(package, ecommerce()).assets.keys() == {
        "figures/page.en.svg",
        "figures/page.zh-Hans.svg",
        "media/talk.mp3",
        "media/talk.en.vtt",
        "media/talk.zh-Hans.vtt",
    }


def test_a_folder_that_is_not_there_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    assert "lesson.yaml: file-missing" in problems_of(tmp_path / "nowhere")
