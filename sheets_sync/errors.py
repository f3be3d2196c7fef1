"""Errors of sheets_sync, and who can fix them.

SyncError                   base; a kind of runtime.errors.JobError
├── ExportError             a file in exports/: the author of the export
├── WarehouseError          BigQuery: the table, or the grants on it
├── CellError               a value that fits into no cell: the author of the mart
├── TargetError             an API or a receiver that rejected everything: its operator, or the API key
├── NotificationError       a mail or webhook that was not accepted: the operator of the receiving server
├── TransientError          nothing was applied: the same request may succeed later
├── OutcomeUnknown          sent, but no response arrived: it may have been applied
├── Refused                 a safety check: users who edit the target, or the author of the export
└── SheetError              the spreadsheet
    ├── NotFound            no spreadsheet has this id
    ├── NotShared           the job's service account may not edit it
    └── Invalid             Sheets rejected a request: a defect of sheets_sync, or the tab changed meanwhile

Failures of Cloud Storage are runtime.errors.StorageError, missing settings runtime.errors.SettingsError.
"""

from runtime.errors import EXIT_USAGE, JobError


class SyncError(JobError):
    """The message names the object, the value and the remedy."""


class ExportError(SyncError):
    exit_code = EXIT_USAGE


class WarehouseError(SyncError):
    pass


class CellError(SyncError):
    pass


class TargetError(SyncError):
    pass


class NotificationError(SyncError):
    """`is_final`: the receiver will never accept this notification, so it is not sent again.

    `blocks_target`: later notifications to the same target wait for this one, so that they arrive in order.
    """

    def __init__(self, message: str, is_final: bool = False, blocks_target: bool = True) -> None:
        super().__init__(message)
        self.is_final = is_final
        # What is never sent again would block its target permanently.
        self.blocks_target = blocks_target and not is_final


class TransientError(SyncError):
    """`retry_after`: seconds that the server requested. `quota`: a quota per minute is exhausted."""

    def __init__(self, message: str, retry_after: float | None = None, quota: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.quota = quota


class OutcomeUnknown(SyncError):
    pass


class Refused(SyncError):
    pass


class SheetError(SyncError):
    pass


class NotFound(SheetError):
    pass


class NotShared(SheetError):
    pass


class Invalid(SheetError):
    pass
