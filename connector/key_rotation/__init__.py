"""Rotation of the API keys of sources, when Secret Manager reports that a secret is due (docs/runbooks)."""
