"""python -m scripts.erase --env ENV --table customers --key 17: erase the personal data of a row, everywhere."""

import argparse
import os
import sys
from contextlib import nullcontext
from dataclasses import replace

from google.cloud import bigquery

from runtime.credentials import default_credentials
from runtime.delivery import DeliveryError
from runtime.errors import SettingsError, StorageError
from runtime.google_errors import CLIENT_ERRORS
from runtime.object_store import open_bucket
from runtime.settings import read_endpoint
from scripts.delivery.turns import add_wait, wait_for_turn
from scripts.deploy.errors import DeployError
from scripts.erase import EraseError
from scripts.erase.objects import WORKERS, Objects
from scripts.erase.subject import Subject, read_subject
from scripts.erase.tables import Tables, has_number_key
from scripts.exits import exit_with_message
from scripts.release.invocation import wait_for_others
from scripts.release.target import (
    Target,
    add_arguments,
    create_dataform_client,
    create_warehouse_client,
    read_target,
)
from scripts.release.turn import exclude_runs

LOG = """
insert into ops.erasures (erased_at, table_name, subject, row_count, object_count)
values (current_timestamp(), @table, @subject, @rows, @objects)"""


@exit_with_message("erase", "What was erased stays erased; run the command again for the rest.")
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        subject, target = read_subject(arguments.table, arguments.key), read_target(arguments)
        wait_for_turn(lambda: take_turn(arguments, target, subject), wait=arguments.wait)
    except (EraseError, DeliveryError, DeployError, SettingsError, StorageError) as error:
        sys.exit(f"erase: {error}")
    except CLIENT_ERRORS as error:
        sys.exit(f"erase: {error}")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.erase",
        description="Erase the personal data of one row of a list in raw, ods, its history, snapshots, clones, "
        "logs and files. The row keeps its key, so that the sales of a customer still count.",
    )
    add_arguments(parser)
    parser.add_argument("--table", required=True, help="the table of raw, for example customers")
    parser.add_argument("--key", required=True, help="the key of the row, for example 17")
    parser.add_argument("--bucket", help="the landing bucket; default: <project>-landing")
    parser.add_argument("--dry-run", action="store_true", help="print where the data are, and change nothing")
    add_wait(parser, "run of the pipeline, refresh or erasure")
    return parser


def take_turn(arguments: argparse.Namespace, target: Target, subject: Subject) -> None:
    """A run that has read the rows before would write them again afterwards."""
    # Never with the key, which other commands would print.
    turn = exclude_runs(target, create_dataform_client(), "an erasure", arguments.bucket)
    with nullcontext() if arguments.dry_run else turn:
        erase(arguments, target, subject)


def erase(arguments: argparse.Namespace, target: Target, subject: Subject) -> None:
    """Files and raw last: a run that stops before the end finds all values again, by which it searches the logs."""
    client = create_warehouse_client(target)
    bucket = arguments.bucket or target.landing_bucket
    subject = replace(subject, is_number=has_number_key(client, subject))
    store = open_bucket(default_credentials(), read_endpoint(os.environ, "storage"), bucket, WORKERS)
    tables, objects = Tables(client, subject), Objects(store, subject)
    files = objects.find()
    values = objects.values | tables.read_values()
    states = objects.find_states(values)
    names = [each.name for each in (*states, *files)]
    for name in names:
        print(f"object  {store.url_of(name)}")
    if not arguments.dry_run:
        objects.erase_states(states, values)
    rows = erase_rows(tables, values, dry_run=arguments.dry_run)
    snapshots = tables.find_snapshots()
    for name in snapshots:
        print(f"snapshot {name}: cannot be changed")
    if arguments.dry_run:
        print(f"dry run: {rows} rows and {len(names)} objects have data; nothing was changed")
        return
    objects.erase(files)
    check_complete(target, objects, tables, values, snapshots)
    log_erasure(client, subject, rows, len(names))
    print(
        f"erased  {rows} rows and {len(names)} objects. Erase it at the source too: a later list brings it back."
    )


def erase_rows(tables: Tables, values: set[str], *, dry_run: bool) -> int:
    """The number of rows with data; prints those of each table."""
    rows = 0
    for place in tables.erase(values, dry_run):
        rows += place.rows
        if place.rows:
            print(f"table   {place.name}: {place.rows} rows")
    return rows


def check_complete(
    target: Target, objects: Objects, tables: Tables, values: set[str], snapshots: list[str]
) -> None:
    """EraseError unless everything is erased: only then ops.erasures may prove it."""
    # Started in the console meanwhile, without the lease: it writes what it has read when it commits.
    for name in wait_for_others(create_dataform_client(), target.repository):
        print(f"waited  for {name}")
    check_absence(objects, tables, values)
    if snapshots:
        raise EraseError(
            f"snapshots have data and cannot be changed: {', '.join(snapshots)}. Delete them (DROP SNAPSHOT TABLE), "
            "and run the command again."
        )


def check_absence(objects: Objects, tables: Tables, values: set[str]) -> None:
    """EraseError if there are data again: a process without the lease had read them before."""
    places = [place.name for place in tables.erase(values, dry_run=True) if place.rows]
    names = [each.name for each in (*objects.find(), *objects.find_states(values))]
    if written := [*names, *places]:
        raise EraseError(
            f"another process wrote data again meanwhile, such as a run of the connector: {', '.join(written)}. "
            "Run the command again."
        )


def log_erasure(client: bigquery.Client, subject: Subject, rows: int, objects: int) -> None:
    """Without the key and without any value."""
    parameters = [
        bigquery.ScalarQueryParameter("table", "STRING", subject.table),
        bigquery.ScalarQueryParameter("subject", "STRING", subject.digest),
        bigquery.ScalarQueryParameter("rows", "INT64", rows),
        bigquery.ScalarQueryParameter("objects", "INT64", objects),
    ]
    client.query_and_wait(LOG, job_config=bigquery.QueryJobConfig(query_parameters=parameters))


if __name__ == "__main__":
    main()
