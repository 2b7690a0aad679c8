"""The bench of human ratings, on files made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import mastery_raters
from benchmarks.mastery_raters import RUBRICS, RatingsFileError, rater_figures, read_ratings, second_sheet


@pytest.fixture(autouse=True)
def _small_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tune little: these files are small."""
    monkeypatch.setattr(mastery_raters, "ROUNDS", 1)
    monkeypatch.setattr(mastery_raters, "GRID", {"omega": (2.5, 6.0), "v_g0": (0.5, 1.0)})


def write(folder: Path, name: str, *lines: str) -> Path:
    path = folder / f"{name}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def made(texts: int = 240) -> list[str]:
    """Return two sheets for each text on four criteria; one rater is a whole point stricter than the others."""
    random = np.random.default_rng(3)
    lines = ["idstud,rater,a1,a2,a3,a4"]
    for text in range(texts):
        quality = random.normal(1.5, 0.8)
        for rater in random.choice(["mild", "fair", "strict"], 2, replace=False):
            level = quality + {"mild": 0.5, "fair": 0.0, "strict": -0.5}[rater] + random.normal(0, 0.4, 4)
            points = ",".join(str(int(point)) for point in np.clip(np.round(level), 0, 3))
            lines.append(f"{text},{rater},{points}")
    return lines


def test_severity_makes_the_second_sheet_easier_to_foretell(tmp_path: Path) -> None:
    write(tmp_path, "immer02", *made())
    figures, notes = rater_figures(tmp_path)
    second, copied = figures["raters.immer02.rmse_second"], figures["raters.immer02.rmse_copy"]
    assert second
    assert copied
    assert second < 0.8 * copied
    assert notes == {}
    assert 0.3 < (figures["raters.immer02.alpha"] or 0) < 1
    assert 0.3 < (figures["raters.immer02.qwk"] or 0) < 1


def test_the_copy_is_counted_on_the_second_half_in_points(tmp_path: Path) -> None:
    lines = [f"{text},{rater},{score}" for text in range(4) for rater, score in (("a", "1,1,1,1"), ("b", "3,3,2,2"))]
    write(tmp_path, "immer02", "idstud,rater,a1,a2,a3,a4", *lines)
    figures, _ = rater_figures(tmp_path)
    assert figures["raters.immer02.rmse_copy"] == pytest.approx(1.5)


def test_gaps_and_repeats_are_left_out_and_said(tmp_path: Path) -> None:
    lines = ["1,a,1,1,1,1", "1,a,2,2,2,2", "1,b,1,1,,1", "2,b,0,1,2,3", "2,a,0,1,2,3"]
    path = write(tmp_path, "immer02", "idstud,rater,a1,a2,a3,a4", *lines)
    rated = read_ratings(path, RUBRICS["immer02"])
    assert [(sheet.text, sheet.rater) for sheet in rated.sheets] == [("1", "a"), ("2", "b"), ("2", "a")]
    _, notes = rater_figures(tmp_path)
    assert notes["raters.immer02"].endswith(": 2")


def test_two_texts_of_a_student_are_two_units(tmp_path: Path) -> None:
    lines = ["7,E,a,0,0,0,0,0", "7,I,a,3,3,3,3,3", "7,E,b,0,0,0,0,0", "7,I,b,3,3,3,3,3"]
    path = write(tmp_path, "immer01a", "idstud,type,rater,k1,k2,k3,k4,k5", *lines)
    rated = read_ratings(path, RUBRICS["immer01a"])
    assert {sheet.text for sheet in rated.sheets} == {"7/E", "7/I"}
    figures, _ = rater_figures(tmp_path)
    assert figures["raters.immer01a.exact"] == 1.0
    # As one unit the second sheet is about the other text: nothing foretells it.
    assert second_sheet(rated)["rmse_copy"] == 0.0
    assert second_sheet(rated, as_students=True)["rmse_copy"] == 3.0


def test_nothing_rated_twice_gives_no_figures(tmp_path: Path) -> None:
    write(tmp_path, "immer02", "idstud,rater,a1,a2,a3,a4", "1,a,1,1,1,1", "2,b,1,1,1,2")
    figures, _ = rater_figures(tmp_path)
    assert figures["raters.immer02.rmse_second"] is None
    assert figures["raters.immer02.alpha"] is None


def test_what_is_not_known_is_named(tmp_path: Path) -> None:
    write(tmp_path, "mine", "a,b", "1,2")
    with pytest.raises(RatingsFileError, match="none of the known files"):
        rater_figures(tmp_path)
    write(tmp_path, "immer02", *made(8))
    _, notes = rater_figures(tmp_path)
    assert "not read" in notes["raters.mine"]


@pytest.mark.parametrize(("cell", "place"), [("4", "line 2, a2"), ("x", "line 2, a2"), ("nan", "line 2, a2")])
def test_what_is_off_the_scale_is_named(tmp_path: Path, cell: str, place: str) -> None:
    path = write(tmp_path, "immer02", "idstud,rater,a1,a2,a3,a4", f"1,a,1,{cell},1,1")
    with pytest.raises(RatingsFileError, match=place):
        read_ratings(path, RUBRICS["immer02"])


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "immer02", "idstud,rater,a1,a2,a3", "1,a,1,1,1")
    with pytest.raises(RatingsFileError, match="a4"):
        read_ratings(path, RUBRICS["immer02"])
