"""An object's metadata and its content, through the JSON API and through a plain GET of the XML API.

https://cloud.google.com/storage/docs/json_api/v1/objects/get
"""

import re
from pathlib import Path
from xml.sax.saxutils import escape

from starlette.responses import Response

from sandbox.storage.call import Call
from sandbox.storage.catalogue import StoredObject
from sandbox.storage.errors import BadRange, NotModified, StorageError
from sandbox.storage.objects import Storage
from sandbox.storage.preconditions import check

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def get(storage: Storage, call: Call) -> Response:
    stored = range_match(storage, call)
    return media(stored, call) if call.query.get("alt") == "media" else storage.answer(stored)


def download(storage: Storage, call: Call) -> Response:
    return media(range_match(storage, call), call)


def range_match(storage: Storage, call: Call) -> StoredObject:
    bucket, name = call.names
    stored = storage.find(bucket, name, call.integer("generation"))
    check(call, stored, reading=True)
    return stored


def media(stored: StoredObject, call: Call) -> Response:
    content = Path(stored.path).read_bytes()
    headers = described(stored)
    span = parse_range(call.headers.get("range"), len(content))
    if span is None:
        return Response(content, headers=headers)
    start, end = span
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
    return Response(content[start:end], 206, headers)


def described(stored: StoredObject) -> dict[str, str]:
    resource = stored.resource
    fields = {
        "Content-Type": "contentType",
        "Content-Encoding": "contentEncoding",
        "Content-Disposition": "contentDisposition",
        "Content-Language": "contentLanguage",
        "Cache-Control": "cacheControl",
    }
    return {
        **{header: resource[field] for header, field in fields.items() if field in resource},
        "ETag": f'"{resource["etag"]}"',
        "X-Goog-Generation": resource["generation"],
        "X-Goog-Metageneration": resource["metageneration"],
        "X-Goog-Hash": f"crc32c={resource['crc32c']},md5={resource['md5Hash']}",
        "X-Goog-Storage-Class": resource["storageClass"],
        "X-Goog-Stored-Content-Encoding": resource.get("contentEncoding", "identity"),
        "X-Goog-Stored-Content-Length": resource["size"],
    }


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """`bytes=1-3`, `bytes=1-`, `bytes=-3` (the last three) as start and end; None: everything."""
    match = RANGE.fullmatch(header or "")
    # An invalid header is ignored, as HTTP allows: https://www.rfc-editor.org/rfc/rfc9110#section-14.2
    if not match or match.group() == "bytes=-":
        return None
    first, last = match.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    if start >= end:
        raise BadRange(f"The requested range {header} cannot be satisfied: the object has {size} bytes.")
    return start, end


def xml(storage: Storage, call: Call) -> Response:
    """Google's Go client, which Terraform's backend uses, reads contents at /<bucket>/<object>."""
    try:
        return download(storage, call)
    except NotModified as error:
        return error.response()
    except StorageError as error:
        code = "NoSuchKey" if error.code == 404 else "InvalidArgument"
        text = f"<Error><Code>{code}</Code><Message>{escape(str(error))}</Message></Error>"
        return Response(
            f"<?xml version='1.0' encoding='UTF-8'?>{text}", error.code, media_type="application/xml"
        )
