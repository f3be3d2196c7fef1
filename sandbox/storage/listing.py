"""Lists of objects: by prefix, folder-like by delimiter, by glob, in pages.

https://cloud.google.com/storage/docs/json_api/v1/objects/list
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import Response

from sandbox.storage.call import Call
from sandbox.storage.catalogue import StoredObject
from sandbox.storage.errors import BadRequest
from sandbox.storage.globs import pattern
from sandbox.storage.objects import Storage

MOST = 1000  # items of a page, prefixes counted
LAST = chr(0x10FFFF)  # sorts after every name

Place = tuple[str, int]  # a name and a generation; the next item comes after it


@dataclass(frozen=True)
class Listing:
    storage: Storage
    call: Call

    def answer(self) -> Response:
        self.storage.bucket(self.call.names[0])
        items, prefixes, more = self.page(min(self.call.integer("maxResults") or MOST, MOST))
        head: dict[str, object] = {"kind": "storage#objects"}
        if more:
            head["nextPageToken"] = base64.urlsafe_b64encode(json.dumps(more).encode()).decode()
        if prefixes:
            head["prefixes"] = prefixes
        body = json.dumps(head)
        if items:  # stored as JSON, and returned unchanged
            body = f'{body[:-1]}, "items": [{", ".join(map(self.storage.rendered, items))}]}}'
        return Response(body, media_type="application/json")

    def page(self, size: int) -> tuple[list[StoredObject], list[str], Place | None]:
        """Objects and prefixes, and the place of the last one if there are more."""
        items: list[StoredObject] = []
        prefixes: list[str] = []
        place = self.start()
        for candidates in self.scan(place):
            # Checked when there is one candidate more, so that a full last page has no token.
            if len(items) + len(prefixes) == size:
                return items, prefixes, place
            if isinstance(candidates, str):
                prefixes.append(candidates)
                place = (candidates + LAST, 0)
            else:
                items.append(candidates)
                place = (candidates.name, candidates.generation)
        return items, prefixes, None

    def scan(self, start: Place) -> Iterator[StoredObject | str]:
        """Objects in order; those below a delimiter as one prefix, over which the scan jumps."""
        glob = pattern(self.call.query["matchGlob"]) if "matchGlob" in self.call.query else None
        place: Place | None = start
        while place:
            rows = self.storage.catalogue.after(
                self.call.names[0], place, self.span(), self.call.flag("versions")
            )
            place = None
            for stored in rows:
                if folder := self.folder(stored.name):
                    yield folder
                    # The next query starts after the folder, however many objects are below it.
                    place = (folder + LAST, 0)
                    break
                if glob is None or glob.fullmatch(stored.name):
                    yield stored

    def folder(self, name: str) -> str:
        """`a/b/c` is in `a/` for the delimiter `/`; "" if the name has no delimiter after the prefix."""
        prefix, delimiter = self.call.query.get("prefix", ""), self.call.query.get("delimiter", "")
        if not delimiter or delimiter not in name[len(prefix) :]:
            return ""
        return name[: name.index(delimiter, len(prefix)) + len(delimiter)]

    def span(self) -> tuple[str, str]:
        prefix, query = self.call.query.get("prefix", ""), self.call.query
        end = query.get("endOffset") or LAST
        return max(prefix, query.get("startOffset", "")), min(prefix + LAST, end)

    def start(self) -> Place:
        token = self.call.query.get("pageToken")
        if not token:
            return "", 0
        try:
            name, generation = json.loads(base64.urlsafe_b64decode(token))
        except ValueError as error:
            raise BadRequest(f"Invalid page token {token!r}.") from error
        return str(name), int(generation)


def list_objects(storage: Storage, call: Call) -> Response:
    return Listing(storage, call).answer()
