"""Makes the folder dataform/ what runs.

folder       what is to be released, and where it comes from
repository   Dataform's copy of it: commits what differs from the head
live         compiles a commit, refuses one with errors, promotes it
"""


class ReleaseError(Exception):
    """What is live has not changed; the sentence says why, and what to do."""
