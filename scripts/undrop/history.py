"""What BigQuery still has of a deleted table.

`table@MILLISECONDS` in a copy job is the table at that moment, also after it was deleted; a query cannot read it:
https://cloud.google.com/bigquery/docs/restore-deleted-tables
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import bigquery

from scripts.undrop import UndropError

# Eight days, because time travel reaches back at most seven.
LAST_SEEN = """
select max(logged_at) as last_seen
from ops.table_log
where table_name = @name and logged_at >= timestamp_sub(current_timestamp(), interval 8 day)
"""
DEFAULT_TRAVEL_HOURS = 168  # https://cloud.google.com/bigquery/docs/time-travel
COPY_SUFFIX = "_undropped"


@dataclass(frozen=True)
class History:
    client: bigquery.Client
    table: str  # dataset.table

    @property
    def dataset(self) -> str:
        return self.table.partition(".")[0]

    @property
    def copy(self) -> str:
        return f"{self.table}{COPY_SUFFIX}"

    def check_missing(self) -> None:
        for name, remedy in (
            (self.table, "Return it to an earlier state: python -m scripts.rollback --env ENV --data-only"),
            (
                self.copy,
                "It is the copy of an earlier undrop: use its rows, or delete it, and run this again.",
            ),
        ):
            if exists(self.client, name):
                raise UndropError(f"{name} exists; nothing was changed. {remedy}")

    def find_moment(self, at: datetime | None) -> datetime:
        """`at`, or when the pipeline last saw the table. UndropError outside of time travel."""
        now = datetime.now(UTC)
        oldest = now - timedelta(hours=self.travel_hours())
        moment = at or self.last_seen()
        if not oldest <= moment <= now:
            raise UndropError(
                f"{moment:%Y-%m-%d %H:%M:%S} UTC is outside time travel, which reaches from {oldest:%Y-%m-%d %H:%M:%S} "
                "UTC to now; nothing was changed. Write the table again from raw: "
                f"python -m scripts.refresh --env ENV --table {self.table}; Google's support "
                "has deleted rows for seven more days."
            )
        return moment

    def last_seen(self) -> datetime:
        config = bigquery.QueryJobConfig(
            query_parameters=[bigquery.ScalarQueryParameter("name", "STRING", self.table)]
        )
        try:
            [row] = self.client.query_and_wait(LAST_SEEN, job_config=config)
        except NotFound:
            row = {"last_seen": None}
        if row["last_seen"] is None:
            raise UndropError(
                f"ops.table_log does not name {self.table} in the last week; nothing was changed. Pass a moment at "
                "which it existed: --at 2026-01-31T09:30:00+00:00"
            )
        seen: datetime = row["last_seen"]
        return seen

    def travel_hours(self) -> int:
        """UndropError if the dataset was deleted too."""
        try:
            resource = self.client.get_dataset(self.dataset).to_api_repr()
        except NotFound as error:
            raise UndropError(
                f"dataset {self.dataset} does not exist; nothing was changed. If it was deleted: "
                f"python -m scripts.undrop --env ENV --dataset {self.dataset}"
            ) from error
        return int(resource.get("maxTimeTravelHours") or DEFAULT_TRAVEL_HOURS)

    def copy_rows(self, moment: datetime) -> int:
        """The number of rows in the copy; UndropError if the table did not exist at the moment."""
        decorated = f"{self.client.project}.{self.table}@{int(moment.timestamp() * 1000)}"
        try:
            self.client.copy_table(decorated, f"{self.client.project}.{self.copy}").result()
        except (NotFound, BadRequest) as error:
            raise UndropError(
                f"{self.table} cannot be read as of {moment.isoformat()}: {error}. Nothing was changed; pass another "
                "moment at which it existed: --at 2026-01-31T09:30:00+00:00"
            ) from error
        return int(self.client.get_table(self.copy).num_rows or 0)


def exists(client: bigquery.Client, name: str) -> bool:
    try:
        client.get_table(f"{client.project}.{name}")
    except NotFound:
        return False
    return True
