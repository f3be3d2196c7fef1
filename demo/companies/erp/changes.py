"""What happens in the enterprise between two runs. The clock is the databases': changes have the present time."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from demo.companies.erp.data import Booking, ErpData
from demo.companies.erp.databases import Databases

Rows = list[tuple[Any, ...]]
# Disjoint from the rows that LEDGER_CHANGES and STOCK_CHANGES update, so a lost row is as the first run copied it.
DELETED_INVOICES = "id % 500 = 3"  # all invoices with this remainder
DELETED_ARTICLES = "sku like 'ART-%77'"
LEDGER_CHANGES = (
    "update ledger.invoices set status = 'paid', updated_at = clock_timestamp() where status = 'open' and id % 20 = 0",
    """insert into ledger.invoices select 80000 + n, 'N-' || n, 'A0002', 'CC03', 'open', n * 1.25, date '2026-03-01',
    '{"new": true}', clock_timestamp() from generate_series(1, 30) n""",
    """insert into ledger.payments (invoice_id, amount, paid_at)
    select 80000 + n, n * 1.25, timestamp '2026-03-02 10:00:00' from generate_series(1, 10) n""",
    # A back-up that was restored: its time is in a window that was read long ago.
    """insert into ledger.invoices values
    (90002, 'RESTORED', 'A0003', 'CC04', 'open', 12.34, '2025-05-05', null, '2025-05-05 12:00:00+00')""",
    f"delete from ledger.invoices where {DELETED_INVOICES}",
)
# 4294967295 is the greatest unsigned INT: it does not fit into a signed one.
STOCK_CHANGES = (
    "update stock.articles set stock = stock + 1, updated_at = now(6) where sku like 'ART-%5'",
    "insert into stock.articles values ('ART-9', 'Neu', 999999.0625, 4294967295, 1, now(6))",
    f"delete from stock.articles where {DELETED_ARTICLES}",
)


@dataclass
class Lost:
    """Rows that only the warehouse still has, as they were last: their sources deleted them."""

    invoices: Rows = field(default_factory=list)
    articles: Rows = field(default_factory=list)
    accounts: list[dict[str, Any]] = field(default_factory=list)
    centres: list[dict[str, Any]] = field(default_factory=list)
    payments: Rows = field(default_factory=list)


def change_databases(databases: Databases, lost: Lost, invoices: str, articles: str, payments: str) -> None:
    """The last three are queries of the oracle, which end with a condition. Payments of a deleted invoice go with it:
    they are copied by their increasing key, so their deletion is not noticed."""
    databases.late.commit()
    # Before the statements: afterwards the sources no longer have the rows.
    lost.invoices += databases.query_ledger(f"{invoices} where {DELETED_INVOICES}")
    lost.articles += databases.query_stock(f"{articles} where {DELETED_ARTICLES}")
    condition = f"invoice_id in (select id from ledger.invoices where {DELETED_INVOICES})"
    lost.payments += databases.query_ledger(f"{payments} where {condition}")
    for statement in LEDGER_CHANGES:
        databases.ledger.execute(statement)
    with databases.stock.cursor() as cursor:
        for statement in STOCK_CHANGES:
            cursor.execute(statement)


def change_data(data: ErpData, lost: Lost) -> None:
    """An account and a cost centre leave their lists; files are overwritten; two of their lines are invalid."""
    lost.accounts.append(data.accounts.pop("A0010"))
    data.accounts["A0011"] = data.accounts["A0011"] | {"segment": "large", "owner": None}
    data.accounts["A9999"] = {"id": "A9999", "name": "New", "segment": "small", "owner": "owner1"}
    lost.centres.append(data.centres.pop("CC05"))
    data.budgets["CC01", 2026] = "12345.67"
    data.broken[2026] = ["CC02;2026;much", "CC03;2026;1.00;unexpected"]
    data.bookings[5] = replace(data.bookings[5], amount=Decimal("0.01"))
    last = data.bookings[max(data.bookings)]
    data.bookings[99_999] = Booking(99_999, "CC02", Decimal("-7.25"), last.at, ("storno",))
