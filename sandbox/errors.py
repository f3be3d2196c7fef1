"""Errors of the sandbox's commands. Errors of its services are responses in Google's format instead.

SandboxError
└── CannotStart    the root or the port is in use, or the process ended at once
"""


class SandboxError(Exception):
    """Ends the command with its message."""


class CannotStart(SandboxError):
    pass
