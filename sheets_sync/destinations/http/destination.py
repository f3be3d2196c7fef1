"""An API as a destination: the last synced state is compared with the mart, and the difference is sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import batched, islice

from sheets_sync.destination import Comparison
from sheets_sync.destinations.http.api_client import Rejections, RowApi
from sheets_sync.destinations.http.payload import describe_request
from sheets_sync.destinations.http.sync_state import StateObject, SyncState
from sheets_sync.export import Export
from sheets_sync.options import Options
from sheets_sync.outcome import Counts, Example, RowIssue, RowSummary
from sheets_sync.progress import Progress, silent_progress
from sheets_sync.records import (
    Key,
    Record,
    Records,
    build_records,
    describe_changes,
    describe_key,
    key_headers,
)
from sheets_sync.row_loss_guard import check_row_loss
from sheets_sync.seen import Seen
from sheets_sync.warehouse import Mart


@dataclass(frozen=True)
class HttpPlan(Comparison):
    """`inserted` and `updated` are upserted, `deleted` deleted. `state` is the one that was compared."""

    export: Export
    state: SyncState
    inserted: Mapping[Key, Record]
    updated: Mapping[Key, Record]
    deleted: tuple[Key, ...]
    rejected: tuple[Example, ...]

    @cached_property
    def deleted_keys(self) -> frozenset[Key]:
        return frozenset(self.deleted)


class HttpDestination:
    """Changes that others make in the API are not detected: only the last synced state is compared."""

    kind = "http"

    def __init__(
        self,
        api: RowApi,
        state: StateObject,
        options: Options = Options(),  # noqa: B008 (frozen)
        progress: Progress = silent_progress(),  # noqa: B008 (reports nothing, so it may be shared)
    ) -> None:
        self.api = api
        self.state = state
        self.options = options
        self.progress = progress
        self.address = api.address
        self.link = api.url

    @property
    def calls(self) -> int:
        return self.api.calls

    def find_unchanged(self, export: Export, seen: Seen) -> None:
        """None: An API is not read, and its state object costs one request."""

    def compare(self, export: Export, mart: Mart) -> HttpPlan:
        records, state = build_records(export, mart), self.state.load()
        before = state.records
        # An empty record means that the result is unknown, so the row is sent again.
        inserted = {key: row for key, row in records.rows.items() if not before.get(key)}
        updated = {
            key: row for key, row in records.rows.items() if key not in inserted and before[key] != row
        }
        deleted = self.find_deleted(export, records, state)
        if not self.options.accept_row_loss:
            check_row_loss(export, len(before), len(deleted), self.address)
        if self.options.test_row:
            inserted, updated, deleted = first_row(inserted, updated)
        rejected = tuple(records.rejected)
        plan = HttpPlan(
            Counts(), self.address, 0, (), (), export, state, inserted, updated, deleted, rejected
        )
        calls = sum(1 for _ in self.split_batches(plan)) + len(self.single_deletes(plan))
        plan = replace(plan, calls_needed=calls)
        sample = self.describe_sample(plan) if self.options.test_row else ""
        return count_rows(replace(plan, notes=(f"Test row: {sample}",) if sample else ()), {})

    def describe_sample(self, comparison: HttpPlan) -> str:
        batch = next(self.split_batches(comparison), {})
        return describe_request(self.api.config, self.api.url, list(batch.values())) if batch else ""

    def find_deleted(self, export: Export, records: Records, state: SyncState) -> tuple[Key, ...]:
        """A rejected row is still in the mart, so it is not deleted."""
        if export.removed.how != "delete" or not self.api.config.delete:
            return ()
        return tuple(key for key in state.records if key not in records.keys)

    def split_batches(self, plan: HttpPlan) -> Iterator[dict[Key, Record]]:
        rows = dict(plan.inserted) | dict(plan.updated)
        if self.api.config.delete and (flag := self.api.config.delete.flag):
            headers = key_headers(plan.export)
            rows |= {key: dict(zip(headers, key, strict=True)) | {flag: "true"} for key in plan.deleted}
        size = 1 if self.api.config.path_fields else self.api.config.batch
        for batch in batched(rows.items(), size, strict=False):
            yield dict(batch)

    def single_deletes(self, plan: HttpPlan) -> tuple[Key, ...]:
        """Keys that are deleted by one request each."""
        delete = self.api.config.delete
        return plan.deleted if delete and delete.path else ()

    def apply(self, comparison: HttpPlan) -> HttpPlan:
        """A row that the API rejected is reported, and sent again by the next run."""
        before, headers = comparison.state, key_headers(comparison.export)
        # Without the announced keys: a row that was not sent when an error occurs is still new.
        after, rejections = dict(before.records), dict[Key, str]()
        generation = self.announce_keys(comparison)
        try:
            for number, batch in enumerate(self.split_batches(comparison)):
                self.progress.set_step(f"request {number:,} of {comparison.calls_needed:,}")
                after |= {key: {} for key in batch if key not in after}  # sent, result unknown
                rejections |= record_results(after, batch, self.api.upsert(batch, headers), comparison)
            for key in self.single_deletes(comparison):
                rejections |= record_results(after, {key: {}}, self.api.delete(key, headers), comparison)
        finally:
            if generation != before.generation or after != before.records:
                self.state.save(after, generation)
        return count_rows(comparison, rejections)

    def record_failure(self, export: Export, error: str) -> None:
        """Nothing: a failure is recorded in ops only."""

    def announce_keys(self, comparison: HttpPlan) -> int:
        """Store the keys of new rows before they are sent; returns the generation of the state."""
        before = comparison.state
        if comparison.inserted.keys() <= before.records.keys():
            return before.generation
        announced: dict[Key, Record] = {key: {} for key in comparison.inserted} | dict(before.records)
        return self.state.save(announced, before.generation)


def first_row(
    inserted: Mapping[Key, Record], updated: Mapping[Key, Record]
) -> tuple[dict[Key, Record], dict[Key, Record], tuple[Key, ...]]:
    """Only the first new row, otherwise the first changed one; nothing is deleted."""
    new = dict(islice(inserted.items(), 1))
    return new, {} if new else dict(islice(updated.items(), 1)), ()


def record_results(
    after: dict[Key, Record], sent: Mapping[Key, Record], rejections: Rejections, comparison: HttpPlan
) -> Rejections:
    """Update `after` with what the API contains now: a rejected row is unchanged there, if it existed."""
    before = comparison.state.records
    for key, record in sent.items():
        accepted = None if key in comparison.deleted_keys else record
        stored = before.get(key) if key in rejections else accepted
        if stored is None:
            after.pop(key, None)
        else:
            after[key] = stored
    return rejections


def count_rows(plan: HttpPlan, rejections: Rejections) -> HttpPlan:
    """Rows that the API rejected count as rejected, and not as inserted, updated or deleted."""
    before = plan.state.records
    inserted = [Example(describe_key(key)) for key in plan.inserted if key not in rejections]
    updated = [
        Example(describe_key(key), describe_changes(before[key], row))
        for key, row in plan.updated.items()
        if key not in rejections
    ]
    deleted = [Example(describe_key(key)) for key in plan.deleted if key not in rejections]
    rejected = [*plan.rejected, *(Example(describe_key(key), why) for key, why in rejections.items())]
    counts = Counts(*map(RowSummary.from_rows, (inserted, updated, deleted, rejected)))
    return replace(plan, counts=counts, issues=tuple(RowIssue("rejected", row) for row in rejected))
