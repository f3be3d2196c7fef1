"""Options of a run, from its command line."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """adopt: take over a tab or an object that sheets_sync did not create. accept_row_loss: skip the row loss
    guard. restore: write the version before the last change instead of the mart. declared: names of all
    exports, which distinguish a renamed export from another one; None if unknown. test_row: send only the
    first new or changed row, to an API.
    """

    adopt: bool = False
    accept_row_loss: bool = False
    restore: bool = False
    declared: frozenset[str] | None = None
    test_row: bool = False
