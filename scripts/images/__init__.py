"""Images of the jobs: built from the commit, pushed with a tag that is kept, known by their digests."""


class ImagesError(Exception):
    """The message states the reason and the remedy."""
