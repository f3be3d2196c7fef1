"""Rules of the BigQuery service that neither its analyzer nor the sandbox checks, in every script of every company."""

import json
import re

import pytest
import sqlglot
from sqlglot import exp

from connector.raw_schema import RESERVED_PREFIXES
from demo.companies import RETAIL, company_names
from scripts.release.column_types import declaring_statements
from scripts.sql_analysis.analyzer import GoogleSql, text_of, type_from_field
from scripts.sql_analysis.statements import statements
from tests.dataform.engines.project import ROOT
from tests.dataform.engines.scripts import waves
from tests.dataform.engines.warehouse import LOGS, SCHEMAS, log_fields
from tests.dataform.test_rules import LAYERS, flatten, flatten_all, prunes, scans, unguarded
from tests.demo.companies.system import COMPANIES, lay_out_company

# https://cloud.google.com/bigquery/docs/clustered-tables#cluster_column_types
CLUSTERABLE = {"BOOL", "DATE", "DATETIME", "INT64", "NUMERIC", "BIGNUMERIC", "STRING", "TIMESTAMP"}
PARTITIONED_BY = {"DATE", "DATETIME", "TIMESTAMP", "INT64"}
# https://cloud.google.com/bigquery/quotas#query_jobs, and room for what Dataform adds
LONGEST_SCRIPT = 500_000
# https://cloud.google.com/bigquery/docs/transactions#supported_statements_in_transactions
ALLOWED = re.compile(
    r"(select|insert|update|delete|truncate|create temp table|set|if|raise|return)\b", re.IGNORECASE
)
OTHER_SCRIPTS = [*ROOT.glob("environments/queries/*.sql"), *ROOT.glob("pipeline/*.sql")]


class Company:
    def __init__(self, graph, schemas):
        self.actions = {action.name: action for wave in waves(graph) for action in wave}
        self.types = {
            f"p.raw.{path.stem}": {f["name"]: type_from_field(f) for f in json.loads(path.read_text())}
            for path in schemas.glob("*.json")
        } | {f"p.ops.{name}": {f["name"]: type_from_field(f) for f in log_fields(name)} for name in LOGS}
        google = GoogleSql(self.types)
        for action in self.actions.values():
            google.script(declaring_statements(action.create()))
        self.columns = {
            name: google.tables[f"p.{name}"] for name in self.actions if f"p.{name}" in google.tables
        }

    def scripts(self):
        """By name: what a first run and a later run send to BigQuery."""
        for name, action in self.actions.items():
            yield f"{name} created", action.create()
            if action.type == "incremental":
                yield f"{name} later", action.increment(list(self.columns[name]))

    def statements(self):
        for name, script in self.scripts():
            for statement in flatten(statements(script)):
                yield name, sqlglot.parse_one(statement, read="bigquery")


@pytest.fixture(scope="module", params=company_names())
def company(request, tmp_path_factory):
    if request.param == RETAIL:
        return Company(request.getfixturevalue("graph"), SCHEMAS)
    graph = lay_out_company(request.param, tmp_path_factory.mktemp(request.param) / "project").compile()
    return Company(graph, COMPANIES / request.param / "declarations" / "connector" / "schemas")


def refused_in_transaction(script):
    inside = False
    for part in flatten_all(statements(script)):
        text = part.text.lower()
        if text == "commit transaction":
            inside = False
        if inside and (not ALLOWED.match(text) or "information_schema" in text):
            yield part.text
        if text == "begin transaction":
            inside = True


def test_a_transaction_has_only_statements_that_bigquery_allows_in_it(company):
    for name, script in company.scripts():
        assert list(refused_in_transaction(script)) == [], name


@pytest.mark.parametrize("path", OTHER_SCRIPTS, ids=lambda path: path.stem)
def test_a_script_outside_dataform_reads_the_catalogue_before_its_transaction(path):
    assert list(refused_in_transaction(path.read_text())) == []


