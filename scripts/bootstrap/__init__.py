"""Once per environment, before Terraform: what Terraform needs and cannot create itself.

service_agents   Google's own service accounts, to which Terraform grants roles
state_bucket     the bucket of Terraform's state
"""


class BootstrapError(Exception):
    """The message names the remedy. Running the bootstrap again resumes it: every step is idempotent."""
