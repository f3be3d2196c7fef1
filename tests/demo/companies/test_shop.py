"""The web shop: MongoDB and files in S3 become tables that equal the oracle, whatever happens in between.

The tests of this file share one warehouse and run in order.
"""

import copy
import json
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.errors import KeyRejected, SourceUnavailable
from demo.companies.shop.changes import SECOND_CLOCK, pass_hour
from demo.companies.shop.data import FIRST_CLOCK, Shipment, create_data, file_of
from demo.companies.shop.oracle import expect_shop as expect
from demo.companies.shop.servers import running_servers
from demo.servers.s3 import ACCESS_KEY
from tests.demo.companies.system import System, lay_out_company

THIRD_CLOCK, MINUTE = SECOND_CLOCK + timedelta(hours=1), timedelta(minutes=1)
SECRETS = {"shop": "", "warehouse_files": json.dumps(ACCESS_KEY)}


@pytest.fixture(scope="module")
def data():
    """The first state, and the present one, which tests change."""
    first = create_data()
    return first, copy.deepcopy(first)


@pytest.fixture(scope="module")
def servers(data):
    with running_servers("shop-tests") as servers:
        servers.publish(data[0], FIRST_CLOCK)
        yield servers


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    return lay_out_company("shop", tmp_path_factory.mktemp("shop") / "project").compile()


@pytest.fixture(scope="module")
def shop(sandbox, servers, graph):
    shop = System(sandbox.address, "shop", graph, servers.variables, SECRETS)
    del shop.sources["clickstream"]  # test_clickstream.py
    yield shop
    shop.close()


def test_the_first_load_equals_the_oracle(shop, data):
    first, now = data
    shop.copy_all()
    shop.transform()
    assert shop.differences(expect(first, now)) == []
    assert len(now.orders) == 3000 and len(now.shipments) > 25


def test_an_hour_with_every_kind_of_change(shop, servers, data):
    """Inserts, updates, deletions, a late commit and a restored back-up, overwritten files, rows that are invalid."""
    first, now = data
    pass_hour(now)
    servers.publish(now, SECOND_CLOCK)
    shop.day = 1
    shop.copy_all()
    shop.transform()
    assert shop.differences(expect(first, now)) == []
    deleted = "SELECT COUNT(*) FROM ods.orders WHERE deleted_at IS NOT NULL AND total IS NOT NULL"
    assert shop.rows(deleted) == [(5,)]
    assert any(
        "3022 keys of the source were compared: 1 rows missed, 5 gone" in note for note in shop.notes()
    )


def test_an_invalid_row_is_a_reject_with_its_line_number(shop, data):
    _, now = data
    name = file_of(SECOND_CLOCK)
    [reject] = shop.rejects("warehouse_files/shipments")
    assert reject["number"] == len(now.shipments[name]) + 2
    assert any(f"1 rows of {name} are in rejects/, the first is line" in note for note in shop.notes())
    assert "7 fields instead of 6" in reject["reason"]
    weights = shop.rows("SELECT reason, payload FROM ods.shipments_rejects WHERE file_day > '2000-01-01'")
    assert [reason for reason, _ in weights] == ["weight_kg is not a number"]
    assert '"SYS_SOURCE_LINE":' in weights[0][1] and "S99998" in weights[0][1]


def test_everything_twice_and_windows_out_of_order(shop, data):
    before = shop.rows("SELECT COUNT(*) FROM raw.shipments")
    shop.copy_all()
    assert shop.rows("SELECT COUNT(*) FROM raw.shipments") == before  # no file has changed
    shop.copy("shop", "orders", "2026-03-15T00:00:00Z", "2026-03-20T00:00:00Z")
    shop.copy("shop", "orders", "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z")
    shop.copy("shop", "customers", "2020-01-01T00:00:00Z", "2026-04-01T00:00:00Z")
    shop.transform()
    assert shop.differences(expect(*data)) == []


class OverwrittenStore:
    """A store whose files are written again after they were listed."""

    def __init__(self, store, overwrite):
        self.store, self.overwrite, self.server, self.url = store, overwrite, store.server, store.url

    def list_files(self, prefix):
        yield from list(self.store.list_files(prefix))
        self.overwrite()

    def read_chunks(self, file, start, end):
        return self.store.read_chunks(file, start, end)


def test_failures_lose_nothing(shop, servers, data):
    """A server that cuts every connection, a file that is overwritten while it is read, and fields that change."""
    _, now = data
    orders = list(now.orders.values())
    now.orders[orders[0]["_id"]] = orders[0] | {"channel": "app", "updated_at": THIRD_CLOCK - MINUTE}
    now.orders[orders[1]["_id"]] = {**orders[1], "coupon": None, "updated_at": THIRD_CLOCK - MINUTE}
    servers.publish(now, THIRD_CLOCK)
    servers.mongo.error = {"ok": 0.0, "code": 18, "errmsg": "Authentication failed."}
    with pytest.raises(KeyRejected, match="Add a correct version of the secret"):
        shop.copy("shop", "orders")
    servers.mongo.error = None

    name = file_of(FIRST_CLOCK)
    add_state(now, name, "9.000")
    servers.publish(now, THIRD_CLOCK)
    add_state(now, name, "9.500")
    reader = shop.create_reader("warehouse_files", "shipments")
    reader.store = OverwrittenStore(reader.store, lambda: servers.publish(now, THIRD_CLOCK))
    with pytest.raises(SourceUnavailable, match="was overwritten or removed after it was listed"):
        shop.copy("warehouse_files", "shipments", reader=reader)

    shop.copy_all()
    assert any("without a column in raw, kept in the files: channel" in note for note in shop.notes())
    shop.transform()
    assert shop.differences(expect(*data)) == []
    assert shop.rows("SELECT weight_kg FROM ods.shipments WHERE shipment = 'S10010'") == [(Decimal("9.5"),)]


def add_state(data, name, weight):
    """The newest state of a shipment, in a file that was loaded before."""
    data.shipments[name].append(Shipment("S10010", 10010, "dhl", "returned", weight, SECOND_CLOCK))


def test_a_full_refresh_gives_the_same_rows(shop, data):
    shop.transform(full=True)
    assert shop.differences(expect(*data)) == []
