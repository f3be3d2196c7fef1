"""Write tables of the warehouse again: after a repair, a restore, or a change of what a model computes.

tables      the incremental tables of the live release, and the tables that follow them
invocation  runs released actions and waits for them
"""


class RefreshError(Exception):
    """The message states the reason and the remedy."""
