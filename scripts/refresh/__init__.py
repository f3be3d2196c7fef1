"""Write tables of the warehouse again: after a repair, a restore, or a change of what a model computes.

tables   the incremental tables of the live release
"""


class RefreshError(Exception):
    """The message states the reason and the remedy."""
