"""A table that is partitioned by a range of numbers."""

import uuid
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest

from demo.cloud import Cloud
from sandbox.state import State

NO_RETRY: Any = None  # documented, but not in the type hints


def test_a_range_of_numbers_is_described_and_its_filter_is_required(sandbox: State) -> None:
    client = Cloud(sandbox).bigquery
    name = f"ranges_{uuid.uuid4().hex[:8]}"
    client.create_dataset(name)
    layout = (
        "partition by range_bucket(id, generate_array(0, 1000, 10)) options(require_partition_filter = true)"
    )
    client.query_and_wait(f"create table {name}.t (id int64) {layout}")
    table = client.get_table(f"{name}.t")
    assert table.time_partitioning is None and table.range_partitioning is not None
    numbers = table.range_partitioning.range_
    assert (table.range_partitioning.field, numbers.start, numbers.end, numbers.interval) == (
        "id",
        0,
        1000,
        10,
    )
    with pytest.raises(BadRequest, match=r"without a filter over column\(s\) 'id'"):
        client.query_and_wait(f"select * from {name}.t", retry=NO_RETRY, job_retry=NO_RETRY)
    assert list(client.query_and_wait(f"select * from {name}.t where id between 1 and 5")) == []
