"""Errors of the demo.

SandboxError (sandbox.errors)
├── Failed      a command, a request or a pipeline run failed; its own words are in the message
└── Differs     the pipeline ended well, and the warehouse is not what the oracle computes
"""

from sandbox.errors import SandboxError


class Failed(SandboxError):
    pass


class Differs(SandboxError):
    pass
