"""Fixtures only."""

import pytest
from google.auth.credentials import AnonymousCredentials

from connector import sources
from connector.connections import session
from connector.errors import SourceUnavailable
from connector.retries import Retries
from connector.service import Service
from tests.connector.kiosk import SHAPES, SIZE, Kiosk
from tests.connector.memory import MemoryBucket
from tests.connector.ours import KEY, THINGS, Ours
from tests.connector.project import Project, sales
from tests.connector.scripted import Scripted
from tests.connector.shop import Fault, Shop


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
def interrupted(project, shop):
    """The project after a run that stopped: of 30 pages the source answered the first nine."""
    shop.items["sales"] = sales(1, 250 * 30)
    shop.faults = [Fault(page=page, times=99, status=503) for page in range(10, 31)]
    with pytest.raises(SourceUnavailable):
        project.copy()
    shop.faults = []
    return project


@pytest.fixture
def service():
    """One of Google's APIs on a server that answers what it is told to, and the pauses that were made."""
    opened, slept = [], []

    def start(facts, *answers, credentials=None):
        server, http = Scripted(*answers), session(1)
        opened.extend([http.close, server.close])
        retries = Retries(tries=4, sleep=slept.append, jitter=lambda low, high: high)
        login = credentials or AnonymousCredentials()
        return Service(http, login, server.url, facts, retries), server, slept

    yield start
    for close in opened:
        close()


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
