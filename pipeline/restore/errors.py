"""Errors of a restore. No table was changed when one is raised, except for UnknownOutcome and FilesNotMoved.

RestoreError (pipeline.errors.PipelineError)
├── OutsideTimeTravel   the moment is in the future, or older than BigQuery keeps
├── TableReplaced       a table was created or replaced after the moment
├── NotLoaded           no rows of the file or run are in raw
├── NotRolledBack       a release that was found bad cannot be undone; ops.releases has it as kept
├── RestoreFailed       BigQuery refused a query, or the script, whose transaction was rolled back
├── UnknownOutcome      no answer to the script: its transaction wrote all tables or none
└── FilesNotMoved       a load is out of all tables, and its files are still in archive/
"""

from pipeline.errors import PipelineError


class RestoreError(PipelineError):
    pass


class OutsideTimeTravel(RestoreError):
    pass


class TableReplaced(RestoreError):
    pass


class NotLoaded(RestoreError):
    pass


class RestoreFailed(RestoreError):
    pass


class UnknownOutcome(RestoreError):
    pass


class FilesNotMoved(RestoreError):
    pass


class NotRolledBack(RestoreError):
    pass
