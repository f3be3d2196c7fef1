"""ops.notice_log: what was to be told, and whether it was. Rows are only ever added."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Literal

from google.api_core.exceptions import Conflict, GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from requests.exceptions import RequestException

from sheets_sync.errors import WarehouseError
from sheets_sync.notices.declared import Event
from sheets_sync.notices.notice import Delivery, Notice, Target

TABLE = "ops.notice_log"
TRIED_FOR = timedelta(days=3)  # from the first try: later, nobody wants to know
FAILURES = (GoogleAPIError, GoogleAuthError, RequestException)

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


class Log:
    """The table in BigQuery."""

    def __init__(self, client: bigquery.Client) -> None:
        self.client = client
        self.table = f"{client.project}.{TABLE}"

    def read(self, export: str, now: datetime) -> list[Row]:
        """What is still to be tried at `now`, and every incident; WarehouseError where it cannot be read."""
        sql = f"""SELECT {", ".join(field.name for field in fields(Row))} FROM `{self.table}`
            WHERE export = @export AND (logged_at > @since OR event != 'change') ORDER BY logged_at"""
        parameters = [
            bigquery.ScalarQueryParameter("export", "STRING", export),
            bigquery.ScalarQueryParameter("since", "TIMESTAMP", now - TRIED_FOR),
        ]
        config = bigquery.QueryJobConfig(query_parameters=parameters)
        try:
            return [Row(**dict(found)) for found in self.client.query_and_wait(sql, job_config=config)]
        except FAILURES as error:
            raise WarehouseError(f"{TABLE} could not be read: {error}") from error

    def write(self, rows: Sequence[Row]) -> None:
        """By a load job, whose id is made from the rows: they are added once, however often they are sent."""
        entries = [asdict(row) | {"logged_at": row.logged_at.isoformat()} for row in rows]
        text = json.dumps(entries, sort_keys=True).encode()
        job = f"sheets_sync_notices_{hashlib.sha256(text).hexdigest()[:32]}"
        try:
            table = self.client.get_table(self.table)
            config = bigquery.LoadJobConfig(schema=table.schema, write_disposition="WRITE_APPEND")
            try:
                self.client.load_table_from_json(entries, table, job_id=job, job_config=config).result()
            except Conflict:
                self.client.get_job(job).result()
        except FAILURES as error:
            raise WarehouseError(f"{TABLE} could not be written: {error}") from error
