"""Errors of the report.

ReportError (runtime.errors.JobError)
├── ChartError      a chart could not be drawn: a defect of its specification
├── NotRecorded     ops.notice_log could not be read or written
├── NotWritten      the bucket refused the page, or the folder cannot be written
└── WrongType       a value of a query is of another type than the page expects
"""

from runtime.errors import JobError


class ReportError(JobError):
    pass


class ChartError(ReportError):
    pass


class NotRecorded(ReportError):
    pass


class NotWritten(ReportError):
    pass


class WrongType(ReportError):
    pass
