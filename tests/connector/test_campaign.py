"""The campaign in short: one kill -9 of each kind, from outside. All of them: make campaign."""

import pytest

from sandbox import environment
from tests.campaign.loads import Group, Windows
from tests.campaign.looks import Looks
from tests.campaign.process import Connector, Point
from tests.campaign.proxy import Proxy
from tests.connector.project import sales
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
        "BIGQUERY_ENDPOINT": proxies["BigQuery"].url,
        "STORAGE_ENDPOINT": proxies["bucket"].url,
    }
    looks = Looks(project.rows, lambda prefix: [item.name for item in project.bucket.list(prefix)])
    yield Windows(Connector(proxies, variables), looks, 600)
    for proxy in proxies.values():
        proxy.close()


def test_killed_from_outside_and_ended_by_the_next_run(loads, project, shop):
    shop.items["sales"] = sales(1, 600 * len(POINTS))
    group = Group("each")
    for point in POINTS:
        assert loads.killed(group, point), point
    assert group.wrong == []
    assert group.again <= 3
    assert project.ids() == list(range(1, 600 * len(POINTS) + 1))
