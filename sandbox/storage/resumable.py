"""Uploads in chunks, which continue after a lost connection, and after a restart of the sandbox.

https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import json
import re
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.datastructures import QueryParams
from starlette.responses import Response

from sandbox.storage.call import Call, Json
from sandbox.storage.errors import BadRequest, Cancelled, NotFound
from sandbox.storage.objects import Storage
from sandbox.storage.preconditions import check

CHUNK = 256 * 1024  # every chunk but the last is a multiple of it
RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass(frozen=True)
class Session:
    """generation: of the object that the upload has become; 0 until it is complete."""

    id: str
    bucket: str
    name: str
    query: str
    fields: Json
    generation: int = 0


def begin(storage: Storage, call: Call) -> Response:
    sent = call.json()
    name = call.query.get("name") or sent.get("name")
    if not name:
        raise BadRequest("Required parameter: name")
    check(call, storage.live(call.names[0], name))
    kind = call.headers.get("x-upload-content-type")
    fields = ({"contentType": kind} if kind else {}) | sent
    session = Session(uuid.uuid4().hex, call.names[0], name, str(call.query), fields)
    keep(storage, session)
    # The file must exist before the first chunk: `proceed` reads its size, also for a query `bytes */…`.
    part(storage, session).touch()
    address = f"{storage.state.address}/upload/storage/v1/b/{session.bucket}/o"
    location = f"{address}?uploadType=resumable&upload_id={session.id}"
    return Response(headers={"Location": location, "X-GUploader-UploadID": session.id})


def proceed(storage: Storage, call: Call) -> Response:
    """A chunk, the whole content, or (`bytes */…`) the question how much is here."""
    session = find(storage, call)
    if session.generation:
        return storage.answer(storage.find(session.bucket, session.name, session.generation))
    header = call.headers.get("content-range", f"bytes 0-{len(call.body) - 1}/{len(call.body)}")
    match = RANGE.fullmatch(header.replace("0--1/0", "*/0"))
    if not match:
        raise BadRequest(f"Invalid Content-Range {header!r}.")
    start, _, total = match.groups()
    if start is not None:
        append(storage, session, int(start), call.body, final=total != "*")
    size = part(storage, session).stat().st_size
    if total == str(size):
        return finish(storage, session, checksums(call))
    # Without any bytes there is no Range: `bytes=0--1` is not a valid range.
    return Response(status_code=308, headers={"Range": f"bytes=0-{size - 1}"} if size else {})


def cancel(storage: Storage, call: Call) -> Response:
    session = find(storage, call)
    part(storage, session).unlink(missing_ok=True)
    with storage.catalogue.change():
        storage.catalogue.connection.execute("DELETE FROM uploads WHERE id = ?", (session.id,))
    raise Cancelled("The upload was cancelled.")


def append(storage: Storage, session: Session, start: int, content: bytes, final: bool) -> None:
    """Bytes that were already received, and sent again after a lost response, are skipped."""
    path = part(storage, session)
    size = path.stat().st_size
    if start > size:
        raise BadRequest(f"Invalid request: the chunk begins at {start}, but only {size} bytes are here.")
    if not final and len(content) % CHUNK:
        content = content[: len(content) // CHUNK * CHUNK]
    with path.open("ab") as file:
        file.write(content[size - start :])


def finish(storage: Storage, session: Session, sums: Json) -> Response:
    call = Call("PUT", (session.bucket,), QueryParams(session.query), {}, b"")
    # Checked by `begin` already, but the object may have changed since then.
    check(call, storage.live(session.bucket, session.name))
    content = part(storage, session).read_bytes()
    new = storage.put(session.bucket, session.name, content, session.fields | sums)
    # Before the file is deleted: after a stop in between, a retry of the last chunk returns the object.
    keep(storage, Session(**asdict(session) | {"generation": new.generation}))
    part(storage, session).unlink()
    return storage.answer(new)


def checksums(call: Call) -> Json:
    """`X-Goog-Hash: crc32c=…,md5=…`: checksums of the whole content, which the last chunk may have."""
    describe_range = (entry.partition("=") for entry in call.headers.get("x-goog-hash", "").split(","))
    names = {"crc32c": "crc32c", "md5": "md5Hash"}
    return {names[kind.strip()]: value for kind, _, value in describe_range if kind.strip() in names}


def find(storage: Storage, call: Call) -> Session:
    query = "SELECT session FROM uploads WHERE id = ?"
    row = storage.catalogue.connection.execute(query, (call.query.get("upload_id", ""),)).fetchone()
    if row is None:
        raise NotFound(f"No such upload: {call.query.get('upload_id')!r}")
    return Session(**json.loads(row[0]))


def keep(storage: Storage, session: Session) -> None:
    row = (session.id, json.dumps(asdict(session)))
    with storage.catalogue.change():
        storage.catalogue.connection.execute("INSERT OR REPLACE INTO uploads VALUES (?, ?)", row)


def part(storage: Storage, session: Session) -> Path:
    return storage.contents.parts / session.id
