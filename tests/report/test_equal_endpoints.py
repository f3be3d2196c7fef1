"""Two sources with an endpoint of one name: what explains a finding is resolved by source and table."""

import copy
from datetime import UTC, datetime

import pytest

from tests.report.nights import duplicate_replay, late_list, quiet
from tests.report.warehouse import ENDPOINTS, create_ops

CRM = {"crm/customers": "crm_customers", "crm/sales": "crm_sales"}
RETAIL, DEFAULTS = "retail", ("run_log", "file_log")


@pytest.fixture(scope="module")
def ops(sandbox):
    return create_ops(sandbox.address, ENDPOINTS | CRM)


def of_source(history, source, endpoint):
    """The same loads, files and names of files, of another source."""
    for table in DEFAULTS:
        rows = [row for row in history.rows[table] if (row["source"], row["endpoint"]) == (RETAIL, endpoint)]
        history.rows[table] += [copy.deepcopy(row) | {"source": source} for row in rows]


def causes(ops, history):
    ops.load(history.rows)
    return {(row["kind"], row["subject"]): row["explained_by"] for row in ops.findings()}


@pytest.fixture
def history():
    history = quiet(datetime.now(UTC))
    of_source(history, "crm", "sales")
    return history


def test_equal_file_names_of_two_sources_are_not_a_duplicate(ops, history):
    assert causes(ops, history) == {}


@pytest.mark.parametrize(("source", "explained"), [("retail", "duplicate retail/sales"), ("crm", None)])
def test_a_duplicate_explains_the_cost_of_what_its_table_fills(ops, history, source, explained):
    for table in DEFAULTS:
        # duplicate_replay takes the first endpoint of that name.
        history.rows[table].sort(key=lambda row: row["source"] != source)
    duplicate_replay(history)
    for name in ("ods.sales", "dmt.sales_items"):
        history.known_cost(name)["gib_billed"] *= 5
    reasons = causes(ops, history)
    assert reasons["duplicate", f"{source}/sales"] is None
    assert (reasons["cost", "ods.sales"], reasons["cost", "dmt.sales_items"]) == (explained, explained)


def test_the_table_of_another_endpoint_may_begin_with_the_name(ops, history):
    """ods.sales_returns is not made of raw.sales; ods.sales_orphans is."""
    rows = history.rows["costs"]
    rows += [row | {"label_value": name} for name in ("ods.sales_returns", "ods.sales_orphans") for row in rows
             if row["label_value"] == "ods.sales"]  # fmt: skip
    for name in ("ods.sales_returns", "ods.sales_orphans"):
        history.known_cost(name)["gib_billed"] *= 5
    history.rows["file_log"].sort(key=lambda row: row["source"] != RETAIL)
    duplicate_replay(history)
    reasons = causes(ops, history)
    assert reasons["cost", "ods.sales_returns"] is None
    assert reasons["cost", "ods.sales_orphans"] == "duplicate retail/sales"


def test_a_list_of_another_source_explains_no_orphans(ops):
    history = quiet(datetime.now(UTC))
    of_source(history, "crm", "customers")
    late_list(history)
    for table in DEFAULTS:
        for row in history.rows[table]:
            if row["endpoint"] == "products":
                row["source"] = "crm"
    reasons = causes(ops, history)
    assert reasons["orphans", "ods.sales_orphans"] is None
