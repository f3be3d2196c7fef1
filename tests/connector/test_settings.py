"""The settings of the connector."""

import pytest

from connector.settings import Task, read_settings
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


def test_a_task_knows_its_execution(retail):
    environ = {"CLOUD_RUN_EXECUTION": "connector-x7k2p", "CLOUD_RUN_TASK_COUNT": "8"}
    environ |= {"CLOUD_RUN_TASK_INDEX": "3", "CLOUD_RUN_TASK_ATTEMPT": "1"}
    task = read_settings(GOOD | environ, "retail", retail).task
    assert task == Task("connector-x7k2p", 3, 8, 1)
    assert task.is_of_execution(Task("connector-x7k2p", 5, 8).owner)
    assert not task.is_of_execution(Task("connector-x7k2", 5, 8).owner)
    assert read_settings(GOOD, "retail", retail).task == Task("", 0, 1, 0)
    # Without the name of an execution, the tasks of two starts look the same.
    assert read_settings(GOOD | {"CLOUD_RUN_TASK_COUNT": "8"}, "retail", retail).task.count == 1


def test_a_task_without_a_number_is_rejected(retail):
    with pytest.raises(SettingsError, match="invalid CLOUD_RUN_TASK_COUNT '8.0'"):
        read_settings(GOOD | {"CLOUD_RUN_TASK_COUNT": "8.0"}, "retail", retail)
