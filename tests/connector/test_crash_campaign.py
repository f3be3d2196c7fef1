"""A short crash test: one SIGKILL of each kind, from outside. The whole test is `make campaign`."""

import pytest

from sandbox import environment
from tests.connector.project import sales
from tests.crash_campaign.inspection import Inspection
from tests.crash_campaign.loads import Group, Windows
from tests.crash_campaign.process import Connector, Point
from tests.crash_campaign.proxy import Proxy
from tests.fakes.retail_api import KEY

POINTS = [
    Point("API", 2, "after"),
    Point("bucket", 6, "before"),
    Point("BigQuery", 6, "after"),
]


@pytest.fixture
def loads(sandbox, project, shop):
    proxies = {"API": Proxy(shop.url), "bucket": Proxy(sandbox.address), "BigQuery": Proxy(sandbox.address)}
    variables = environment.clients(sandbox, sandbox.identity("connector")) | {
        "PROJECT_ID": project.name,
        "LOCATION": "EU",
        "BUCKET": project.bucket_name,
        "RETAIL_URL": f"{proxies['API'].url}/v1",
        "RETAIL_API_KEY": KEY,
        "BIGQUERY_EMULATOR_HOST": proxies["BigQuery"].url,
        "STORAGE_ENDPOINT": proxies["bucket"].url,
    }
    inspection = Inspection(project.rows, lambda prefix: [item.name for item in project.bucket.list(prefix)])
    yield Windows(Connector(proxies, variables), inspection, 600)
    for proxy in proxies.values():
        proxy.close()


def test_a_killed_process_is_recovered_by_the_next_run(loads, project, shop):
    shop.items["sales"] = sales(1, 600 * len(POINTS))
    group = Group("each")
    for point in POINTS:
        assert loads.load_with_kill(group, point), point
    assert group.defects == []
    assert group.repeated <= 3
    assert project.ids() == list(range(1, 600 * len(POINTS) + 1))
