"""The compared tables: how to read each from BigQuery, and the view that it must equal."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column: `name` in the warehouse, `expected` in the view of expected results."""

    name: str
    kind: str
    expected: str


@dataclass(frozen=True)
class Table:
    """`source` in BigQuery must equal `view` in DuckDB.

    Rows are grouped by the day, or the prefix, of column `bucket`. `{}` in `where` is that column.
    """

    name: str
    source: str
    view: str
    columns: tuple[Column, ...]
    bucket: Column
    money: Column | None = None
    where: str = "TRUE"


SALE_TIME = Column("datetime", "time", "sold_at")
ITEM_TIME = Column("sales_datetime", "time", "sold_at")
AMOUNT = Column("amount", "money", "cents")
ITEM_AMOUNT = Column("item_amount", "money", "cents")
DAY = Column("day", "day", "day")
REVENUE = Column("revenue", "money", "cents")
SKU = Column("product_sku", "text", "product_sku")
LISTED = Column("is_listed", "flag", "is_listed")
SALES_ID = Column("sales_id", "number", "sales_id")
CUSTOMER_ID = Column("customer_id", "number", "customer_id")
NAME = Column("name", "text", "name")
# Partitioned tables require a filter on their partition column.
ALL_TIMES = "{} >= TIMESTAMP '1970-01-01'"


def same_name(kind: str, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind, name) for name in names)


TABLES = (
    Table(
        "ods.sales",
        "ods.sales",
        "(select distinct sales_id, customer_id, store_id, sold_at from sold)",
        (Column("id", "number", "sales_id"), CUSTOMER_ID, *same_name("number", "store_id"), SALE_TIME),
        SALE_TIME,
        where=ALL_TIMES,
    ),
    Table(
        "ods.sales, items",
        "ods.sales, UNNEST(items) AS item",
        "sold",
        (
            Column("id", "number", "sales_id"),
            Column("item.product_sku", "text", "product_sku"),
            Column("item.quantity", "number", "quantity"),
            Column("item.amount", "money", "cents"),
        ),
        SALE_TIME,
        Column("item.amount", "money", "cents"),
        ALL_TIMES,
    ),
    Table(
        "ods.products",
        "ods.products",
        "listed_products",
        (
            SKU,
            *same_name("text", "description", "supplier"),
            Column("unit_amount", "money", "unit_cents"),
            LISTED,
        ),
        SKU,
    ),
    Table(
        "ods.customers",
        "ods.customers",
        "listed_customers",
        (
            *same_name("number", "id"),
            NAME,
            *same_name("text", "email", "phone", "age", "income", "household_size"),
            LISTED,
        ),
        NAME,
    ),
    Table(
        "ods.sales_orphans",
        "ods.sales_orphans",
        "(select * from known where not is_known)",
        (
            *same_name("text", "id"),
            SALES_ID,
            SKU,
            CUSTOMER_ID,
            *same_name("number", "quantity"),
            AMOUNT,
            SALE_TIME,
        ),
        SALE_TIME,
        AMOUNT,
        ALL_TIMES,
    ),
    Table(
        "dmt.sales_items",
        "dmt.sales_items",
        "items",
        (
            *same_name("text", "id"),
            *(SALES_ID, SKU, CUSTOMER_ID, ITEM_AMOUNT, ITEM_TIME),
            Column("item_quantity", "number", "quantity"),
            Column("discount_perc", "money", "discount_hundredths"),
            Column("product_description", "text", "description"),
        ),
        ITEM_TIME,
        ITEM_AMOUNT,
        ALL_TIMES,
    ),
    Table(
        "dmt.sales_final",
        "dmt.sales_final",
        "items",
        (*same_name("text", "id"), ITEM_AMOUNT),
        ITEM_TIME,
        ITEM_AMOUNT,
        ALL_TIMES,
    ),
    Table(
        "dmt.daily_sales",
        "dmt.daily_sales",
        "days",
        (
            DAY,
            *same_name("number", "baskets", "units"),
            REVENUE,
            Column("discount_amount", "money", "discount_cents"),
        ),
        DAY,
        REVENUE,
    ),
)
