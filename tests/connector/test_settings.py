"""The settings of the connector."""

import pytest

from connector.settings import read_settings
from runtime.errors import SettingsError

GOOD = {"PROJECT_ID": "p", "LOCATION": "EU", "BUCKET": "p-landing", "RETAIL_API_KEY": "secret-key"}


def test_all_missing_variables_are_listed(retail):
    with pytest.raises(SettingsError, match="variables: PROJECT_ID, LOCATION, BUCKET, RETAIL_API_KEY"):
        read_settings({}, "retail", retail)


@pytest.mark.parametrize("name", GOOD)
def test_an_empty_variable_is_missing(retail, name):
    with pytest.raises(SettingsError, match=f"missing environment variables: {name}\\."):
        read_settings(GOOD | {name: ""}, "retail", retail)


def test_the_environment_overrides_the_declared_address(retail):
    assert read_settings(GOOD, "retail", retail).source["URL"] == retail.url
    assert (
        read_settings(GOOD | {"RETAIL_URL": "https://x.example/"}, "retail", retail).source["URL"]
        == "https://x.example/"
    )


def test_the_key_is_never_shown(retail):
    settings = read_settings(GOOD, "retail", retail)
    assert settings.source["API_KEY"] == "secret-key"
    assert "secret-key" not in repr(settings) + str(settings)
