"""Partitions and rows that the filters of an hour select, table by table."""

from typing import Any

from demo.cloud import Cloud

# Name, the partition of a row, the filter: {days} are those that the run touched, {since} the load before it.
FILTERS = (
    ("raw.sales", "date(SYS_DATE_CREATE)", "SYS_DATE_CREATE >= timestamp '{since}'"),
    ("ods.sales_days", "div(id, 100000)", "id >= {ids} and id < {ids} + 100000"),
    ("ods.sales", "date(datetime)", "date(datetime) in ({days})"),
    ("ods.sales_orphans", "date(datetime)", "date(datetime) in ({days})"),  # whole when a list came
    ("dmt.sales_items", "date(sales_datetime)", "date(sales_datetime) in ({days})"),
    ("dmt.daily_sales", "day", "day in ({days})"),
    ("ods.checkpoints", "date(written_at)", "written_at >= timestamp '1990-01-01'"),
)
Selected = dict[str, tuple[int, int]]  # partitions and rows by table


def newest_load(cloud: Cloud) -> str:
    """The load that ods.sales has read up to."""
    return str(checkpoint(cloud)["seen_until"].isoformat())


def selected(cloud: Cloud, since: str, sale: int) -> Selected:
    """By the latest run; `since` is the newest load before it, `sale` one in the partition of its ids."""
    days = ", ".join(f"date '{day}'" for day in checkpoint(cloud)["touched_days"])
    values = {"since": since, "days": days, "ids": (sale // 100_000) * 100_000}
    return {name: counted(cloud, name, part, where.format(**values)) for name, part, where in FILTERS}


def counted(cloud: Cloud, name: str, partition: str, where: str) -> tuple[int, int]:
    """Rows of the whole partitions in which the filter finds any."""
    [row] = cloud.rows(
        f"SELECT COUNT(DISTINCT {partition}) AS partitions, COUNT(*) AS size FROM {name} WHERE {where}"
    )
    return int(row["partitions"]), int(row["size"])


def checkpoint(cloud: Cloud) -> dict[str, Any]:
    [row] = cloud.rows(
        # A row for every run of every table; the one that was written last counts.
        "SELECT seen_until, touched_days FROM ods.checkpoints WHERE table_name = 'ods.sales' "
        # The table requires a filter on its partition column.
        "AND written_at > TIMESTAMP '1990-01-01' ORDER BY written_at DESC LIMIT 1"
    )
    return row
