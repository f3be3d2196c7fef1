"""Schema drift of a page: fields without a column, and new, missing or retyped fields."""

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector import raw_schema
from connector.extract import schema_drift as drift
from connector.extract.page_inspection import create_inspector
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


def detect(*items, schema=None):
    return create_inspector(COLUMNS, schema or drift.learn_schema(raw(SALE)), None)(raw(*items))[0]


def without(item, name):
    return {key: value for key, value in item.items() if key != name}


@pytest.mark.parametrize(
    "item",
    [SALE, SALE | {"items": []}, SALE | {"items": None}, SALE | {"id": None}, SALE | {"id": 10**30}],
)
def test_unchanged_items_have_no_drift(item):
    """Null is not a type: any field may be null, and an empty list has no fields."""
    assert detect(item) == DriftReport()


@pytest.mark.parametrize(
    ("item", "unmapped", "changes"),
    [
        (SALE | {"channel": "web"}, {"channel"}, {("channel", "text")}),
        (SALE | {"items": [LINE, LINE | {"coupon": True}]}, {"items.coupon"}, {("items.coupon", "boolean")}),
        (
            SALE | {"till": {"id": 1}},
            {"till"},  # fields inside it are not listed
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
def test_each_difference_is_reported(item, unmapped, changes):
    expected = DriftReport(frozenset(unmapped), frozenset(changes))
    assert detect(item) == expected
    assert detect(SALE, item, SALE) == expected  # also among unchanged items


def test_a_type_that_was_observed_once_is_not_reported_again():
    """A field without a column is reported until it has one."""
    schema = drift.learn_schema(raw(SALE))
    item = SALE | {"channel": "web", "id": "17"}
    schema = schema.extend(detect(item, schema=schema).changes)
    assert detect(item, SALE, schema=schema) == DriftReport(frozenset({"channel"}))
    assert describe_change(("id", "object"), schema) == "retyped"
    assert describe_change(("store_id", "absent"), schema) == "missing"
    assert describe_change(("till", "text"), schema) == "new"


def test_the_first_page_defines_which_fields_may_be_absent():
    schema = drift.learn_schema(raw(SALE, without(SALE, "store_id")))
    assert detect(without(SALE, "store_id"), schema=schema) == DriftReport()
    assert detect(without(SALE, "id"), schema=schema).changes == {("id", "absent")}


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
@example([{"datetime": None, "id": {}}], [{"id": {"amount": 0}}])
@example(
    [{"id": {}, "items": [{"amount": 1.0}]}], [{"id": {"x.y": 0}, "items": [{"amount": 1.0, "kind": ""}]}]
)
def test_a_difference_is_reported_once_for_any_page(before, now):
    """The fast and the slow comparison agree, and reported types become part of the schema."""
    schema = drift.learn_schema(raw(*before))
    once = detect(*now, schema=schema)
    assert once == drift.compare_items(raw(*now), COLUMNS[:-1], schema)
    later = detect(*now, schema=schema.extend(once.changes))
    assert later.changes == frozenset() and later.unmapped == once.unmapped
    assert detect(*before, schema=schema).changes == frozenset()


@given(ITEMS)
def test_without_an_observed_schema_fields_are_new_or_missing(items):
    assert all(
        describe_change(change, ObservedSchema()) in ("new", "missing")
        for change in detect(*items, schema=ObservedSchema()).changes
    )
