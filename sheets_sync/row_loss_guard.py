"""Row loss guard: a mart that lost many rows at once is more likely broken than correct."""

from sheets_sync.errors import Refused
from sheets_sync.export import Export


def check_row_loss(export: Export, synced: int, removed: int, target: str) -> None:
    """Refused if more than `shrink` percent of the synced rows would be removed.

    Counts the rows that are removed, not the difference of totals: a mart whose keys were regenerated keeps
    its size, but replaces every row and with it what users keep beside them.
    """
    if removed * 100 > synced * export.shrink:
        raise Refused(
            f"{removed:,} of the {synced:,} rows that {target} has are gone from {export.source}, and export "
            f"{export.name} allows {export.shrink} %. If that is correct, run once with --accept-shrink, or "
            "raise shrink in its file."
        )
