"""What became of a sync's rows."""


def count_rows(done):
    """(inserted, updated, deleted, rejected)."""
    counts = done.counts
    return tuple(tally.count for tally in (counts.inserted, counts.updated, counts.deleted, counts.rejected))
