"""The data that queries run on: made once for an installation from the Parquet file that the tool brings.

The file is DuckDB's, or SQLite's where DuckDB is missing. Beside the eight columns that learners see, every line names
its *sampling unit*: the customer, or the invoice where no customer is known.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from qualoop.errors import MissingExtraError
from qualoop.simulators.sql.errors import DatasetError

# A number that changes with what _DUCKDB and _SQLITE write.
_LAYOUT: Final = 1
_PRIVATE: Final = 0o700
_READ_ONLY: Final = 0o444


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A Parquet file, below the content's root, by its digest; ``columns`` maps the table's names to the file's."""

    key: str
    file: str
    sha256: str
    columns: Mapping[str, str]


ONLINE_RETAIL: Final = Dataset(
    key="online-retail",
    file="ecommerce/data/online-retail.parquet",
    sha256="05f892cce34d9aa3ccfc2f4b1765088b89efd6f160c0bdb5cfff4b80feb7f9bb",
    columns={
        "invoice": "InvoiceNo",
        "stock_code": "StockCode",
        "description": "Description",
        "quantity": "Quantity",
        "invoice_date": "InvoiceDate",
        "unit_price": "UnitPrice",
        "customer": "CustomerID",
        "country": "Country",
    },
)
DATASETS: Final[Mapping[str, Dataset]] = {ONLINE_RETAIL.key: ONLINE_RETAIL}
WHOLE_NUMBERS: Final = frozenset({"quantity", "customer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedData:
    """A data file for an engine (`duckdb` or `sqlite`), and its sampling units in the order of their numbers."""

    dataset: Dataset
    path: Path
    engine: str
    units: tuple[str, ...]


def installed_engine() -> str:
    """Return `duckdb`, or `sqlite` where DuckDB is missing."""
    return "duckdb" if find_spec("duckdb") else "sqlite"


def prepare(dataset: Dataset, *, content: Path, cache: Path, engine: str) -> PreparedData:
    """Return the data file of a data set in a cache folder, making it where it is missing; raise DatasetError.

    Safe to call from several processes at once: each makes its own, and the last one stays.
    """
    source = content / dataset.file
    cache.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    stem = f"{dataset.key}-{dataset.sha256[:12]}-{_LAYOUT}.{engine}"
    path, listing = cache / stem, cache / f"{stem}.units.json"
    if not (path.exists() and listing.exists()):
        _check(source, dataset)
        units = _make(dataset, source, path, engine)
        _replace(listing, json.dumps(units).encode())
    return PreparedData(dataset=dataset, path=path, engine=engine, units=tuple(json.loads(listing.read_text())))


def _check(source: Path, dataset: Dataset) -> None:
    try:
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
    except OSError as error:
        raise DatasetError(f"the data of the SQL tasks cannot be read: {source}: {error.strerror}") from error
    if digest != dataset.sha256:
        raise DatasetError(f"{source} is not the data set {dataset.key}: its SHA-256 is {digest}")


def _make(dataset: Dataset, source: Path, path: Path, engine: str) -> list[str]:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        fresh = Path(folder) / "fresh"
        units = (_make_duckdb if engine == "duckdb" else _make_sqlite)(dataset, source, fresh)
        fresh.chmod(_READ_ONLY)
        fresh.replace(path)
    return units


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)


def _typed(name: str) -> str:
    return f"::integer as {name}" if name in WHOLE_NUMBERS else f" as {name}"


def _make_duckdb(dataset: Dataset, source: Path, path: Path) -> list[str]:
    duckdb: Any = import_module("duckdb")
    columns = ", ".join(f'"{theirs}"{_typed(ours)}' for ours, theirs in dataset.columns.items())
    with duckdb.connect(str(path), config={"threads": 1}) as connection:
        # Keeps the source's order: what a learner sees without `order by` looks like the file.
        connection.execute(_STAGE.replace("COLUMNS", columns), [str(source)])
        connection.execute(_UNITS)
        connection.execute(_LINES)
        units = [str(unit) for (unit,) in connection.execute("select name from units order by unit").fetchall()]
        connection.execute("drop table units")
    return units


_STAGE: Final = "create temp table stage as select COLUMNS, row_number() over () as place from read_parquet(?)"
_UNITS: Final = """
create table units as
select name, (row_number() over (order by name) - 1)::integer as unit
from (select distinct coalesce('c' || customer, 'i' || invoice) as name from stage)
"""
_LINES: Final = """
create table lines as
select stage.* exclude (place), units.unit
from stage join units on units.name = coalesce('c' || customer, 'i' || invoice)
order by place
"""


def _make_sqlite(dataset: Dataset, source: Path, path: Path) -> list[str]:
    if find_spec("pyarrow") is None:
        raise MissingExtraError("the data of the SQL tasks", "sim")
    parquet: Any = import_module("pyarrow.parquet")
    columns = parquet.read_table(source).to_pydict()
    values = [[_plain(ours, value) for value in columns[theirs]] for ours, theirs in dataset.columns.items()]
    named = dict(zip(dataset.columns, values, strict=True))
    names = [
        f"i{invoice}" if customer is None else f"c{customer}"
        for invoice, customer in zip(named["invoice"], named["customer"], strict=True)
    ]
    units = sorted(set(names))
    numbers = {name: number for number, name in enumerate(units)}
    with sqlite3.connect(path) as connection:
        connection.execute(_SQLITE_LINES)
        rows = zip(*values, (numbers[name] for name in names), strict=True)
        connection.executemany("insert into lines values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        for column in _SQLITE_INDEXED:
            connection.execute(f"create index lines_{column} on lines ({column})")
        connection.execute("analyze")
    connection.close()
    return units


# What lines are joined by.
_SQLITE_INDEXED: Final = ("customer", "invoice")
_SQLITE_LINES: Final = (
    "create table lines (invoice text, stock_code text, description text, quantity integer, invoice_date text, "
    "unit_price real, customer integer, country text, unit integer)"
)


def _plain(column: str, value: Any) -> Any:
    if value is None:
        return None
    if column in WHOLE_NUMBERS:
        return int(value)
    return value.isoformat(sep=" ") if column == "invoice_date" else value
