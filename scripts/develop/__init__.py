"""Datasets of one person: clones of ods and dmt, in which the person's own models run.

datasets   ods_<suffix>, dmt_<suffix> and assertions_<suffix>: create, clone, delete
models     a folder, compiled for such datasets
"""


class DevelopError(Exception):
    """The message states the reason and the remedy."""
