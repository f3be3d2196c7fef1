"""What the warehouse must contain, computed in Python from the web shop's data: shares no SQL with the warehouse."""

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

from demo.companies.rows import Expected
from demo.companies.shop.clickstream import PageRequest
from demo.companies.shop.data import Document, Shipment, ShopData

CANCELLED = "cancelled"


def expect(first: ShopData, now: ShopData) -> list[Expected]:
    """`first` is the data of the first load: what was deleted since then stays, and is marked."""
    return [*expect_shop(first, now), expect_requests(now), expect_visitors(now)]


def expect_shop(first: ShopData, now: ShopData) -> list[Expected]:
    """Without the tables of the access logs."""
    return [
        expect_orders(first, now),
        expect_customers(first, now),
        expect_catalogue(first, now),
        expect_shipments(first, now),
        expect_days(first, now),
        expect_categories(first, now),
    ]


def expect_orders(first: ShopData, now: ShopData) -> Expected:
    columns = (
        "_id",
        "number",
        "customer_id",
        "status",
        "items",
        "total",
        "coupon",
        "placed_at",
        "updated_at",
    )
    rows = [(*order_row(order), key not in now.orders) for key, order in (first.orders | now.orders).items()]
    return Expected("ods.orders", (*columns, "deleted_at is not null"), rows, money="total")


def order_row(order: Document) -> tuple[Any, ...]:
    items = [(item["sku"], item["quantity"], item["price"].to_decimal()) for item in order["items"]]
    total, times = order["total"].to_decimal(), (order["placed_at"], order["updated_at"])
    head = (str(order["_id"]), order["number"], order["customer_id"], order["status"])
    return (*head, items, total, order.get("coupon"), *times)


def expect_customers(first: ShopData, now: ShopData) -> Expected:
    columns = ("_id", "name", "email", "country", "address", "created_at", "updated_at")
    rows = [
        (*customer_row(customer), key not in now.customers)
        for key, customer in (first.customers | now.customers).items()
    ]
    return Expected("ods.customers", (*columns, "deleted_at is not null"), rows)


def customer_row(customer: Document) -> tuple[Any, ...]:
    address = customer.get("address")
    text = json.dumps(address, ensure_ascii=False, separators=(",", ":")) if address else None
    head = tuple(customer[name] for name in ("_id", "name", "email", "country"))
    return (*head, text, customer["created_at"], customer["updated_at"])


def expect_catalogue(first: ShopData, now: ShopData) -> Expected:
    rows = [
        (product.sku, product.name, product.category, product.price, sku in now.catalogue)
        for sku, product in (first.catalogue | now.catalogue).items()
    ]
    return Expected("ods.catalogue", ("sku", "product", "category", "list_price", "is_listed"), rows)


def expect_shipments(first: ShopData, now: ShopData) -> Expected:
    columns = ("shipment", "order_number", "carrier", "status", "weight_kg", "status_at")
    rows = [
        (state.number, state.order, state.carrier, state.status, Decimal(state.weight), state.at)
        for state in newest_shipments(first, now).values()
    ]
    return Expected("ods.shipments", columns, rows)


def newest_shipments(first: ShopData, now: ShopData) -> dict[str, Shipment]:
    """The newest state; of two with one time the one that was read later."""
    newest: dict[str, Shipment] = {}
    for data in (first, now):
        for state in (state for states in data.shipments.values() for state in states):
            if state.number not in newest or state.at >= newest[state.number].at:
                newest[state.number] = state
    return newest


def expect_days(first: ShopData, now: ShopData) -> Expected:
    delivered = {
        state.order for state in newest_shipments(first, now).values() if state.status == "delivered"
    }
    days: dict[Any, list[Any]] = defaultdict(lambda: [0, 0, 0, Decimal(0), 0])
    for order in now.orders.values():
        day = days[order["placed_at"].date()]
        if order["status"] == CANCELLED:
            day[1] += 1
        else:
            day[0] += 1
            day[2] += sum(item["quantity"] for item in order["items"])
            day[3] += order["total"].to_decimal()
        day[4] += order["number"] in delivered
    columns = ("day", "orders", "cancelled", "units", "revenue", "delivered")
    return Expected(
        "dmt.daily_orders", columns, [(day, *sums) for day, sums in days.items()], money="revenue"
    )


def expect_categories(first: ShopData, now: ShopData) -> Expected:
    products = first.catalogue | now.catalogue
    sums: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, Decimal(0)])
    for order in now.orders.values():
        if order["status"] == CANCELLED:
            continue
        # A customer that was deleted has no country any more, but a delisted product is still in its category.
        country = now.customers.get(order["customer_id"], {}).get("country", "unknown")
        for item in order["items"]:
            cell = sums[products[item["sku"]].category, country]
            cell[0] += item["quantity"]
            cell[1] += item["quantity"] * item["price"].to_decimal()
    columns = ("category", "country", "units", "revenue")
    rows = [(*key, *values) for key, values in sums.items()]
    return Expected("dmt.category_sales", columns, rows, money="revenue")


def expect_requests(now: ShopData) -> Expected:
    columns = ("request", "requested_at", "page", "sku", "search", "visitor", "device", "status", "bytes")
    return Expected("ods.page_requests", columns, [request_row(request) for request in all_requests(now)])


def all_requests(now: ShopData) -> list[PageRequest]:
    return [request for requests in now.logs.values() for request in requests]


def request_row(request: PageRequest) -> tuple[Any, ...]:
    head = (request.number, request.at, request.page, request.sku, request.search, request.visitor)
    return (*head, "phone" if request.is_phone else "computer", request.status, request.size)


def expect_visitors(now: ShopData) -> Expected:
    days: dict[Any, list[PageRequest]] = defaultdict(list)
    for request in all_requests(now):
        days[request.at.date()].append(request)
    columns = ("day", "requests", "failed", "visitors", "phone_requests", "product_requests", "searches")
    return Expected("dmt.daily_visitors", columns, [(day, *sum_day(each)) for day, each in days.items()])


def sum_day(requests: list[PageRequest]) -> tuple[int, ...]:
    pages = [request for request in requests if request.status < 400]
    return (
        len(pages),
        len(requests) - len(pages),
        len({request.visitor for request in requests if request.visitor}),
        sum(request.is_phone for request in requests),
        sum(request.sku is not None for request in pages),
        sum(request.search is not None for request in pages),
    )
