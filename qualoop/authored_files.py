"""Reads what people write by hand: YAML and Markdown, with the line of every value, and every problem at once.

Readers of authored files never stop at the first fault. They collect `Problem` rows in a `Problems` list and
whoever asked raises one `AuthoredFilesError` that holds them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from qualoop.errors import QualoopError

Place = tuple[str | int, ...]

MAX_FILE_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_VALUES = 200_000
"""Of one file, with those that aliases repeat: a few lines can name more than any machine holds."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault in one authored file: where, what, and what would mend it."""

    file: str
    line: int
    code: str
    message: str
    repair: str = ""

    def __str__(self) -> str:
        """Return the one line that a terminal or an editor's problem matcher shows."""
        repair = f" ({self.repair})" if self.repair else ""
        return f"{self.file}:{self.line}: {self.code}: {self.message}{repair}"

    def below(self, folder: Path | str) -> Problem:
        """Return it with the folder that its file lies in."""
        return replace(self, file=f"{folder}/{self.file}")


class AuthoredFilesError(QualoopError):
    """Authored files hold problems; `problems` lists every one."""

    code = "authored-files"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(slots=True)
class Problems:
    """A growing list of problems, in the order in which they were found."""

    found: list[Problem] = field(default_factory=list)

    def add(self, file: YamlFile | str, place: Place | int, code: str, message: str, *, repair: str = "") -> None:
        """Note a problem of ``file`` at a value's place (or at a line)."""
        name = file if isinstance(file, str) else file.name
        line = place if isinstance(place, int) else (1 if isinstance(file, str) else file.line(place))
        self.found.append(Problem(file=name, line=line, code=code, message=message, repair=repair))

    def raise_if_any(self) -> None:
        """Raise AuthoredFilesError with all problems, sorted by file and line, where there are any."""
        if self.found:
            raise AuthoredFilesError(sorted(self.found, key=lambda problem: (problem.file, problem.line)))

    def __iter__(self) -> Iterator[Problem]:
        """Iterate over the problems found so far."""
        return iter(self.found)

    def __len__(self) -> int:
        """Return how many were found so far."""
        return len(self.found)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A YAML document as plain data, and the line (from 1) of the value at each place in it."""

    name: str
    data: Any
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """Return the line of the value at ``place``, or of the nearest thing around it.

        Steps that no value of the file has are passed over: a checker puts the name of a type's variant in between.
        """
        known: Place = ()
        for step in place:
            if (*known, step) in self.lines:
                known = (*known, step)
        return self.lines.get(known, 1)


_BASE_60: Final = re.compile(r"[-+]?[0-9][0-9_]*(:[0-9]+)+(\.[0-9_]*)?$")
"""1:30, which YAML 1.1 takes for ninety; read in time that grows with the square of its length."""


class _Loader(yaml.SafeLoader):
    """Safe YAML without surprises: no dates, no yes/no booleans, no numbers in base 60, exact decimals."""


_UNWANTED = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}
_Loader.yaml_implicit_resolvers = {
    first: [
        # The first that fits decides.
        *([("tag:yaml.org,2002:str", _BASE_60)] if first in "+-0123456789" else []),
        *(
            (tag, pattern)
            for tag, pattern in resolvers
            if tag not in _UNWANTED or (tag[-4:] == "bool" and first in "tTfF")
        ),
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    """Return a number with a point exactly as it was written."""
    return Decimal(str(loader.construct_scalar(node)))


def _whole(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    """Return a whole number; raise MarkedYAMLError where a tag asks for one in base 60."""
    if ":" in node.value:
        raise yaml.MarkedYAMLError(problem="a number has no colon", problem_mark=node.start_mark)
    return int(loader.construct_yaml_int(node))


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole)


def read_text(root: Path, name: str, problems: Problems) -> str | None:
    """Return the text of ``root/name``, or None with the problem noted: absent, too large, not UTF-8."""
    path = root / name
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            problems.add(name, 1, "file-too-large", f"more than {MAX_FILE_BYTES} bytes", repair="split it")
            return None
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        problems.add(name, 1, "file-not-utf8", "the file is not UTF-8 text", repair="save it as UTF-8")
    except OSError:
        problems.add(name, 1, "file-missing", "the file is not there", repair=f"add {name} or take the reference out")
    return None


def read_yaml(root: Path, name: str, problems: Problems) -> YamlFile | None:
    """Return ``root/name`` with its lines, or None with the problems noted (syntax, repeated keys, absence)."""
    text = read_text(root, name, problems)
    return None if text is None else parse_yaml(text, name, problems)


def parse_yaml(text: str, name: str, problems: Problems) -> YamlFile | None:
    """Parse one YAML document; note syntax faults and repeated keys as problems."""
    loader, places = _Loader(text), _Places()
    try:
        node = loader.get_single_node()
        if node is None:
            problems.add(name, 1, "yaml-empty", "the file holds nothing")
            return None
        places.walk(node)
        return YamlFile(name, loader.construct_document(node), places.lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        problems.add(name, mark.line + 1 if mark else 1, "yaml-syntax", str(error.problem or error.context))
    except (yaml.YAMLError, ArithmeticError, ValueError) as error:
        problems.add(name, 1, "yaml-syntax", str(error))
    except RecursionError:
        problems.add(name, 1, "yaml-syntax", "nested too deeply")
    finally:
        for line, key in places.repeated:
            problems.add(name, line, "yaml-repeated-key", f"`{key}` stands twice")
        loader.dispose()
    return None


def is_beyond_json(text: str) -> bool:
    """Return whether YAML holds what no JSON has and a few lines of which can cost any machine too much.

    That is: a part that is named again, a tag, a number in base 60. Raises YAMLError for what is no YAML.
    """
    return any(_costs_much(event) for event in yaml.parse(text, Loader=yaml.SafeLoader))


def _costs_much(event: yaml.Event) -> bool:
    if isinstance(event, yaml.ScalarEvent):
        return event.tag is not None or bool(event.implicit[0] and _BASE_60.match(event.value))
    return isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None) is not None


class _Places:
    """The line of every value of a document, and of every key that stands twice.

    Counts visits, not places: what a key holds that stands twice is walked twice, and aliases make powers of it.
    """

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self.repeated: dict[tuple[int, str], None] = {}
        self._visits = 0

    def walk(self, node: yaml.Node, place: Place = ()) -> None:
        """Note the line of ``node`` and of everything in it. Raises YAMLError where it is too deep or too much."""
        self._visits += 1
        self.lines.setdefault(place, node.start_mark.line + 1)
        if len(place) > MAX_DEPTH:
            raise yaml.YAMLError("nested too deeply")
        if self._visits > MAX_VALUES:
            raise yaml.YAMLError(f"more than {MAX_VALUES} values")
        if isinstance(node, yaml.MappingNode):
            self._walk_pairs(node, place)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self.walk(value, (*place, index))

    def _walk_pairs(self, node: yaml.MappingNode, place: Place) -> None:
        seen = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=key.start_mark)
            name = str(key.value)
            if name in seen:
                self.repeated[key.start_mark.line + 1, name] = None
            seen.add(name)
            self.lines[(*place, name)] = key.start_mark.line + 1
            self.walk(value, (*place, name))


def parse_model(model: type[Model], file: YamlFile, problems: Problems) -> Model | None:
    """Return ``file`` as ``model``, or None with one problem for every value that does not fit."""
    try:
        return model.model_validate(file.data)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False):
            place = tuple(part for part in fault["loc"] if isinstance(part, int | str))
            problems.add(file, place, f"schema-{fault['type'].replace('_', '-')}", _words(place, fault["msg"]))
    return None


def _words(place: Place, message: str) -> str:
    """Say which value a fault is of."""
    where = ".".join(str(part) for part in place)
    return f"{where}: {message}" if where else message
