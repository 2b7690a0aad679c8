"""Files of words that lie beside the services: steps and advice by product, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from qualoop.authored_files import AuthoredFilesError, Problems, read_yaml


@cache
def words_of(file: Path) -> Mapping[str, Any]:
    """Return a file of words, read once; raise AuthoredFilesError."""
    problems = Problems()
    found = read_yaml(file.parent, file.name, problems)
    if found is None:
        raise AuthoredFilesError(problems.found)
    data: Mapping[str, Any] = found.data
    return data
