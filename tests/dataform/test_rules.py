"""Rules of the warehouse, read off the compiled graph: layers, addresses, descriptions, partitions."""

import json
import re
from pathlib import PurePosixPath

import pytest
import sqlglot
from sqlglot import exp

from tests.dataform.engines.project import SOURCE
from tests.dataform.engines.scripts import statements
from tests.dataform.engines.warehouse import LOGS, RAW, log_fields, raw_fields

LAYERS = {"ods": {"raw", "ops", "ods"}, "dmt": {"ods", "dmt"}, "assertions": {"ods", "dmt"}}

# What each table must be filtered by, wherever a later run reads or writes it. Products and customers have no
# partitions: they are as long as the catalogue, not as history.
PARTITIONED_BY = {
    **dict.fromkeys(["raw.sales", "raw.products", "raw.customers"], "SYS_DATE_CREATE"),
    **dict.fromkeys(["ods.sales_rejects", "ods.products_rejects", "ods.customers_rejects"], "file_day"),
    "ods.checkpoints": "written_at",
    "ods.sales_days": "id",
    "ods.sales": "datetime",
    "dmt.sales_items": "sales_datetime",
}
# Long as its open cases, and a list may heal all of them: the one partitioned table that is then read whole.
READ_WHOLE = "ods.sales_orphans"


def test_the_path_is_the_address(graph):
    for kind in ("tables", "operations", "assertions", "declarations"):
        for action in graph.get(kind, []):
            path, target = PurePosixPath(action["fileName"]), action["target"]
            folder = "sources" if target["schema"] in ("raw", "ops") else target["schema"]
            assert path == PurePosixPath("definitions", folder, f"{target['name']}.sqlx")


def test_a_layer_reads_itself_and_the_one_before(by_name):
    for action in by_name.values():
        reads = {name.split(".")[0] for name in action.reads}
        assert reads <= LAYERS[action.name.split(".")[0]], action.name


def test_every_table_and_column_is_described(analyzed, by_name):
    for action in by_name.values():
        descriptor = action.compiled["actionDescriptor"]
        assert descriptor["description"].endswith("."), action.name
        if action.kind == "assertions":
            continue
        described = {tuple(column["path"]): column["description"] for column in descriptor["columns"]}
        columns = {(column,) for column in analyzed.tables[f"p.{action.name}"]}
        assert columns == {path for path in described if len(path) == 1}, action.name
        assert all(text.endswith(".") for text in described.values()), action.name


def test_the_columns_inside_a_sale_are_described(by_name):
    paths = {tuple(column["path"]) for column in by_name["ods.sales"].compiled["actionDescriptor"]["columns"]}
    assert {("items", "product_sku"), ("items", "quantity"), ("items", "amount")} <= paths


@pytest.mark.parametrize("name", [*RAW, *LOGS])
def test_sources_say_what_their_schemas_say(graph, name):
    def paths(fields, above=()):
        for field in fields:
            yield (*above, field["name"]), field["description"]
            yield from paths(field.get("fields", []), (*above, field["name"]))

    [source] = [one for one in graph["declarations"] if one["target"]["name"] == name]
    told = {tuple(column["path"]): column["description"] for column in source["actionDescriptor"]["columns"]}
    assert told == dict(paths(log_fields(name) if name in LOGS else raw_fields(name)))


def test_tags_and_labels(by_name):
    for action in by_name.values():
        tags = set(action.compiled["tags"])
        assert tags == ({"daily"} if action.kind == "assertions" else {"hourly", "daily"}), action.name
        if action.kind == "tables":
            labels = action.compiled["actionDescriptor"]["bigqueryLabels"]
            assert labels == {"layer": action.name.split(".")[0]}, action.name


KEYS = {
    "ods.sales": ["id"],
    "ods.products": ["product_sku"],
    "ods.customers": ["id"],
    "dmt.sales_items": ["id"],
    "dmt.daily_sales": ["day"],
}


