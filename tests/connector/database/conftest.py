"""Fixtures only."""

import pytest

from demo.servers.database import NO_MARIADB, find_mariadb, running_mariadb, running_postgres
from tests.connector.database.servers import MariadbServer, PostgresServer


@pytest.fixture(scope="session")
def running_server(request):
    """A database server of the kind `request.param`; one per session, or per worker."""
    if request.param == "postgres":
        with running_postgres() as url:
            yield PostgresServer(url)
    elif find_mariadb() is None:
        pytest.skip(NO_MARIADB)
    else:
        with running_mariadb() as port:
            yield MariadbServer(port)


@pytest.fixture
def server(running_server):
    """The server with an empty schema `shop`, which the account `connector` may read."""
    running_server.reset()
    return running_server


@pytest.fixture
def create(server):
    """A function that creates a reader of shop.orders."""
    readers = []

    def create(**others):
        readers.append(server.create_reader(**others))
        return readers[-1]

    yield create
    for reader in readers:
        reader.sessions.close()


def pytest_generate_tests(metafunc):
    """A test of `server` runs on both, unless its module names the kind."""
    if "running_server" in metafunc.fixturenames:
        kinds = getattr(metafunc.module, "KINDS", ["postgres", "mysql"])
        metafunc.parametrize("running_server", kinds, indirect=True, scope="session")
