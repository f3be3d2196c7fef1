"""The bucket that keeps Terraform's state."""

import requests
from google.api_core.exceptions import Conflict, Forbidden, GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Bucket, Client

from scripts.bootstrap import BootstrapError


def made(client: Client, name: str, location: str) -> str:
    """What was done. A bucket that is there already is kept, with its settings put right."""
    bucket = private(client.bucket(name))
    try:
        if bucket.exists():
            bucket.patch()
            return f"gs://{name} was there already"
        client.create_bucket(bucket, location=location)
    except (Conflict, Forbidden) as error:
        raise BootstrapError(
            f"{name} may belong to somebody else, or you may not make it: {error}"
        ) from error
    except (GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
        raise BootstrapError(f"{name} could not be made: {error}") from error
    return f"gs://{name} was made"


def private(bucket: Bucket) -> Bucket:
    """Versioned, so that a broken state can be had back; nobody but the project's own people."""
    bucket.versioning_enabled = True
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.iam_configuration.public_access_prevention = "enforced"
    return bucket
