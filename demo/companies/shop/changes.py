"""What happens in the web shop within an hour, after its first load."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from bson import Decimal128, ObjectId

from demo.companies.shop.clickstream import SEED, create_request, log_of
from demo.companies.shop.data import FIRST_CLOCK, Document, Product, Shipment, ShopData, file_of, total_of

SECOND_CLOCK = FIRST_CLOCK + timedelta(hours=1)
CHANGED_ORDERS, NEW_ORDERS = 40, 25


def pass_hour(data: ShopData) -> None:
    """New, changed and deleted rows; documents that a window cannot see; overwritten files; rows that are invalid."""
    change_orders(data)
    add_orders(data)
    add_late_orders(data)
    delete_documents(data)
    change_catalogue(data)
    add_shipments(data)
    overwrite_shipments(data)
    add_requests(data)


def change_orders(data: ShopData) -> None:
    open_orders = [order for order in data.orders.values() if order["status"] in ("placed", "paid")]
    for number, order in enumerate(open_orders[:CHANGED_ORDERS]):
        change = {"status": "cancelled" if number % 4 == 0 else "shipped", "updated_at": minute(number % 59)}
        data.orders[order["_id"]] = order | change


def add_orders(data: ShopData) -> None:
    for number in range(NEW_ORDERS):
        place_order(data, number, at=minute(number), updated=minute(number))


def add_late_orders(data: ShopData) -> None:
    """A transaction that was committed after the first load, within the look-back, and a restored back-up."""
    # The first transaction is within the look-back of an hour; the second, two days old, is only in the comparison.
    place_order(data, 100, at=minute(-20), updated=minute(-20))
    place_order(data, 101, at=minute(-3000), updated=minute(-3000))


def place_order(data: ShopData, number: int, at: datetime, updated: datetime) -> None:
    product = list(data.catalogue.values())[number % len(data.catalogue)]
    items = [{"sku": product.sku, "quantity": 1 + number % 3, "price": Decimal128(product.price)}]
    order: Document = {
        # The first four bytes of the other ids are a time (create_order), so this one cannot exist yet.
        "_id": ObjectId(f"ffffffff{number:016x}"),
        "number": 90_000 + number,
        "customer_id": f"C{number:05}",
        "status": "placed",
        "items": items,
        "total": Decimal128(total_of(items)),
        "placed_at": at,
        "updated_at": updated,
    }
    data.orders[order["_id"]] = order


def delete_documents(data: ShopData) -> None:
    """Test orders are deleted, and a customer, on request. Their orders stay."""
    for key in list(data.orders)[5:500:100]:
        del data.orders[key]
    del data.customers["C00007"]


def change_catalogue(data: ShopData) -> None:
    """The list is written again: a new price, a new product, and one that is no longer sold."""
    first, second, *_ = data.catalogue
    data.catalogue[first] = replace(data.catalogue[first], price=Decimal("19.90"))
    del data.catalogue[second]
    data.catalogue["90001"] = Product("90001", "Lamp", "Öfen", Decimal("24.50"))


def add_shipments(data: ShopData) -> None:
    """The file of the day grows: known shipments in a new state, and one line with a field too many."""
    latest: dict[str, Shipment] = {}
    for shipments in data.shipments.values():
        latest |= {shipment.number: shipment for shipment in shipments if shipment.status == "sent"}
    name = file_of(SECOND_CLOCK)
    for number, shipment in enumerate(list(latest.values())[-30:]):
        data.shipments.setdefault(name, []).append(replace(shipment, status="returned", at=minute(number)))
    data.broken[name] = ["S99999;10001;dhl;sent;1.000;2026-03-31 08:30:00;unexpected"]


def overwrite_shipments(data: ShopData) -> None:
    """An older file is written again with a corrected weight, and a weight that is not a number."""
    name = file_of(FIRST_CLOCK - timedelta(days=10))
    first, *others = data.shipments[name]
    data.shipments[name] = [replace(first, weight="0.500"), *others]
    data.broken[name] = ["S99998;10001;dhl;sent;heavy;2026-03-21 10:00:00"]


def add_requests(data: ShopData) -> None:
    """A log of a new day, one that has grown, one that arrives a week late, and lines of another format."""
    skus = sorted(data.catalogue)
    draw = random.Random(SEED)
    for name, at in (
        (log_of("fra", SECOND_CLOCK), minute(0)),
        (sorted(data.logs)[-1], minute(-2000)),
        (log_of("lon", minute(-10_000)), minute(-10_000)),
    ):
        log = data.logs.setdefault(name, [])
        log += [
            create_request(draw, f"{name}-{number}", at + timedelta(seconds=number), skus)
            for number in range(20)
        ]
    data.broken[log_of("fra", SECOND_CLOCK)] = [
        "\\x16\\x03\\x01 a scanner",
        "192.0.2.7 - - [31/Feb/2026:00:00:00 +0100]",
    ]


def minute(number: int) -> datetime:
    """Of the hour; before it, if negative."""
    return FIRST_CLOCK + timedelta(minutes=number)
