"""Which servers the environment names."""

import base64

import pytest

from runtime.errors import SettingsError
from runtime.mail_settings import MailServer
from sheets_sync.notifications.settings import NotificationSettings, read_notification_settings

HOST = {"SMTP_HOST": "smtp.example.com", "SMTP_FROM": "data@example.com"}
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


def test_without_servers_notices_are_off(clock):
    settings = read_notification_settings({})
    assert settings == NotificationSettings(None, None)
    assert settings.create_channels(clock) == {}


def test_servers_as_the_job_is_given_them(clock):
    login = {"SMTP_PORT": "465", "SMTP_USER": "u", "SMTP_PASSWORD": "p", "WEBHOOK_SECRET": SECRET}
    settings = read_notification_settings(HOST | login)
    assert settings.server == MailServer("smtp.example.com", 465, "data@example.com", "u", "p")
    assert settings.webhook_key == b"k" * 24
    server = read_notification_settings(HOST).server
    assert server is not None and server.port == 587
    assert settings.create_channels(clock).keys() == {"mail", "webhook"}


def test_secrets_are_in_no_text():
    settings = read_notification_settings(
        HOST | {"SMTP_USER": "u", "SMTP_PASSWORD": "pass-word", "WEBHOOK_SECRET": SECRET}
    )
    assert "pass-word" not in repr(settings) and "kkk" not in repr(settings)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"SMTP_FROM": ""}, "SMTP_FROM is ''"),
        ({"SMTP_FROM": "data@example.com\nBcc: x@example.com"}, "expected the mail address of the sender"),
        ({"SMTP_PORT": "smtp"}, "SMTP_PORT is 'smtp'"),
        ({"SMTP_PORT": "65536"}, "expected a port"),
        ({"SMTP_USER": "u"}, "missing SMTP_PASSWORD"),
        ({"SMTP_PASSWORD": "p"}, "missing SMTP_USER"),
        ({"WEBHOOK_SECRET": "secret"}, "whsec_$(openssl rand -base64 32)"),
        ({"WEBHOOK_SECRET": "whsec_AAAA"}, "24 to 64 random bytes"),
        ({"WEBHOOK_SECRET": "whsec_ä"}, "24 to 64 random bytes"),
    ],
)
def test_an_invalid_value_is_named(changed, message):
    with pytest.raises(SettingsError) as refused:
        read_notification_settings(HOST | changed)
    assert message in str(refused.value)
