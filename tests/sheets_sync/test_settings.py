from dataclasses import replace

import pytest

from runtime.errors import SettingsError
from sheets_sync import exports
from sheets_sync.destinations.file.config import FileConfig
from sheets_sync.destinations.http.config import Auth, HttpConfig
from sheets_sync.export import Export
from sheets_sync.settings import Settings, Target, read_settings, read_target

COMPLETE = {"PROJECT_ID": "p", "LOCATION": "EU", "DAILY_SALES_SPREADSHEET": "s"}
API = HttpConfig(kind="http", path="/x", auth=Auth(header="X-Key"))


@pytest.fixture
def daily() -> Export:
    return exports.load_export("daily_sales")


def test_settings_are_read(daily: Export) -> None:
    google = (
        "https://sheets.googleapis.com",
        "https://www.googleapis.com",
        "https://storage.googleapis.com",
    )
    assert read_settings(COMPLETE) == Settings("p", "EU", *google)
    assert read_target(COMPLETE, daily) == Target("s")


def test_endpoints_are_configurable() -> None:
    endpoints = {"SHEETS_ENDPOINT": "http://here/sheets", "STORAGE_ENDPOINT": "http://here"}
    settings = read_settings(COMPLETE | endpoints)
    assert (settings.sheets_endpoint, settings.storage_endpoint) == ("http://here/sheets", "http://here")


def test_all_missing_variables_are_named_at_once(daily: Export) -> None:
    with pytest.raises(SettingsError, match="^missing environment variables: PROJECT_ID, LOCATION\\."):
        read_settings({"LOCATION": ""})
    contacts = replace(daily, name="contacts", destination=API)
    with pytest.raises(SettingsError, match="variables: CONTACTS_URL, CONTACTS_API_KEY, BUCKET\\."):
        read_target({}, contacts)


def test_each_kind_of_destination_has_its_own_variable(daily: Export) -> None:
    with pytest.raises(SettingsError, match="variables: DAILY_SALES_SPREADSHEET\\."):
        read_target({}, daily)
    with pytest.raises(SettingsError, match="variables: FILE_BUCKET\\."):
        read_target({}, replace(daily, name="file", destination=FileConfig(kind="file", path="a.csv")))


def test_an_api_key_is_not_part_of_any_text(daily: Export) -> None:
    contacts = replace(daily, name="contacts", destination=API)
    environ = {"BUCKET": "b", "CONTACTS_URL": "u", "CONTACTS_API_KEY": "the-key"}
    target = read_target(environ, contacts)
    assert target == Target("u", "the-key", "b")
    assert "the-key" not in repr(target)
