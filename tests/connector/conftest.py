"""Fixtures only."""

import pytest

from connector import sources
from tests.connector.kiosk import SHAPES, SIZE, Kiosk
from tests.connector.memory import MemoryBucket
from tests.connector.ours import KEY, THINGS, Ours
from tests.connector.project import Project
from tests.connector.shop import Shop


@pytest.fixture
def retail():
    return sources.read("retail")


@pytest.fixture
def shop():
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def bucket():
    return MemoryBucket()


@pytest.fixture(scope="session")
def tables(sandbox):
    """BigQuery tells projects apart: this one has the connector's tables, and no other test looks at it."""
    made = Project(sandbox.address, "connector-tests")
    made.provision()
    made.close()
    return made.name


@pytest.fixture
def project(sandbox, tables, shop):
    """Empty tables and an empty bucket in the sandbox, and the shop as the source."""
    made = Project(sandbox.address, tables, shop)
    made.clear()
    yield made
    made.close()


@pytest.fixture
def ours(bucket):
    """Ours of a kiosk of a shape, which has ten pages of items."""
    made = []

    def make(shape, auth=None, key=KEY, **others):
        kiosk = Kiosk(shape)
        made.append(kiosk)
        kiosk.items = [{"id": number} for number in range(10 * SIZE)]
        declared = {"kind": "rest", "url": "https://api.example", "paging": SHAPES[shape]}
        declared |= {"auth": auth, "secret": "things-key"} if auth else {}
        return Ours(kiosk, bucket, declared | {"endpoints": {"things": THINGS}} | others, key)

    yield make
    for kiosk in made:
        kiosk.close()
