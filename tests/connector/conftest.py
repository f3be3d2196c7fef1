"""Fixtures only."""

import pytest

from connector.errors import SourceUnavailable
from connector.sources import registry
from tests.connector.landing_harness import KEY, THINGS, LandingHarness
from tests.connector.project import Project, sales
from tests.fakes.memory_store import MemoryStore
from tests.fakes.paged_api import SHAPES, SIZE, FakePagedApi
from tests.fakes.retail_api import FakeRetailApi, Fault


@pytest.fixture
def retail():
    return registry.read_source("retail")


@pytest.fixture
def shop():
    shop = FakeRetailApi()
    yield shop
    shop.close()


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture(scope="session")
def tables(sandbox):
    """The id of a project with the connector's tables, which only these tests use."""
    project = Project(sandbox.address, "connector-tests")
    project.provision()
    project.close()
    return project.name


@pytest.fixture
def project(sandbox, tables, shop):
    """Empty tables and an empty bucket in the sandbox, with the shop as source."""
    project = Project(sandbox.address, tables, shop)
    project.clear()
    yield project
    project.close()


@pytest.fixture
def interrupted(project, shop):
    """The project after a run that failed: the source returned the first 9 of 30 pages."""
    shop.items["sales"] = sales(1, 250 * 30)
    shop.faults = [Fault(page=page, times=99, status=503) for page in range(10, 31)]
    with pytest.raises(SourceUnavailable):
        project.copy()
    shop.faults = []
    return project


@pytest.fixture
def harness(store):
    """Creates a harness for an API with the given kind of paging and ten pages of items."""
    apis = []

    def make(shape, auth=None, key=KEY, **others):
        api = FakePagedApi(shape)
        apis.append(api)
        api.items = [{"id": number} for number in range(10 * SIZE)]
        declared = {"kind": "rest", "url": "https://api.example", "paging": SHAPES.get(shape)}
        declared |= {"auth": auth, "secret": "things-key"} if auth else {}
        return LandingHarness(api, store, declared | {"endpoints": {"things": THINGS}} | others, key)

    yield make
    for api in apis:
        api.close()


@pytest.fixture
def land(harness):
    """Lands the pages that `serve` returns in an empty store: the harness and the final state."""

    def land_shape(serve, paging, **endpoint):
        process = harness(serve, paging=paging, endpoints={"things": THINGS | endpoint})
        process.store = MemoryStore()
        return process, process.land()

    return land_shape
