"""ops.notice_log: notifications that were due, and whether they were delivered. Append-only."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

from runtime.notice_log import NOTICE_LOG, RETRY_PERIOD, NoticeState
from sheets_sync.notifications.config import Event
from sheets_sync.notifications.notification import Delivery, Notification, Target
from sheets_sync.warehouse import Warehouse

# Of a digest. Less than a day, so that an hourly run which starts a little earlier sends it at the same hour.
DIGEST_PERIOD = timedelta(hours=23)


@dataclass(frozen=True)
class LogRow:
    run_id: str
    export: str
    event: Event
    state: NoticeState
    logged_at: datetime
    delivery: str | None = None
    channel: str | None = None
    target: str | None = None
    notice: str | None = None
    error: str | None = None


def delivery_row(delivery: Delivery, state: NoticeState, at: datetime, error: str | None = None) -> LogRow:
    notification, target = delivery.notification, delivery.target
    # A repetition is built from the row that is due; later rows of the delivery need no content.
    content = notification.to_json() if state == "due" else None
    return LogRow(
        notification.run_id,
        notification.export,
        notification.event,
        state,
        at,
        delivery.id,
        target.channel,
        target.host,
        content,
        error,
    )


def suppressed_row(notification: Notification, at: datetime) -> LogRow:
    return LogRow(notification.run_id, notification.export, notification.event, "untold", at)


def collected_row(notification: Notification, at: datetime) -> LogRow:
    content = notification.to_json()
    return LogRow(
        notification.run_id, notification.export, notification.event, "collected", at, notice=content
    )


def find_digest(rows: Sequence[LogRow], now: datetime) -> list[Notification]:
    """Changes that no digest contains yet, oldest first; none if the last digest is less than a day old."""
    sent = max(
        (row.logged_at for row in rows if row.event == "change" and row.state == "due"),
        # Older changes are not read, so a first digest begins here.
        default=now - RETRY_PERIOD,
    )
    if now - sent < DIGEST_PERIOD:
        return []
    waiting = [row for row in rows if row.state == "collected" and row.logged_at > sent]
    ordered = sorted(waiting, key=lambda row: row.logged_at)
    return [item for row in ordered if (item := Notification.from_json(row.notice or ""))]


def last_incident(rows: Iterable[LogRow]) -> Event | None:
    """The newest of failure, rejection and recovery, sent or suppressed; None before the first."""
    incidents = [row for row in rows if row.event != "change" and row.state in ("due", "untold")]
    return max(incidents, key=lambda row: row.logged_at).event if incidents else None


def find_pending(rows: Sequence[LogRow], targets: Iterable[Target], now: datetime) -> list[Delivery]:
    """Deliveries that are due and neither delivered nor rejected, oldest first.

    Only to targets that the export still declares.
    """
    finished = {row.delivery for row in rows if row.state in ("delivered", "rejected")}
    notifications = {
        row.notice: Notification.from_json(row.notice)
        for row in sorted(rows, key=lambda row: row.logged_at)
        if row.notice and row.logged_at > now - RETRY_PERIOD
    }
    due = {row.delivery for row in rows if row.state == "due"} - finished
    targets = list(targets)
    candidates = [Delivery(item, target) for item in notifications.values() if item for target in targets]
    return [delivery for delivery in candidates if delivery.id in due]


@dataclass(frozen=True)
class DeliveryLog:
    """The table in BigQuery. WarehouseError if it cannot be read or written."""

    warehouse: Warehouse
    table: str = NOTICE_LOG

    def read_rows(self, export: str, now: datetime) -> list[LogRow]:
        """Rows that may still be retried at `now`, and all incidents, oldest first."""
        # Incidents of any age: the last one decides whether a success is a recovery.
        where = "export = @export AND (logged_at > @since OR event != 'change')"
        columns = [field.name for field in fields(LogRow)]
        rows = self.warehouse.query_rows(
            self.table, columns, where, "logged_at", export=export, since=now - RETRY_PERIOD
        )
        return [LogRow(**row) for row in rows]

    def append_rows(self, rows: Sequence[LogRow]) -> None:
        """Idempotent: the id of the load job is a digest of the rows."""
        entries = [asdict(row) | {"logged_at": row.logged_at.isoformat()} for row in rows]
        text = json.dumps(entries, sort_keys=True).encode()
        job_id = f"sheets_sync_notices_{hashlib.sha256(text).hexdigest()[:32]}"
        self.warehouse.append_rows(self.table, entries, job_id)
