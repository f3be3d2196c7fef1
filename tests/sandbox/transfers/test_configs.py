"""Transfer configs, and the requests that the API rejects."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery_datatransfer_v1
from requests import Response

from sandbox.state import State
from sandbox.transfers import config
from tests.sandbox.transfers.transfers_client import (
    CONFIGS,
    NUMBERED,
    OWNER,
    PARENT,
    PROJECT,
    create_config,
    scheduled_query,
)


def test_googles_client_creates_lists_updates_and_deletes_a_config(
    sandbox: State, call: Callable[..., Response], dataset: str
) -> None:
    client = bigquery_datatransfer_v1.DataTransferServiceClient(
        transport="rest",
        client_options={"api_endpoint": f"{sandbox.address}/bigquerydatatransfer"},
        credentials=AnonymousCredentials(),
    )
    request = bigquery_datatransfer_v1.CreateTransferConfigRequest(parent=PARENT, service_account_name=OWNER)
    request.transfer_config = bigquery_datatransfer_v1.TransferConfig.from_json(
        json.dumps(scheduled_query("SELECT 1"))
    )
    created = client.create_transfer_config(request)
    assert created.name.startswith(f"{NUMBERED}/locations/eu/transferConfigs/")
    assert created.owner_info.email == OWNER
    created.params["query"] = "SELECT 2"
    changed = client.update_transfer_config(transfer_config=created, update_mask={"paths": ["params"]})
    assert (changed.params["query"], changed.schedule) == ("SELECT 2", "every day 06:00")
    assert created.name in [listed.name for listed in client.list_transfer_configs(parent=PARENT)]
    client.delete_transfer_config(name=created.name)
    assert call("GET", f"bigquerydatatransfer/v1/{created.name}").status_code == 404


def test_the_service_account_changes_only_if_the_mask_names_it(
    call: Callable[..., Response], dataset: str
) -> None:
    call("POST", f"iam/v1/{PROJECT}/serviceAccounts", {"accountId": "other-runner", "serviceAccount": {}})
    other = OWNER.replace("query", "other")
    name = create_config(call, scheduled_query("SELECT 1"))

    def owner(mask: str) -> str:
        path = f"bigquerydatatransfer/v1/{name}?updateMask={mask}&serviceAccountName={other}"
        return str(call("PATCH", path, scheduled_query("SELECT 1")).json()["ownerInfo"]["email"])

    assert owner("display_name") == OWNER
    assert owner("display_name,service_account_name") == other


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 200),
        ({"dataSourceId": "amazon_s3"}, 404),
        ({"params": {}}, 400),
        ({"params": {"query": "SELECT 1", "service_account_name": OWNER}}, 400),
        ({"params": {"query": "SELECT 1", "write_disposition": "WRITE_EMPTY"}}, 400),
        ({"params": {"query": "SELECT 1", "destination_table_name_template": "t"}}, 400),  # no dataset
        ({"destinationDatasetId": "ops"}, 400),  # no table
        ({"schedule": "0 6 * * *"}, 400),
        ({"schedule": "every 5 minutes"}, 400),
        ({"notificationPubsubTopic": f"{PROJECT}/topics/absent"}, 404),
        ({"colour": "red"}, 400),
    ],
)
def test_an_invalid_config_is_rejected(
    call: Callable[..., Response], change: dict[str, Any], code: int
) -> None:
    response = call("POST", CONFIGS, scheduled_query("SELECT 1") | change)
    assert response.status_code == code, response.text


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", f"{CONFIGS}?serviceAccountName=absent@sandbox-local.iam.gserviceaccount.com", None, 400),
        ("POST", "{}:startManualRuns", {}, 400),
        ("POST", "{}:startManualRuns", {"requestedRunTime": "now"}, 400),
        ("POST", "{}:startManualRuns", {"requestedRunTime": "2099-01-01T00:00:00Z"}, 400),
        ("PATCH", "{}", {"displayName": "No mask"}, 400),
        ("PATCH", "{}?updateMask=dataSourceId", {"dataSourceId": "scheduled_query"}, 400),
        ("GET", "{}/runs/absent", None, 404),
    ],
)
def test_invalid_requests_are_rejected(
    call: Callable[..., Response], dataset: str, method: str, path: str, body: Any, code: int
) -> None:
    name = f"bigquerydatatransfer/v1/{create_config(call, scheduled_query('SELECT 1'))}"
    body = scheduled_query("SELECT 1") if body is None and method == "POST" else body
    assert call(method, path.format(name), body).status_code == code


@pytest.mark.parametrize(
    "schedule",
    ["", "every 24 hours", "every 15 minutes", "every mon,wed 09:00", "1st,third monday of month 15:30"],
)
def test_schedules_in_app_engine_syntax_are_accepted(schedule: str) -> None:
    config.check_schedule(schedule)
