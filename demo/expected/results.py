"""Contents that the warehouse must have, computed by DuckDB: docs/reference/demo-retail-api.md.

It reads the same views as the retail API (demo.shop.dataset) and shares no SQL with the warehouse.
Money is in whole cents and percentages in whole hundredths, so every comparison is exact.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from demo.shop.dataset import connect


@dataclass(frozen=True)
class Facts:
    """Inputs: the sales that were loaded (ids first to last, inclusive), without items that the source hid.

    `delisted_products` were in an earlier full list and are not in the newest one.
    """

    last: int
    first: int = 1
    without_sales: frozenset[int] = frozenset()
    without_products: frozenset[str] = frozenset()
    without_customers: frozenset[int] = frozenset()
    delisted_products: frozenset[str] = frozenset()


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


def connect_expected(facts: Facts) -> duckdb.DuckDBPyConnection:
    """A database with the views sold, known, items, days, listed_products, listed_customers."""
    connection = connect()
    # Tables before views, and each view after those that it reads: DuckDB resolves names when a view is created.
    create_key_table(connection, "without_sales", "bigint", facts.without_sales)
    create_key_table(connection, "without_customers", "bigint", facts.without_customers)
    create_key_table(connection, "without_products", "varchar", facts.without_products)
    create_key_table(connection, "delisted_products", "varchar", facts.delisted_products)
    connection.execute(LISTED)
    connection.execute(SOLD.format(first=facts.first, last=facts.last))
    for view in (KNOWN, ITEMS, DAYS):
        connection.execute(view)
    return connection


def create_key_table(
    connection: duckdb.DuckDBPyConnection, table: str, sql_type: str, keys: Iterable[int | str]
) -> None:
    # As one JSON text: DuckDB's client takes 0.25 ms for each element of a list parameter.
    select = f"select unnest(from_json(?, '[\"{sql_type}\"]')) as key"
    connection.execute(f"create table {table} as {select}", [json.dumps(list(keys))])


def last_sale(now: datetime) -> int:
    """The greatest sales id at this time of the shop's clock."""
    until = now.astimezone(UTC).replace(tzinfo=None)
    # Ids are 1, 2, 3, … in the order of time, so their number is the greatest.
    [(last,)] = connect().execute("select count(*) from baskets where sold_at <= ?", [until]).fetchall()
    return int(last)
