"""The servers of the web shop: its MongoDB, and the bucket with the files of the goods department."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from obstore.store import S3Store

from demo.companies.shop.data import FIRST_CLOCK, Document, Product, Shipment, ShopData
from demo.servers.mongodb import MongoServer
from demo.servers.s3 import create_bucket, put_file, running_s3

FOLDER = "goods/"
CATALOGUE = "catalogue.csv"
CATALOGUE_HEAD = "SKU;Product;Category;List price"
SHIPMENTS_HEAD = "shipment;order_number;carrier;status;weight_kg;status_at"


@dataclass
class ShopServers:
    """`files` are the contents that were uploaded: a file is uploaded again only when it changes."""

    mongo: MongoServer
    bucket: S3Store
    variables: Mapping[str, str]
    files: dict[str, bytes] = field(default_factory=dict)

    def publish(self, data: ShopData, clock: datetime) -> None:
        """Everything as of `data`; the clock of MongoDB becomes `clock`."""
        self.mongo.now = clock
        collections: dict[str, Mapping[Any, Document]] = {"orders": data.orders, "customers": data.customers}
        for name, documents in collections.items():
            self.mongo.documents[name] = []
            self.mongo.insert(name, *documents.values())
        for name, content in render_files(data).items():
            if self.files.get(name) != content:
                put_file(self.bucket, FOLDER + name, content)
        self.files = render_files(data)


@contextmanager
def running_servers(bucket: str = "shop-exports") -> Iterator[ShopServers]:
    """Empty servers; `variables` direct the connector to them."""
    mongo = MongoServer()
    mongo.now = FIRST_CLOCK
    try:
        with running_s3() as address:
            variables = {
                # Without the account of the declaration: the server knows none.
                "SHOP_URL": f"mongodb://{mongo.address}/shop",
                "WAREHOUSE_FILES_URL": f"s3://{bucket}/{FOLDER}",
                "WAREHOUSE_FILES_ENDPOINT": address,
            }
            yield ShopServers(mongo, create_bucket(address, bucket), variables)
    finally:
        mongo.close()


def render_files(data: ShopData) -> dict[str, bytes]:
    """By name. The catalogue is in the encoding of the department's spreadsheet program."""
    catalogue = "\n".join([CATALOGUE_HEAD, *map(render_product, data.catalogue.values()), ""])
    files = {CATALOGUE: catalogue.encode("cp1252")}
    for name, shipments in data.shipments.items():
        lines = [SHIPMENTS_HEAD, *map(render_shipment, shipments), *data.broken.get(name, []), ""]
        files[name] = "\n".join(lines).encode()
    return files


def render_product(product: Product) -> str:
    cells = (product.sku, product.name.replace('"', '""'), product.category, f"{product.price:.2f}")
    return ";".join(f'"{cell}"' for cell in cells)


def render_shipment(shipment: Shipment) -> str:
    at = shipment.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    cells = (shipment.number, shipment.order, shipment.carrier or "-", shipment.status, shipment.weight, at)
    return ";".join(map(str, cells))
