"""Create the clients of Google Cloud and of the sources for one run of the job."""

from collections.abc import Mapping
from datetime import timedelta

import requests
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.pubsub_v1 import SubscriberClient

from connector.key_rotation.job import RotationContext, RotationTarget
from connector.key_rotation.key_api import KeyApiClient
from connector.key_rotation.keys import SourceKeys
from connector.key_rotation.pubsub import Subscription
from connector.key_rotation.secret_manager import Secret
from connector.key_rotation.settings import RotationSettings
from connector.sources.rest.config import Header, Query, RestSource
from runtime.credentials import default_credentials
from runtime.retry import RetryPolicy
from runtime.structured_log import StructuredLog


def create_context(
    sources: Mapping[str, RestSource], settings: RotationSettings, log: StructuredLog, grace: timedelta
) -> RotationContext:
    """SettingsError without credentials."""
    credentials = default_credentials()
    # REST, because gRPC needs a second transport and more memory (docs/adr/0004).
    secrets = SecretManagerServiceClient(
        credentials=credentials, transport="rest", client_options={"api_endpoint": settings.secret_manager}
    )
    subscriber = SubscriberClient(
        credentials=credentials, transport="rest", client_options={"api_endpoint": settings.pubsub}
    )
    return RotationContext(
        Subscription(subscriber, settings.subscription),
        create_targets(sources, settings, secrets, requests.Session(), RetryPolicy()),
        log,
        grace,
    )


def create_targets(
    sources: Mapping[str, RestSource],
    settings: RotationSettings,
    client: SecretManagerServiceClient,
    session: requests.Session,
    retry: RetryPolicy,
) -> dict[str, RotationTarget]:
    """By the id of the secret, for every source that declares a rotation."""
    targets = {}
    for name, source in sources.items():
        auth = source.authentication()
        if source.rotation and source.secret and isinstance(auth, Header | Query):
            secret = Secret(client, settings.project, source.secret)
            api = KeyApiClient(session, settings.urls[name], auth, retry)
            keys = SourceKeys(api, source, source.rotation, secret.name)
            targets[source.secret] = RotationTarget(secret, keys)
    return targets
