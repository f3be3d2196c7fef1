"""What an export may say about notices."""

import pytest

from sheets_sync.errors import ExportError
from sheets_sync.notifications.config import Notify, WebhookTarget, parse_notify


def test_without_a_declaration_there_are_no_notifications():
    assert parse_notify("a.yaml", None) == Notify()


def test_addresses_and_urls_may_be_one_or_many():
    result = parse_notify(
        "a.yaml", {"mail": ["a@example.com", "a@example.com"], "webhook": "https://x.example"}
    )
    assert result == Notify(
        ("a@example.com",),
        (WebhookTarget("https://x.example"),),
        ("change", "failure", "recovery", "rejection"),
    )


def test_a_bare_on_is_read_as_the_key():
    """YAML 1.1 reads `on:` as true."""
    assert parse_notify("a.yaml", {"mail": "a@example.com", True: ["failure"]}).on == ("failure",)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("a@example.com", "notify is 'a@example.com', expected a mapping with mail, webhook, on"),
        ({}, "expected mail, webhook, or both"),
        ({"on": ["change"]}, "expected mail, webhook, or both"),
        (
            {"mail": "a@example.com", "slack": "#x"},
            "unknown field `slack`. Allowed keys: digest, mail, max_rejected, on",
        ),
        (
            {"mail": "a@example.com", "max_rejected": -1},
            "notify.max_rejected is -1, expected a number of rows",
        ),
        ({"mail": "a@example.com", "digest": "weekly"}, "notify.digest is 'weekly', expected one of daily"),
        ({"mail": "a@example.com", "runbook": "see wiki"}, "notify.runbook is 'see wiki', expected a URL"),
        ({"mail": ["invalid"]}, "notify.mail is 'invalid'"),
        ({"mail": ["a@example.com\nBcc: b@example.com"]}, "expected a mail address"),
        ({"mail": [7]}, "notify.mail is 7"),
        ({"webhook": "ftp://x.example"}, "notify.webhook is 'ftp://x.example'"),
        ({"webhook": "https://x.example/\r\nX: y"}, "begins with https://"),
        ({"webhook": "https://[x"}, "begins with https://"),
        ({"mail": "a@example.com", "on": []}, "notify.on is []"),
        (
            {"mail": "a@example.com", "on": ["sucess"]},
            "notify.on is 'sucess', expected one of change, failure, recovery",
        ),
        ({"mail": "a@example.com", "on": "change"}, "notify.on is 'change'"),
    ],
)
def test_an_invalid_value_is_named(value, message):
    with pytest.raises(ExportError) as refused:
        parse_notify("a.yaml", value)
    assert message in str(refused.value) and str(refused.value).startswith("a.yaml: ")


def test_a_webhook_may_declare_the_format_of_its_receiver() -> None:
    hooks = [{"url": "https://chat.example/x", "as": "chat"}, "https://x.example"]
    notify = parse_notify("a.yaml", {"webhook": hooks})
    assert notify.webhook == (
        WebhookTarget("https://chat.example/x", "chat"),
        WebhookTarget("https://x.example"),
    )
    with pytest.raises(
        ExportError, match="notify.webhook.as is 'irc', expected one of json, slack, chat, teams"
    ):
        parse_notify("a.yaml", {"webhook": {"url": "https://x.example", "as": "irc"}})
