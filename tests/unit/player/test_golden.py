"""What is shown is what was looked at and kept; see `goldens`."""

from __future__ import annotations

import pytest

from tests.unit.player.goldens import FOLDER, cases, drawn


@pytest.mark.parametrize("case", cases())
def test_a_page_is_as_it_was_kept(case: str) -> None:
    golden = drawn(case)
    assert golden.view == (FOLDER / case / "view.json").read_text(encoding="utf-8")
    assert golden.html == (FOLDER / case / "page.html").read_text(encoding="utf-8")
