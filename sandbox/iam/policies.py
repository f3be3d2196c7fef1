"""The policies that apply to a resource: its own, those of the resources above it, and the project's.

A resource is named with the path of its API: secretmanager/v1/projects/p/secrets/s, storage/v1/b/bucket/o/name,
bigquery/v2/projects/p/datasets/d/tables/t.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from sandbox.resources.store import Json, Store
from sandbox.state import State

STORAGE, BIGQUERY = "storage/v1", "bigquery/v2"
# https://cloud.google.com/bigquery/docs/access-control-basic-roles
DATASET_ROLES = {
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}
SPECIAL_GROUPS = {
    "projectOwners": "projectOwner",
    "projectWriters": "projectEditor",
    "projectReaders": "projectViewer",
}


def bindings(state: State, store: Store, resource: str) -> Iterator[Json]:
    """Bindings of the resource and of everything above it; the project's policy is the last."""
    api, name = split(resource)
    if api == STORAGE:
        yield from of_bucket(state, name)
    elif api == BIGQUERY:
        yield from of_dataset(state, name)
    else:
        parts = name.split("/")
        # Down to three segments: the first two are the project, whose policy another API stores.
        for length in range(len(parts), 2, -1):
            policy = store.get(f"/{api}/{'/'.join(parts[:length])}:policy") or {}
            yield from policy.get("bindings", [])
    project = store.get(f"/cloudresourcemanager/v1/projects/{state.project}:policy") or {}
    yield from project.get("bindings", [])


def split(resource: str) -> tuple[str, str]:
    """The path of the API and the name in it."""
    service, version, name = resource.split("/", 2)
    return f"{service}/{version}", name


def of_bucket(state: State, name: str) -> list[Json]:
    path = state.root / "storage.sqlite"
    if not name.startswith("b/") or not path.exists():
        return []
    # A connection of its own: Cloud Storage's belongs to the thread of the event loop.
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute(
            "SELECT policy FROM buckets WHERE name = ?", (name.split("/")[1],)
        ).fetchone()
    bindings: list[Json] = json.loads(row[0])["bindings"] if row else []
    return bindings


def of_dataset(state: State, name: str) -> Iterator[Json]:
    """The access entries of a dataset as bindings, and the policy of the table."""
    parts = name.split("/")
    if len(parts) < 4:
        return
    for entry in access_entries(parts[1], parts[3]):
        member = member_of(state, entry)
        # Authorized views, routines and datasets have no role: `authorizes` in queries.py reads them.
        if member and "role" in entry:
            role = DATASET_ROLES.get(entry["role"], entry["role"])
            yield {"role": role, "members": [member], "condition": entry.get("condition")}
    if len(parts) >= 6:
        from local_bigquery.catalog import iam

        yield from iam._load("/".join(parts[:6])).dump().get("bindings", [])


def access_entries(project: str, dataset: str) -> list[dict[str, Any]]:
    """`access` of a dataset; [] if it does not exist."""
    # Not at the top: local-bigquery reads its settings when it is imported, see sandbox/bigquery.
    from local_bigquery.catalog import metadata
    from local_bigquery.models import Dataset

    stored = metadata.load(Dataset, project, dataset)
    entries: list[dict[str, Any]] = stored.dump().get("access", []) if stored else []
    return entries


def member_of(state: State, entry: dict[str, Any]) -> str:
    """The member of a policy that an access entry names; "" for a view, a routine or a dataset."""
    if email := entry.get("userByEmail"):
        kind = "serviceAccount" if email.endswith(".gserviceaccount.com") else "user"
        return f"{kind}:{email}"
    if group := entry.get("groupByEmail"):
        return f"group:{group}"
    if domain := entry.get("domain"):
        return f"domain:{domain}"
    special = entry.get("specialGroup", "")
    if special in SPECIAL_GROUPS:
        return f"{SPECIAL_GROUPS[special]}:{state.project}"
    return str(entry.get("iamMember") or special)
