"""What the environment says: the project, where it is told of rotations, and how to reach the sources."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector.errors import SettingsError
from connector.rest.declaration import RestSource

SECRET_MANAGER = "https://secretmanager.googleapis.com"
PUBSUB = "https://pubsub.googleapis.com"


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
        needed = ["PROJECT_ID", "ROTATION_SUBSCRIPTION"]
        if missing := [variable for variable in needed if not environ.get(variable)]:
            raise SettingsError(
                f"missing {', '.join(missing)}. Terraform gives them to the Run Job; in a shell, export them."
            )
        project, subscription = (environ[variable] for variable in needed)
        if not re.fullmatch("projects/[^/]+/subscriptions/[^/]+", subscription):
            raise SettingsError(
                f"ROTATION_SUBSCRIPTION is '{subscription}', not projects/<project>/subscriptions/<name>."
            )
        return cls(
            project,
            subscription,
            urls(environ, sources),
            environ.get("SECRET_MANAGER_ENDPOINT") or SECRET_MANAGER,
            environ.get("PUBSUB_ENDPOINT") or PUBSUB,
        )


def urls(environ: Mapping[str, str], sources: Mapping[str, RestSource]) -> dict[str, str]:
    named: Iterable[tuple[str, str]] = (
        (name, environ.get(f"{name.upper()}_URL") or source.url) for name, source in sources.items()
    )
    return {name: url.rstrip("/") for name, url in named}
