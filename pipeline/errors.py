"""Errors of a pipeline run, and who can fix each.

PipelineError (runtime.errors.JobError)
├── StepError        one step failed; independent steps still run, and the run ends with RunFailed
│   ├── JobFailed         the owner of the job: its log has the reason
│   ├── BatchFailed       the author of the transformation: Dataproc's message has the reason
│   ├── NotReleased       run python -m scripts.release --env ENV
│   ├── WorkflowFailed    the authors of the Dataform actions that the message lists
│   └── Unavailable       the API rejected a request, or failed for too long
└── RunFailed        at least one step failed
"""

from runtime.errors import JobError


class PipelineError(JobError):
    pass


class StepError(PipelineError):
    pass


class JobFailed(StepError):
    pass


class BatchFailed(StepError):
    pass


class NotReleased(StepError):
    pass


class WorkflowFailed(StepError):
    pass


class Unavailable(StepError):
    pass


class RunFailed(PipelineError):
    pass
