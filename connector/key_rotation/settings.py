"""What the environment says: the project, where it is told of rotations, and how to reach the sources."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector.sources.rest.config import RestSource
from runtime.errors import SettingsError
from runtime.settings import read_endpoint, read_required


@dataclass(frozen=True)
class Settings:
    """`urls` by the name of the source; the endpoints are Google's own addresses unless the environment says
    otherwise."""

    project: str
    subscription: str
    urls: dict[str, str]
    secret_manager: str
    pubsub: str

    @classmethod
    def read(cls, environ: Mapping[str, str], sources: Mapping[str, RestSource]) -> "Settings":
        """SettingsError names every variable that is missing."""
        project, subscription = read_required(environ, ["PROJECT_ID", "ROTATION_SUBSCRIPTION"]).values()
        if not re.fullmatch("projects/[^/]+/subscriptions/[^/]+", subscription):
            raise SettingsError(
                f"ROTATION_SUBSCRIPTION is '{subscription}', not projects/<project>/subscriptions/<name>."
            )
        return cls(
            project,
            subscription,
            urls(environ, sources),
            read_endpoint(environ, "secret-manager"),
            read_endpoint(environ, "pubsub"),
        )


def urls(environ: Mapping[str, str], sources: Mapping[str, RestSource]) -> dict[str, str]:
    named: Iterable[tuple[str, str]] = (
        (name, environ.get(f"{name.upper()}_URL") or source.url) for name, source in sources.items()
    )
    return {name: url.rstrip("/") for name, url in named}
