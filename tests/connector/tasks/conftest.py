"""Fixtures only."""

import pytest

from demo.servers.database import NO_MARIADB, find_mariadb, running_mariadb, running_postgres
from demo.servers.mongodb import MongoServer
from tests.connector.database.servers import MariadbServer, PostgresServer
from tests.connector.tasks.sales_sources import DatabaseSales, FilesSales, MongoSales


@pytest.fixture(scope="session")
def postgres():
    with running_postgres() as url:
        yield PostgresServer(url)


@pytest.fixture(scope="session")
def mariadb():
    if find_mariadb() is None:
        pytest.skip(NO_MARIADB)
    with running_mariadb() as port:
        yield MariadbServer(port)


@pytest.fixture
def sales(request, tmp_path):
    """An empty source of the kind `request.param`, by default PostgreSQL."""
    kind = getattr(request, "param", "postgres")
    if kind in ("postgres", "mysql"):
        server = request.getfixturevalue("postgres" if kind == "postgres" else "mariadb")
        server.reset()
        yield DatabaseSales(server)
    elif kind == "mongodb":
        mongo = MongoServer()
        yield MongoSales(mongo)
        mongo.close()
    else:
        (tmp_path / "source").mkdir()
        yield FilesSales(tmp_path / "source")
