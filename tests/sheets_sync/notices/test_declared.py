"""What an export may say about notices."""

import pytest

from sheets_sync.errors import ExportError
from sheets_sync.notices import declared
from sheets_sync.notices.declared import Notify


def test_without_a_word_nobody_is_told():
    assert declared.read("a.yaml", None) == Notify()


def test_addresses_and_urls_may_be_one_or_many():
    found = declared.read(
        "a.yaml", {"mail": ["a@example.com", "a@example.com"], "webhook": "https://x.example"}
    )
    assert found == Notify(("a@example.com",), ("https://x.example",), ("change", "failure", "recovery"))


def test_a_bare_on_is_no_truth():
    """YAML 1.1 reads `on:` as true."""
    assert declared.read("a.yaml", {"mail": "a@example.com", True: ["failure"]}).on == ("failure",)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a@example.com", "with mail, webhook, or both"),
        ({}, "with mail, webhook, or both"),
        ({"on": ["change"]}, "with mail, webhook, or both"),
        ({"mail": "a@example.com", "slack": "#x"}, "with mail, webhook, or both"),
        ({"mail": ["nobody"]}, "notify.mail has 'nobody'"),
        ({"mail": ["a@example.com\nBcc: b@example.com"]}, "it must be a mail address"),
        ({"mail": [7]}, "notify.mail has 7"),
        ({"webhook": "ftp://x.example"}, "notify.webhook has 'ftp://x.example'"),
        ({"webhook": "https://x.example/\r\nX: y"}, "begins with https://"),
        ({"webhook": "https://[x"}, "begins with https://"),
        ({"mail": "a@example.com", "on": []}, "notify.on is []"),
        ({"mail": "a@example.com", "on": ["sucess"]}, "a list of change, failure, recovery"),
        ({"mail": "a@example.com", "on": "change"}, "notify.on is 'change'"),
    ],
)
def test_what_is_wrong_is_said(value, said):
    with pytest.raises(ExportError) as refused:
        declared.read("a.yaml", value)
    assert said in str(refused.value) and str(refused.value).startswith("a.yaml: ")
