"""Rules of the warehouse, checked in the compiled graph: layers, addresses, descriptions, partitions."""

import json
import re
from collections import Counter
from pathlib import PurePosixPath

import pytest
import sqlglot
from sqlglot import exp

from scripts.sql_analysis.statements import statements
from tests.dataform.engines.project import SOURCE
from tests.dataform.engines.warehouse import LOGS, RAW, log_fields, raw_fields

LAYERS = {"ods": {"raw", "ops", "ods"}, "dmt": {"ods", "dmt"}, "assertions": {"raw", "ods", "dmt", "ops"}}

# The only partitioned table that a later run reads whole: it is as long as its open cases.
READ_WHOLE = "ods.sales_orphans"
APPENDED = "ods.file_reads"  # read by an assertion only


@pytest.fixture
def partition_columns(by_name):
    """What each table must be filtered by, wherever a later run reads or writes it."""
    columns = {name: action.partition_column for name, action in by_name.items() if action.partition_column}
    return columns | {f"raw.{name}": "SYS_DATE_CREATE" for name in RAW}


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
        if action.kind == "assertions" or not action.has_output:
            continue
        described = {tuple(column["path"]): column["description"] for column in descriptor["columns"]}
        columns = {(column,) for column in analyzed.tables[f"p.{action.name}"]}
        assert columns == {path for path in described if len(path) == 1}, action.name
        assert all(text.endswith(".") for text in described.values()), action.name


def test_the_columns_inside_a_sale_are_described(by_name):
    paths = {tuple(column["path"]) for column in by_name["ods.sales"].compiled["actionDescriptor"]["columns"]}
    assert {("items", "product_sku"), ("items", "quantity"), ("items", "amount")} <= paths


@pytest.mark.parametrize("name", [*RAW, *LOGS])
def test_sources_are_described_as_in_their_schemas(graph, name):
    def paths(fields, above=()):
        for field in fields:
            yield (*above, field["name"]), field["description"]
            yield from paths(field.get("fields", []), (*above, field["name"]))

    [source] = [action for action in graph["declarations"] if action["target"]["name"] == name]
    columns = source["actionDescriptor"]["columns"]
    described = {tuple(column["path"]): column["description"] for column in columns}
    assert described == dict(paths(log_fields(name) if name in LOGS else raw_fields(name)))


def test_tags_and_labels(by_name):
    for action in by_name.values():
        tags = set(action.compiled["tags"])
        assert tags == ({"daily"} if action.kind == "assertions" else {"hourly", "daily"}), action.name
        if action.kind == "tables":
            labels = action.compiled["actionDescriptor"]["bigqueryLabels"]
            assert labels == {"layer": action.name.split(".")[0]}, action.name


def later(action, analyzed):
    """The script of a later run."""
    return action.increment(list(analyzed.tables[f"p.{action.name}"]))


def test_every_incremental_table_declares_the_key_that_it_checks(by_name, analyzed):
    """Declared when the table is created, checked in every run."""
    declared = r"alter table `p\.\w+\.\w+` add primary key \(([\w, ]+)\) not enforced"
    checked = r"two rows have one ([\w, ]+), or one of"
    tables = [action for action in by_name.values() if action.type == "incremental"]
    assert len(tables) > 5
    for action in tables:
        [key] = re.findall(declared, action.create())
        assert re.findall(checked, action.create()) == [key], action.name
        assert re.findall(checked, later(action, analyzed)) == [key], action.name
        assert re.findall(declared, later(action, analyzed)) == [], action.name


def test_every_incremental_table_writes_in_one_transaction_and_saves_its_own_checkpoint(by_name, analyzed):
    for action in by_name.values():
        if action.type != "incremental":
            continue
        script = later(action, analyzed)
        begin, end = script.rindex("begin transaction;"), script.rindex("commit transaction")
        assert begin < script.index(f"insert into {action.address}") < end, action.name
        assert (
            begin
            < script.rindex("raise using message")
            < script.rindex("insert into `p.ods.checkpoints`")
            < end
        )
        assert set(re.findall(r"select '([\w.]+)', if\(moved < since", script)) == {action.name}


