"""Google Cloud credentials: Application Default Credentials, which the metadata server gives a Run job."""

from collections.abc import Callable, Sequence
from typing import Any

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError

from runtime.errors import SettingsError

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"


def default_credentials(scopes: Sequence[str] = (CLOUD_PLATFORM,)) -> Credentials:
    """Credentials of the job's service account, or of the logged-in person; SettingsError without any."""
    load: Callable[..., tuple[Any, str | None]] = google.auth.default
    try:
        credentials, _ = load(scopes=list(scopes))
    except GoogleAuthError as error:
        raise SettingsError(
            f"no Google Cloud credentials: {error}. In a shell, run `gcloud auth application-default login`."
        ) from error
    return credentials  # type: ignore[no-any-return]
