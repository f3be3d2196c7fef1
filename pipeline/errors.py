"""What can go wrong, and who can heal it.

PipelineError
├── UsageError       the person who typed the command
├── SettingsError    who deployed the job: Terraform, or the environment of a shell
├── StepError        one step; the run goes on where it can, and ends with Unfinished
│   ├── JobFailed         whoever owns the job: its log says why
│   ├── NothingReleased   who releases: python -m scripts.release
│   ├── WorkflowFailed    who wrote the actions that it names
│   └── Unavailable       the API: it refused, or did not answer for too long
├── Unfinished       the run ended and something failed: the steps that it names
├── LeaseHeld        nobody: another run is going
├── LeaseLost        nobody: another run took over, because this one was silent for too long
├── BucketError      Cloud Storage, or the grants on the bucket
└── Stopped          Cloud Run: it ended this task
"""


class PipelineError(Exception):
    """Ends the program with `exit_code` and its sentence: the thing, the value, the way out."""

    exit_code = 1


class UsageError(PipelineError):
    exit_code = 2


class SettingsError(PipelineError):
    exit_code = 2


class StepError(PipelineError):
    pass


class JobFailed(StepError):
    pass


class NothingReleased(StepError):
    pass


class WorkflowFailed(StepError):
    pass


class Unavailable(StepError):
    pass


class Unfinished(PipelineError):
    pass


class LeaseHeld(PipelineError):
    """Not a failure: nothing is wrong while the other run goes on, and nobody must be woken for it.

    That no run ever gets through is seen where it matters: the newest row is too old.
    """

    exit_code = 0


class LeaseLost(PipelineError):
    pass


class BucketError(PipelineError):
    pass


class Stopped(PipelineError):
    exit_code = 143  # 128 + SIGTERM
