"""A moment at which raw had no load that was withdrawn later.

Without this, a restore to a moment between a load and its withdrawal would bring the rows of that load back, and no
later run would find them: they are not in raw any more.
"""

from datetime import datetime, timedelta

from pipeline.restore.diff import LOOKBACK, literal
from pipeline.restore.unload import listed
from pipeline.restore.warehouse import Warehouse

WITHDRAWN = """
select distinct file_name from ops.file_log where state = 'withdrawn' and logged_at > {moment}
"""
FIRST_LOAD = """
select min(SYS_DATE_CREATE) as first_load
from {table} for system_time as of {moment}
where SYS_DATE_CREATE >= {floor} and SYS_FILE_NAME in ({files})
"""


def before_withdrawn_loads(warehouse: Warehouse, moment: datetime) -> datetime:
    """`moment`, or an earlier one. The next run reads what was loaded in between and not withdrawn."""
    # Again from the earlier moment: a load before it may have been withdrawn as well.
    while True:
        files = [row["file_name"] for row in warehouse.rows(WITHDRAWN.format(moment=literal(moment)))]
        loads = (
            [first_load(warehouse, table.name, files, moment) for table in warehouse.tables("raw")]
            if files
            else []
        )
        first = min((load for load in loads if load is not None), default=None)
        if first is None:
            return moment
        moment = first - timedelta(microseconds=1)


def first_load(warehouse: Warehouse, table: str, files: list[str], moment: datetime) -> datetime | None:
    [row] = warehouse.rows(
        FIRST_LOAD.format(
            table=table, moment=literal(moment), floor=literal(moment - LOOKBACK), files=listed(files)
        )
    )
    first: datetime | None = row["first_load"]
    return first
