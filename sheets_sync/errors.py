"""What can go wrong, and who can heal it.

SyncError
├── SettingsError        the environment or the credentials: whoever deploys
├── ExportError          exports/*.yaml: whoever declares the export
├── WarehouseError       BigQuery: the mart, or the rights on it
├── CellError            a value that no cell can hold: whoever models the mart
├── PlaceError           an API that took nothing: whoever runs it, or its key
├── BucketError          Cloud Storage, or the grants on the bucket
├── NoticeError          a mail or webhook that was not taken: whoever runs the server it goes to
└── SheetError           the spreadsheet
    ├── NotFound         there is none with this id
    ├── NotShared        the job's identity may not edit it
    ├── Invalid          Sheets did not take a request: it is ours to mend, or the tab changed meanwhile
    ├── Refused          the tab is not ours, or somebody moved what is ours: the people who use it
    ├── Busy             nothing was done: try again
    └── OutcomeUnknown   sent, and no answer: it may have been done
"""


class SyncError(Exception):
    """A sentence that names the thing, the value, and the way out."""


class SettingsError(SyncError):
    pass


class ExportError(SyncError):
    pass


class WarehouseError(SyncError):
    pass


class CellError(SyncError):
    pass


class PlaceError(SyncError):
    pass


class BucketError(SyncError):
    pass


class NoticeError(SyncError):
    """`lasting`: the server said no to this notice, and may take the next one."""

    def __init__(self, message: str, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class SheetError(SyncError):
    pass


class NotFound(SheetError):
    pass


class NotShared(SheetError):
    pass


class Invalid(SheetError):
    pass


class Refused(SheetError):
    pass


class Busy(SheetError):
    """`retry_after` are the seconds the server asked for, None where it asked for none."""

    def __init__(self, message: str, retry_after: float | None = None, quota: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.quota = quota


class OutcomeUnknown(SheetError):
    pass
