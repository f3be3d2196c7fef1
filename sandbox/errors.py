"""What can go wrong around a sandbox; what its services refuse, they answer as Google does.

SandboxError
├── CannotStart    another one keeps its state there, the port is taken, or the process ended at once
├── CannotRecord   no Terraform, or what it sends would mean nothing tomorrow
└── ReplayFailed   a recorded request was refused
"""


class SandboxError(Exception):
    """Ends the command with this one sentence."""


class CannotStart(SandboxError):
    pass


class CannotRecord(SandboxError):
    pass


class ReplayFailed(SandboxError):
    pass