def test_every_transaction_first_updates_the_lock_of_its_table(by_name, analyzed):
    """BigQuery cancels one of two transactions that change rows of one table; appends do not conflict."""
    locks = Counter[str]()
    for action in by_name.values():
        if action.type != "incremental":
            continue
        texts = [part.text for part in flatten_all(statements(later(action, analyzed)))]
        [begin] = [i for i, text in enumerate(texts) if text == "begin transaction"]
        [lock] = re.findall(r"^update `p\.ods\.(\w+)` set locked_at", texts[begin + 1])
        assert lock == f"lock_{action.name.replace('.', '_')}"
        locks[lock] += 1
    assert max(locks.values()) == 1


def test_a_table_deletes_from_the_partitions_that_it_declares(by_name, analyzed):
    """A model states its partition in the configuration and in the arguments of its protocol."""
    for action in by_name.values():
        if action.follows_days and (partition := action.bigquery.get("partitionBy")):
            delete = f"delete from {action.address} where {partition} in unnest(days)"
            assert delete in later(action, analyzed), action.name


def test_no_name_of_a_table_is_text_in_a_model():
    """Names come from ref() and self(), so that a misspelt one fails when the project is compiled."""
    layers = re.compile(r"(?<![\w.])(?:raw|ods|dmt|ops)\.\w+")
    for path in SOURCE.glob("definitions/*/*.sqlx"):
        code = re.sub(r"config \{.*?^\}", "", path.read_text(), count=1, flags=re.DOTALL | re.MULTILINE)
        code = re.sub(r"--.*|//.*|select '[\w.]+' as table_name", "", code)
        assert layers.findall(code) == [], path.name


def test_no_built_in_assertion(graph):
    """Dataform writes them without a partition filter."""
    assert [each["target"]["name"] for each in graph["assertions"] if each.get("parentAction")] == []


def scans(script):
    """Where a statement reads or deletes from a table: the table, its conditions, the statement."""
    for statement in flatten(statements(script)):
        tree = sqlglot.parse_one(statement, read="bigquery")
        for table in tree.find_all(exp.Table):
            scope = table.find_ancestor(exp.Select, exp.Delete, exp.Update, exp.Insert, exp.Merge)
            if "." not in table.sql() or scope is None or isinstance(scope, (exp.Insert, exp.Merge)):
                continue
            yield f"{table.db}.{table.name}", conditions(scope), statement


def conditions(scope):
    """The conditions that must all hold for a row."""
    where = scope.args.get("where")
    if not where:
        return []
    return list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]


def flatten(parts):
    """Every query of a script, also those inside IF, DECLARE and SET."""
    control = ("raise", "return", "begin transaction", "commit transaction")
    for part in parts:
        if part.is_if:
            yield f"select {part.condition}"
            yield from flatten(part.inside)
        elif part.text.lower().startswith("declare"):
            yield "select " + part.text.split(" default ", 1)[1]
        elif part.text.lower().startswith("set "):
            yield "select " + part.text.split(" = ", 1)[1]
        elif not part.text.lower().startswith(control):
            yield part.text


def flatten_all(parts):
    for part in parts:
        yield part
        yield from flatten_all(part.inside)


def prunes(condition, column):
    """A comparison of the partition column with what is constant when the statement starts: no sub-query."""
    kinds = (exp.GT, exp.GTE, exp.EQ, exp.Between, exp.In)
    names = {node.name for node in condition.find_all(exp.Column)}
    return isinstance(condition, kinds) and column in names and not condition.find(exp.Select)


def test_every_scan_of_a_later_run_is_pruned_by_constants(by_name, analyzed, partition_columns):
    scanned = set()
    for action in by_name.values():
        if action.type != "incremental":
            continue
        for table, filters, statement in scans(later(action, analyzed)):
            if table == READ_WHOLE:
                continue
            if column := partition_columns.get(table):
                assert any(prunes(each, column) for each in filters), (
                    f"{action.name} reads all of {table}:\n{statement}"
                )
                scanned.add(table)
    assert scanned == set(partition_columns) - {READ_WHOLE, APPENDED}


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
def test_a_scan_that_is_not_pruned_is_detected(statement):
    [filters] = [conditions for table, conditions, _ in scans(statement) if table == "ods.sales"]
    assert not any(prunes(each, "datetime") for each in filters)


