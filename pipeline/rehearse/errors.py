"""Errors of a rehearsal. Only clones were written when one is raised, and they are dropped.

RehearsalError (pipeline.errors.PipelineError)
├── NotSeparate    the candidate was not compiled for the datasets of the rehearsal
└── QueryRefused   BigQuery refused a statement of the job itself, not of the candidate
"""

from pipeline.errors import PipelineError


class RehearsalError(PipelineError):
    pass


class NotSeparate(RehearsalError):
    pass


class QueryRefused(RehearsalError):
    pass
