"""What can go wrong with a deployment.

DeployError
├── UnknownEnvironment    no tfvars of that name; the person picks another, or writes them
├── DirtyCheckout         what would be deployed is in no commit
├── TerraformMissing      not installed
├── StateBucketMissing    scripts.bootstrap was never run
├── StateLocked           somebody else deploys, or was killed while they did
├── TerraformFailed       terraform has said why
├── WrongPlan             no plan file, or another environment's
├── Protected             the plan destroys what refuses to be destroyed
└── NotConfirmed          the person did not agree
"""


class DeployError(Exception):
    """The sentence says what to do."""


class UnknownEnvironment(DeployError):
    pass


class DirtyCheckout(DeployError):
    pass


class TerraformMissing(DeployError):
    pass


class StateBucketMissing(DeployError):
    pass


class StateLocked(DeployError):
    pass


class TerraformFailed(DeployError):
    pass


class WrongPlan(DeployError):
    pass


class Protected(DeployError):
    pass


class NotConfirmed(DeployError):
    pass