# Not empty when the variable in the condition is not NULL: days that the script stored or read for the arrived rows.
FOLLOWS_FROM = {
    "days": "lowest_id",
    "newest_days": "lowest_id",
    "highest_id": "lowest_id",
    "utc_days": "days",
}
GUARDS = (
    r"array_length\((\w+)\) = 0",  # the script returns
    r"(\w+) is null",
    r"array_length\((\w+)\) > 0",  # the condition of the block
    r"(\w+) is not null",
)


def unguarded(parts, guarded=frozenset()):
    """Variables in filters of partitions that the script has not tested for an empty array or NULL."""
    guarded = set(guarded)
    for part in parts:
        if not part.is_if:
            compared = re.findall(r"in unnest\((\w+)\)|between (\w+) and (\w+)", part.text)
            names = {name for pair in compared for name in pair if re.search(r"days$|_id$", name)}
            yield from (
                (name, part.text) for name in names if {name, FOLLOWS_FROM.get(name)}.isdisjoint(guarded)
            )
            continue
        [tested] = [re.findall("|".join(f"(?:{guard})" for guard in GUARDS), part.condition)]
        variables = {name for match in tested for name in match if name}
        returns = any(inner.text == "return" for inner in part.inside)
        yield from unguarded(part.inside, guarded if returns else guarded | variables)
        if returns:
            guarded |= variables


def test_no_filter_of_a_later_run_can_fold_to_false(by_name, analyzed):
    """BigQuery folds IN UNNEST([]) to FALSE and misses the required partition filter (dbt-adapters#600)."""
    scripts = {
        action.name: later(action, analyzed) if action.type == "incremental" else action.create()
        for action in by_name.values()
    }
    assert "assertions.quality" in scripts
    for name, script in scripts.items():
        assert list(unguarded(statements(script))) == [], name


@pytest.mark.parametrize(
    ("script", "variables"),
    [
        ("select 1 from `p.ods.sales` where date(datetime) in unnest(days)", ["days"]),
        (
            "if array_length(days) = 0 then return; end if; delete from `p.ods.sales` where d in unnest(days)",
            [],
        ),
        (
            "if array_length(days) = 0 then select 1; end if; delete from `p.a` where d in unnest(days)",
            ["days"],
        ),
        ("if array_length(file_days) > 0 then delete from `p.a` where d in unnest(file_days); end if", []),
        ("if lowest_id is null then return; end if; delete from `p.a` where d in unnest(days)", []),
        ("select 1 from `p.ods.sales_days` where id between lowest_id and lowest_id", ["lowest_id"]),
    ],
)
def test_a_filter_that_can_be_empty_is_detected(script, variables):
    assert [name for name, _ in unguarded(statements(script))] == variables


def test_partitions_are_recognized(by_name, partition_columns):
    assert partition_columns["ods.checkpoints"] == "written_at"
    assert partition_columns["ods.sales_days"] == "id"
    assert partition_columns["ods.sales_rejects"] == "file_day"
    # 333 years below the 4,000 partitions that one statement writes: a full refresh writes all of them.
    for name in ("sales", "products", "customers"):
        assert "partition by date_trunc(file_day, month)\n" in by_name[f"ods.{name}_rejects"].create()
    assert partition_columns["ods.sales"] == "datetime"
    assert partition_columns["dmt.sales_items"] == "sales_datetime"
    assert by_name["ods.sales"].requires_filter
    assert by_name["ods.sales_days"].requires_filter
    assert by_name["ods.checkpoints"].requires_filter


def test_the_hosted_service_reads_the_core_version():
    lock = json.loads((SOURCE.parent / "sandbox" / "package-lock.json").read_text())
    version = lock["packages"]["node_modules/@dataform/core"]["version"]
    assert f"dataformCoreVersion: {version}\n" in (SOURCE / "workflow_settings.yaml").read_text()
