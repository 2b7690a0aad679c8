"""Where a server keeps the data that learners query, so that it is prepared once for all its processes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

from qualoop.framework import shipped_content
from qualoop.simulators.sql.running import Installation, use

FOLDER: Final = "sql"


def keep_data_in(data_folder: Path) -> None:
    """Let SQL tasks keep their data below the data folder; without the extra `sim` there are none."""
    if importlib.util.find_spec("sqlglot") is not None:
        use(Installation(content=shipped_content(), cache=data_folder / FOLDER))
