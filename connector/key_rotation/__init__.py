"""A source's key is changed when Secret Manager says that it is due: docs/runbooks/rotation.md."""
