"""A file in the landing bucket, as the metadata of its object describe it.

They contain its page, its number of rows and what the source reported with it. So the listing is the checkpoint: a
process that resumes a run needs nothing else.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.landing.names import Run, Stage
from connector.landing.page_metadata import DriftReport, FieldType, PageResult

if TYPE_CHECKING:  # importing it at run time would double the time until a usage error is reported
    from runtime.stored_object import ObjectInfo

# Cloud Storage accepts 8 KiB of metadata per object, of which the position of the next page may take 4,000
# (sources/rest/reader.py): https://cloud.google.com/storage/quotas#objects
REASON_BYTES = 1500
METADATA_BYTES = 500  # of each list of fields, and of other texts


@dataclass(frozen=True)
class LandedFile:
    """`reason`: why it is in failed/. `drift`: its fields without a column. `changes`: new types of fields.
    `rejected_rows`: rows that BigQuery rejected; they were taken out of the file and are in rejects/. `is_altered`:
    another process changed its content, whatever number of rows it has now."""

    name: str
    stage: Stage
    bytes: int
    rows: int
    drift: frozenset[str] = frozenset()
    changes: frozenset[FieldType] = frozenset()
    reason: str | None = None
    page: PageResult | None = None
    rejected_rows: int = 0
    is_altered: bool = False


def create_metadata(run: Run, page: PageResult, drift: DriftReport) -> dict[str, str]:
    """Of the object with `page`."""
    optional = {
        "total_pages": page.total_pages,
        "total_items": page.total_items,
        "next": page.next,
        "max_id": page.max_id,
        "first_key": page.first_key or None,
        "last_key": page.last_key or None,
        "overlap": page.overlap or None,
        "places": " ".join(sorted(page.places)) or None,
        # A resumed run reads the facts of a page from here instead of requesting it again.
        "has_more": None if page.has_more is None else str(int(page.has_more)),
        "note": page.note and fit_text(page.note),
        "fault": page.fault and fit_text(page.fault),
        "drift": fit_json(sorted(drift.unmapped)) if drift.unmapped else None,
        "changes": fit_json(sorted(drift.changes)) if drift.changes else None,
    }
    metadata = {"run": run.id, "page": str(page.page), "rows": str(page.rows), "mark": page.mark}
    return metadata | {name: str(value) for name, value in optional.items() if value is not None}


def fit_text(text: str, size: int = METADATA_BYTES) -> str:
    """The beginning that has at most `size` bytes."""
    return text.encode()[:size].decode(errors="ignore")


def fit_json(values: Sequence[Any]) -> str:
    """JSON of as many values as fit into METADATA_BYTES; it is ASCII."""
    while len(text := json.dumps(values)) > METADATA_BYTES:
        # The first ones are enough to name the problem; the file has all fields.
        values = values[: len(values) // 2]
    return text


def parse_object(item: "ObjectInfo", stage: Stage) -> LandedFile:
    metadata = item.metadata
    changes = json.loads(metadata.get("changes", "[]"))
    return LandedFile(
        name=item.name.rpartition("/")[2],
        stage=stage,
        bytes=item.size,
        # `rows` stays what the source sent, so that received and landed rows can be compared.
        rows=int(metadata.get("rows", 0)) - int(metadata.get("rejected_rows", 0)),
        drift=frozenset(json.loads(metadata.get("drift", "[]"))),
        changes=frozenset((path, field_type) for path, field_type in changes),
        reason=metadata.get("reason"),
        page=parse_page(metadata) if "page" in metadata else None,
        rejected_rows=int(metadata.get("rejected_rows", 0)),
        is_altered=item.is_altered,
    )


def parse_page(metadata: Mapping[str, str]) -> PageResult:
    def integer(name: str) -> int | None:
        return int(metadata[name]) if name in metadata else None

    return PageResult(
        page=int(metadata["page"]),
        rows=int(metadata["rows"]),
        total_pages=integer("total_pages"),
        total_items=integer("total_items"),
        mark=metadata.get("mark", ""),
        next=metadata.get("next"),
        places=frozenset(metadata.get("places", "").split()),
        has_more=None if "has_more" not in metadata else metadata["has_more"] == "1",
        max_id=integer("max_id"),
        first_key=metadata.get("first_key", ""),
        last_key=metadata.get("last_key", ""),
        overlap=integer("overlap") or 0,
        note=metadata.get("note"),
        fault=metadata.get("fault"),
    )
