"""Google Cloud credentials: Application Default Credentials, which the metadata server gives a Run job."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import google.auth
import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError

from runtime.errors import SettingsError

METADATA_TIMEOUT = 10  # seconds
CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"


def default_credentials(scopes: Sequence[str] = (CLOUD_PLATFORM,)) -> Credentials:
    """Credentials of the job's service account, or of the logged-in person; SettingsError without any."""
    load: Callable[..., tuple[Any, str | None]] = google.auth.default
    try:
        credentials, _ = load(scopes=list(scopes))
    # Not only DefaultCredentialsError: a login may also have expired.
    except GoogleAuthError as error:
        raise SettingsError(
            f"no Google Cloud credentials: {error}. In a shell, run `gcloud auth application-default login`."
        ) from error
    return credentials  # type: ignore[no-any-return]


def read_metadata_email(environ: Mapping[str, str]) -> str:
    """Mail address of the machine's default service account. RequestException if there is no such server.

    https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys
    """
    host = environ.get("GCE_METADATA_HOST") or "metadata.google.internal"
    url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/email"
    # The server refuses requests without this header.
    response = requests.get(url, headers={"Metadata-Flavor": "Google"}, timeout=METADATA_TIMEOUT)
    response.raise_for_status()
    return response.text.strip()
