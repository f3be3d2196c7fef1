"""Notification channels of alerts: the labels that each type needs."""

from sandbox.resources.errors import FailedPrecondition, InvalidArgument
from sandbox.resources.service import Service
from sandbox.resources.store import Json

# As projects.notificationChannelDescriptors lists them: required labels, then optional ones.
TYPES: dict[str, tuple[set[str], set[str]]] = {
    "email": ({"email_address"}, set()),
    "sms": ({"number"}, set()),
    "pubsub": ({"topic"}, set()),
    "google_chat": ({"space"}, set()),
    "slack": ({"channel_name"}, {"auth_token", "team"}),
    "pagerduty": (set(), {"service_key"}),
    "webhook_tokenauth": ({"url"}, set()),
    "webhook_basicauth": ({"url"}, {"username", "password"}),
}


def check(service: Service, channel: Json) -> None:
    if channel.get("type") not in TYPES:
        raise InvalidArgument(
            f"Unknown notification channel type {channel.get('type')!r}; expected one of {', '.join(TYPES)}."
        )
    required, optional = TYPES[channel["type"]]
    labels = channel.get("labels", {})
    for label in sorted(required - {name for name, value in labels.items() if value}):
        raise InvalidArgument(f"A channel of type {channel['type']} needs the label {label!r}.")
    for label in sorted(labels.keys() - required - optional):
        raise InvalidArgument(f"A channel of type {channel['type']} has no label {label!r}.")


def check_delete(service: Service, channel: Json) -> None:
    """A channel that an alert policy uses is deleted with force only."""
    for policy in service.store.children(service.key(f"projects/{service.state.project}/alertPolicies")):
        if channel["name"] in policy.get("notificationChannels", []):
            raise FailedPrecondition(
                f"Cannot delete {channel['name']}: it is in use by {policy['name']}. Set force=true."
            )
