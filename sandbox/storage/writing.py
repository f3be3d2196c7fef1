"""Metadata changed, objects deleted, copied and joined.

https://cloud.google.com/storage/docs/json_api/v1/objects
"""

import json
from pathlib import Path

from starlette.responses import JSONResponse, Response

from sandbox.storage.call import Call, Combine, Json
from sandbox.storage.catalogue import StoredObject
from sandbox.storage.errors import BadRequest, PreconditionFailed
from sandbox.storage.objects import Storage
from sandbox.storage.preconditions import REFUSED, check
from sandbox.storage.resources import WRITABLE

# https://cloud.google.com/storage/docs/composite-objects
MOST_COMPONENTS = 32


def change(storage: Storage, call: Call, combine: Combine) -> Response:
    bucket, name = call.names
    stored = storage.find(bucket, name, call.integer("generation"))
    check(call, stored)
    old = {field: value for field, value in stored.resource.items() if field in WRITABLE}
    return storage.answer(storage.describe(stored, combine(old, call.json())))


def delete(storage: Storage, call: Call) -> Response:
    bucket, name = call.names
    stored = storage.find(bucket, name, call.integer("generation"))
    check(call, stored)
    # A named generation is deleted permanently, also in a versioned bucket:
    # https://cloud.google.com/storage/docs/object-versioning
    storage.remove(stored, forever="generation" in call.query)
    return Response(status_code=204)


def copy(storage: Storage, call: Call) -> Response:
    return storage.answer(copied(storage, call)[1])


def rewrite(storage: Storage, call: Call) -> Response:
    """Done in one call, whatever the size: a token to continue is never returned."""
    source, new = copied(storage, call)
    size = source.resource["size"]
    return JSONResponse(
        {
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": size,
            "objectSize": size,
            "done": True,
            "resource": json.loads(storage.rendered(new)),
        }
    )


def move(storage: Storage, call: Call) -> Response:
    bucket, name, target = call.names
    source, new = transferred(storage, call, (bucket, name), (bucket, target), {})
    # Copied first: a stop in between leaves two objects, never a lost one.
    storage.remove(source)
    return storage.answer(new)


def copied(storage: Storage, call: Call) -> tuple[StoredObject, StoredObject]:
    return transferred(storage, call, call.names[:2], call.names[2:], call.json())


def transferred(
    storage: Storage, call: Call, source: tuple[str, ...], target: tuple[str, ...], fields: Json
) -> tuple[StoredObject, StoredObject]:
    """The source, and the new object with its content. Without metadata in `fields` it has the source's."""
    source_object = storage.find(source[0], source[1], call.integer("sourceGeneration"))
    check(call, source_object, "ifSource")
    check(call, storage.live(target[0], target[1]))
    described = {field: value for field, value in source_object.resource.items() if field in WRITABLE}
    chosen = fields if WRITABLE & fields.keys() else described
    content = Path(source_object.path).read_bytes()
    return source_object, storage.put(
        target[0], target[1], content, {"contentType": described["contentType"], **chosen}
    )


def compose(storage: Storage, call: Call) -> Response:
    bucket, name = call.names
    sent = call.json()
    sources = sent.get("sourceObjects", [])
    if not 0 < len(sources) <= MOST_COMPONENTS:
        raise BadRequest(
            f"The number of source components must be 1 to {MOST_COMPONENTS}, not {len(sources)}."
        )
    check(call, storage.live(bucket, name))
    source_object = [component(storage, bucket, source) for source in sources]
    content = b"".join(Path(source_part.path).read_bytes() for source_part in source_object)
    fields = {"contentType": source_object[0].resource["contentType"], **sent.get("destination", {})}
    return storage.answer(storage.put(bucket, name, content, fields))


def component(storage: Storage, bucket: str, source: Json) -> StoredObject:
    generation = source.get("generation")
    source_object = storage.find(bucket, source.get("name", ""), int(generation) if generation else None)
    expected = source.get("objectPreconditions", {}).get("ifGenerationMatch")
    if expected is not None and int(expected) != source_object.generation:
        raise PreconditionFailed(REFUSED)
    return source_object
