"""keyed.model: a row and its deletion depend only on which files were loaded, not on their order or on the runs."""

from itertools import permutations

import pytest

from tests.demo.companies.system import System, lay_out_company

# The versions of a row by the number of their file: L is valid, R has no country and is rejected, D is a deletion.
SCENARIOS = {
    "L1 L2 D3": ("name 2", True),
    "L1 D2 L3": ("name 3", False),
    "L1 D2 D3": ("name 1", True),
    "D1 L2 R3": ("name 2", False),
    "R1 R2 D3": (None, True),
    "L1 R2 D3": ("name 1", True),
    "L1 L1 L2": ("name 2", False),
}
TABLES = {"ods.checkpoints", "ods.file_reads", "ods.customers_rejects", "ods.customers"}
STATE = "select _id, name, deleted_at is not null, deleted_file, SYS_FILE_NAME from ods.customers order by 1"


@pytest.fixture(scope="module")
def shop(sandbox, tmp_path_factory):
    graph = lay_out_company("shop", tmp_path_factory.mktemp("keyed") / "project").compile()
    shop = System(sandbox.address, "shop", graph, {}, {})
    yield shop
    shop.close()


def key_of(scenario, order):
    return f"{scenario} {order}"


def file_name(version):
    return f"customers_2026010{version[1]}_0000_00000000-0000-7000-8000-000000000000.json"


def value_list(key, version):
    kind, number = version
    time = "'2026-01-01T00:00:00Z'"
    facts = {
        "L": (f"'name {number}'", "'FR'", time, "null"),
        "R": ("'rejected'", "null", time, "null"),
        "D": ("null", "null", "null", "'2026-02-01T00:00:00+00:00'"),
    }[kind]
    name, country, moment, deleted = facts
    return f"('{key}', {name}, {country}, {moment}, {moment}, {deleted}, current_timestamp(), '{file_name(version)}')"


def load(shop, batch):
    """Version number `batch` of every key."""
    rows = [
        value_list(key_of(scenario, order), scenario.split()[order[batch]])
        for scenario in SCENARIOS
        for order in permutations(range(3))
    ]
    columns = "_id, name, country, created_at, updated_at, SYS_DATE_DELETE, SYS_DATE_CREATE, SYS_FILE_NAME"
    shop.rows(f"insert into raw.customers ({columns}) values {', '.join(rows)}")


def transform(shop, full=False):
    for action in shop.runner.actions:
        if action.name in TABLES:
            shop.runner.run_action(action, full)


def test_the_order_of_versions_does_not_matter(shop):
    for batch in range(3):
        load(shop, batch)
        transform(shop)
    rows = shop.rows(STATE)
    assert {key: (name, is_deleted) for key, name, is_deleted, *_ in rows} == {
        key_of(scenario, order): expected
        for scenario, expected in SCENARIOS.items()
        for order in permutations(range(3))
    }
    by_scenario = {(key[:8], *state) for key, *state in rows}
    assert len(by_scenario) == len(SCENARIOS)
    transform(shop, full=True)
    assert shop.rows(STATE) == rows
    reasons = shop.rows("select distinct reason from ods.customers_rejects where file_day > '2000-01-01'")
    assert reasons == [("country is missing",)]
