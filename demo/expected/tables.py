"""Each compared table twice: how BigQuery is asked for it, and which view of the oracle it must equal."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column's name in the warehouse, its kind, and the oracle's name for it."""

    name: str
    kind: str
    expected: str


@dataclass(frozen=True)
class Table:
    """`source` in BigQuery must equal `view` in the oracle; rows are grouped by day or prefix of `bucket`."""

    name: str
    source: str
    view: str
    columns: tuple[Column, ...]
    bucket: Column
    money: Column | None = None
    where: str = "TRUE"  # {} is the bucket's column


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
# ods.sales and dmt.sales_items may require a filter on their partition column.
SINCE_EVER = "{} >= TIMESTAMP '1970-01-01'"


def same(kind: str, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind, name) for name in names)


TABLES = (
    Table(
        "ods.sales",
        "ods.sales",
        "(select distinct sales_id, customer_id, store_id, sold_at from sold)",
        (Column("id", "number", "sales_id"), CUSTOMER_ID, *same("number", "store_id"), SALE_TIME),
        SALE_TIME,
        where=SINCE_EVER,
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
        SINCE_EVER,
    ),
    Table(
        "ods.products",
        "ods.products",
        "listed_products",
        (SKU, *same("text", "description", "supplier"), Column("unit_amount", "money", "unit_cents"), LISTED),
        SKU,
    ),
    Table(
        "ods.customers",
        "ods.customers",
        "listed_customers",
        (
            *same("number", "id"),
            NAME,
            *same("text", "email", "phone", "age", "income", "household_size"),
            LISTED,
        ),
        NAME,
    ),
    Table(
        "ods.sales_orphans",
        "ods.sales_orphans",
        "(select * from known where not is_known)",
        (*same("text", "id"), SALES_ID, SKU, CUSTOMER_ID, *same("number", "quantity"), AMOUNT, SALE_TIME),
        SALE_TIME,
        AMOUNT,
        SINCE_EVER,
    ),
    Table(
        "dmt.sales_items",
        "dmt.sales_items",
        "items",
        (
            *same("text", "id"),
            *(SALES_ID, SKU, CUSTOMER_ID, ITEM_AMOUNT, ITEM_TIME),
            Column("item_quantity", "number", "quantity"),
            Column("discount_perc", "money", "discount_hundredths"),
            Column("product_description", "text", "description"),
        ),
        ITEM_TIME,
        ITEM_AMOUNT,
        SINCE_EVER,
    ),
    Table(
        "dmt.sales_final",
        "dmt.sales_final",
        "items",
        (*same("text", "id"), ITEM_AMOUNT),
        ITEM_TIME,
        ITEM_AMOUNT,
        SINCE_EVER,
    ),
    Table(
        "dmt.daily_sales",
        "dmt.daily_sales",
        "days",
        (
            DAY,
            *same("number", "baskets", "units"),
            REVENUE,
            Column("discount_amount", "money", "discount_cents"),
        ),
        DAY,
        REVENUE,
    ),
)
