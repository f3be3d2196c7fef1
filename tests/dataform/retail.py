"""Raw rows of a small shop: files that contain every case, named as the connector names them."""

from typing import Any

Row = dict[str, Any]
Files = dict[str, list[Row]]


def file(endpoint: str, run: int, page: int = 1) -> str:
    """The name of a run that began on the day `run` of January 2026; names of one endpoint sort by it."""
    return f"{endpoint}_202601{run:02d}_0900_019b{run:04x}-0000-7{page:03x}-8000-{page:012x}.json"


def sale(id: Any, day: str = "2017-01-01", *lines: tuple[Any, Any, Any], **other: Any) -> Row:
    items = [{"product_sku": sku, "quantity": quantity, "amount": amount} for sku, quantity, amount in lines]
    return {"id": id, "datetime": f"{day}T10:00:00Z", "customer_id": 1, "store_id": 7, "items": items} | other


def product(sku: Any, unit_amount: Any, description: str = "Apples", supplier: str = "9") -> Row:
    return {"product_sku": sku, "description": description, "unit_amount": unit_amount, "supplier": supplier}


def customer(id: Any, name: str = "Ada") -> Row:
    return {"id": id, "name": name, "email": f"{id}@example.com", "phone": "+1-555-0100", "age": "65+"}


def files_by_table(files: list[tuple[str, str, list[Row]]]) -> dict[str, Files]:
    """Grouped for a single load per table: a load takes as long as a query."""
    tables: dict[str, Files] = {}
    for table, name, rows in files:
        tables.setdefault(table, {})[name] = rows
    return tables


# By the reason why each is rejected.
BAD_SALES = {
    "id is missing": sale(None, "2017-01-01", ("a", 1, 1)),
    "id is not a whole number": sale("0x1F", "2017-01-01", ("a", 1, 1)),
    "customer_id is missing": sale(91, "2017-01-01", ("a", 1, 1), customer_id=None),
    "store_id is not a whole number": sale(92, "2017-01-01", ("a", 1, 1), store_id="here"),
    "datetime is missing": sale(93, "2017-01-01", ("a", 1, 1), datetime=""),
    "datetime is not a time": sale(94, "2017-02-30", ("a", 1, 1)),
    "datetime is outside 1990 to 2099": sale(95, "1970-01-01", ("a", 1, 1)),
    "datetime is more than a day after it was loaded": sale(96, "2099-01-01", ("a", 1, 1)),
    "a quantity is outside -1000000 to 1000000": sale(89, "2017-01-01", ("a", 4006381333931, 1)),
    "an amount is outside -100000000 to 100000000": sale(88, "2017-01-01", ("a", 1, "5e12")),
    "items are missing; a line has no product_sku; a quantity is not a number; an amount is not a number": sale(
        87, "2017-01-01", items=[{}]
    ),
    "a line has no product_sku": sale(97, "2017-01-01", (None, 1, 1)),
    "two lines have one product_sku": sale(98, "2017-01-01", ("a", 1, 1), ("a", 2, 2)),
    "a quantity is not a number": sale(99, "2017-01-01", ("a", "1,5", 1)),
    "an amount is not a number": sale(90, "2017-01-01", ("a", 1, "ten")),
    "id is missing; a line has no product_sku; an amount is not a number": sale(
        None, "2017-01-01", ("", 1, "")
    ),
}

# In the order in which they were written; any other order must give the same rows.
FILES: list[tuple[str, str, list[Row]]] = [
    # Written before all others: an old version of 1, which must not win, and a sale that no other file has.
    (
        "sales",
        file("sales", 1),
        [sale(1, "2017-01-05", ("a", 9, 9)), sale(8, "2016-12-31", ("a", 1, "0.90"))],
    ),
    (
        "products",
        file("products", 2),
        [product("a", 1.0), product("b", 2.0, "Bread"), product("c", None, "Coupon")],
    ),
    ("customers", file("customers", 2), [customer(1), customer(2, "Ben"), customer("zz", "Zoe")]),
    (
        "sales",
        file("sales", 2, 1),
        [
            sale(1, "2017-01-01", ("a", 2, 1.5), ("b", 1, 2)),
            sale(2, "2017-01-01", ("a", 1, 1.25), ("c", 0, 0)),
            sale(3, "2017-01-01", ("a", 1, 1), customer_id=3),  # a customer of the second list
            sale(4, "2017-01-02", ("a", 1, 1), ("d", 2, 2.94)),  # d: a product of the second list
            sale(5, "2017-01-02", ("never", 1, 1), customer_id=4),
            sale(9, "2017-01-06", ("a", 1, 1)),
            sale(10, "2017-01-06", ("a", "0.453", "0.62")),  # weighed
            sale(11, "2017-01-06", ("a", 1, -1.5), ("b", -2, "-3.00")),  # money paid back, and a return
            sale(12, "2017-01-06", ("a", -2, -5), ("b", 0, -2)),  # a return for more, and money without units
            *BAD_SALES.values(),
        ],
    ),
    # One sale three times in one file: the greatest content wins, whatever the order.
    ("sales", file("sales", 2, 2), [sale(6, "2017-01-02", ("a", n, 1)) for n in (2, 3, 1, 3)]),
    # a: dearer. b: left the list. c: listed, though its row is invalid.
    (
        "products",
        file("products", 3),
        [product("a", 2.0, "Apples, red"), product("d", 2.24), product("c", "free")],
    ),
    ("customers", file("customers", 3), [customer(1, "Ada B."), customer(3, "Cleo")]),
    (
        "sales",
        file("sales", 3),
        [
            sale(1, "2017-01-03", ("a", 2, 1.5)),  # moved to another day, and without b
            sale(2, "2017-01-01", ("a", 1, 1.0), ("c", 0, 0)),
            sale(9, "2017-01-06"),  # voided
            sale(7, "2017-01-03", ("b", 3, "4.50"), customer_id=2),
        ],
    ),
]
