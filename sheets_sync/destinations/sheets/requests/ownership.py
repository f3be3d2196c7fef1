"""Ownership of a tab: the mark of each revision, its formats, and the protected header."""

import hashlib
import json
from collections.abc import Sequence

from sheets_sync.destinations.sheets.current.current_tab import CurrentTab
from sheets_sync.destinations.sheets.current.document import METADATA_KEY, Document, Mark, Tab
from sheets_sync.destinations.sheets.current.takeover import Takeover
from sheets_sync.destinations.sheets.desired.table import DesiredTable
from sheets_sync.destinations.sheets.requests import batch, formatting
from sheets_sync.destinations.sheets.requests.batch import Request
from sheets_sync.destinations.sheets.requests.grid import Grid
from sheets_sync.outcome import Example


def next_mark(
    desired: DesiredTable, mark: Mark | None, document: Document, unmatched: Sequence[Example]
) -> Mark:
    """The mark of the next revision. `unmatched` is part of the digest of reported rows."""
    reported = [(example.key, example.detail) for example in (*desired.rejected, *unmatched)]
    digest = hashlib.sha256(json.dumps(reported).encode()).hexdigest()[:16] if reported else ""
    protected = None
    if desired.export.protect != "none":
        protected = (mark and mark.protected) or document.free_id(f"{desired.owner}/header")
    return Mark(
        desired.project,
        desired.export.name,
        tuple(desired.headers),
        desired.names,
        mark.layout if mark and desired.exact else formatting.format_fingerprint(desired),
        (mark.revision if mark else 0) + 1,
        desired.total,
        digest,
        protected,
        document.id,
    )


def format_requests(
    desired: DesiredTable, document: Document, current: CurrentTab, grid: Grid, mark: Mark, editors: list[str]
) -> list[Request]:
    """Formats and protection, if the declared formats changed.

    Also the formats of the columns if the tab had no row from which new rows can inherit them.
    """
    old = current.tab.mark if current.tab else None
    if old and old.layout == mark.layout:
        has_no_rows = len(current.rows) < 2 and len(grid.cells) > 1
        return [
            *(formatting.format_columns(grid.tab, desired, grid.rows) if has_no_rows else []),
            *(protect_header(desired, document, old, grid, mark, editors) if current.moves else []),
        ]
    return [
        *formatting.format_header(grid.tab, desired),
        *formatting.format_columns(grid.tab, desired, grid.rows),
        *([] if old else [batch.fit_columns(grid.tab, desired.width)]),  # later widths are the users'
        *protect_header(desired, document, old, grid, mark, editors),
    ]


def protect_header(
    desired: DesiredTable, document: Document, old: Mark | None, grid: Grid, mark: Mark, editors: list[str]
) -> list[Request]:
    """Replace the protected range of the header; it no longer fits after columns were added or moved."""
    is_protected = old is not None and old.protected is not None and old.protected in document.used_ids
    requests = [batch.unprotect_range(old.protected)] if is_protected else []  # type: ignore[union-attr, arg-type]
    if mark.protected is None:
        return requests
    reason = f"Written by sheets_sync, export {desired.export.name}."
    allowed = editors if desired.export.protect == "owner" else None
    header = batch.grid_range(grid.tab, 0, 1, desired.width)
    return [*requests, batch.protect_range(mark.protected, header, reason, allowed)]


def retag_helpers(takeover: Takeover) -> list[Request]:
    """Write the new owner on the helper tabs of a renamed export."""
    requests = []
    for tab, role, owner in takeover.retagged:
        requests.append(batch.delete_metadata(tab.helper_ids[role]))
        requests.append(batch.create_metadata(tab.id, role, owner))
    return requests


def revision_guard(
    desired: DesiredTable, document: Document, tab_id: int, tab: Tab | None, mark: Mark
) -> list[Request]:
    """Replace the mark by that of this revision, which makes the batch fail if it was planned too early.

    The id of the metadata is derived from the revision. A batch planned from the same revision uses the same
    id; the one that arrives later fails as a whole, whether another run sent it or a lost connection delayed
    it. So concurrent runs need no lock.
    """
    metadata_id = document.free_id(f"{desired.owner}/{mark.revision}")
    old = [batch.delete_metadata(tab.mark_id)] if tab and tab.mark_id is not None else []
    return [*old, batch.create_metadata(tab_id, METADATA_KEY, mark.to_json(), metadata_id)]