@pytest.mark.parametrize(
    "statement",
    [
        "alter table a drop column b",
        "create table a as select 1",
        "drop table a",
        "select 1 from d.INFORMATION_SCHEMA.TABLES",
    ],
)
def test_a_statement_that_a_transaction_refuses_is_detected(statement):
    assert list(
        refused_in_transaction(f"begin transaction; {statement}; commit transaction; {statement}")
    ) == [statement]


def test_no_filter_folds_to_false_and_every_required_one_is_there(company):
    required = {
        name: action.partition_column for name, action in company.actions.items() if action.requires_filter
    }
    assert "ods.checkpoints" in required
    for name, script in company.scripts():
        assert list(unguarded(statements(script))) == [], name
        for table, filters, statement in scans(script):
            column = required.get(table)
            assert column is None or any(prunes(each, column) for each in filters), f"{name}:\n{statement}"


def clusters_of(action):
    listed = (
        re.findall(r"^cluster by (.+)$", action.create(), re.MULTILINE) if action.kind == "operations" else []
    )
    return action.bigquery.get("clusterBy") or [
        column for columns in listed for column in columns.split(", ")
    ]


def test_partitions_and_clusters_are_of_types_that_bigquery_accepts(company):
    for name, columns in company.columns.items():
        action = company.actions[name]
        clusters = clusters_of(action)
        assert len(clusters) <= 4, name
        assert {text_of(columns[column]) for column in clusters} <= CLUSTERABLE, name
        partition = action.partition_column
        assert not partition or text_of(columns[partition]) in PARTITIONED_BY, name
    assert clusters_of(company.actions["ods.checkpoints"]) == ["table_name"]


def test_names_of_columns_and_tables(company):
    """https://cloud.google.com/bigquery/docs/schemas#column_names"""
    for name, columns in company.columns.items():
        assert len({column.lower() for column in columns}) == len(columns), name
        for column in [*columns, name.split(".")[1]]:
            assert len(column) <= 300 and not column.upper().startswith(RESERVED_PREFIXES), f"{name}.{column}"


def test_an_insert_names_its_columns(company):
    """Their order in a stored table is that of its first creation."""
    for name, tree in company.statements():
        for insert in tree.find_all(exp.Insert):
            assert isinstance(insert.this, exp.Schema), f"{name}: {insert.sql()}"


def compares_both_sides(condition):
    sides = [
        {column.table for column in side.find_all(exp.Column)} for side in (condition.left, condition.right)
    ]
    return isinstance(condition, exp.EQ) and all(sides) and sides[0] != sides[1]


def test_an_outer_join_compares_columns_of_both_sides(company):
    """BigQuery: "cannot be used without a condition that is an equality of fields from both sides of the join"."""
    for name, tree in company.statements():
        for join in tree.find_all(exp.Join):
            if (join.side or "") in ("LEFT", "RIGHT", "FULL") and not join.args.get("using"):
                on = join.args["on"]
                conditions = list(on.flatten()) if isinstance(on, exp.And) else [on]
                assert any(compares_both_sides(each) for each in conditions), f"{name}: {on.sql()}"


def test_no_script_is_longer_than_a_query_may_be(company):
    assert {name: len(script) for name, script in company.scripts() if len(script) > LONGEST_SCRIPT} == {}


# Of days, at most 9,861 (includes/bounds.js), and of checkpoints since the last run.
ARRAYS = {"days", "file_days", "newest_days", "old_days", "rest", "unread", "utc_days"}


def test_no_variable_grows_with_the_number_of_files(company):
    """A variable holds one megabyte: https://cloud.google.com/bigquery/quotas#script_limits"""
    for name, script in company.scripts():
        assert set(re.findall(r"declare (\w+) array<", script)) <= ARRAYS, name


def test_readers_of_a_mart_can_read_what_its_views_read(company):
    """They may read dmt only; views of dmt are authorized to read ods, and nothing else (environments/main.tf)."""
    for name, action in company.actions.items():
        assert {read.split(".")[0] for read in action.reads} <= LAYERS[name.split(".")[0]], name
        if action.type == "view" and name.startswith("dmt."):
            assert {read.split(".")[0] for read in action.reads} <= {"ods", "dmt"}, name
