"""Reads the folder of a package. Only this module knows files.

Nothing is followed out of the folder: links are refused, not resolved. A file that is too large is noted by its size,
never read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qualoop.authored_files import Problems, YamlFile, read_text, read_yaml
from qualoop.content_packages.media_types import MAX_FILES, MAX_PACKAGE_BYTES, find_media_type
from qualoop.content_packages.schema import ITEMS_FILE, LESSON_FILE
from qualoop.values import LANGUAGES

ASSET_FOLDERS: Final = ("figures", "media")

_FOREIGN: Final = ("file-not-regular", "links and special files are not read", "put a copy of the file here")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def text_file(language: str) -> str:
    """Return the name of the file that holds a lesson's text in ``language``."""
    return f"lesson.{language}.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A package as it lies in its folder, not yet checked.

    ``texts`` are the Markdown files by language; ``files`` what figures/ and media/ hold, by path; ``refused`` the
    paths there that have their problem already.
    """

    name: str
    lesson: YamlFile | None
    items: YamlFile | None
    texts: Mapping[str, str]
    files: Mapping[str, bytes]
    refused: frozenset[str]


def read_package(root: Path, problems: Problems) -> Source:
    """Return what the folder ``root`` holds; note what cannot be read, lies in the wrong place or is too large."""
    folder = root.resolve()
    reader = _AssetReader(problems)
    own = {LESSON_FILE, ITEMS_FILE, *map(text_file, LANGUAGES)}
    for path in _entries(folder):
        if _is_foreign(path):
            code, message, repair = _FOREIGN
            problems.add(path.name, 1, code, message, repair=repair)
            own.discard(path.name)
        elif path.name in ASSET_FOLDERS and path.is_dir():
            for asset in _entries(path):
                reader.read(asset, f"{path.name}/{asset.name}")
        elif path.name not in own:
            problems.add(
                path.name, 1, "file-place", "no such thing belongs here", repair="put it in figures/ or media/"
            )
    present = [
        language for language in LANGUAGES if text_file(language) in own and (folder / text_file(language)).exists()
    ]
    texts = {language: read_text(folder, text_file(language), problems) for language in present}
    return Source(
        name=folder.name,
        lesson=read_yaml(folder, LESSON_FILE, problems) if LESSON_FILE in own else None,
        items=read_yaml(folder, ITEMS_FILE, problems) if ITEMS_FILE in own else None,
        texts={language: text for language, text in texts.items() if text is not None},
        files=reader.files,
        refused=frozenset(reader.refused),
    )


def _entries(folder: Path) -> list[Path]:
    """Return what lies in ``folder``, hidden names aside."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []


def _is_foreign(path: Path) -> bool:
    """Tell whether ``path`` is a link (wherever it leads), a pipe or another thing that is no file of this folder."""
    return path.is_symlink() or not (path.is_file() or path.is_dir())


class _AssetReader:
    """Reads figures and media one by one and keeps count of how much they are."""

    def __init__(self, problems: Problems) -> None:
        self.files: dict[str, bytes] = {}
        self.refused: set[str] = set()
        self._problems = problems
        self._bytes = 0

    def read(self, path: Path, name: str) -> None:
        """Read one file, or note why not."""
        fault = self._fault(path)
        if fault:
            self.refused.add(name)
            code, message, repair = fault
            self._problems.add(name, 1, code, message, repair=repair)
        else:
            self.files[name] = path.read_bytes()
            self._bytes += len(self.files[name])

    def _fault(self, path: Path) -> tuple[str, str, str] | None:
        """Return code, message and repair of what keeps the file from being read."""
        if _is_foreign(path):
            return _FOREIGN
        if path.is_dir():
            return "file-place", "folders inside figures/ and media/ are not read", "move the files up"
        if not _FILE_NAME.fullmatch(path.name):
            return "file-name", "the name would not survive in every address", "use letters, digits, dots and hyphens"
        return self._format_fault(path, path.stat().st_size)

    def _format_fault(self, path: Path, size: int) -> tuple[str, str, str] | None:
        media_type = find_media_type(path.name)
        if media_type is None:
            return "file-type", f"files that end in `{path.suffix}` are not for packages", "save it in another format"
        if size > media_type.max_bytes:
            return "file-too-large", f"{size} bytes; at most {media_type.max_bytes} are shown", "make it smaller"
        if len(self.files) >= MAX_FILES or self._bytes + size > MAX_PACKAGE_BYTES:
            limit = f"{MAX_FILES} files or {MAX_PACKAGE_BYTES} bytes"
            return "package-too-large", f"the package holds more than {limit}", "split the lesson"
        return None
