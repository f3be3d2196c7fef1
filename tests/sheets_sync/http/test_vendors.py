"""The declarations of the guide against fakes that respond like the vendors' APIs."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from runtime.rate_limiter import RateLimiter
from sheets_sync import sync
from sheets_sync.destination import Comparison
from sheets_sync.destinations.http.api_client import RowApi
from sheets_sync.destinations.http.destination import HttpDestination
from sheets_sync.destinations.http.payload import describe_request
from sheets_sync.destinations.http.sync_state import StateObject
from sheets_sync.errors import ExportError, TargetError
from sheets_sync.export_parser import parse_export
from sheets_sync.options import Options
from sheets_sync.transient import RETRY_POLICY
from sheets_sync.warehouse import Mart
from tests.sheets_sync.http.fake_vendors import CLIENT, FakeVendors
from tests.sheets_sync.row_counts import count_rows

GUIDE = (Path(__file__).parents[3] / "docs/guides/other-destinations.md").read_text()
EXAMPLES = {
    content["destination"]["path"]: content
    for text in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    if "destination" in (content := yaml.safe_load(text)) and content["destination"]["kind"] == "http"
}
HUBSPOT = EXAMPLES["/crm/v3/objects/contacts/batch/upsert"]
SALESFORCE = EXAMPLES["/services/data/v60.0/composite/sobjects/Contact/Email__c"]
ONE_BY_ONE = EXAMPLES["/contacts/{email}"]
ROWS = [("ada@example.com", "Ada"), ("nobody", "?"), ("bob@example.com", "Bob"), ("x y/z@example.com", "Eve")]

type Publish = Callable[..., Comparison]


@pytest.fixture
def vendors() -> Iterator[FakeVendors]:
    with FakeVendors() as vendors:
        yield vendors


@pytest.fixture
def publish(vendors: FakeVendors, bucket: Any) -> Iterator[Publish]:
    with requests.Session() as session:

        def run(declared: dict[str, Any], rows: list[tuple[str, str]], **options: Any) -> Comparison:
            export = parse_export("contacts", "contacts.yaml", declared)
            config: Any = export.destination
            api = RowApi(session, vendors.url, json.dumps(CLIENT), config, RETRY_POLICY, RateLimiter(None, 1))
            target = HttpDestination(
                api, StateObject(bucket, "contacts.ndjson", api.address), Options(**options)
            )
            types = dict.fromkeys(export.names, "STRING")
            return sync.sync_until_known(export, Mart(types, list(rows)), target)

        yield run


def rejected(comparison: Comparison) -> list[tuple[str, str]]:
    return [(issue.row.key, issue.row.detail) for issue in comparison.issues]


def test_hubspot_rows_that_fail_inside_a_207_are_rejected(vendors: FakeVendors, publish: Publish) -> None:
    assert count_rows(publish(HUBSPOT, ROWS)) == (3, 0, 0, 1)
    assert vendors.contacts == {
        "ada@example.com": {"firstname": "Ada"},
        "bob@example.com": {"firstname": "Bob"},
        "x y/z@example.com": {"firstname": "Eve"},
    }
    vendors.received.clear()
    comparison = publish(HUBSPOT, ROWS)
    [(_, _, body)] = vendors.received
    assert body == {"inputs": [{"idProperty": "email", "id": "nobody", "properties": {"firstname": "?"}}]}
    [(key, reason)] = rejected(comparison)
    assert (key, reason) == ("nobody", "no address")


def test_salesforce_results_are_matched_by_position(vendors: FakeVendors, publish: Publish) -> None:
    comparison = publish(SALESFORCE, ROWS)
    assert count_rows(comparison) == (3, 0, 0, 1)
    assert rejected(comparison) == [("nobody", "no address")]
    assert vendors.contacts == {row[0]: row[1] for row in ROWS if "@" in row[0]}
    assert len(vendors.received) == 1


def test_a_list_of_another_length_is_an_error(vendors: FakeVendors, publish: Publish) -> None:
    vendors.salesforce = lambda body: [{"success": True}]  # type: ignore[method-assign]  # another answer of this server
    with pytest.raises(TargetError, match="returned no list of 4 results"):
        publish(SALESFORCE, ROWS)
    del vendors.salesforce
    assert count_rows(publish(SALESFORCE, ROWS)) == (3, 0, 0, 1)


def test_an_expired_token_is_renewed_and_never_shown(vendors: FakeVendors, publish: Publish) -> None:
    publish(SALESFORCE, ROWS[:1])
    assert vendors.issued == 1
    vendors.salesforce = lambda body: {"message": f"{vendors.valid} the-client-secret"}  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(TargetError) as error:
        publish(SALESFORCE, ROWS)
    assert "token-" not in str(error.value) and "the-client-secret" not in str(error.value)
    del vendors.salesforce
    vendors.is_expiring = True
    assert count_rows(publish(SALESFORCE, ROWS)) == (2, 0, 0, 1)
    assert vendors.issued == 5


def test_a_dry_run_shows_the_first_request(publish: Publish, vendors: FakeVendors) -> None:
    config: Any = parse_export("contacts", "contacts.yaml", HUBSPOT).destination
    rows = [{"id": '"a@x"', "properties.firstname": '"Ada"'}]
    assert describe_request(config, "https://api", rows).splitlines() == [
        "POST https://api/crm/v3/objects/contacts/batch/upsert",
        "{",
        '  "inputs": [',
        "    {",
        '      "idProperty": "email",',
        '      "id": "a@x",',
        '      "properties": {',
        '        "firstname": "Ada"',
        "      }",
        "    }",
        "  ]",
        "}",
    ]


def test_a_test_row_is_the_only_one_sent(publish: Publish, vendors: FakeVendors) -> None:
    comparison = publish(ONE_BY_ONE, ROWS, test_row=True)
    assert count_rows(comparison) == (1, 0, 0, 0)
    assert [request[1] for request in vendors.received] == ["/contacts/ada%40example.com"]
    [note] = comparison.notes
    assert note.startswith(f"Test row: PUT {vendors.url}/contacts/ada%40example.com\n")
    assert count_rows(publish(ONE_BY_ONE, ROWS)) == (2, 0, 0, 1)


def test_one_row_per_request_is_sent_to_its_own_path(vendors: FakeVendors, publish: Publish) -> None:
    assert count_rows(publish(ONE_BY_ONE, ROWS)) == (3, 0, 0, 1)
    assert vendors.received[0] == (
        "PUT",
        "/contacts/ada%40example.com",
        {"source": "warehouse", "email": "ada@example.com", "name": "Ada"},
    )
    assert vendors.received[3][1] == "/contacts/x%20y%2Fz%40example.com"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"path": "/contacts/{mail}"}, "destination.path is '/contacts/{mail}', expected headers of columns"),
        ({"batch": 5}, "destination.batch is 5, but the path contains a field"),
        ({"rows": "x"}, "destination.rows is 'x', but the path contains a field"),
        ({"constants": {"email": "x"}}, "destination.constants has email, expected names that no column has"),
        ({"body": {"a": 1}}, "destination.body is {'a': 1}, which needs `rows`"),
        ({"results": {"rows": "r", "status": "s", "accepted": [1]}}, "each row is a request of its own"),
        ({"path": "/contacts", "results": {"rows": "r"}}, "expected `rows`, `status` and `accepted`"),
        ({"path": "/contacts", "results": {"errors": "e", "rows": "r"}}, "or `errors`"),
        ({"auth": {"token_url": "token"}}, "destination.auth.token_url is 'token', expected a URL"),
    ],
)
def test_an_invalid_declaration_is_named(changed: dict[str, Any], message: str) -> None:
    declared = ONE_BY_ONE | {"destination": ONE_BY_ONE["destination"] | changed}
    with pytest.raises(ExportError) as error:
        parse_export("contacts", "contacts.yaml", declared)
    assert message in str(error.value)
