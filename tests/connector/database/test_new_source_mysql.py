"""`python -m connector new` on MariaDB."""

import re

import pytest

from connector.__main__ import create_parser
from connector.declaration_check import check_all
from connector.errors import RequestRejected
from connector.new_source import command as new_source
from connector.new_source.arguments import parse_request
from connector.sources import registry
from connector.sources.database.config import TableEndpoint
from tests.connector.database.servers import PASSWORD

KINDS = ["mysql"]
TABLE = """
create table shop.parcels (
  id int primary key, serial bigint unsigned, weight decimal(8, 2), `rank` int, `window` text,
  updated_at timestamp(6) not null
)"""


def create(server, root, relation):
    command = [
        "new",
        "shop",
        "--kind",
        "mysql",
        "--url",
        server.url(),
        "--secret",
        "p",
        "--endpoint",
        "parcels",
    ]
    request = parse_request(create_parser().parse_args([*command, "--relation", relation]))
    return new_source.create_source(request, {"SHOP_API_KEY": PASSWORD}, root)


def test_types_and_names_are_those_of_the_catalogue(server, tmp_path):
    server.execute(TABLE)
    create(server, tmp_path, "shop.parcels")
    sources = tmp_path / "connector/sources"
    assert check_all(sources, tmp_path / "connector/schemas") == []
    endpoint = registry.read_source("shop", sources).endpoint("parcels")
    assert isinstance(endpoint, TableEndpoint) and endpoint.changes
    assert (endpoint.key, endpoint.changes.field) == (["id"], "updated_at")
    assert endpoint.rename == {"window": "source_window"}
    model = (tmp_path / "dataform/definitions/ods/parcels.sqlx").read_text()
    types = dict(re.findall(r"^      (\w+): (types\..+?),(?:  //.*)?$", model, re.MULTILINE))
    assert types == {
        "id": "types.required(types.integer)",
        "serial": "types.asReceived",  # beyond INT64
        "weight": "types.decimal",
        "rank": "types.integer",
        "source_window": "types.asReceived",
        "updated_at": "types.timestamp",
    }


def test_an_unknown_table_lists_the_others(server, tmp_path):
    server.execute(TABLE)
    with pytest.raises(RequestRejected, match=r"account sees: shop\.parcels\."):
        create(server, tmp_path, "shop.nothing")
    assert list(tmp_path.iterdir()) == []
