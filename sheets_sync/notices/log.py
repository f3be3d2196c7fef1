"""ops.notice_log: what was to be told, and whether it was. Rows are only ever added."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Literal

from sheets_sync.notices.declared import Event
from sheets_sync.notices.notice import Delivery, Notice, Target
from sheets_sync.warehouse import Warehouse

TABLE = "ops.notice_log"
TRIED_FOR = timedelta(days=3)  # from the first try: later, nobody wants to know

type State = Literal["due", "delivered", "failed", "untold"]


@dataclass(frozen=True)
class Row:
    run_id: str
    export: str
    event: Event
    state: State
    logged_at: datetime
    delivery: str | None = None
    channel: str | None = None
    target: str | None = None
    notice: str | None = None
    error: str | None = None


def row(delivery: Delivery, state: State, at: datetime, error: str | None = None) -> Row:
    notice, target = delivery.notice, delivery.target
    kept = notice.text() if state == "due" else None
    return Row(
        notice.run_id,
        notice.export,
        notice.event,
        state,
        at,
        delivery.id,
        target.channel,
        target.shown,
        kept,
        error,
    )


def untold(notice: Notice, at: datetime) -> Row:
    return Row(notice.run_id, notice.export, notice.event, "untold", at)


def incident(rows: Iterable[Row]) -> Event | None:
    """The newest of failure and recovery, told or not; None before the first."""
    found = [row for row in rows if row.event != "change" and row.state in ("due", "untold")]
    return max(found, key=lambda row: row.logged_at).event if found else None


def pending(rows: Sequence[Row], targets: Iterable[Target], now: datetime) -> list[Delivery]:
    """Deliveries that were due and never arrived, oldest first; not to whom the export no longer names."""
    delivered = {row.delivery for row in rows if row.state == "delivered"}
    notices = {
        row.notice: Notice.read(row.notice)
        for row in sorted(rows, key=lambda row: row.logged_at)
        if row.notice and row.logged_at > now - TRIED_FOR
    }
    due = {row.delivery for row in rows if row.state == "due"} - delivered
    known = [Delivery(notice, target) for notice in notices.values() if notice for target in targets]
    return [delivery for delivery in known if delivery.id in due]


@dataclass(frozen=True)
class Log:
    """The table in BigQuery. WarehouseError where it cannot be read or written."""

    warehouse: Warehouse
    table: str = TABLE

    def read(self, export: str, now: datetime) -> list[Row]:
        """What is still to be tried at `now`, and every incident, the oldest first."""
        where = "export = @export AND (logged_at > @since OR event != 'change')"
        columns = [field.name for field in fields(Row)]
        found = self.warehouse.rows(
            self.table, columns, where, "logged_at", export=export, since=now - TRIED_FOR
        )
        return [Row(**row) for row in found]

    def write(self, rows: Sequence[Row]) -> None:
        """As a job whose id is made from the rows: they are added once, however often they are sent."""
        entries = [asdict(row) | {"logged_at": row.logged_at.isoformat()} for row in rows]
        text = json.dumps(entries, sort_keys=True).encode()
        job = f"sheets_sync_notices_{hashlib.sha256(text).hexdigest()[:32]}"
        self.warehouse.append(self.table, entries, job)
