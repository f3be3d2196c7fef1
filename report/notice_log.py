"""Rows of ops.notice_log about the mail: which one was due, to whom, and whether the server accepted it.

The table is that of sheets_sync's notices, so a mail that was not delivered is a finding like theirs.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from report.errors import NotRecorded
from report.news import Key, Reported
from report.night import RunQuery, first_line
from runtime.google_errors import CLIENT_ERRORS
from runtime.notice_log import NOTICE_LOG, RETRY_PERIOD

NAME = "ops.last_night"  # in the column export: no export has a dot in its name
# A finding may last for months; its recovery is news after a mail that contained it.
MEMORY = timedelta(days=400)

READ = f"""
SELECT run_id, state, delivery, target, notice, error, logged_at
FROM {NOTICE_LOG}
WHERE export = '{NAME}' AND logged_at >= @history
ORDER BY logged_at, delivery, target, state
"""

APPEND = f"""
INSERT INTO {NOTICE_LOG} (run_id, export, event, state, delivery, channel, target, notice, error, logged_at)
SELECT
  JSON_VALUE(entry, '$.run_id'), '{NAME}', 'news', JSON_VALUE(entry, '$.state'),
  JSON_VALUE(entry, '$.delivery'), 'mail', JSON_VALUE(entry, '$.target'),
  JSON_VALUE(entry, '$.notice'), JSON_VALUE(entry, '$.error'),
  TIMESTAMP(JSON_VALUE(entry, '$.logged_at'))
FROM UNNEST(JSON_QUERY_ARRAY(@entries)) AS entry
"""


@dataclass(frozen=True)
class Entry:
    """`delivery`: the mail's key. `target`: one address. `notice`: of a due mail, its findings as JSON."""

    run_id: str
    state: str
    delivery: str
    target: str
    logged_at: datetime
    notice: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class NoticeLog:
    run_query: RunQuery

    def read(self, now: datetime) -> list[Entry]:
        """Oldest first; NotRecorded if the table cannot be read."""
        try:
            return [Entry(**row) for row in self.run_query(READ, {"history": now - MEMORY})]
        except CLIENT_ERRORS as error:
            raise NotRecorded(f"{NOTICE_LOG} could not be read: {first_line(error)}") from error

    def append(self, entries: Sequence[Entry]) -> None:
        """NotRecorded if the table cannot be written. A row that is written twice changes nothing."""
        text = json.dumps([asdict(entry) for entry in entries], default=str)
        try:
            list(self.run_query(APPEND, {"entries": text}))
        except CLIENT_ERRORS as error:
            raise NotRecorded(f"{NOTICE_LOG} could not be written: {first_line(error)}") from error


def encode_news(news: Iterable[Mapping[str, object]]) -> str:
    return json.dumps([[row["kind"], row["subject"], row["state"]] for row in news], ensure_ascii=False)


def decode_news(text: str) -> list[tuple[str, str, str]]:
    """Empty for a text that this release did not write, or that an erasure replaced."""
    try:
        return [(str(kind), str(subject), str(state)) for kind, subject, state in json.loads(text)]
    except (ValueError, TypeError):
        return []


def find_reported(entries: Iterable[Entry]) -> dict[Key, Reported]:
    """The newest state of each finding in a mail that was due. `entries` are sorted, the oldest first."""
    reported: dict[Key, Reported] = {}
    for entry in entries:
        if entry.state == "due":
            for kind, subject, state in decode_news(entry.notice or ""):
                reported[kind, subject] = Reported(state, entry.logged_at)
    return reported


def find_waiting(entries: Sequence[Entry], recipients: Iterable[str], now: datetime) -> list[tuple[str, str]]:
    """Mails that were due and not delivered, as key and address, oldest first, to the recipients of today."""
    current = set(recipients)
    delivered = {(entry.delivery, entry.target) for entry in entries if entry.state == "delivered"}
    due = [
        (entry.delivery, entry.target)
        for entry in entries
        if entry.state == "due" and entry.target in current and entry.logged_at > now - RETRY_PERIOD
    ]
    return [delivery for delivery in dict.fromkeys(due) if delivery not in delivered]
