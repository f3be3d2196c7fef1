"""What the warehouse must hold, by DuckDB from the parquet files and the definitions of docs/design.md.

It shares with the retail API what is served (demo.shop.definitions) and no SQL with the warehouse.
Money is whole cents and percentages whole hundredths, so every comparison is exact.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from demo.shop.definitions import connect


@dataclass(frozen=True)
class Facts:
    """What was loaded: sales first..last (ids, inclusive) and the lists, less what the source hid."""

    last: int
    first: int = 1
    without_sales: frozenset[int] = frozenset()
    without_products: frozenset[str] = frozenset()
    without_customers: frozenset[int] = frozenset()
    delisted_products: frozenset[str] = frozenset()  # were in a full list, are not in the newest one


SOLD = """
create view sold as
select
  b.id as sales_id, l.product_id, cast(l.product_id as varchar) as product_sku,
  b.customer_id, b.store_id, b.sold_at, l.quantity, l.cents
from baskets as b
join lines as l using (basket_id)
where b.id between {first} and {last} and b.id not in (select key from without_sales)
"""

KNOWN = """
create view known as
select
  sales_id || '-' || product_sku as id, sold.*, p.description, p.unit_cents,
  p.product_sku is not null and c.id is not null as is_known
from sold
left join listed_products as p using (product_sku)
left join listed_customers as c on c.id = sold.customer_id
"""

LISTED = """
create view listed_products as
select *, product_sku not in (select key from delisted_products) as is_listed
from products
where product_sku not in (select key from without_products);
create view listed_customers as
select *, true as is_listed
from customers
where id not in (select key from without_customers)
"""

# 100 * (1 - amount / (quantity * unit_amount)) in whole hundredths, halves away from zero, never below 0.
ITEMS = """
create view items as
select
  id, sales_id, product_sku, customer_id, quantity, cents, sold_at, description,
  greatest(quantity * unit_cents - cents, 0) as discount_cents,
  case when quantity * unit_cents <> 0 then
    greatest(0,
      (2 * 10000 * (quantity * unit_cents - cents) + quantity * unit_cents) // (2 * quantity * unit_cents))
  end as discount_hundredths
from known
where is_known
"""

DAYS = """
create view days as
select
  cast(sold_at as date) as day, count(distinct sales_id) as baskets,
  sum(quantity) as units, sum(cents) as cents,
  coalesce(sum(discount_cents), 0) as discount_cents
from items
group by day
"""


def expect(facts: Facts) -> duckdb.DuckDBPyConnection:
    """A database with the views sold, known, items, days, listed_products, listed_customers."""
    connection = connect()
    keys(connection, "without_sales", "bigint", facts.without_sales)
    keys(connection, "without_customers", "bigint", facts.without_customers)
    keys(connection, "without_products", "varchar", facts.without_products)
    keys(connection, "delisted_products", "varchar", facts.delisted_products)
    connection.execute(LISTED)
    connection.execute(SOLD.format(first=facts.first, last=facts.last))
    for view in (KNOWN, ITEMS, DAYS):
        connection.execute(view)
    return connection


def keys(connection: duckdb.DuckDBPyConnection, table: str, kind: str, values: Iterable[int | str]) -> None:
    # As one text: DuckDB's client takes a quarter of a millisecond for each element of a list.
    select = f"select unnest(from_json(?, '[\"{kind}\"]')) as key"
    connection.execute(f"create table {table} as {select}", [json.dumps(list(values))])


def last_sale(now: datetime) -> int:
    """The greatest sales id at this time of the API's clock."""
    until = now.astimezone(UTC).replace(tzinfo=None)
    [(last,)] = connect().execute("select count(*) from baskets where sold_at <= ?", [until]).fetchall()
    return int(last)
