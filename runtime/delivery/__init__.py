"""What a release is, and how one is undone: used by the commands of scripts and by the Run job `restore`.

releases        ops.releases, the log of releases
release_config  the Dataform commit that runs, and how another one replaces it
images          the image of each Run job, set by digest and read back
checks          whether the data of a moment can be restored
steps           a rollback, step by step; every step can be repeated
"""

from runtime.errors import JobError


class DeliveryError(JobError):
    """The message states what was changed, if anything, and the remedy."""


class Refused(DeliveryError):
    """Nothing was changed."""


class Busy(Refused):
    """Another command of the same kind is running."""


class ReleaseError(DeliveryError):
    """The live release of Dataform has not changed; the message states the reason and the remedy."""
