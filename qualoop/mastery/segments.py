"""Columnar segments beside the ledger: the raw facts of evidence as Parquet, so that a replay need not read rows.

A segment holds the evidence of one stretch of sequence numbers of one organisation. It is a cache: what it says stands
in the ledger, its name carries the SHA-256 of its bytes, and whoever reads it checks that, so that a segment that is
missing or damaged is made again from the ledger. Facts never name knowledge points and carry no weights: tags, weights
and corrections have versions of their own and are joined at replay (docs/mastery.md, replay).
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qualoop.errors import MissingExtraError, QualoopError

FORMAT: Final = "qualoop-segment 2"
COMPRESSION: Final = "zstd"
#: Room for every id of a segment in its dictionary; Parquet would otherwise fall back to plain text.
DICTIONARY_BYTES: Final = 1 << 28

_NAME: Final = re.compile(r"(?P<after>\d{15})-(?P<through>\d{15})-(?P<rows>\d{9})-(?P<sha256>[0-9a-f]{64})\.parquet")
_VOTE: Final = "vote:"
_CODED: Final = ("learner", "part", "form", "score", "rater")
_PLAIN: Final = {"seq": np.int64, "occurred_at": np.int64, "hints": np.int32}


class SegmentDamagedError(QualoopError):
    """The bytes of a segment are not those that its name promises, or hold something else: it is made again."""

    code = "segment-damaged"


class Fact(NamedTuple):
    """One piece of evidence as the ledger holds it.

    ``part`` is made by `part_name`, ``form`` by `form_name`; ``score`` is the recorded decimal string in [0, 1]; ``rater`` is a pseudonym or
    `auto`; ``occurred_at`` counts microseconds since 1970.
    """

    seq: int
    occurred_at: int
    learner: str
    part: str
    form: str
    score: str
    hints: int
    rater: str


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column of text: for each of n rows the index of its value, shape (n,), and each value once."""

    codes: NDArray[np.int32]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """The columns of n pieces of evidence in ledger order (see `Fact`)."""

    seq: NDArray[np.int64]
    occurred_at: NDArray[np.int64]
    hints: NDArray[np.int32]
    learner: Coded
    part: Coded
    form: Coded
    score: Coded
    rater: Coded

    def __len__(self) -> int:
        return len(self.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A file with the evidence, ``rows`` pieces, of every sequence number above ``after`` up to and with ``through``."""

    path: Path
    after: int
    through: int
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """The facts of a stretch of the ledger as Arrow holds them: a table with the columns of `Facts`."""

    table: Any

    def __len__(self) -> int:
        return int(self.table.num_rows)


def part_name(activity: str, part: str, content: str) -> str:
    """Return how segments name a part of a content version; `item_of` and `split_part` take it apart again."""
    return f"{activity}/{part}@{content}"


def item_of(name: str) -> str:
    """Return the item of a part, the same in every content version: 'activity/part'."""
    return name.partition("@")[0]


def split_part(name: str) -> tuple[str, str, str]:
    """Return activity, part and content hash of a part's name."""
    item, _, content = name.partition("@")
    activity, _, part = item.partition("/")
    return activity, part, content


def form_name(form: str, occasion: str, vote: int = 1) -> str:
    """Return how segments name a form of evidence with what decides its weight; `split_form` takes it apart again.

    That is the occasion, and of a poll the number of the vote (`policies.vote_number`).
    """
    named = f"{form} {occasion}" if occasion else form
    return f"{named} {_VOTE}{vote}" if vote > 1 else named


def split_form(name: str) -> tuple[str, str, int]:
    """Return form, occasion (empty where there is none) and number of the vote (1 where none is named)."""
    named, _, vote = name.partition(f" {_VOTE}")
    form, _, occasion = named.partition(" ")
    return form, occasion, int(vote or 1)


def is_available() -> bool:
    """Say whether segments can be written and read here."""
    return importlib.util.find_spec("pyarrow") is not None


def gather(rows: Iterable[Fact]) -> Facts:
    """Return rows as columns."""
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(Fact._fields)
    by_name = dict(zip(Fact._fields, columns, strict=True))
    coded: dict[str, Any] = {name: _coded(by_name[name]) for name in _CODED}
    return Facts(
        seq=np.array(by_name["seq"], np.int64),
        occurred_at=np.array(by_name["occurred_at"], np.int64),
        hints=np.array(by_name["hints"], np.int32),
        **coded,
    )


def join(stretches: Iterable[Stretch], rows: int) -> Facts:
    """Return the facts of consecutive stretches, one at least and ``rows`` in all, as one, every text once.

    Stretches are taken one at a time, so that only the result is ever held whole.
    """
    plain: dict[str, Any] = {name: np.empty(rows, kind) for name, kind in _PLAIN.items()}
    codes = {name: np.empty(rows, np.int32) for name in _CODED}
    texts: dict[str, list[Any]] = {name: [] for name in _CODED}
    bounds = [0]
    for stretch in stretches:
        span = slice(bounds[-1], bounds[-1] + len(stretch))
        for name, column in plain.items():
            column[span] = _whole(stretch.table[name]).to_numpy(zero_copy_only=False)
        for name, indices in codes.items():
            found = _whole(stretch.table[name])
            indices[span] = found.indices.to_numpy(zero_copy_only=False)
            texts[name].append(found.dictionary)
        bounds.append(span.stop)
    coded: dict[str, Any] = {name: _unified(codes[name], texts[name], bounds) for name in _CODED}
    return Facts(**plain, **coded)


def as_stretch(facts: Facts) -> Stretch:
    """Return facts as `join` takes them. Raises MissingExtraError without pyarrow."""
    arrow = _arrow()
    columns = {name: arrow.array(getattr(facts, name)) for name in _PLAIN}
    for name in _CODED:
        coded: Coded = getattr(facts, name)
        texts = arrow.array(list(coded.values), arrow.string())
        columns[name] = arrow.DictionaryArray.from_arrays(arrow.array(coded.codes), texts)
    return Stretch(arrow.table(columns))


def write(folder: Path, facts: Facts, *, after: int, through: int) -> Segment:
    """Write a segment so that it is there whole or not at all, also after a loss of power; return it.

    Raises OSError where the disk refuses, MissingExtraError without pyarrow.
    """
    data = _to_parquet(facts)
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"{after:015d}-{through:015d}-{len(facts):09d}-{sha256}.parquet"
    segment = Segment(path=folder / name, after=after, through=through, rows=len(facts), sha256=sha256)
    write_whole(segment.path, data)
    return segment


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that readers see all of it or the one that was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def find(folder: Path) -> Sequence[Segment]:
    """Return the segments of a folder that follow one another from the beginning of the ledger without a gap."""
    found: dict[int, Segment] = {}
    for path in sorted(folder.glob("*.parquet")) if folder.is_dir() else ():
        if (name := _NAME.fullmatch(path.name)) is not None:
            after, through, rows = (int(name[each]) for each in ("after", "through", "rows"))
            found[after] = Segment(path=path, after=after, through=through, rows=rows, sha256=name["sha256"])
    chain: list[Segment] = []
    while (
        following := found.get(chain[-1].through if chain else 0)
    ) is not None and following.through > following.after:
        chain.append(following)
    return chain


def read(segment: Segment) -> Stretch:
    """Return the facts of a segment. Raises SegmentDamagedError, also where the file is gone."""
    try:
        data = segment.path.read_bytes()
    except OSError as error:
        raise SegmentDamagedError(f"{segment.path.name}: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != segment.sha256:
        raise SegmentDamagedError(f"{segment.path.name}: the bytes do not fit the name")
    arrow = _arrow()
    table = _parquet().read_table(arrow.BufferReader(data), read_dictionary=list(_CODED), use_threads=False)
    if (table.schema.metadata or {}).get(b"format") != FORMAT.encode():
        raise SegmentDamagedError(f"{segment.path.name}: is not of the format {FORMAT}")
    seq = table["seq"]
    ends = (seq[0].as_py(), seq[-1].as_py()) if len(seq) else (segment.through, segment.through)
    if len(seq) != segment.rows or not segment.after < ends[0] <= ends[1] <= segment.through:
        raise SegmentDamagedError(f"{segment.path.name}: holds other events than its name says")
    return Stretch(table.replace_schema_metadata(None).select([*_PLAIN, *_CODED]))


def _coded(column: Sequence[str]) -> Coded:
    """Return a column of text with every value once, in the order of first appearance."""
    index: dict[str, int] = {}
    codes = [index.setdefault(value, len(index)) for value in column]
    return Coded(np.array(codes, np.int32), tuple(index))


def _to_parquet(facts: Facts) -> bytes:
    """Return the bytes of a Parquet file with one row group."""
    table = as_stretch(facts).table.replace_schema_metadata({"format": FORMAT})
    sink = _arrow().BufferOutputStream()
    _parquet().write_table(
        table,
        sink,
        compression=COMPRESSION,
        row_group_size=max(len(facts), 1),
        use_dictionary=[*_CODED, "hints"],
        column_encoding={"seq": "DELTA_BINARY_PACKED", "occurred_at": "DELTA_BINARY_PACKED"},
        dictionary_pagesize_limit=DICTIONARY_BYTES,
        write_statistics=False,
    )
    return bytes(sink.getvalue())


def _whole(column: Any) -> Any:
    """Return a column as one array."""
    whole = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return whole.chunk(0) if hasattr(whole, "num_chunks") else whole


def _unified(codes: NDArray[np.int32], texts: Sequence[Any], bounds: Sequence[int]) -> Coded:
    """Return a column whose stretches each have texts of their own, with every text once."""
    every = _arrow().concat_arrays(texts).dictionary_encode()
    places = every.indices.to_numpy(zero_copy_only=False)
    first_text = 0
    for chunk, first, last in zip(texts, bounds[:-1], bounds[1:], strict=True):
        mine = places[first_text : first_text + len(chunk)]
        if not np.array_equal(mine, np.arange(len(mine))):
            codes[first:last] = np.take(mine, codes[first:last], mode="clip")
        first_text += len(chunk)
    return Coded(codes, tuple(every.dictionary.to_pylist()))


def _arrow() -> Any:
    try:
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise MissingExtraError("columnar segments of the ledger", "mastery") from error


def _parquet() -> Any:
    return importlib.import_module("pyarrow.parquet")
