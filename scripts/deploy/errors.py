"""Errors of a deployment.

DeployError
├── UnknownEnvironment    no tfvars of that name
├── DirtyCheckout         uncommitted changes
├── NotMerged             a commit that is not on main
├── TerraformMissing      terraform is not installed
├── NoCredentials         no login to Google Cloud
├── StateBucketMissing    scripts.bootstrap was never run
├── StateLocked           another deployment is running, or was killed
├── TerraformFailed       the message has Terraform's own errors
├── ApplyFailed           an apply began and did not end: a part of the plan may be applied
├── StalePlan             another apply ran since the plan was made
├── WrongPlan             no plan file, or a plan of another environment
├── MovedImage            a job runs another image than the plan would set
├── UnreadableJob         the API did not return a job
├── InvalidSetting        a value in the tfvars that Terraform cannot check
├── InvalidDeclarations   a source, a schema or an export that its job would reject
├── Protected             the plan destroys protected data
└── NotConfirmed          the person did not confirm
"""


class DeployError(Exception):
    """The message names the remedy. Terraform has changed nothing, except for ApplyFailed."""


class UnknownEnvironment(DeployError):
    pass


class DirtyCheckout(DeployError):
    pass


class NotMerged(DeployError):
    pass


class TerraformMissing(DeployError):
    pass


class NoCredentials(DeployError):
    pass


class StateBucketMissing(DeployError):
    pass


class StateLocked(DeployError):
    pass


class TerraformFailed(DeployError):
    pass


class ApplyFailed(DeployError):
    pass


class StalePlan(DeployError):
    pass


class WrongPlan(DeployError):
    pass


class MovedImage(DeployError):
    pass


class UnreadableJob(DeployError):
    pass


class InvalidSetting(DeployError):
    pass


class InvalidDeclarations(DeployError):
    pass


class Protected(DeployError):
    pass


class NotConfirmed(DeployError):
    pass
