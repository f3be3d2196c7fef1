"""Once per environment, before Terraform: what it needs to begin, and cannot make itself.

agents     Google's own, that it grants something to
bucket     where it keeps its state
"""


class BootstrapError(Exception):
    """Something could not be made; the sentence says what to do. Whoever runs it again goes on from there."""
