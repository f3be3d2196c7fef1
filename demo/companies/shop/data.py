"""The web shop's data, the same in every run: orders and customers, the catalogue, and files of shipments."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import Decimal128, ObjectId

from demo.companies.shop.clickstream import PageRequest, create_logs

SEED = 20260301
FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 30
FIRST_CLOCK = FIRST_DAY + timedelta(days=DAYS, hours=8)  # when the daily run reads the shop
ORDERS, CUSTOMERS, PRODUCTS = 3000, 600, 150
FIRST_NUMBER = 10_001
# The en dash is in cp1252, the encoding of the catalogue, but not in ISO 8859-1: the wrong one is noticed.
CATEGORIES = ("Backpacks", "Bottles", "Maps", "Tents", "Wool – Socks", "Öfen")
COUNTRIES = ("AT", "BE", "DE", "FR", "NL")
CARRIERS = ("dhl", "dpd", "post", None)

Document = dict[str, Any]


@dataclass(frozen=True)
class Product:
    sku: str
    name: str
    category: str
    price: Decimal


@dataclass(frozen=True)
class Shipment:
    """A line of a file: the state of a shipment at a time. `weight` is the text of the file."""

    number: str
    order: int
    carrier: str | None
    status: str
    weight: str
    at: datetime


@dataclass
class ShopData:
    """`shipments` by the name of their file; `broken` are further lines of a file that are not valid rows.
    `logs` are requests by the name of their access log."""

    orders: dict[ObjectId, Document] = field(default_factory=dict)
    customers: dict[str, Document] = field(default_factory=dict)
    catalogue: dict[str, Product] = field(default_factory=dict)
    shipments: dict[str, list[Shipment]] = field(default_factory=dict)
    broken: dict[str, list[str]] = field(default_factory=dict)
    logs: dict[str, list[PageRequest]] = field(default_factory=dict)


def create_data() -> ShopData:
    draw, data = random.Random(SEED), ShopData()
    for number in range(PRODUCTS):
        product = create_product(draw, number)
        data.catalogue[product.sku] = product
    for number in range(CUSTOMERS):
        customer = create_customer(draw, number)
        data.customers[customer["_id"]] = customer
    for number in range(ORDERS):
        order = create_order(draw, data, number)
        data.orders[order["_id"]] = order
        ship_order(draw, data, order)
    data.logs = create_logs(sorted(data.catalogue))
    return data


def create_product(draw: random.Random, number: int) -> Product:
    price = Decimal(draw.randrange(250, 29_900)) / 100
    # Leading zeros are lost if a number is read as an integer; quotes and semicolons must be escaped in CSV.
    return Product(f"{number:05}", f'Model "{number}"; Größe {number % 7}', draw.choice(CATEGORIES), price)


def create_customer(draw: random.Random, number: int) -> Document:
    """Old accounts have no address."""
    created = FIRST_DAY - timedelta(minutes=draw.randrange(1, 500_000))
    address = {"city": draw.choice(("Gent", "Linz", "Köln", "Lyon")), "zip": f"0{draw.randrange(1000, 9999)}"}
    return {
        "_id": f"C{number:05}",
        "name": f"Customer {number} O'Neil",
        "email": f"customer{number}@mail.example",
        "country": draw.choice(COUNTRIES),
        **({"address": address} if number % 10 else {}),
        "created_at": created,
        "updated_at": created + timedelta(minutes=draw.randrange(500)),
    }


def create_order(draw: random.Random, data: ShopData, number: int) -> Document:
    placed = FIRST_DAY + timedelta(
        seconds=number * DAYS * 86_400 // ORDERS, milliseconds=draw.randrange(1000)
    )
    skus = draw.sample(sorted(data.catalogue), draw.randrange(1, 5))
    items = [
        {"sku": sku, "quantity": draw.randrange(1, 4), "price": Decimal128(data.catalogue[sku].price)}
        for sku in skus
    ]
    status = draw.choices(("placed", "paid", "shipped", "cancelled"), (5, 10, 75, 10))[0]
    return {
        "_id": ObjectId(f"{int(placed.timestamp()):08x}{number:016x}"),
        "number": FIRST_NUMBER + number,
        "customer_id": f"C{draw.randrange(CUSTOMERS):05}",
        "status": status,
        "items": items,
        "total": Decimal128(total_of(items)),
        **({"coupon": "SPRING"} if number % 13 == 0 else {}),
        "placed_at": placed,
        # Not later than the first run: MongoDB's clock would otherwise be behind its own documents.
        "updated_at": min(
            placed + timedelta(minutes=draw.randrange(1, 3000)), FIRST_CLOCK - timedelta(minutes=5)
        ),
    }


def total_of(items: list[Document]) -> Decimal:
    return sum((item["quantity"] * item["price"].to_decimal() for item in items), Decimal(0))


def ship_order(draw: random.Random, data: ShopData, order: Document) -> None:
    """Each state is a line of the file of its day."""
    if order["status"] != "shipped":
        return
    at, carrier = order["placed_at"].replace(microsecond=0), draw.choice(CARRIERS)
    weight = f"{draw.randrange(100, 20_000) / 1000:.3f}"
    for status in ("packed", "sent", "delivered"):
        at += timedelta(hours=draw.randrange(1, 40))
        if at < FIRST_CLOCK:
            shipment = Shipment(f"S{order['number']}", order["number"], carrier, status, weight, at)
            data.shipments.setdefault(file_of(at), []).append(shipment)


def file_of(at: datetime) -> str:
    return f"shipments/{at:%Y-%m-%d}.csv"
