"""What ops.sync_run and ops.sync_row say of a run. Their schemas are modules/warehouse/ops/sync_*.json."""

from collections.abc import Sequence
from typing import Any

from sheets_sync.outcome import Outcome, Told

RUN, ROW = "sync_run", "sync_row"


def of_run(outcome: Outcome) -> dict[str, Any]:
    counts = outcome.counts
    return {
        "run_id": outcome.run_id,
        "export": outcome.export,
        "destination": outcome.destination,
        "place": outcome.place,
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
    }


def of_rows(outcome: Outcome, told: Sequence[Told]) -> list[dict[str, Any]]:
    return [
        {
            "run_id": outcome.run_id,
            "export": outcome.export,
            "logged_at": outcome.finished_at.isoformat(),
            "state": item.state,
            "key": item.row.key,
            "detail": item.row.detail,
        }
        for item in told
    ]
