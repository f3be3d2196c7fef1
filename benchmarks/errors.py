"""What can go wrong in a measurement; every one of them ends it, because a table with a hole misleads."""


class BenchmarkError(Exception):
    pass
