"""Laws of the store and of update masks, for any input."""

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
def test_a_merge_takes_the_masked_fields_from_the_new_and_the_others_from_the_old(old, new, mask):
    masked = {field.replace("included_permissions", "includedPermissions") for field in mask}
    merged = SCHEMA.merge(old | SERVER, new, ",".join(mask))
    taken = {field: value for field, value in new.items() if field in masked}
    assert merged == SERVER | {f: v for f, v in old.items() if f not in masked} | taken


@given(RESOURCES, RESOURCES)
def test_without_a_mask_every_field_that_can_be_set_is_replaced(old, new):
    assert SCHEMA.merge(old | SERVER, new, "") == new | SERVER


@pytest.mark.parametrize("mask", ["x", "deleted", "name", "title,x", "."])
def test_a_mask_that_names_no_settable_field_is_refused(mask):
    with pytest.raises(InvalidArgument):
        SCHEMA.merge({}, {}, mask)


def test_a_nested_path_changes_only_that_leaf():
    old, new = {"title": {"x": 1, "y": {"z": 2}}}, {"title": {"x": 8, "y": {"z": 9}}}
    assert SCHEMA.merge(old, new, "title.y.z") == {"title": {"x": 1, "y": {"z": 9}}}


@pytest.fixture(scope="module")
def corner(tmp_path_factory):
    """A function that makes a key one of a corner of the store that nothing has been put in yet."""
    with closing(Store(tmp_path_factory.mktemp("store"))) as store:
        numbers = itertools.count()
        yield store, lambda: f"/{next(numbers)}"


@given(st.lists(KEYS, unique=True, max_size=8), st.lists(KEYS, max_size=3), KEYS)
def test_the_store_lists_what_is_directly_below_and_deletes_all_that_is(corner, put, deleted, collection):
    store, fresh = corner
    prefix = fresh()
    with store.change():  # one commit: an example is many writes
        for key in put:
            store.put(prefix + key, {"key": key})
            store.put(f"{prefix}{key}:policy", {"key": "no resource"})
        for key in deleted:
            store.delete(prefix + key)
    left = [key for key in put if not any(f"{key}/".startswith(f"{gone}/") for gone in deleted)]
    below = [{"key": key} for key in left if key.rpartition("/")[0] == collection]
    assert store.children(prefix + collection) == below
    assert [key for key in put if store.get(f"{prefix}{key}:policy")] == left


def test_a_change_that_fails_leaves_nothing(tmp_path):
    with closing(Store(tmp_path)) as store:
        with pytest.raises(ValueError, match="stop"), store.change():
            store.put("/a", {"name": "a"})
            raise ValueError("stop")
        assert store.get("/a") is None
