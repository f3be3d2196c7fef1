"""Every table of the page equals SQL over the loaded rows by DuckDB, which shares nothing with the report."""

import json

import duckdb
import html5lib
import pytest

from runtime.amounts import format_number

pytestmark = pytest.mark.timeout(900)
LOGGED = "logged_at::timestamptz >= $since"
STARTED = "started_at::timestamptz >= $since"
# By the first column of a table of the page, its other columns with a number, and the rows that it must have.
TABLES = {
    "rows of last night": (
        ["rows"],
        f"select source || '/' || endpoint, sum(rows_loaded) from run_log where {STARTED} group by all",
    ),
    "table": (
        ["rows", "bytes"],
        f"""select table_name, arg_max(rows, logged_at), arg_max(bytes, logged_at) from table_log where {LOGGED}
        group by all""",
    ),
    "action or check of Dataform": (
        ["runs", "failed", "longest"],
        f"""select action, count(*), count_if(state = 'failed'), max(seconds) from action_log where {LOGGED}
        group by all""",
    ),
    "export": (
        ["syncs", "failed", "inserted", "updated", "deleted", "rejected", "edited by people"],
        f"""select export, count(*), count_if(status = 'failed'), sum(inserted), sum(updated), sum(deleted),
        sum(rejected), sum(drift) from sync_run where {STARTED} group by all""",
    ),
    "day": (
        ["rows", "bad at first", "bad now"],
        f"""select day, arg_max(rows, logged_at), arg_min(bad_rows, logged_at), arg_max(bad_rows, logged_at)
        from day_log where {LOGGED} group by all having max(bad_rows) > 0""",
    ),
}


@pytest.fixture(scope="module")
def database(history, tmp_path_factory):
    """The rows of the last days, a table for each of ops."""
    folder, connection = tmp_path_factory.mktemp("rows"), duckdb.connect()
    for table, rows in history.rows.items():
        if rows:
            (folder / f"{table}.json").write_text("\n".join(map(json.dumps, rows[-3000:])))
            connection.execute(f"create table {table} as from read_json_auto('{folder}/{table}.json')")
    return connection


@pytest.fixture(scope="module")
def tables(page):
    """The tables of the page as rows of texts by their column, named after their first column."""
    by_name = {}
    for table in html5lib.parse(page, namespaceHTMLElements=False).iter("table"):
        names = [cell.text or "" for cell in table.find("thead/tr")]
        rows = [["".join(cell.itertext()) for cell in row] for row in table.find("tbody")]
        # Two tables begin with `table`: sizes, and days with bad rows.
        name = "day" if "bad now" in names else names[0]
        by_name[name] = [dict(zip(names, row, strict=True)) for row in rows]
    return by_name


@pytest.mark.parametrize("name", TABLES)
def test_the_numbers_of_a_table_are_those_of_duckdb(tables, database, night, name):
    columns, sql = TABLES[name]
    expected = database.execute(sql, {"since": night.since}).fetchall()
    assert expected
    on_page = {(row[name], *(row[column].removesuffix(" s") for column in columns)) for row in tables[name]}
    assert on_page == {(str(first), *map(format_number, numbers)) for first, *numbers in expected}


def test_the_cost_of_the_charts_is_that_of_duckdb(night, database):
    expected = database.execute(
        """select label_key, label_value, gib_billed::double from costs
        where day = (select max(day) from costs) and label_key in ('table', 'export', 'endpoint')"""
    ).fetchall()
    on_page = {(row["label_key"], row["label_value"], float(row["gib_billed"])) for row in night["costs"]}
    assert on_page == set(expected)


def test_the_newest_times_are_those_of_duckdb(tables, database):
    """Of sources and of the sheet; a table's is that of its rows."""
    expected = database.execute(
        """with newest as (
          select 'source', source || '/' || endpoint, max(finished_at::timestamptz) as moment from run_log
          where status in ('success', 'partial') group by all
          union all select 'sheet', export, max(finished_at::timestamptz) from sync_run group by all
          union all select 'table', table_name, max(newest::timestamptz) from table_log group by all
        )
        select * exclude (moment), strftime(timezone('UTC', moment), '%Y-%m-%d %H:%M') from newest"""
    ).fetchall()
    assert set(expected) == {(row["kind"], row["what"], row["newest"]) for row in tables["kind"]}
