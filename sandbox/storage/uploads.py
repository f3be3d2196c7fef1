"""Uploads in one request: only the content, or content and metadata.

https://cloud.google.com/storage/docs/uploads-downloads
"""

from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from functools import lru_cache

from starlette.responses import Response

from sandbox.storage import resumable
from sandbox.storage.call import Call, Json, parsed
from sandbox.storage.errors import BadRequest
from sandbox.storage.objects import Storage
from sandbox.storage.preconditions import check


def insert(storage: Storage, call: Call) -> Response:
    kinds = {"media": media, "multipart": multipart, "resumable": resumable.begin}
    kind = call.query.get("uploadType", "")
    if kind not in kinds:
        raise BadRequest(f"Invalid upload type {kind!r}: it must be one of {', '.join(kinds)}.")
    return kinds[kind](storage, call)


def media(storage: Storage, call: Call) -> Response:
    fields = {"contentType": call.headers["content-type"]} if "content-type" in call.headers else {}
    return stored(storage, call, {}, fields, call.body)


def multipart(storage: Storage, call: Call) -> Response:
    parts = split(call.headers.get("content-type", ""), call.body)
    if len(parts) != 2:
        raise BadRequest(
            f"A multipart upload has two parts, metadata and content; this one has {len(parts)}."
        )
    (_, described), (kind, content) = parts
    return stored(storage, call, parsed(described), {"contentType": kind} if kind else {}, content)


def stored(storage: Storage, call: Call, sent: Json, default: Json, content: bytes) -> Response:
    """Metadata takes precedence over the header of the content, and a name in the address over both."""
    name = call.query.get("name") or sent.get("name")
    if not name:
        raise BadRequest("Required parameter: name")
    check(call, storage.live(call.names[0], name))
    return storage.answer(storage.put(call.names[0], name, content, default | sent))


def metadata_of(call: Call) -> Json:
    """The metadata in the body of an upload; {} if the upload has none."""
    match call.query.get("uploadType"):
        case "multipart":
            parts = split(call.headers.get("content-type", ""), call.body)
            return parsed(parts[0][1]) if parts else {}
        case "resumable":
            return call.json()
    return {}


def split(content_type: str, body: bytes) -> list[tuple[str, bytes]]:
    """The parts of a multipart body: the content type of each ("" if unsaid) and its bytes, untouched."""
    boundary = boundary_of(content_type)
    if not boundary:
        raise BadRequest(f"Invalid multipart request: no boundary in {content_type!r}.")
    # A body may begin with its boundary, without the line break that precedes the others.
    pieces = (b"\r\n" + body).split(f"\r\n--{boundary}".encode())
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise BadRequest("Invalid multipart request: it does not end with its boundary.")
    return [part(piece) for piece in pieces[1:-1]]


def part(piece: bytes) -> tuple[str, bytes]:
    head, _, content = piece.partition(b"\r\n\r\n")
    return type_in(head.lstrip()), content


# A client sends the same headers with every object, and to parse them takes longer than all the rest.
@lru_cache(maxsize=100)
def boundary_of(content_type: str) -> str | None:
    return headers(f"Content-Type: {content_type}".encode()).get_boundary()


@lru_cache(maxsize=100)
def type_in(head: bytes) -> str:
    return str(headers(head).get("content-type", ""))


def headers(text: bytes) -> Message:
    return BytesParser(policy=HTTP).parsebytes(text + b"\r\n\r\n", headersonly=True)