def test_a_key_is_declared_where_it_is_checked_and_when_the_table_is_made(by_name, analyzed):
    def found(pattern, script):
        names = {action.name: re.findall(pattern, script(action)) for action in by_name.values()}
        return {name: columns for name, columns in names.items() if columns}

    def later(action):
        columns = analyzed.tables.get(f"p.{action.name}", [])
        return action.increment(list(columns)) if action.type == "incremental" else ""

    declared = r"alter table `p\.\w+\.\w+` add primary key \((\w+)\) not enforced"
    assert found(declared, lambda action: action.create()) == KEYS
    assert found(r"two rows have one (\w+),", lambda action: action.create()) == KEYS
    assert found(declared, later) == {}


def test_no_built_in_assertion(graph):
    """Dataform writes them without a partition filter."""
    assert [one["target"]["name"] for one in graph["assertions"] if one.get("parentAction")] == []


def scans(script):
    """Each place where a statement reads or deletes from a table: the table, and that place's conditions."""
    for statement in flat(statements(script)):
        tree = sqlglot.parse_one(statement, read="bigquery")
        for table in tree.find_all(exp.Table):
            place = table.find_ancestor(exp.Select, exp.Delete, exp.Insert, exp.Merge)
            if "." not in table.sql() or isinstance(place, (exp.Insert, exp.Merge)):
                continue
            yield f"{table.db}.{table.name}", conditions(place), statement


def conditions(place):
    """What all must hold of a row."""
    where = place.args.get("where")
    if not where:
        return []
    return list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]


def flat(found):
    for one in found:
        if one.is_if:
            yield f"select {one.condition}"
            yield from flat(one.inside)
        elif one.text.lower().startswith("declare"):
            yield "select " + one.text.split(" default ", 1)[1]
        elif one.text.lower().startswith("set "):
            yield "select " + one.text.split(" = ", 1)[1]
        elif not one.text.lower().startswith(("raise", "return", "begin transaction", "commit transaction")):
            yield one.text


def prunes(condition, column):
    """A comparison of the partition column with what is constant when the statement starts: no sub-query."""
    kinds = (exp.GT, exp.GTE, exp.EQ, exp.Between, exp.In)
    named = {found.name for found in condition.find_all(exp.Column)}
    return isinstance(condition, kinds) and column in named and not condition.find(exp.Select)


def test_every_scan_of_a_later_run_is_pruned_by_constants(by_name, analyzed):
    checked = 0
    for action in by_name.values():
        if action.type != "incremental":
            continue
        for table, given, statement in scans(action.increment(list(analyzed.tables[f"p.{action.name}"]))):
            if column := PARTITIONED_BY.get(table):
                assert any(prunes(one, column) for one in given), (
                    f"{action.name} reads all of {table}:\n{statement}"
                )
                checked += 1
    assert checked > 40


@pytest.mark.parametrize(
    "statement",
    [
        "select id from `p.ods.sales`",
        "select id from `p.ods.sales` where id = 1",
        "select id from `p.ods.sales` where datetime > (select max(datetime) from `p.ods.other`)",
        "delete from `p.ods.sales` where date(datetime) in (select day from `p.ods.days`)",
        "select id from `p.ods.sales` where id = 1 or date(datetime) in unnest(days)",
    ],
)
def test_a_scan_that_is_not_pruned_is_seen(statement):
    [given] = [found for table, found, _ in scans(statement) if table == "ods.sales"]
    assert not any(prunes(one, "datetime") for one in given)


def test_the_list_of_partitions_is_that_of_the_project(by_name):
    partitioned = {name for name, action in by_name.items() if action.bigquery.get("partitionBy")}
    raw = {name for name in PARTITIONED_BY if name.startswith("raw.")}
    assert partitioned | raw | {"ods.checkpoints"} == {*PARTITIONED_BY, READ_WHOLE}
    for name in partitioned - {READ_WHOLE}:
        assert PARTITIONED_BY[name] in by_name[name].bigquery["partitionBy"]


def test_the_hosted_service_reads_the_core_version():
    lock = json.loads((SOURCE.parent / "sandbox" / "package-lock.json").read_text())
    version = lock["packages"]["node_modules/@dataform/core"]["version"]
    assert f"dataformCoreVersion: {version}\n" in (SOURCE / "workflow_settings.yaml").read_text()
