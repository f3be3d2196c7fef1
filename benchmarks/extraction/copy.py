"""The connector from a source to landing files on a disk, without the warehouse.

python -m benchmarks.extraction.copy KIND URL FOLDER
"""

import json
import sys
import uuid
from pathlib import Path
from typing import Any

from benchmarks.disk import DiskStore, NoLease
from connector.landing.files import Landing
from connector.landing.names import Run
from connector.raw_schema import FILE_NAME, read_columns
from connector.run.context import RunContext, now_milliseconds
from connector.run.extract_planned import extract_planned
from connector.run.state import RunState
from connector.settings import Settings
from connector.sources import registry
from runtime.structured_log import StructuredLog

ENDPOINTS: dict[str, dict[str, Any]] = {
    "postgres": {"relation": "public.orders", "key": ["id"]},
    "mysql": {"relation": "bench.orders", "key": ["id"]},
    "mongodb": {"collection": "orders", "key": ["_id"]},
    "files": {"glob": "*.csv", "format": {"csv": {}}, "key": ["id"]},
}
COLUMNS = [
    "store",
    "customer",
    "amount",
    "quantity",
    "created_at",
    "updated_at",
    "note",
    "details",
    "is_paid",
]


class NoLedger:
    """Every run reads the files again."""

    def read_current(self, name: str) -> None: ...
    def replace(self, name: str, content: bytes, generation: int) -> None: ...


def main(kind: str, url: str, folder: str) -> None:
    table = {"table": "orders", "schedule": "daily"}
    # The url has the password of a temporary server, which a declaration must not have.
    declared_url = url.replace("postgres:super@", "postgres@")
    declared = {"kind": kind, "url": declared_url, "endpoints": {"orders": ENDPOINTS[kind] | table}}
    source: Any = registry.parse_source(declared, "bench.yaml")
    write_schema(Path(folder), ENDPOINTS[kind]["key"])
    store = DiskStore(Path(folder))
    context = RunContext(
        name="orders",
        endpoint=source.endpoints["orders"],
        reader=create_reader(kind, source, url, Path(folder)),
        landing=Landing(store, "orders"),  # type: ignore[arg-type]  # no file is read back
        store=store,
        warehouse=None,  # type: ignore[arg-type]
        log=StructuredLog(sys.stderr),
        schema_folder=Path(folder),
    )
    run = Run.create("orders", now_milliseconds(), uuid.uuid4().hex[:8])
    state = RunState(id=run.id, endpoint="orders", began=run.began)
    landed = extract_planned(context, context.reader, NoLease(), state)  # type: ignore[arg-type]
    if landed.missing:
        sys.exit(landed.missing)


def create_reader(kind: str, source: Any, url: str, folder: Path) -> Any:
    """Each kind imports its own libraries only, as in production."""
    columns = read_columns("orders", folder)
    settings = Settings("", "", "", {"URL": url, "ENDPOINT": "", "API_KEY": ""})
    if kind == "postgres":
        from connector.sources.postgres.reader import create_reader as create_postgres

        return create_postgres(source, "orders", settings, columns)
    if kind == "mysql":
        from connector.sources.mysql.reader import create_reader as create_mysql

        return create_mysql(source, "orders", settings, columns)
    if kind == "mongodb":
        from connector.sources.mongodb.reader import create_reader as create_mongodb

        return create_mongodb(source, "orders", settings, columns)
    from connector.sources.files.ledger import Ledger
    from connector.sources.files.obstore_files import open_obstore
    from connector.sources.files.reader import FilesReader

    ledger = Ledger(NoLedger(), "orders")
    return FilesReader(open_obstore(url, "", "", ""), ledger, source.endpoints["orders"], columns)


def write_schema(folder: Path, key: list[str]) -> None:
    names = [*key, *COLUMNS]
    columns = [{"name": name, "type": "STRING", "mode": "NULLABLE", "description": name} for name in names]
    last = [("SYS_DATE_CREATE", "TIMESTAMP"), (FILE_NAME, "STRING")]
    columns += [{"name": name, "type": kind, "mode": "REQUIRED", "description": name} for name, kind in last]
    (folder / "orders.json").write_text(json.dumps(columns))


if __name__ == "__main__":
    main(*sys.argv[1:])
