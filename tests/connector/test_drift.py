"""Fields without a column get a name, wherever they are."""

import msgspec
import pytest

from connector import drift, schemas

FIND = drift.finder(schemas.read("sales"))
SALE = {"id": 17, "datetime": "2017-01-01T11:53:26Z", "customer_id": 900, "store_id": 330}
LINE = {"product_sku": "1095275", "quantity": 1, "amount": 0.5}


def found(*items):
    return FIND([msgspec.Raw(msgspec.json.encode(item)) for item in items])


@pytest.mark.parametrize(
    "item",
    [
        SALE | {"items": [LINE, LINE]},
        SALE | {"items": []},
        SALE | {"items": None},  # a null list is an empty one
        SALE,  # a missing field is no field without a column
        {},
        SALE | {"id": None},
        SALE | {"datetime": {"nested": "where text is expected"}},  # a column, of another type
    ],
)
def test_known_fields_are_no_drift(item):
    assert found(item) == set()


def test_unknown_fields_are_named_by_their_path():
    line = LINE | {"coupon": 1}
    assert found(SALE | {"items": [LINE, line]}, SALE | {"channel": "web"}) == {"items.coupon", "channel"}


@pytest.mark.parametrize("item", [42, None, ["id"], "text"])
def test_what_is_no_object_is_told_by_the_field_that_keeps_it(item):
    assert found(item, SALE) == {"SYS_ITEM"}


def test_a_list_that_is_none_hides_no_other_field():
    assert found(SALE | {"items": "none", "channel": "web"}) == {"channel"}


def test_a_field_that_only_we_may_write():
    assert found(SALE | {"SYS_FILE_NAME": "x"}) == {"SYS_FILE_NAME"}
