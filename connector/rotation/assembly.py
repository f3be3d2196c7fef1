"""Google's clients and ours, put together for one run. Imported when the settings are known to be good:
Google's clients take two seconds to import."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.pubsub_v1 import SubscriberClient

from connector.errors import SettingsError
from connector.report import Report
from connector.rest.declaration import ClientCredentials, RestSource
from connector.retries import Retries
from connector.rotation.calls import Calls
from connector.rotation.keys import Keys
from connector.rotation.rounds import Kit, Rotating
from connector.rotation.secret import Secret
from connector.rotation.settings import Settings
from connector.rotation.subscription import Subscription

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


def assemble(sources: Mapping[str, RestSource], settings: Settings, report: Report, grace: timedelta) -> Kit:
    """SettingsError if there are no credentials."""
    login: Callable[..., tuple[Any, str | None]] = google.auth.default
    try:
        credentials, _ = login(scopes=SCOPES)
    except GoogleAuthError as error:
        raise SettingsError(f"no credentials for Google Cloud: {error}") from error
    secrets = SecretManagerServiceClient(
        credentials=credentials, transport="rest", client_options={"api_endpoint": settings.secret_manager}
    )
    messages = SubscriberClient(
        credentials=credentials, transport="rest", client_options={"api_endpoint": settings.pubsub}
    )
    return Kit(
        Subscription(messages, settings.subscription),
        rotating(sources, settings, secrets, requests.Session(), Retries()),
        report,
        grace,
    )


def rotating(
    sources: Mapping[str, RestSource],
    settings: Settings,
    google: SecretManagerServiceClient,
    http: requests.Session,
    retries: Retries,
) -> dict[str, Rotating]:
    """By the id of the secret; a source that declares no rotation is not among them."""
    found = {}
    for name, source in sources.items():
        auth = source.authentication()
        if source.rotation and source.secret and auth and not isinstance(auth, ClientCredentials):
            secret = Secret(google, settings.project, source.secret)
            calls = Calls(http, settings.urls[name], auth, retries)
            found[source.secret] = Rotating(secret, Keys(calls, source, source.rotation, secret.name))
    return found
