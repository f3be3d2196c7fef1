import pytest

from sheets_sync.errors import SettingsError
from sheets_sync.settings import Settings

COMPLETE = {"PROJECT_ID": "p", "LOCATION": "EU", "DAILY_SALES_SPREADSHEET": "s"}


def test_settings_are_read():
    settings = Settings.read(COMPLETE, ["daily_sales"])
    assert settings == Settings("p", "EU", {"daily_sales": "s"}, "https://sheets.googleapis.com")


def test_the_endpoint_may_be_another():
    settings = Settings.read(COMPLETE | {"SHEETS_ENDPOINT": "http://here/sheets"}, ["daily_sales"])
    assert settings.sheets_endpoint == "http://here/sheets"


def test_all_that_is_missing_is_named_at_once():
    with pytest.raises(
        SettingsError, match="Missing PROJECT_ID, LOCATION, DAILY_SALES_SPREADSHEET, B_SPREADSHEET"
    ):
        Settings.read({"LOCATION": ""}, ["daily_sales", "b"])
