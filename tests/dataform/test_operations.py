"""What an operator meets: two invocations at once, more days than one statement writes, rows that no run has read."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from google.api_core.exceptions import BadRequest

from scripts.sql_analysis.statements import concatenate, statements
from tests.dataform.engines.runner import CRASH, Runner
from tests.dataform.engines.warehouse import connect
from tests.dataform.retail import FILES, customer, file, files_by_table, product, sale
from tests.dataform.test_law import rows, snapshot

pytestmark = pytest.mark.timeout(900)  # each run of the warehouse takes seconds

# Takes about half a second, so that two transactions overlap.
WAIT = """if (
  select count(*)
  from unnest(generate_array(1, 6000)) as a, unnest(generate_array(1, 10000)) as b
  where a * b > 7
) < 0 then return; end if"""


def load(runner, files=FILES):
    for table, content in files_by_table(files).items():
        runner.warehouse.load(table, content)


@pytest.fixture(scope="module")
def expected(sandbox, graph):
    runner = Runner(connect(sandbox.address, "expected"), graph)
    load(runner)
    runner.run()
    return snapshot(runner)


def test_two_invocations_at_once_write_the_rows_once(sandbox, graph, expected):
    runner = Runner(connect(sandbox.address, "twice"), graph)
    runner.run()
    load(runner)

    def run_slowly(action):
        script = runner.script(action, full_refresh=False)
        before, after = script.rsplit("commit transaction", 1)
        try:
            runner.warehouse.query(f"{before}{WAIT};\ncommit transaction{after}")
        except BadRequest as error:
            return str(error)
        return ""

    cancelled = []
    for action in runner.actions:
        if action.type == "incremental":
            with ThreadPoolExecutor(2) as pool:
                cancelled.append([message for message in pool.map(run_slowly, [action] * 2) if message])
    assert all(len(messages) <= 1 for messages in cancelled), cancelled
    assert all("transaction" in message for messages in cancelled for message in messages), cancelled
    assert any(cancelled)
    runner.run()
    assert snapshot(runner) == expected


# The tables that write at most DAYS_PER_STATEMENT days in a run, in the order of a run.
SLICED = ("ods.sales", "ods.sales_orphans", "dmt.sales_items", "dmt.daily_sales")


def run_slices(runner, runs):
    sliced = [action for action in runner.actions if action.name in SLICED]
    for _ in range(runs):
        for action in sliced:
            runner.run_action(action)


@pytest.fixture(scope="module")
def sliced(sandbox, graph, expected):
    """With three days a statement instead of 3,000, after all runs that are needed. Its tests run in order."""
    text = json.dumps(graph)
    assert {action.name for action in Runner(connect(sandbox.address, "whole"), graph).actions
            if "3000" in json.dumps(action.compiled)} == set(SLICED)  # fmt: skip
    runner = Runner(connect(sandbox.address, "slices"), json.loads(text.replace("3000", "3")))
    load(runner)
    runner.run()
    assert snapshot(runner) != expected
    run_slices(runner, 4)  # the five days of ods.sales follow each other through three tables
    assert snapshot(runner) == expected
    return runner


def refresh_partly(runner, name, last):
    """A full refresh of `name` that is stopped before the statement that begins with `last`."""
    action = next(each for each in runner.actions if each.name == name)
    texts = [part.text for part in statements(runner.script(action, full_refresh=True))]
    [*_, end] = [place for place, text in enumerate(texts) if text.lower().startswith(last)]
    with pytest.raises(BadRequest, match="the run crashed here"):
        runner.warehouse.query(concatenate(*texts[:end], CRASH))


def test_a_full_refresh_that_is_stopped_between_two_slices_loses_no_day(sliced, expected):
    """The table has its newest days only; the next runs write the others."""
    refresh_partly(sliced, "ods.sales", "if exists(select 1 from unnest(days)")
    refresh_partly(sliced, "dmt.sales_items", "alter table")
    assert snapshot(sliced) != expected
    run_slices(sliced, 5)
    assert snapshot(sliced) == expected


CHECKPOINT = """insert into ods.checkpoints (table_name, seen_until, touched_days, written_at)
values ('{name}', current_timestamp(), [date '2017-01-06'], current_timestamp())"""


def refresh_beside(runner, name, other, after=""):
    """A full refresh of `name` during which another run commits; `other` is what that run writes, except its rows."""
    action = next(each for each in runner.actions if each.name == name)
    begin, commit = runner.script(action, full_refresh=True).split("create or replace table", 1)
    checkpoint = CHECKPOINT.format(name=name)
    runner.warehouse.query(f"{begin}{other};\n{checkpoint};\ncreate or replace table{commit};\n{after}")


def test_days_that_another_run_writes_during_a_full_refresh_are_written_again(sliced, expected):
    """The refresh began to read before that, and replaces what the other run has written."""
    old_rows = "delete from dmt.sales_items where date(sales_datetime) = '2017-01-06'"
    refresh_beside(sliced, "dmt.sales_items", "select 1", after=old_rows)
    assert snapshot(sliced) != expected
    run_slices(sliced, 3)
    assert snapshot(sliced) == expected


def test_more_days_than_one_statement_writes_are_written_in_slices(sandbox, graph, sliced, expected):
    """A full refresh and later runs."""
    sliced.run(full_refresh=True)
    run_slices(sliced, 4)
    assert snapshot(sliced) == expected
    days = ("2016-12-31", "2017-01-01", "2017-01-02", "2017-01-04")
    files = [("sales", file("sales", 9), [sale(20 + n, day, ("a", 1, n)) for n, day in enumerate(days)])]
    load(sliced, files)
    run_slices(sliced, 3)
    everything = Runner(connect(sandbox.address, "slices2"), graph)
    load(everything, [*FILES, *files])
    everything.run()
    assert snapshot(sliced) == snapshot(everything)


RAW_ROWS = {
    "ods.sales": "insert into raw.sales (id, datetime, customer_id, store_id, SYS_FILE_NAME, SYS_DATE_CREATE) "
    f"values ('79', '2017-01-03T10:00:00Z', '1', '7', '{file('sales', 9)}', current_timestamp())",
    "ods.customers": "insert into raw.customers (id, SYS_FILE_NAME, SYS_DATE_CREATE) "
    f"values ('78', '{file('customers', 9)}', current_timestamp())",
}


@pytest.mark.parametrize(("name", "id"), [("ods.sales", 79), ("ods.customers", 78)])
def test_rows_that_another_run_reads_during_a_full_refresh_are_read_again(sliced, name, id):
    refresh_beside(sliced, name, RAW_ROWS[name])
    assert {"id": id} not in rows(sliced, name, "id")
    action = next(each for each in sliced.actions if each.name == name)
    sliced.run_action(action)
    assert {"id": id} in rows(sliced, name, "id")


def test_an_assertion_finds_rows_of_raw_that_no_run_has_read(sandbox, graph):
    runner = Runner(connect(sandbox.address, "unread"), graph)
    load(runner)
    runner.run()

    def unread():
        return [tuple(row.values())[:2] for row in runner.warehouse.rows("assertions.raw_rows")]

    assert unread() == []
    restored = file("sales", 4)
    runner.warehouse.query(
        f"insert into `{runner.warehouse.project}.raw.sales` (id, datetime, customer_id, store_id, SYS_FILE_NAME, "
        "SYS_DATE_CREATE) values ('77', '2017-01-03T10:00:00Z', '1', '7', "
        f"'{restored}', timestamp_sub(current_timestamp(), interval 1 day))"
    )
    load(runner, [("sales", file("sales", 5), [sale(78)])])  # read by the next run, hence no finding
    assert unread() == [("ods.sales", restored)]
    runner.run()
    assert unread() == [("ods.sales", restored)]
    # As python -m scripts.refresh does it.
    runner.warehouse.query(
        f"insert into `{runner.warehouse.project}.ods.checkpoints` (table_name, seen_until, written_at) values "
        "('ods.sales (again)', timestamp_sub(current_timestamp(), interval 2 day), current_timestamp())"
    )
    runner.run()
    assert unread() == []
    assert {77, 78} <= {row["id"] for row in rows(runner, "ods.sales", "id")}


def test_a_row_that_was_loaded_in_the_future_does_not_hide_those_after_it(sandbox, graph):
    """It is reported instead of read: with its load time as the watermark, no later row would be read."""
    runner = Runner(connect(sandbox.address, "future"), graph)
    names = {f"ods.{name}" for name in ("checkpoints", "file_reads", "sales_days", "sales_rejects", "sales")}
    actions = [each for each in runner.actions if each.name in names | {"assertions.raw_rows"}]

    def run(*ids):
        for id in ids:
            load(runner, [("sales", file("sales", id), [sale(id)])])
        for action in actions:
            runner.run_action(action)
        return [row["id"] for row in rows(runner, "ods.sales", "id")]

    runner.warehouse.query(
        f"insert into `{runner.warehouse.project}.raw.sales` (id, datetime, customer_id, store_id, SYS_FILE_NAME, "
        f"SYS_DATE_CREATE) values ('9', '2017-01-03T10:00:00Z', '1', '7', '{file('sales', 9)}', timestamp '2098-01-01')"
    )
    assert run(1) == [1]
    assert run(2) == [1, 2]
    # As versions until 2026-11-30 left it.
    runner.warehouse.query(
        "insert into ods.checkpoints (table_name, seen_until, written_at) "
        "values ('ods.sales', timestamp '2098-01-01', current_timestamp())"
    )
    assert run(3) == [1, 2, 3]
    [unread] = runner.warehouse.rows("assertions.raw_rows")
    assert (unread["SYS_FILE_NAME"], unread["raw_rows"], unread["read_rows"]) == (file("sales", 9), 1, 0)


def test_a_full_refresh_empties_days_of_which_raw_has_lost_all_rows(sandbox, graph):
    """As after rows were deleted from raw by hand (docs/runbooks/break-glass.md)."""
    runner = Runner(connect(sandbox.address, "emptied"), graph)
    bad = file("sales", 9)
    load(runner, [*FILES, ("sales", bad, [sale(66, "2017-01-20", ("a", 1, 1))])])
    runner.run()
    day = {"day": date(2017, 1, 20)}
    assert day in rows(runner, "dmt.daily_sales", "day")
    runner.warehouse.query(
        f"delete from `{runner.warehouse.project}.raw.sales` where SYS_FILE_NAME = '{bad}'"
    )
    for action in runner.actions:
        if action.name in SLICED:
            runner.run_action(action, full_refresh=action.name == "ods.sales")
    assert day not in rows(runner, "dmt.daily_sales", "day")


def read_rows_that_differ(runner):
    columns = "table_name, raw_rows, read_rows"
    return sorted(tuple(row.values()) for row in runner.warehouse.rows("assertions.raw_rows", columns))


def test_a_full_refresh_of_a_list_repairs_the_sales_of_rows_that_raw_has_lost(sandbox, graph):
    """As after rows were deleted from raw by hand. Their lines become orphans, also on days without other changes."""
    runner = Runner(connect(sandbox.address, "lost"), graph)
    load(runner)
    runner.run()
    raw = f"`{runner.warehouse.project}.raw"
    assert read_rows_that_differ(runner) == []
    runner.warehouse.query(f"delete from {raw}.products` where product_sku = 'b'")
    runner.warehouse.query(f"delete from {raw}.customers` where id = '3'")
    runner.warehouse.query(f"delete from {raw}.customers` where SYS_FILE_NAME = '{file('customers', 2)}'")
    assert read_rows_that_differ(runner) == [
        ("ods.customers", 0, 3),
        ("ods.customers", 1, 2),
        ("ods.products", 2, 3),
    ]
    followers = ("ods.sales_orphans", "dmt.sales_items", "dmt.daily_sales")
    for action in runner.actions:
        if action.name in ("ods.products", "ods.customers", *followers):
            runner.run_action(action, full_refresh=action.name not in followers)
    assert read_rows_that_differ(runner) == []
    repaired = snapshot(runner)
    orphans = rows(runner, "ods.sales_orphans", "id, reason")
    assert [tuple(row.values()) for row in orphans] == [
        ("11-b", "product"),
        ("12-b", "product"),
        ("3-a", "customer"),
        ("5-never", "product and customer"),
        ("7-b", "product and customer"),
    ]
    for action in runner.actions:
        if action.name in followers:
            runner.run_action(action, full_refresh=True)
    assert snapshot(runner) == repaired
    assert rows(runner, "dmt.sales_items", "id") == [
        {"id": id} for id in ("1-a", "10-a", "11-a", "12-a", "2-a", "2-c", "4-a", "4-d", "6-a", "8-a")
    ]


def commit_late(runner, name, load_rows):
    """A commit of `name` whose checkpoint is an hour older than the last run of the tables that follow it."""
    action = next(action for action in runner.actions if action.name == name)
    load_rows()
    runner.run_action(action)
    checkpoints = f"`{runner.warehouse.project}.ods.checkpoints`"
    newest = (
        f"select max(written_at) from {checkpoints} where table_name = '{name}' and written_at > '2000-01-01'"
    )
    [row] = runner.warehouse.query(f"select ({newest}) as moment")
    earlier = f"timestamp_sub(timestamp '{row['moment']}', interval 1 hour)"
    runner.warehouse.query(
        f"update {checkpoints} set written_at = {earlier} where table_name = '{name}' "
        f"and written_at = timestamp '{row['moment']}'"
    )
    if name == "ods.products":
        runner.warehouse.query(
            f"update `{runner.warehouse.project}.ods.products` set SYS_DATE_CHANGE = {earlier} "
            f"where SYS_DATE_CHANGE = timestamp '{row['moment']}'"
        )


def test_a_follower_reads_a_commit_that_was_in_progress_when_it_last_ran(sandbox, graph):
    late_sales = [("sales", file("sales", 9), [sale(70, "2017-01-02", ("a", 1, 1))])]
    late_list = [("products", file("products", 9), [product("a", 9.0), product("never", 1.0)])]
    runner = Runner(connect(sandbox.address, "late"), graph)
    load(runner)
    runner.run()
    commit_late(runner, "ods.sales", lambda: load(runner, late_sales))
    runner.run()
    commit_late(runner, "ods.products", lambda: load(runner, late_list))
    runner.run()
    everything = Runner(connect(sandbox.address, "late2"), graph)
    load(everything, [*FILES, *late_sales, *late_list])
    everything.run()
    assert snapshot(runner) == snapshot(everything)


@pytest.mark.parametrize(
    ("request_name", "place"),
    # The snapshot of a transaction does not have what another session commits after `begin transaction`.
    [("ods.customers", "before the snapshot"), ("ods.customers (again)", "after the snapshot")],
)
def test_a_request_to_read_again_survives_a_run_that_is_in_progress(sandbox, graph, request_name, place):
    """The run has read its watermark before the request, and commits after it."""
    runner = Runner(connect(sandbox.address, f"requested-{place[:5].strip()}"), graph)
    load(runner)
    tables = {action.name: action for action in runner.actions}
    needed = ("ods.checkpoints", "ods.file_reads", "ods.customers_rejects", "ods.customers_changes")
    for name in (*needed, "ods.customers"):
        runner.run_action(tables[name])
    project = runner.warehouse.project
    restored = file("customers", 4)
    columns = "(id, SYS_FILE_NAME, SYS_DATE_CREATE)"
    old = "timestamp_sub(current_timestamp(), interval 1 day)"
    runner.warehouse.query(
        f"insert into `{project}.raw.customers` {columns} values ('77', '{restored}', {old})"
    )
    load(runner, [("customers", file("customers", 5), [customer(78)])])
    request = (
        f"insert into `{project}.ods.checkpoints` (table_name, seen_until, written_at) values "
        f"('{request_name}', timestamp_sub(current_timestamp(), interval 2 day), @requested_at)"
    )
    script = runner.script(tables["ods.customers"], full_refresh=False)
    before, after = script.split("begin transaction;", 1)
    if place == "before the snapshot":
        request = request.replace("@requested_at", "current_timestamp()")
        runner.warehouse.query(f"{before}{request};\nbegin transaction;{after}")
    else:
        [row] = runner.warehouse.query("select cast(current_timestamp() as string) as moment")
        runner.warehouse.query(script)
        runner.warehouse.query(request.replace("@requested_at", f"timestamp '{row['moment']}'"))
    stored = rows(runner, "ods.customers", "id")
    assert {"id": 78} in stored and {"id": 77} not in stored
    runner.run_action(tables["ods.customers"])
    assert {"id": 77} in rows(runner, "ods.customers", "id")
    # Then the watermark has passed what was requested.
    read_at = newest_read(runner)
    runner.run_action(tables["ods.customers"])
    assert newest_read(runner) == read_at


def newest_read(runner):
    [row] = runner.warehouse.rows(
        "ods.file_reads", "max(written_at) as moment", "SYS_DATE_CREATE > '2026-01-01'"
    )
    return row["moment"]
