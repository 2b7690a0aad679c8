"""The desk on which a package is checked: its source, its problems so far, and what its parts refer to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from qualoop.authored_files import Place, Problems, YamlFile
from qualoop.content_packages.faults import Fault
from qualoop.content_packages.media_types import endings
from qualoop.content_packages.prose import read_prose
from qualoop.content_packages.reading import Source
from qualoop.values import Text


@dataclass(slots=True, kw_only=True)
class Inspection:
    """One check of one package. ``used`` collects the files that something refers to."""

    source: Source
    problems: Problems
    languages: tuple[str, ...] = ()
    used: set[str] = field(default_factory=set)

    def note(self, file: YamlFile | str, place: Place | int, fault: Fault) -> None:
        """Note a fault at a value's place; in a text file at the fault's own line below ``place`` lines."""
        at = place + fault.line if isinstance(place, int) else place
        self.problems.add(file, at, fault.code, fault.message, repair=fault.repair)

    def check_complete(self, file: YamlFile, place: Place, present: Collection[str]) -> None:
        """Note each language of the lesson that is not ``present``."""
        for language in self.languages:
            if language not in present:
                message = f"`{_named(place)}` has no {language}"
                self.problems.add(file, place, "language-missing", message, repair=f"add `{language}:`")

    def check_markdown(self, file: YamlFile | str, place: Place | int, text: str) -> None:
        """Note what is wrong with a Markdown text at a place, or after ``place`` lines of a text file."""
        prose = read_prose(text)
        for fault in prose.faults:
            self.note(file, place, fault)
        for picture in prose.pictures:
            at = place + picture.line if isinstance(place, int) else place
            self.refer(file, at, picture.path, wanted=endings("image"))

    def check_text(self, file: YamlFile, place: Place, text: Text, *, markdown: bool = False) -> None:
        """Note where a two-language text is incomplete, and where its Markdown is not fit to show."""
        self.check_complete(file, place, text.by_language.keys())
        if markdown:
            for language, words in text.by_language.items():
                self.check_markdown(file, (*place, language), words)

    def refer(self, file: YamlFile | str, place: Place | int, path: str, *, wanted: Collection[str]) -> bytes | None:
        """Return the file of a ``wanted`` ending that something refers to, or None where that is a problem."""
        if not is_inside(path):
            repair = "write a path such as figures/name.svg"
            self.problems.add(file, place, "path-outside", f"`{path}` does not lie in the package", repair=repair)
        elif path not in self.source.files:
            if path not in self.source.refused:
                self.problems.add(
                    file, place, "asset-missing", f"`{path}` is not there", repair="add it or mend the path"
                )
        elif PurePosixPath(path).suffix not in wanted:
            message = f"`{path}` is not of the kind needed here"
            self.problems.add(
                file, place, "asset-kind", message, repair=f"name a file that ends in {' or '.join(wanted)}"
            )
        else:
            self.used.add(path)
            return self.source.files[path]
        return None


def is_inside(path: str) -> bool:
    """Tell whether a path that an author wrote stays in the package whatever reads it."""
    parts = PurePosixPath(path).parts
    refused = {"..", "."} & set(path.split("/"))
    return bool(parts) and not path.startswith("/") and not refused and not set(path) & set("\\:%?#\0")


def _named(place: Place) -> str:
    return ".".join(str(part) for part in place)
