"""What sqlglot sees in a query."""

from __future__ import annotations

import pytest

from qualoop.simulators.sql.structure import find_constructs


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("select 1", set()),
        ("select country, count(*) from sales group by 1", {"aggregate"}),
        ("with a as (select 1 as x) select x from a", {"cte"}),
        ("select * from sales a join sales b using (invoice)", {"join"}),
        ("select * from sales a, sales b where a.invoice = b.invoice", {"join"}),
        ("select row_number() over (order by quantity) from sales", {"window"}),
        ("select quantity from sales qualify rank() over (order by quantity) = 1", {"window"}),
        ("select 'over (partition by x)' from sales -- with a as (select 1)", set()),
        ("not sql at all )(", set()),
        ("select " + "(" * 5_000 + "1" + ")" * 5_000, set()),
        ("select " + "not " * 20_000 + "true", set()),
    ],
)
def test_constructs(query: str, found: set[str]) -> None:
    assert found <= find_constructs(query, "duckdb") <= found | {"aggregate"}
