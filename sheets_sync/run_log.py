"""Rows of ops.sync_run and ops.sync_row. Their schemas are modules/warehouse/ops/sync_*.json."""

from collections.abc import Sequence
from typing import Any

from sheets_sync.outcome import Outcome, RowIssue

RUN_TABLE, ROW_TABLE = "sync_run", "sync_row"


def run_row(outcome: Outcome) -> dict[str, Any]:
    counts = outcome.counts
    return {
        "run_id": outcome.run_id,
        "export": outcome.export,
        "destination": outcome.destination,
        "place": outcome.address,
        "title": outcome.title,
        "link": outcome.link,
        "started_at": outcome.started_at.isoformat(),
        "finished_at": outcome.finished_at.isoformat(),
        "status": outcome.status,
        "rows": outcome.rows,
        "inserted": counts.inserted.count,
        "updated": counts.updated.count,
        "deleted": counts.deleted.count,
        "rejected": counts.rejected.count,
        "drift": counts.drift.count,
        "calls": outcome.calls,
        "error": outcome.error,
        "unchanged": outcome.unchanged or None,
        "seen": outcome.seen or None,
    }


def issue_rows(outcome: Outcome, issues: Sequence[RowIssue]) -> list[dict[str, Any]]:
    return [
        {
            "run_id": outcome.run_id,
            "export": outcome.export,
            "logged_at": outcome.finished_at.isoformat(),
            "state": issue.state,
            "key": issue.row.key,
            "detail": issue.row.detail,
        }
        for issue in issues
    ]
