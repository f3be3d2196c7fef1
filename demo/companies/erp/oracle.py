"""What the warehouse must contain: the databases' own rows as their drivers read them, and sums in Python.

It shares no SQL with the warehouse. Rows that a source deleted stay in ods, and are marked.
"""

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

from demo.companies.erp.changes import Lost, Rows
from demo.companies.erp.data import ErpData
from demo.companies.erp.databases import Databases
from demo.companies.rows import Expected

INVOICE_COLUMNS = ("id", "number", "account_id", "cost_centre", "status", "amount", "issued_on", "details")
INVOICES = f"select {', '.join(INVOICE_COLUMNS[:-1])}, details::text, updated_at from ledger.invoices"
PAYMENTS = "select id, invoice_id, amount, paid_at at time zone 'UTC' from ledger.payments"
ARTICLE_COLUMNS = ("sku", "name", "price", "stock", "is_active")
ARTICLES = f"select {', '.join(ARTICLE_COLUMNS)}, date_format(updated_at, '%Y-%m-%d %H:%i:%s.%f') from stock.articles"


def expect(databases: Databases, data: ErpData, lost: Lost) -> list[Expected]:
    invoices, payments = databases.query_ledger(INVOICES), databases.query_ledger(PAYMENTS) + lost.payments
    return [
        *expect_ledger(invoices, payments, lost),
        expect_articles(databases, lost),
        expect_stock(databases),
        *expect_lists(data, lost),
        *expect_files(data),
        expect_balances(invoices, payments, data, lost),
        expect_results(invoices, data, lost),
    ]


def mark(present: Rows, lost: Rows) -> Rows:
    """With a last value: whether the row was deleted."""
    return [*((*row, False) for row in present), *((*row, True) for row in lost)]


def expect_ledger(invoices: Rows, payments: Rows, lost: Lost) -> list[Expected]:
    columns = (*INVOICE_COLUMNS, "updated_at", "deleted_at is not null")
    return [
        Expected("ods.invoices", columns, mark(invoices, lost.invoices), money="amount"),
        Expected("ods.payments", ("id", "invoice_id", "amount", "paid_at"), payments, money="amount"),
    ]


def expect_articles(databases: Databases, lost: Lost) -> Expected:
    updated = "format_timestamp('%Y-%m-%d %H:%M:%E6S', updated_at)"
    rows = mark(databases.query_stock(ARTICLES), lost.articles)
    return Expected(
        "ods.articles", (*ARTICLE_COLUMNS, updated, "deleted_at is not null"), rows, money="price"
    )


def expect_stock(databases: Databases) -> Expected:
    articles = databases.query_stock("select sku, name, stock, price, is_active from stock.articles")
    rows = [(sku, name, stock, stock * price) for sku, name, stock, price, is_active in articles if is_active]
    return Expected("dmt.stock_value", ("sku", "name", "stock", "value"), rows, money="value")


def expect_lists(data: ErpData, lost: Lost) -> list[Expected]:
    accounts = mark([tuple(each.values()) for each in data.accounts.values()], to_rows(lost.accounts))
    centres = mark(
        [centre_row(each) for each in data.centres.values()], [centre_row(e) for e in lost.centres]
    )
    return [
        Expected("ods.accounts", ("id", "name", "segment", "owner", "not is_listed"), accounts),
        Expected("ods.cost_centres", ("code", "name", "branch", "not is_listed"), centres),
    ]


def to_rows(items: list[dict[str, Any]]) -> Rows:
    return [tuple(item.values()) for item in items]


def centre_row(centre: dict[str, Any]) -> tuple[Any, ...]:
    return (centre["code"], centre["name"], to_json(centre["branch"]))


def to_json(value: Any) -> str:
    """As the connector writes nested values of Parquet, and as the file of cost centres is written."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def expect_files(data: ErpData) -> list[Expected]:
    budgets = [(centre, year, Decimal(amount)) for (centre, year), amount in data.budgets.items()]
    bookings = [
        (each.number, each.cost_centre, each.amount, each.at, to_json(each.tags))
        for each in data.bookings.values()
    ]
    return [
        Expected("ods.budgets", ("cost_centre", "year", "amount"), budgets, money="amount"),
        Expected(
            "ods.bookings",
            ("booking", "cost_centre", "amount", "booked_at", "tags"),
            bookings,
            money="amount",
        ),
    ]


def expect_balances(invoices: Rows, payments: Rows, data: ErpData, lost: Lost) -> Expected:
    paid: dict[int, Decimal] = defaultdict(Decimal)
    for _, invoice, amount, _ in payments:
        paid[invoice] += amount
    accounts = data.accounts | {each["id"]: each for each in lost.accounts}
    sums: dict[str, list[Any]] = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for number, _, account, _, status, amount, *_ in invoices:
        if status != "cancelled":
            sums[account][0] += 1
            sums[account][1] += amount
            sums[account][2] += paid[number]
    rows = [
        (
            key,
            *(accounts.get(key, {}).get(name) for name in ("name", "segment")),
            *values,
            values[1] - values[2],
        )
        for key, values in sums.items()
    ]
    columns = ("account_id", "account", "segment", "invoices", "invoiced", "paid", "open")
    return Expected("dmt.account_balance", columns, rows, money="invoiced")


def expect_results(invoices: Rows, data: ErpData, lost: Lost) -> Expected:
    sums: dict[tuple[str, int], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
    for (centre, year), budget in data.budgets.items():
        sums[centre, year][0] += Decimal(budget)
    for _, _, _, centre, status, amount, issued, *_ in invoices:
        if status != "cancelled":
            sums[centre, issued.year][1] += amount
    for booking in data.bookings.values():
        sums[booking.cost_centre, booking.at.year][2] += booking.amount
    centres = data.centres | {each["code"]: each for each in lost.centres}
    rows = [(*key, centres.get(key[0], {}).get("name"), *values) for key, values in sums.items()]
    columns = ("cost_centre", "year", "name", "budget", "invoiced", "booked")
    return Expected("dmt.cost_centre_result", columns, rows, money="invoiced")
