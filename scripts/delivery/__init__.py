"""What rollout, rollback and unload share: a release is code, images and data of one moment.

platform    the environment: clients, names of jobs and buckets, the lease
releases    ops.releases, the log of releases
checks      whether the data of a moment can be restored
schedules   paused while a release changes things, and started again
images      the image of each Run job, set by digest and read back
restore_job the Run job that writes data, which this identity may only start
steps       a rollback, step by step; every step can be repeated
"""


class DeliveryError(Exception):
    """The message states what was changed, if anything, and the remedy."""


class Refused(DeliveryError):
    """Nothing was changed."""


class Busy(Refused):
    """Another command of the same kind is running."""
