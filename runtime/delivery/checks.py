"""Whether the data of a moment can be restored, from metadata only: this identity reads no rows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from google.cloud import bigquery

from runtime.delivery import Refused

DATASETS = ("ods", "dmt")
DEFAULT_TRAVEL_HOURS = 168  # https://cloud.google.com/bigquery/docs/time-travel


def read_columns(client: bigquery.Client) -> dict[str, list[str]]:
    """`name TYPE` of each column, by dataset.table; without views and without the locks of Dataform's scripts."""
    tables = {}
    for dataset in DATASETS:
        for item in client.list_tables(dataset):
            if item.table_type == "TABLE" and not item.table_id.startswith("lock_"):
                schema = client.get_table(item.reference).schema
                tables[f"{dataset}.{item.table_id}"] = [
                    f"{field.name} {field.field_type}" for field in schema
                ]
    return tables


def check_data(
    client: bigquery.Client, moment: datetime, now: datetime, before: Mapping[str, list[str]]
) -> None:
    """Refused if the moment is too old, or if a table was widened, narrowed or replaced since."""
    hours = min(travel_hours(client.get_dataset(dataset).to_api_repr()) for dataset in DATASETS)
    if moment < now - timedelta(hours=hours):
        raise Refused(
            f"the data of {moment:%Y-%m-%d %H:%M} UTC is outside time travel ({hours} h); nothing was changed. "
            "Roll back the code only (--code-only), then write the tables again: "
            "python -m scripts.refresh --env ENV --table DATASET.TABLE"
        )
    # Before the images change: a restore that fails later would leave old code with new tables.
    check_columns(read_columns(client), before)
    check_created(client, moment, before)


def travel_hours(dataset: Mapping[str, Any]) -> int:
    return int(dataset.get("maxTimeTravelHours") or DEFAULT_TRAVEL_HOURS)


def check_columns(now: Mapping[str, list[str]], before: Mapping[str, list[str]]) -> None:
    """Refused if a table of `before` lacks, or has other, columns `now`. Both are `name TYPE` by dataset.table."""
    # Sorted: a restore names its columns, so their order does not matter.
    changed = [table for table in before if sorted(now.get(table, [])) != sorted(before[table])]
    if changed:
        raise Refused(
            f"the columns of these tables changed since, or they were deleted: {', '.join(changed)}; their rows "
            "cannot be restored, and nothing was changed. Roll back the code only (--code-only), then release with: "
            "python -m scripts.release --env ENV --refresh"
        )


def check_created(client: bigquery.Client, moment: datetime, before: Mapping[str, list[str]]) -> None:
    """Refused if a table of `before` was created or replaced after `moment`."""
    existing = read_columns(client).keys()
    replaced = [name for name in before if name in existing and client.get_table(name).created > moment]
    if replaced:
        raise Refused(
            f"{', '.join(replaced)} was replaced after {moment:%Y-%m-%d %H:%M} UTC (a full refresh), so its rows "
            "cannot be restored; nothing was changed. Roll back the code only (--code-only), then write the table "
            "again: python -m scripts.refresh --env ENV --table DATASET.TABLE"
        )
