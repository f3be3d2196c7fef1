"""The bucket of Terraform's state."""

from google.api_core.exceptions import Conflict, Forbidden
from google.cloud.storage import Bucket, Client

from runtime.google_errors import CLIENT_ERRORS
from scripts.bootstrap import BootstrapError


def create_state_bucket(client: Client, name: str, location: str) -> str:
    """A line of text. An existing bucket is kept and its settings are corrected."""
    bucket = with_settings(client.bucket(name))
    try:
        if bucket.exists():
            # Corrected on every run, because a person may have created the bucket by hand.
            bucket.patch()
            return f"gs://{name} exists already"
        client.create_bucket(bucket, location=location)
    except (Conflict, Forbidden) as error:
        raise BootstrapError(
            f"could not create gs://{name}: {error}. Either the name belongs to another project, or you lack "
            "storage.buckets.create."
        ) from error
    except CLIENT_ERRORS as error:
        raise BootstrapError(f"could not create gs://{name}: {error}") from error
    return f"gs://{name} was created"


def with_settings(bucket: Bucket) -> Bucket:
    """Versioned, so that a damaged state can be restored; never public."""
    bucket.versioning_enabled = True
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.iam_configuration.public_access_prevention = "enforced"
    return bucket
