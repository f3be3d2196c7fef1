"""Properties of the store and of update masks, for any input."""

import itertools
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.schema import Schema
from sandbox.resources.store import Store

FIELDS = ["title", "stage", "included_permissions"]
SCHEMA = Schema("iam.v1", "Role", output="deleted")
SERVER = {"deleted": True}
RESOURCES = st.dictionaries(st.sampled_from(["title", "stage", "includedPermissions"]), st.integers(0, 3))
SEGMENTS = st.sampled_from(["p", "p_", "p0", "p-1", "P"])
KEYS = st.builds("/".join, st.lists(SEGMENTS, min_size=1, max_size=4)).map(lambda key: f"/{key}")


@given(RESOURCES, RESOURCES, st.lists(st.sampled_from(FIELDS), min_size=1))
def test_a_merge_takes_the_masked_fields_from_the_new_resource(old, new, mask):
    masked = {field.replace("included_permissions", "includedPermissions") for field in mask}
    merged = SCHEMA.merge(old | SERVER, new, ",".join(mask))
    taken = {field: value for field, value in new.items() if field in masked}
    assert merged == SERVER | {f: v for f, v in old.items() if f not in masked} | taken


@given(RESOURCES, RESOURCES)
def test_without_a_mask_every_settable_field_is_replaced(old, new):
    assert SCHEMA.merge(old | SERVER, new, "") == new | SERVER


@pytest.mark.parametrize("mask", ["x", "deleted", "name", "title,x", "."])
def test_a_mask_with_another_field_is_refused(mask):
    with pytest.raises(InvalidArgument):
        SCHEMA.merge({}, {}, mask)


def test_a_nested_path_changes_only_that_leaf():
    old, new = {"title": {"x": 1, "y": {"z": 2}}}, {"title": {"x": 8, "y": {"z": 9}}}
    assert SCHEMA.merge(old, new, "title.y.z") == {"title": {"x": 1, "y": {"z": 9}}}


@pytest.fixture(scope="module")
def store_and_prefix(tmp_path_factory):
    """The store, and a function that returns an unused key prefix of it."""
    with closing(Store(tmp_path_factory.mktemp("store"))) as store:
        numbers = itertools.count()
        yield store, lambda: f"/{next(numbers)}"


@given(st.lists(KEYS, unique=True, max_size=8), st.lists(KEYS, max_size=3), KEYS)
def test_the_store_lists_children_and_deletes_everything_below(store_and_prefix, put, deleted, collection):
    store, fresh = store_and_prefix
    prefix = fresh()
    with store.change():  # one commit: an example is many writes
        for key in put:
            store.put(prefix + key, {"key": key})
            store.put(f"{prefix}{key}:policy", {"key": "not a resource"})
        for key in deleted:
            store.delete(prefix + key)
    remaining = [key for key in put if not any(f"{key}/".startswith(f"{parent}/") for parent in deleted)]
    below = [{"key": key} for key in remaining if key.rpartition("/")[0] == collection]
    assert store.children(prefix + collection) == below
    assert [key for key in put if store.get(f"{prefix}{key}:policy")] == remaining


def test_a_failed_change_writes_nothing(tmp_path):
    with closing(Store(tmp_path)) as store:
        with pytest.raises(ValueError, match="stop"), store.change():
            store.put("/a", {"name": "a"})
            raise ValueError("stop")
        assert store.get("/a") is None
