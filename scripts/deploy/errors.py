"""What can go wrong with a deployment.

DeployError
├── UnknownEnvironment    no tfvars of that name; the person picks another, or writes them
├── TerraformMissing      not installed
├── StateBucketMissing    scripts.bootstrap was never run
├── TerraformFailed       terraform has said why
└── NotConfirmed          the person did not agree
"""


class DeployError(Exception):
    """The sentence says what to do."""


class UnknownEnvironment(DeployError):
    pass


class TerraformMissing(DeployError):
    pass


class StateBucketMissing(DeployError):
    pass


class TerraformFailed(DeployError):
    pass


class NotConfirmed(DeployError):
    pass
