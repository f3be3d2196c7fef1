"""Bring a deleted table back, from time travel.

layout    how the table has to be created: partitions are not part of what BigQuery keeps
rows      the rows of the copy, in slices
history   the moment at which it existed, and the copy of it
"""


class UndropError(Exception):
    """The message states what was changed, if anything, the reason and the remedy."""
