"""Notification channels that the environment enables; without variables they are off."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runtime.mail_settings import MailServer, read_mail_server
from sheets_sync.notifications.dispatcher import Channel
from sheets_sync.notifications.mail import MailChannel
from sheets_sync.notifications.webhook import WebhookChannel, parse_secret


@dataclass(frozen=True)
class NotificationSettings:
    """`server`: None without SMTP_HOST, `webhook_key` without WEBHOOK_SECRET."""

    server: MailServer | None = None
    webhook_key: bytes | None = field(default=None, repr=False)

    def create_channels(self, clock: Callable[[], datetime]) -> dict[str, Channel]:
        """The enabled channels by name."""
        mail: dict[str, Channel] = {"mail": MailChannel(self.server, clock)} if self.server else {}
        hook: dict[str, Channel] = {"webhook": WebhookChannel(self.webhook_key)} if self.webhook_key else {}
        return mail | hook


def read_notification_settings(environ: Mapping[str, str]) -> NotificationSettings:
    secret = environ.get("WEBHOOK_SECRET")
    return NotificationSettings(read_mail_server(environ), parse_secret(secret) if secret else None)
