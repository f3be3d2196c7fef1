"""Objects: a generation is written once, replaced or removed as a whole, and never seen half."""

import json
import sqlite3
from dataclasses import replace
from urllib.parse import quote

from starlette.responses import Response

from sandbox.iam.access import Access
from sandbox.resources.store import Store
from sandbox.state import State
from sandbox.storage.call import Json
from sandbox.storage.catalogue import Catalogue, StoredObject, now
from sandbox.storage.contents import Contents
from sandbox.storage.errors import NotFound
from sandbox.storage.resources import WRITABLE, check_name, described, etag, writable

# A generation before and after; None: it is deleted.
Change = tuple[StoredObject, StoredObject | None]


class Storage:
    def __init__(self, state: State) -> None:
        self.state = state
        self.contents = Contents(state.root)
        self.catalogue = Catalogue(state.root / "storage.sqlite")
        self.access = Access(state, Store(state.root))
        self.contents.recover(self.catalogue)

    def close(self) -> None:
        self.catalogue.connection.close()
        self.access.store.close()

    def bucket(self, name: str) -> Json:
        return self.bucket_and_policy(name)[0]

    def bucket_and_policy(self, name: str) -> tuple[Json, Json]:
        current = self.catalogue.bucket(name)
        if current is None:
            raise NotFound("The specified bucket does not exist.")
        return current

    def live(self, bucket: str, name: str) -> StoredObject | None:
        self.bucket(bucket)
        return self.catalogue.live(bucket, name)

    def find(self, bucket: str, name: str, generation: int | None = None) -> StoredObject:
        current = self.live(bucket, name)
        if generation is not None:
            current = self.catalogue.generation(bucket, name, generation)
        if current is None:
            raise NotFound(f"No such object: {bucket}/{name}")
        return current

    def put(self, bucket: str, name: str, content: bytes, fields: Json) -> StoredObject:
        """Create a generation that replaces the live one. The caller has checked the preconditions."""
        versioned, old = self.versioned(bucket), self.catalogue.live(bucket, name)
        check_name(name)
        generation = self.catalogue.next_generation()
        text = json.dumps(described(bucket, name, generation, content, fields))
        # The content before the row in the catalogue: `recover` deletes a file without a row.
        self.contents.write(generation, content)
        path = self.contents.place(bucket, name, generation)
        new = StoredObject(bucket, name, generation, True, path, text)
        changes: list[Change] = [(new, new)]
        if old:
            self.contents.withdraw(old, keep=old.path == path)
            changes.insert(0, self.retired(old, versioned))  # first: one live generation at a time
        self.commit(changes)
        return new

    def remove(self, stored: StoredObject, forever: bool = False) -> None:
        """A versioned bucket keeps a live object as noncurrent, unless its generation was named."""
        change = self.retired(stored, self.versioned(stored.bucket) and not forever)
        self.contents.withdraw(stored, keep=False)
        self.commit([change])
        if stored.live:
            self.contents.prune(stored)

    def retired(self, old: StoredObject, keep: bool) -> Change:
        if not keep:
            return old, None
        text = json.dumps(old.resource | {"timeDeleted": now()})
        return old, replace(old, live=False, path=self.contents.aside(old.generation), text=text)

    def commit(self, changes: list[Change]) -> None:
        try:
            with self.catalogue.change():
                for old, new in changes:
                    if new:
                        self.catalogue.put(new)
                    else:
                        self.catalogue.delete(old)
        except sqlite3.Error:
            # The transaction wrote nothing: `recover` moves withdrawn files back to the paths in their rows.
            self.contents.recover(self.catalogue)
            raise
        for old, new in changes:
            self.contents.settle(old.generation, new.path if new else None)

    def describe(self, stored: StoredObject, fields: Json) -> StoredObject:
        """The same generation with other metadata."""
        unchanged = {name: value for name, value in stored.resource.items() if name not in WRITABLE}
        number = stored.metageneration + 1
        version = {"metageneration": str(number), "updated": now(), "etag": etag(stored.generation, number)}
        new = replace(stored, text=json.dumps(unchanged | writable(fields) | version))
        with self.catalogue.change():
            self.catalogue.put(new)
        return new

    def versioned(self, bucket: str) -> bool:
        return bool(self.bucket(bucket).get("versioning", {}).get("enabled"))

    def rendered(self, stored: StoredObject) -> str:
        """The resource as JSON, with links to the sandbox's address."""
        path = f"/storage/v1/b/{stored.bucket}/o/{quote(stored.name, safe='')}"
        links = {
            "kind": "storage#object",
            "id": f"{stored.bucket}/{stored.name}/{stored.generation}",
            "selfLink": f"{self.state.address}{path}",
            "mediaLink": f"{self.state.address}/download{path}?generation={stored.generation}&alt=media",
        }
        # Joined as text, so that a list of 1,000 objects does not parse and serialize each resource again.
        return f"{json.dumps(links)[:-1]}, {stored.text[1:]}"

    def answer(self, stored: StoredObject) -> Response:
        return Response(self.rendered(stored), media_type="application/json")
