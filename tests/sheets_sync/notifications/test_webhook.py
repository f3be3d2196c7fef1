"""Signed POSTs to a real receiver, and what it may answer."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from sheets_sync.errors import NotificationError
from sheets_sync.notifications.notification import Delivery, Notification, Target
from sheets_sync.notifications.webhook import RETRY_POLICY, WebhookChannel, sign

KEY = b"k" * 32


@pytest.fixture
def webhook(waits):
    with requests.Session() as http:
        retry = replace(RETRY_POLICY, sleep=waits.append, jitter=lambda low, high: high)
        yield WebhookChannel(KEY, http, lambda: 4_000_000_000.9, retry, (60.0, 60.0))


@pytest.fixture
def delivery(notice, receiver):
    return Delivery(notice, Target("webhook", receiver.url))


def test_a_webhook_describes_the_change_and_is_signed(webhook, delivery, receiver):
    webhook.deliver(delivery)
    [(headers, body)] = receiver.got
    assert headers["webhook-id"] == delivery.id
    assert headers["webhook-timestamp"] == "4000000000"
    signed = f"{delivery.id}.4000000000.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    reported = json.loads(body)
    assert (reported["type"], reported["timestamp"]) == ("sync.change", "2026-11-21T12:00:00+00:00")
    assert reported["data"]["counts"] == {"inserted": 2, "updated": 1, "deleted": 0}
    assert reported["data"]["link"] == delivery.notification.link
    assert reported["text"].startswith("[shop] daily_sales changed: 2 inserted, 1 updated\n\n")


def test_the_recipe_of_the_guide_verifies_it(webhook, delivery, receiver):
    guide = (Path(__file__).parents[3] / "docs/guides/notices.md").read_text()
    recipe: dict[str, Any] = {}
    exec(guide.split("```python\n")[1].split("```")[0], recipe)
    WebhookChannel(KEY, webhook.session).deliver(delivery)
    [(headers, body)] = receiver.got
    secret = f"whsec_{base64.b64encode(KEY).decode()}"
    assert recipe["verified"](secret, headers, body)
    assert not recipe["verified"](secret, headers, body.replace(b"inserted", b"Inserted"))
    assert not recipe["verified"](f"whsec_{base64.b64encode(b'other').decode()}", headers, body)
    assert not recipe["verified"](secret, headers | {"webhook-id": "msg_other"}, body)
    webhook.deliver(delivery)  # with a clock that is years ahead
    assert not recipe["verified"](secret, *receiver.got[1])


def test_the_example_of_the_specification():
    """https://github.com/standard-webhooks/standard-webhooks, its signature test."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    result = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert result["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_it_is_tried_again_with_the_same_id_and_body(webhook, delivery, receiver, waits):
    receiver.answers = [(503, {}), (429, {"Retry-After": "7"})]
    webhook.deliver(delivery)
    assert [(headers["webhook-id"], body) for headers, body in receiver.got] == [
        (delivery.id, receiver.got[0][1])
    ] * 3
    assert waits == [1.0, 7 + 1.0]


def test_no_means_no(webhook, delivery, receiver, waits):
    receiver.answers = [(401, {})]
    with pytest.raises(NotificationError) as refused:
        webhook.deliver(delivery)
    assert str(refused.value).endswith(" answered 401 Unauthorized.")
    assert "token-in-the-path" not in str(refused.value)
    assert (len(receiver.got), waits) == (1, [])


def test_a_redirect_is_not_followed(webhook, delivery, receiver):
    receiver.answers = [(307, {"Location": receiver.url})]
    with pytest.raises(NotificationError, match="answered 307"):
        webhook.deliver(delivery)
    assert len(receiver.got) == 1


def test_three_tries_are_enough(webhook, delivery, receiver, waits):
    receiver.answers = [(500, {})] * 9
    with pytest.raises(NotificationError, match="answered 500"):
        webhook.deliver(delivery)
    assert (len(receiver.got), len(waits)) == (3, 2)


def test_a_long_wait_is_the_next_runs(webhook, delivery, receiver, waits):
    receiver.answers = [(429, {"Retry-After": "3600"})]
    with pytest.raises(NotificationError, match="answered 429"):
        webhook.deliver(delivery)
    assert (len(receiver.got), waits) == (1, [])


def test_an_unreachable_server_is_an_error(webhook, delivery, receiver):
    receiver.server.server_close()
    with pytest.raises(NotificationError, match="cannot be reached: ConnectionError"):
        webhook.deliver(delivery)


def test_it_never_answers(webhook, delivery, receiver, waits):
    receiver.answers = [(None, {})] * 3
    webhook = replace(webhook, timeout=(60.0, 0.1))
    with pytest.raises(NotificationError, match="did not answer: ReadTimeout"):
        webhook.deliver(delivery)
    receiver.silent.set()
    # Not the requests in `got`: a thread of the receiver may read its own after the timeout.
    assert len(waits) == 2


def test_a_notice_is_the_same_after_it_was_kept(notice):
    assert Notification.from_json(notice.to_json()) == notice


CHAT_FORMATS = [("slack", {"text"}), ("chat", {"text"}), ("teams", {"type", "attachments"})]


@pytest.mark.parametrize(("body_format", "fields"), CHAT_FORMATS)
def test_a_chat_receives_only_fields_that_it_accepts(webhook, notice, receiver, body_format, fields):
    """Google Chat and Teams answer 400 to a body with other fields."""
    webhook.deliver(Delivery(notice, Target("webhook", receiver.url, body_format)))
    [(_, body)] = receiver.got
    message = json.loads(body)
    assert message.keys() == fields
    texts = json.dumps(message)
    assert "[shop] daily_sales changed: 2 inserted, 1 updated" in texts
    assert notice.link in texts


def test_a_card_for_teams_has_the_content_type_of_adaptive_cards(webhook, notice, receiver):
    webhook.deliver(Delivery(notice, Target("webhook", receiver.url, "teams")))
    [attachment] = json.loads(receiver.got[0][1])["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"]["type"] == "AdaptiveCard"
    assert [block["type"] for block in attachment["content"]["body"]] == ["TextBlock", "TextBlock"]


def test_a_rejection_names_the_hook_and_quotes_the_response(webhook, delivery, receiver):
    receiver.answers = [(400, {}, b'{"error": "unknown field \\"type\\""}')]
    with pytest.raises(NotificationError) as error:
        webhook.deliver(delivery)
    assert "/hook…/toke… answered 400 Bad Request: " in str(error.value)
    assert "unknown field" in str(error.value)
    assert error.value.is_final


TEAMS = b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error %d with ContextId x"


def test_a_failure_inside_a_success_is_tried_again_or_final(webhook, delivery, receiver, waits):
    """Teams: https://github.com/MicrosoftDocs/msteams-docs/issues/1810 and 7425"""
    receiver.answers = [(200, {}, TEAMS % 429), (200, {}, b"1")]
    webhook.deliver(delivery)
    assert (len(receiver.got), len(waits)) == (2, 1)
    receiver.answers = [(200, {}, TEAMS % 413)]
    with pytest.raises(NotificationError, match="answered 200: .*returned HTTP error 413") as error:
        webhook.deliver(delivery)
    assert (error.value.is_final, len(receiver.got)) == (True, 3)
