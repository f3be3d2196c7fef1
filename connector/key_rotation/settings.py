"""Settings: environment variables with the project, the subscription and the addresses of the sources."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connector.sources.rest.config import RestSource
from runtime.errors import SettingsError
from runtime.settings import read_endpoint, read_required


@dataclass(frozen=True)
class RotationSettings:
    """`urls` by the name of the source; `secret_manager` and `pubsub` are base URLs."""

    project: str
    subscription: str
    urls: dict[str, str]
    secret_manager: str
    pubsub: str


def read_settings(environ: Mapping[str, str], sources: Mapping[str, RestSource]) -> RotationSettings:
    """SettingsError lists every missing variable."""
    project, subscription = read_required(environ, ["PROJECT_ID", "ROTATION_SUBSCRIPTION"]).values()
    if not re.fullmatch("projects/[^/]+/subscriptions/[^/]+", subscription):
        raise SettingsError(
            f"invalid ROTATION_SUBSCRIPTION '{subscription}': expected projects/<project>/subscriptions/<name>."
        )
    # The same variables as the connector's, so that both use the same address.
    urls = {
        name: (environ.get(f"{name.upper()}_URL") or source.url).rstrip("/")
        for name, source in sources.items()
    }
    return RotationSettings(
        project,
        subscription,
        urls,
        read_endpoint(environ, "secret-manager"),
        read_endpoint(environ, "pubsub"),
    )
