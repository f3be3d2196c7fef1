"""An interrupted run is never resumed at another address: it would mix the rows of two sources."""

from collections.abc import Callable
from typing import Any

import pytest

from connector.settings import Settings
from connector.sources import registry
from connector.sources.mongodb import reader as mongodb
from connector.sources.mysql import reader as mysql
from connector.sources.postgres import reader as postgres
from connector.sources.rest import reader as rest
from tests.connector.files.harness import FilesHarness

COMMON = {"table": "things", "key": ["_id"], "schedule": "daily"}


def declare(kind, **endpoint):
    url = {"postgres": "postgres://db/erp", "mysql": "mysql://db/erp", "mongodb": "mongodb://db/erp"}
    others = {"url": url.get(kind, "https://api.example")} | (
        {"paging": {"items": "$"}} if kind == "rest" else {}
    )
    return {"kind": kind, "secret": None, **others, "endpoints": {"things": COMMON | endpoint}}


KINDS: dict[str, tuple[dict[str, Any], Callable[..., Any]]] = {
    "postgres": (declare("postgres", relation="public.t"), postgres.create_reader),
    "mysql": (declare("mysql", relation="erp.t"), mysql.create_reader),
    "mongodb": (declare("mongodb", collection="t"), mongodb.create_reader),
    "rest": (
        declare("rest", path="/t"),
        lambda source, name, settings, columns: rest.create_reader(source, name, settings),
    ),
}


def fingerprint(kind, url):
    declared, create = KINDS[kind]
    source = registry.parse_source(declared, "things.yaml")
    return create(source, "things", Settings("", "", "", {"URL": url}), []).fingerprint


@pytest.mark.parametrize("kind", KINDS)
def test_another_host_port_or_database_is_another_source(kind):
    scheme = {"rest": "https"}.get(kind, kind)
    addresses = ["db.example/erp", "other.example/erp", "db.example:7/erp", "db.example/crm"]
    assert len({fingerprint(kind, f"{scheme}://{address}") for address in addresses}) == 4


@pytest.mark.parametrize("kind", ["postgres", "mysql", "mongodb"])
def test_a_new_password_is_the_same_source(kind):
    urls = [f"{kind}://me:p@db/erp", f"{kind}://me:q%40@db/erp"]
    assert len({fingerprint(kind, url) for url in urls}) == 1


def test_files_of_another_folder_are_not_added_to_an_interrupted_run(tmp_path):
    folders = [tmp_path / "old", tmp_path / "new"]
    for number, folder in enumerate(folders):
        folder.mkdir()
        (folder / "a.csv").write_text(f"id\n{number}1\n")
        (folder / "b.csv").write_text(f"id\n{number}2\n")
    harness = FilesHarness(folders[0].as_uri())
    reader = harness.reader()
    read = reader.read_part

    def killed(position, file_name):
        if "b.csv" in position:
            raise KeyboardInterrupt
        return read(position, file_name)

    reader.read_part = killed
    with pytest.raises(KeyboardInterrupt):
        harness.copy(reader)
    harness.url = folders[1].as_uri()
    assert sorted(row["id"] for row in harness.copy()) == ["11", "12"]
