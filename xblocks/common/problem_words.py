"""What is wrong with an author's file, in the author's language.

The reader of packages speaks English. For Chinese there is a sentence for each code; places and values, which its messages
set between backticks, stand behind it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final

from qualoop.authored_files import Problem, Problems, parse_yaml

_VALUE: Final = re.compile(r"`([^`\n]{1,120})`")
_SCHEMA: Final = "schema"


def problem_words(problem: Problem, language: str) -> str:
    """Return what is wrong with a file, where, and what would mend it; ``language`` is `en` or `zh-Hans`."""
    words = _sentences(language)
    found = words.get(problem.code, words.get(_SCHEMA) if problem.code.startswith(f"{_SCHEMA}-") else None)
    if found is None:
        return str(problem)
    values = "、".join(dict.fromkeys(_VALUE.findall(problem.message)))
    behind = f"（{values}）" if values else ""
    return f"{problem.file} 第 {problem.line} 行：{found}{behind}[{problem.code}]"


@lru_cache(maxsize=4)
def _sentences(language: str) -> Mapping[str, str]:
    """Return the sentences of a language by code; none for the reader's own."""
    file = files("xblocks.common").joinpath(f"problem_words.{language}.yaml")
    if not file.is_file():
        return {}
    read = parse_yaml(file.read_text(encoding="utf-8"), file.name, Problems())
    found: Mapping[str, str] = read.data if read is not None else {}
    return found
