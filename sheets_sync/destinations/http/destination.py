"""An API as a destination: what it was told last is compared with the mart, and what differs is sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import batched

from sheets_sync import records, shrink
from sheets_sync.bucket import Bucket
from sheets_sync.destination import Comparison
from sheets_sync.destinations.http import memory
from sheets_sync.destinations.http.api import Api, Refusals
from sheets_sync.destinations.http.memory import Memory
from sheets_sync.exports import Export
from sheets_sync.outcome import Counts, Example, Tally, Told
from sheets_sync.progress import Progress, silent
from sheets_sync.records import Key, Record, Records
from sheets_sync.warehouse import Mart


@dataclass(frozen=True)
class Planned(Comparison):
    """`inserted` and `updated` are sent, `deleted` taken back."""

    export: Export
    memory: Memory
    inserted: Mapping[Key, Record]
    updated: Mapping[Key, Record]
    deleted: tuple[Key, ...]
    rejected: tuple[Example, ...]

    @cached_property
    def gone(self) -> frozenset[Key]:
        return frozenset(self.deleted)


class Http:
    """`bucket` keeps what was last synced. What people change in the API meanwhile is not seen."""

    kind = "http"

    def __init__(
        self,
        api: Api,
        bucket: Bucket,
        state: str,
        accept_shrink: bool = False,
        progress: Progress = silent(),  # noqa: B008 (says nothing, so it may be shared)
    ) -> None:
        self.api = api
        self.bucket = bucket
        self.state = state
        self.accept_shrink = accept_shrink
        self.progress = progress
        self.place = f"{api.url}{api.declared.path}"
        self.link = api.url

    @property
    def calls(self) -> int:
        return self.api.calls

    def compare(self, export: Export, mart: Mart) -> Planned:
        wanted, known = records.of(export, mart), memory.read(self.bucket, self.state, self.place)
        before = known.records
        inserted = {key: row for key, row in wanted.rows.items() if not before.get(key)}
        updated = {key: row for key, row in wanted.rows.items() if key not in inserted and before[key] != row}
        deleted = self.gone(export, wanted, known)
        if not self.accept_shrink:
            shrink.check(export, len(before), len(deleted), self.place)
        planned = Planned(
            Counts(), self.place, 0, (), export, known, inserted, updated, deleted, tuple(wanted.rejected)
        )
        calls = sum(1 for _ in self.batches(planned)) + len(self.one_by_one(planned))
        return counted(replace(planned, calls_needed=calls), {})

    def gone(self, export: Export, wanted: Records, known: Memory) -> tuple[Key, ...]:
        """A row that is rejected is still in the mart, so it is not deleted."""
        if export.removed.how != "delete" or not self.api.declared.delete:
            return ()
        return tuple(key for key in known.records if key not in wanted.keys)

    def batches(self, planned: Planned) -> Iterator[dict[Key, Record]]:
        sent = dict(planned.inserted) | dict(planned.updated)
        if self.api.declared.delete and (flag := self.api.declared.delete.flag):
            fields = records.key_fields(planned.export)
            sent |= {key: dict(zip(fields, key, strict=True)) | {flag: "true"} for key in planned.deleted}
        for batch in batched(sent.items(), self.api.declared.batch, strict=False):
            yield dict(batch)

    def one_by_one(self, planned: Planned) -> tuple[Key, ...]:
        """What a request of its own deletes."""
        delete = self.api.declared.delete
        return planned.deleted if delete and delete.path else ()

    def carry_out(self, comparison: Planned) -> Planned:
        """What was done of it: a row that the API refused is told, and sent again by the next run."""
        known, fields = comparison.memory, records.key_fields(comparison.export)
        after, refused = dict(known.records), dict[Key, str]()
        generation = self.announce(comparison)
        try:
            for number, batch in enumerate(self.batches(comparison)):
                self.progress.tell(f"request {number:,} of {comparison.calls_needed:,}")
                after |= {key: {} for key in batch if key not in after}  # sent, and not yet answered for
                refused |= learn(after, batch, self.api.upsert(batch, fields), comparison)
            for key in self.one_by_one(comparison):
                refused |= learn(after, {key: {}}, self.api.delete(key, fields), comparison)
        finally:
            if generation != known.generation or after != known.records:
                memory.write(self.bucket, self.state, self.place, after, generation)
        return counted(comparison, refused)

    def announce(self, comparison: Planned) -> int:
        """The keys of new rows, written down before they are sent; the generation of the memory."""
        known = comparison.memory
        if comparison.inserted.keys() <= known.records.keys():
            return known.generation
        announced: dict[Key, Record] = {key: {} for key in comparison.inserted} | dict(known.records)
        return memory.write(self.bucket, self.state, self.place, announced, known.generation)


def learn(
    after: dict[Key, Record], sent: Mapping[Key, Record], refused: Refusals, comparison: Planned
) -> Refusals:
    """What the API has after an answer: a row that it refused is there as it was before, if it was."""
    known = comparison.memory.records
    for key, record in sent.items():
        taken = None if key in comparison.gone else record
        kept = known.get(key) if key in refused else taken
        if kept is None:
            after.pop(key, None)
        else:
            after[key] = kept
    return refused


def counted(planned: Planned, refused: Refusals) -> Planned:
    """Rows that are refused count as rejected, and as nothing else."""
    before = planned.memory.records
    inserted = [Example(records.said(key)) for key in planned.inserted if key not in refused]
    updated = [
        Example(records.said(key), records.changes(before[key], row))
        for key, row in planned.updated.items()
        if key not in refused
    ]
    deleted = [Example(records.said(key)) for key in planned.deleted if key not in refused]
    rejected = [*planned.rejected, *(Example(records.said(key), said) for key, said in refused.items())]
    counts = Counts(Tally.of(inserted), Tally.of(updated), Tally.of(deleted), Tally.of(rejected))
    return replace(planned, counts=counts, told=tuple(Told("rejected", row) for row in rejected))
