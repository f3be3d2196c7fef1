"""python -m scripts.refresh --env ENV --table ods.sales [--days 20260101..20260131]: write a table again."""

import argparse
import re
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime

from google.cloud import bigquery

from runtime.delivery import DeliveryError
from runtime.delivery.release_config import LiveRelease
from runtime.errors import SettingsError, StorageError
from runtime.google_errors import CLIENT_ERRORS
from scripts.delivery.turns import add_wait, wait_for_turn
from scripts.deploy.errors import DeployError
from scripts.exits import exit_with_message
from scripts.refresh import RefreshError
from scripts.refresh.tables import Table, find_table, read_tables
from scripts.release.expired import add_lose_expired, check_expired
from scripts.release.invocation import Runner
from scripts.release.keys import declare_keys
from scripts.release.target import (
    Target,
    add_arguments,
    create_dataform_client,
    create_warehouse_client,
    read_target,
)
from scripts.release.turn import exclude_runs

# Bookkeeping of the incremental tables: docs/adr/0003. Rows of their own, which no run passes before it has read them:
# "<table> (again)" has the moment from which it reads raw again, "<table> (rest)" days that it writes next.
READ_AGAIN = """
insert into ods.checkpoints (table_name, seen_until, written_at)
values (concat(@name, ' (again)'), timestamp(@first), current_timestamp())"""
WRITE_AGAIN = """
insert into ods.checkpoints (table_name, seen_until, touched_days, written_at)
values (concat(@name, ' (rest)'), current_timestamp(), generate_date_array(@first, @last), current_timestamp())"""
FIRST_YEAR, LAST_YEAR = 1990, 2099  # dataform/includes/bounds.js: no table has other days
REST = """
select ifnull(sum(array_length(touched_days)), 0) as days
from ods.checkpoints
where table_name like '% (rest)' and written_at >= @since"""


@dataclass(frozen=True)
class Days:
    first: date
    last: date


@exit_with_message(
    "refresh", "Dataform finishes what it has started; run the command again to complete the table."
)
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        target = read_target(arguments)
        wait_for_turn(lambda: refresh(arguments, target), wait=arguments.wait)
    except (RefreshError, DeliveryError, DeployError, SettingsError, StorageError) as error:
        sys.exit(f"refresh: {error}")
    except CLIENT_ERRORS as error:
        sys.exit(f"refresh: {error}")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.refresh",
        description="Write a table of the warehouse again, and after it the tables that follow it. "
        "Without --days the table is replaced (a full refresh).",
    )
    add_arguments(parser)
    parser.add_argument("--table", required=True, help="an incremental table, for example dmt.sales_items")
    parser.add_argument(
        "--days",
        type=parse_days,
        metavar="YYYYMMDD[..YYYYMMDD]",
        help="for a table that reads raw: read all rows again that were loaded since the first day; "
        "for other tables: write these days of sales again, UTC",
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would run, and change nothing")
    add_lose_expired(parser)
    add_wait(parser, "run of the pipeline or refresh")
    return parser


def parse_days(text: str) -> Days:
    """Of YYYYMMDD or YYYYMMDD..YYYYMMDD, both ends inclusive, within the years that a sale can have."""
    try:
        start, _, end = text.partition("..")
        # One day is a range from itself to itself.
        first, last = parse_day(start), parse_day(end if ".." in text else start)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"'{text}': expected YYYYMMDD or YYYYMMDD..YYYYMMDD, for example 20260101..20260131"
        ) from error
    if first > last:
        raise argparse.ArgumentTypeError(f"'{text}': {first} is after {last}")
    if first.year < FIRST_YEAR or last.year > LAST_YEAR:
        raise argparse.ArgumentTypeError(f"'{text}': expected days of {FIRST_YEAR} to {LAST_YEAR}")
    return Days(first, last)


def parse_day(text: str) -> date:
    """ValueError unless there are eight digits: strptime reads 202611 as 1 January 2026."""
    if not re.fullmatch("[0-9]{8}", text):
        raise ValueError(text)
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()


def refresh(arguments: argparse.Namespace, target: Target) -> None:
    dataform = create_dataform_client()
    # The live release, not the folder: a refresh must not deliver code.
    live = LiveRelease(dataform, target.repository, target.compilation_config)
    release = live.current_result()
    if release is None:
        raise RefreshError("nothing is released: run python -m scripts.release --env ENV first.")
    table = find_table(read_tables(dataform, release.name), arguments.table)
    print(f"refresh  {table.name}: {describe(table, arguments.days)}")
    warehouse = create_warehouse_client(target)
    if arguments.days is None and not arguments.lose_expired:
        check_expired(warehouse, [table.action])
    if arguments.dry_run:
        print("dry run: nothing was changed")
        return
    runner = Runner(dataform, target.repository, release.name, target.service_account)
    with exclude_runs(target, dataform, f"refresh of {table.name}"):
        write_again(warehouse, runner, table, arguments.days)
        declare_keys(warehouse, live.read_actions(release))


def write_again(warehouse: bigquery.Client, runner: Runner, table: Table, days: Days | None) -> None:
    if days:
        request_days(warehouse, table, days)
    else:
        # Without dependents, which follow incrementally below: their own rows need no replacement.
        runner.run([table.target], full_refresh=True, with_dependents=False)
    run_until_complete(warehouse, runner, table)


def describe(table: Table, days: Days | None) -> str:
    if days is None:
        return "a full refresh, then the tables that follow it"
    if table.reads_raw:
        return f"read all rows again that were loaded since {days.first}"
    return f"write the days {days.first} to {days.last} again"


def request_days(warehouse: bigquery.Client, table: Table, days: Days) -> None:
    """The next run of the table does the work; a run that fails leaves the request in place."""
    query(
        warehouse,
        READ_AGAIN if table.reads_raw else WRITE_AGAIN,
        name=table.name,
        first=days.first,
        last=days.last,
    )


def run_until_complete(warehouse: bigquery.Client, runner: Runner, table: Table) -> None:
    """More days than one statement may write are written in several runs, the newest first."""
    while True:
        [start] = query(warehouse, "select current_timestamp() as moment")
        # Also after a full refresh: the tables that follow it have not read the new rows yet.
        runner.run([table.target], full_refresh=False, with_dependents=True)
        # By the warehouse's clock, which also wrote the rows.
        [rest] = query(warehouse, REST, since=start["moment"])
        if not rest["days"]:
            print("done     the table and those that follow it are complete")
            return
        print(f"next     {rest['days']} days are left")


def query(warehouse: bigquery.Client, sql: str, **values: str | date | datetime) -> list[bigquery.Row]:
    kinds = {str: "STRING", date: "DATE"}
    parameters = [
        bigquery.ScalarQueryParameter(name, kinds.get(type(value), "TIMESTAMP"), value)
        for name, value in values.items()
        if f"@{name}" in sql
    ]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    return list(warehouse.query_and_wait(sql, job_config=config))


if __name__ == "__main__":
    main()
