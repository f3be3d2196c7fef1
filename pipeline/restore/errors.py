"""Errors of a restore. Nothing was changed when one is raised.

RestoreError (pipeline.errors.PipelineError)
├── OutsideTimeTravel   the moment is in the future, or older than BigQuery keeps
├── TableReplaced       a table was created or replaced after the moment
├── NotLoaded           no rows of the file or run are in raw
├── NotRolledBack       a release that was found bad cannot be undone; ops.releases has it as kept
└── RestoreFailed       BigQuery refused the script; its transaction was rolled back
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


class NotRolledBack(RestoreError):
    pass
