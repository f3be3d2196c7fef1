"""Errors of the demo.

SandboxError (sandbox.errors)
├── StepFailed        a command, a request or a pipeline run failed; its own message is included
├── ResultsDiffer     the pipeline succeeded, and the warehouse differs from the expected results
├── NoProject         the folder has no complete project
├── CannotRecord      no Terraform, or its requests contain values that change with every run
└── ReplayFailed      the sandbox rejected a recorded request
"""

from sandbox.errors import SandboxError


class StepFailed(SandboxError):
    pass


class ResultsDiffer(SandboxError):
    pass


class NoProject(SandboxError):
    pass


class CannotRecord(SandboxError):
    pass


class ReplayFailed(SandboxError):
    pass
