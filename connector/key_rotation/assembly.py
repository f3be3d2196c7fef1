"""Google's clients and ours, put together for one run. Imported when the settings are known to be good:
Google's clients take two seconds to import."""

from collections.abc import Mapping
from datetime import timedelta

import requests
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.pubsub_v1 import SubscriberClient

from connector.key_rotation.job import Rotating, RotationContext
from connector.key_rotation.key_api import Calls
from connector.key_rotation.keys import Keys
from connector.key_rotation.pubsub import Subscription
from connector.key_rotation.secret_manager import Secret
from connector.key_rotation.settings import Settings
from connector.sources.rest.config import Header, Query, RestSource
from runtime.credentials import default_credentials
from runtime.retry import RetryPolicy
from runtime.structured_log import StructuredLog


def assemble(
    sources: Mapping[str, RestSource], settings: Settings, log: StructuredLog, grace: timedelta
) -> RotationContext:
    """SettingsError if there are no credentials."""
    credentials = default_credentials()
    secrets = SecretManagerServiceClient(
        credentials=credentials, transport="rest", client_options={"api_endpoint": settings.secret_manager}
    )
    messages = SubscriberClient(
        credentials=credentials, transport="rest", client_options={"api_endpoint": settings.pubsub}
    )
    return RotationContext(
        Subscription(messages, settings.subscription),
        rotating(sources, settings, secrets, requests.Session(), RetryPolicy()),
        log,
        grace,
    )


def rotating(
    sources: Mapping[str, RestSource],
    settings: Settings,
    google: SecretManagerServiceClient,
    http: requests.Session,
    retry: RetryPolicy,
) -> dict[str, Rotating]:
    """By the id of the secret; a source that declares no rotation is not among them."""
    found = {}
    for name, source in sources.items():
        auth = source.authentication()
        if source.rotation and source.secret and auth and isinstance(auth, Header | Query):
            secret = Secret(google, settings.project, source.secret)
            calls = Calls(http, settings.urls[name], auth, retry)
            found[source.secret] = Rotating(secret, Keys(calls, source, source.rotation, secret.name))
    return found
