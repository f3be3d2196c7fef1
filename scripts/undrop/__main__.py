"""python -m scripts.undrop --env ENV --table DATASET.TABLE [--at TIME] | --dataset NAME: bring back what was deleted.

Prints the plan, copies the table as it was from time travel, and creates it with the partitions that the live release
declares. A person runs it with access to the data; no identity of CI can.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from google.api_core.exceptions import NotFound
from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from runtime.delivery import ReleaseError
from runtime.delivery.release_config import LiveRelease
from runtime.errors import SettingsError
from runtime.google_errors import CLIENT_ERRORS
from scripts.deploy.errors import DeployError
from scripts.exits import exit_with_message
from scripts.release.invocation import Runner
from scripts.release.keys import declare_keys
from scripts.release.target import (
    Target,
    add_arguments,
    create_dataform_client,
    create_warehouse_client,
    read_target,
)
from scripts.undrop import UndropError
from scripts.undrop.history import History
from scripts.undrop.layout import Layout, find_layout
from scripts.undrop.rows import insert_rows


@dataclass(frozen=True)
class Plan:
    history: History
    moment: datetime
    layout: Layout
    release: api.CompilationResult | None


@exit_with_message("undrop", "Run the command again: it names the table or the copy that is left.")
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        target = read_target(arguments)
        warehouse = create_warehouse_client(target)
        if arguments.dataset:
            undrop_dataset(warehouse, arguments.dataset, dry_run=arguments.dry_run)
            return
        plan = make_plan(target, warehouse, arguments.table, arguments.at)
        print(*describe(plan), sep="\n")
        if arguments.dry_run:
            print("dry run: nothing was changed")
        else:
            undrop(target, plan)
    except (UndropError, ReleaseError, DeployError, SettingsError) as error:
        sys.exit(f"undrop: {error}")
    except CLIENT_ERRORS as error:
        sys.exit(f"undrop: {error}")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.undrop", description="Bring back a table or dataset that was deleted."
    )
    add_arguments(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--table", type=parse_table, help="for example dmt.daily_sales")
    what.add_argument("--dataset", type=parse_dataset, help="a dataset with all that was in it")
    parser.add_argument(
        "--at", type=parse_moment, metavar="TIME", help="when the table existed; default: the last run's end"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan, and change nothing")
    return parser


def parse_table(text: str) -> str:
    parts = text.split(".")
    if len(parts) != 2 or not all(part.replace("_", "").isalnum() for part in parts):
        raise argparse.ArgumentTypeError(f"'{text}': expected DATASET.TABLE, for example dmt.daily_sales")
    return text


def parse_dataset(text: str) -> str:
    if not text.replace("_", "").isalnum():
        raise argparse.ArgumentTypeError(f"'{text}': expected the name of a dataset, for example dmt")
    return text


def parse_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"'{text}': expected a time such as 2026-01-31T09:30:00+00:00"
        ) from error
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"'{text}': an offset such as +00:00 is missing")
    return moment.astimezone(UTC)


def make_plan(target: Target, warehouse: bigquery.Client, table: str, at: datetime | None) -> Plan:
    """UndropError with nothing changed, if it cannot be done."""
    history = History(warehouse, table)
    history.check_missing()
    moment = history.find_moment(at)
    live = LiveRelease(create_dataform_client(), target.repository, target.compilation_config)
    release = live.current_result()
    layout = find_layout(live.read_actions(release) if release else [], table)
    return Plan(history, moment, layout, release)


def describe(plan: Plan) -> Iterator[str]:
    table, copy = plan.history.table, plan.history.copy
    yield f"undrop    {table} as of {plan.moment:%Y-%m-%d %H:%M:%S} UTC"
    yield f"  copy    the rows of that moment into {copy}"
    if plan.layout.owner == "model":
        yield f"  create  {table} from it, {plan.layout.clauses or 'without partitions'}, as the live release"
    elif plan.layout.owner == "operation":
        yield f"  create  {table} by the live release, and insert the rows"
    else:
        yield f"  stop    Terraform declares {table}: it creates the table, and the rows stay in {copy}"


def undrop(target: Target, plan: Plan) -> None:
    """UndropError if rows are missing afterwards; the copy stays until all are there."""
    history = plan.history
    client, table = history.client, history.table
    rows = history.copy_rows(plan.moment)
    print(f"copied    {rows} rows")
    if plan.layout.owner == "terraform":
        print(
            "done      create the table with python -m scripts.deploy apply --env ENV, then: "
            f"insert into {table} select * from {history.copy}; drop table {history.copy}"
        )
        return
    try:
        write_table(target, plan)
    except (*CLIENT_ERRORS, ReleaseError) as error:
        raise UndropError(
            f"{error}\nAll rows of {table} are in {history.copy}, and {table} may be incomplete. Delete "
            f"{table} if it exists, and the copy, then run this again with --at {plan.moment.isoformat()}"
        ) from error
    restored = int(client.get_table(f"{client.project}.{table}").num_rows or 0)
    if restored != rows:
        raise UndropError(
            f"{table} has {restored} rows and its copy {rows}; the copy is {history.copy}. Delete {table}, and "
            "insert the rows of the copy by hand."
        )
    client.delete_table(f"{client.project}.{history.copy}")
    print(f"done      {table} has {rows} rows; the next run of the pipeline continues from there")


def write_table(target: Target, plan: Plan) -> None:
    history = plan.history
    if plan.layout.owner == "model":
        empty = (
            f"create table {history.table} {plan.layout.clauses} as select * from {history.copy} where false"
        )
        history.client.query_and_wait(empty)
    else:
        create_by_release(target, plan)
    insert_rows(history.client, history.table, history.copy)
    if plan.layout.owner == "model":
        declare_keys(history.client, plan.layout.actions)


def create_by_release(target: Target, plan: Plan) -> None:
    release, owner = plan.release, plan.layout.target
    assert release is not None and owner is not None
    runner = Runner(create_dataform_client(), target.repository, release.name, target.service_account)
    runner.run([owner], full_refresh=False, with_dependents=False)


def undrop_dataset(client: bigquery.Client, name: str, *, dry_run: bool) -> None:
    """https://cloud.google.com/bigquery/docs/restore-deleted-datasets: with its tables and its access."""
    try:
        client.get_dataset(name)
    except NotFound:
        print(f"undrop    dataset {name}, as it was when it was deleted: undrop schema {name}")
    else:
        raise UndropError(f"dataset {name} exists; nothing was changed. Of its tables: --table {name}.TABLE")
    if dry_run:
        print("dry run: nothing was changed")
        return
    try:
        client.query_and_wait(f"undrop schema `{client.project}.{name}`")
    except NotFound as error:
        raise UndropError(
            f"no dataset {name} was deleted within time travel; nothing was changed. After that Terraform creates it "
            "empty: python -m scripts.deploy apply --env ENV"
        ) from error
    print(f"done      dataset {name}; compare it with the code: python -m scripts.deploy drift --env ENV")


if __name__ == "__main__":
    main()
