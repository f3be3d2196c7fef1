"""What differs in a page is named: fields without a column, and what no item was like before."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import raw_schema
from connector.extract import schema_drift as drift
from connector.extract.schema_drift import DriftReport, ObservedSchema
from connector.landing.page_metadata import describe_change

COLUMNS = raw_schema.read_columns("sales")
LINE = {"product_sku": "1095275", "quantity": 1, "amount": 0.5}
SALE = {
    "id": 17,
    "datetime": "2017-01-01T11:53:26Z",
    "customer_id": 900,
    "store_id": 330,
    "items": [LINE, LINE],
}


def raw(*items):
    return [msgspec.Raw(msgspec.json.encode(item)) for item in items]


def found(*items, shape=None):
    return drift.create_detector(COLUMNS, shape or drift.learn_schema(raw(SALE)))(raw(*items))


def without(item, name):
    return {key: value for key, value in item.items() if key != name}


@pytest.mark.parametrize(
    "item",
    [SALE, SALE | {"items": []}, SALE | {"items": None}, SALE | {"id": None}, SALE | {"id": 10**30}],
)
def test_what_is_as_ever_is_no_drift(item):
    """Null is no kind: any field may be null, and an empty list has no fields."""
    assert found(item) == DriftReport()


@pytest.mark.parametrize(
    ("item", "unmapped", "changes"),
    [
        (SALE | {"channel": "web"}, {"channel"}, {("channel", "text")}),
        (SALE | {"items": [LINE, LINE | {"coupon": True}]}, {"items.coupon"}, {("items.coupon", "boolean")}),
        (
            SALE | {"till": {"id": 1}},
            {"till"},  # what is inside needs no name of its own
            {("till", "object"), ("till.id", "number")},
        ),
        (without(SALE, "store_id"), set(), {("store_id", "absent")}),
        (SALE | {"items": [LINE, without(LINE, "amount")]}, set(), {("items.amount", "absent")}),
        (SALE | {"id": "17"}, set(), {("id", "text")}),
        (
            SALE | {"customer_id": {"id": 900}},
            set(),
            {("customer_id", "object"), ("customer_id.id", "number")},
        ),
        (SALE | {"items": [LINE | {"amount": "0.50"}]}, set(), {("items.amount", "text")}),
        (SALE | {"items": "none"}, set(), {("items", "text")}),
        (SALE | {"items": LINE}, set(), {("items", "object")}),
        (SALE | {"SYS_FILE_NAME": "x"}, {"SYS_FILE_NAME"}, {("SYS_FILE_NAME", "text")}),
        ({}, set(), {(name, "absent") for name in SALE}),
        (42, {"SYS_ITEM"}, set()),
        (None, {"SYS_ITEM"}, set()),
        ([SALE], {"SYS_ITEM"}, set()),
    ],
)
def test_what_differs_is_named(item, unmapped, changes):
    expected = DriftReport(frozenset(unmapped), frozenset(changes))
    assert found(item) == expected
    assert found(SALE, item, SALE) == expected  # in whatever company


def test_what_was_seen_once_is_no_change_any_more():
    """A field without a column is told as long as it has none."""
    shape = drift.learn_schema(raw(SALE))
    item = SALE | {"channel": "web", "id": "17"}
    shape = shape.extend(found(item, shape=shape).changes)
    assert found(item, SALE, shape=shape) == DriftReport(frozenset({"channel"}))
    assert describe_change(("id", "object"), shape) == "retyped"
    assert describe_change(("store_id", "absent"), shape) == "missing"
    assert describe_change(("till", "text"), shape) == "new"


def test_the_first_page_of_all_says_what_may_be_absent():
    shape = drift.learn_schema(raw(SALE, without(SALE, "store_id")))
    assert found(without(SALE, "store_id"), shape=shape) == DriftReport()
    assert found(without(SALE, "id"), shape=shape).changes == {("id", "absent")}


ITEMS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.none()
            | st.integers()
            | st.text(max_size=3)
            | st.booleans()
            | st.lists(
                st.none()
                | st.fixed_dictionaries(
                    {}, optional={"amount": st.floats(-9, 9), "kind": st.text(max_size=2)}
                ),
                max_size=3,
            )
            | st.dictionaries(st.sampled_from(["amount", "x.y", ""]), st.integers(), max_size=2)
            for name in ("id", "datetime", "items", "more")
        },
    ),
    max_size=4,
)


@given(ITEMS, ITEMS)
def test_a_page_is_told_once_whatever_is_in_it(before, now):
    """The fast way and the slow one agree, and what has been told is a part of the shape."""
    shape = drift.learn_schema(raw(*before))
    once = found(*now, shape=shape)
    assert once == drift.compare_items(raw(*now), COLUMNS[:-1], shape)
    later = found(*now, shape=shape.extend(once.changes))
    assert later.changes == frozenset() and later.unmapped == once.unmapped
    assert found(*before, shape=shape).changes == frozenset()


@given(ITEMS)
def test_nothing_is_found_where_nothing_is_known_but_names(items):
    assert all(
        describe_change(one, ObservedSchema()) in ("new", "missing")
        for one in found(*items, shape=ObservedSchema()).changes
    )
