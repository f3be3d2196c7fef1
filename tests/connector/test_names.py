"""Names of runs, files and objects follow from the run, and sort by its start."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.landing import names
from connector.landing.names import Run
from runtime.errors import UsageError

MOMENTS = st.integers(min_value=1_600_000_000_000, max_value=4_000_000_000_000)
PAGES = st.integers(min_value=1, max_value=10**6)
TOKENS = st.text("0123456789abcdef", min_size=8, max_size=8)
RUNS = st.builds(Run.create, st.sampled_from(["sales", "product_list"]), MOMENTS, TOKENS)


def test_a_name_contains_endpoint_minute_and_milliseconds():
    run = Run.create("sales", 1_795_246_443_123, "0a1b2c3d")
    assert run.id == "sales-20261121T073403123-0a1b2c3d"
    assert run.file_name(1).startswith("sales_20261121_0734_01a1fd06-ca73-7")
    assert run.file_name(1).endswith(".json")


@given(RUNS, PAGES)
def test_a_name_is_reproducible(run, page):
    assert run.file_name(page) == Run(run.id, run.endpoint, run.began).file_name(page)


@given(RUNS, PAGES)
def test_the_uuid_is_one_of_version_7(run, page):
    shaped = uuid.UUID(run.file_name(page)[-41:-5])
    assert (shaped.version, shaped.variant) == (7, uuid.RFC_4122)
    assert shaped.int >> 80 == run.began


@given(RUNS, PAGES, PAGES)
def test_two_pages_have_two_names(run, page, other):
    assert (run.file_name(page) == run.file_name(other)) == (page == other)


@given(RUNS, MOMENTS, TOKENS, PAGES, PAGES)
def test_files_of_a_later_run_sort_later(earlier, moment, token, page, other):
    later = Run.create(earlier.endpoint, moment, token)
    if earlier.began < later.began:
        assert earlier.file_name(page) < later.file_name(other)


@given(RUNS, RUNS, PAGES)
def test_only_files_of_a_run_begin_with_its_prefix(run, other, page):
    assert run.file_name(page).startswith(run.file_prefix)
    if (run.endpoint, run.began) != (other.endpoint, other.began):
        assert not other.file_name(page).startswith(run.file_prefix)


@given(RUNS, PAGES)
def test_the_folder_follows_from_the_name(run, page):
    file, began = run.file_name(page), names.to_datetime(run.began)
    assert names.path("in", file) == f"{run.endpoint}/in/{file}"
    assert names.path("processing", file) == f"{run.endpoint}/processing/{file}"
    assert names.path("archive", file) == f"{run.endpoint}/archive/{began:%Y%m%d}/{file}"
    assert names.path("failed", file) == f"{run.endpoint}/failed/{began:%Y/%m/%d/%H}h/{file}"


@pytest.mark.parametrize("name", ["sales.json", "../run.json", "sales_20260131_0930_.json", ""])
def test_any_other_file_name_is_rejected(name):
    with pytest.raises(UsageError, match="is not a file name of the connector"):
        names.path("failed", name)
