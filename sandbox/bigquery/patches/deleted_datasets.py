"""Keep what was in a deleted dataset, for `UNDROP SCHEMA` (undrop_schema.py).

Version: local-bigquery 0.3.2, which forgets a deleted dataset.
Reason: scripts.undrop.
Upstream change that removes it: UNDROP SCHEMA.
"""

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

TABLE = """
CREATE TABLE IF NOT EXISTS emulator.deleted_datasets (
    project_id VARCHAR, dataset_id VARCHAR, deleted_ms BIGINT, resources JSON, policies JSON
);
"""


class Deleted(NamedTuple):
    """`resources`: by the name of their kind, each with its keys and its JSON."""

    project: str
    dataset: str
    deleted_ms: int
    resources: dict[str, list[list[Any]]]
    policies: dict[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        stored = [json.loads(resource) for *_, resource in self.resources["datasets"]]
        return stored[0] if stored else {}


def install() -> None:
    from local_bigquery.catalog import datasets
    from local_bigquery.engine import database

    # A second installation would wrap the first.
    if getattr(datasets.forget, "keeps", False):
        return
    # Created with the connection, which other patches must precede.
    database.EMULATOR_SCHEMA += TABLE
    datasets.forget = keep_before(datasets.forget)


def keep_before(forget: Callable[[str, str], None]) -> Callable[[str, str], None]:
    """Both ways of deleting a dataset end with `forget`, after its tables are gone."""

    def keep_and_forget(project: str, dataset: str) -> None:
        from local_bigquery.engine import database

        deleted = Deleted(project, dataset, now_ms(), read_resources(project, dataset), {})
        policies = dict(
            database.fetch(
                "SELECT resource, policy FROM emulator.iam_policies WHERE starts_with(resource, ?)",
                [f"projects/{project}/datasets/{dataset}/"],
            )
        )
        values = [*deleted[:3], json.dumps(deleted.resources), json.dumps(policies)]
        database.execute("INSERT INTO emulator.deleted_datasets VALUES (?, ?, ?, ?, ?)", values)
        forget(project, dataset)

    keep_and_forget.keeps = True  # type: ignore[attr-defined]
    return keep_and_forget


def read_resources(project: str, dataset: str) -> dict[str, list[list[Any]]]:
    from local_bigquery.engine import database

    return {
        kind: [
            list(row)
            for row in database.fetch(
                f"SELECT {', '.join(keys)}, resource FROM emulator.{kind} WHERE project_id = ? AND dataset_id = ?",
                [project, dataset],
            )
        ]
        for kind, keys in database.RESOURCES.items()
    }


def find_deleted(project: str, dataset: str) -> Deleted | None:
    """The newest of that name."""
    from local_bigquery.engine import database

    rows = database.fetch(
        "SELECT * FROM emulator.deleted_datasets WHERE project_id = ? AND dataset_id = ? "
        "ORDER BY deleted_ms DESC LIMIT 1",
        [project, dataset],
    )
    return Deleted(*rows[0][:3], *map(json.loads, rows[0][3:])) if rows else None


def forget_deleted(deleted: Deleted) -> None:
    from local_bigquery.engine import database

    key = "project_id = ? AND dataset_id = ? AND deleted_ms = ?"
    database.execute(f"DELETE FROM emulator.deleted_datasets WHERE {key}", list(deleted[:3]))


def now_ms() -> int:
    return int(time.time() * 1000)
