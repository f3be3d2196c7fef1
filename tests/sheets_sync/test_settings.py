from dataclasses import replace

import pytest

from sheets_sync import exports
from sheets_sync.errors import SettingsError
from sheets_sync.settings import Settings

COMPLETE = {"PROJECT_ID": "p", "LOCATION": "EU", "DAILY_SALES_SPREADSHEET": "s"}


@pytest.fixture
def daily():
    return exports.load("daily_sales")


def test_settings_are_read(daily):
    settings = Settings.read(COMPLETE, [daily])
    assert settings == Settings("p", "EU", {"daily_sales": {"SPREADSHEET": "s"}})
    assert settings.sheets_endpoint == "https://sheets.googleapis.com"


def test_the_endpoint_may_be_another(daily):
    settings = Settings.read(COMPLETE | {"SHEETS_ENDPOINT": "http://here/sheets"}, [daily])
    assert settings.sheets_endpoint == "http://here/sheets"


def test_all_that_is_missing_is_named_at_once(daily):
    """Each kind of place needs its own."""
    api = {"kind": "http", "path": "/x", "auth": {"header": "X-Key"}}
    contacts = replace(daily, name="contacts", destination=api)
    file = replace(daily, name="file", destination={"kind": "file", "path": "a.csv"})
    with pytest.raises(SettingsError) as missing:
        Settings.read({"LOCATION": ""}, [daily, contacts, file])
    assert str(missing.value).startswith(
        "Missing PROJECT_ID, LOCATION, BUCKET, DAILY_SALES_SPREADSHEET, CONTACTS_URL, CONTACTS_API_KEY, "
        "FILE_BUCKET."
    )


def test_a_key_is_in_no_text(daily):
    contacts = replace(daily, name="contacts", destination={"kind": "http", "auth": {"header": "X-Key"}})
    given = COMPLETE | {"BUCKET": "b", "CONTACTS_URL": "u", "CONTACTS_API_KEY": "the-key"}
    settings = Settings.read(given, [contacts])
    assert settings.places["contacts"] == {"URL": "u", "API_KEY": "the-key"}
    assert "the-key" not in repr(settings)
