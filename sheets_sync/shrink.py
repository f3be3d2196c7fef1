"""A mart that lost many rows at once is more likely broken than true."""

from sheets_sync.errors import Refused
from sheets_sync.exports import Export


def check(export: Export, had: int, lost: int, place: str) -> None:
    """Refused where more is gone than the export allows."""
    if lost * 100 > had * export.shrink:
        raise Refused(
            f"{lost:,} of the {had:,} rows that {place} has are gone from {export.address}, and export "
            f"{export.name} allows {export.shrink} %. If that is right, run once with --accept-shrink, or "
            "raise shrink in its file."
        )
