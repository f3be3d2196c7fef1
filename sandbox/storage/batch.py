"""Many calls in one request, answered in their order.

https://cloud.google.com/storage/docs/batch
"""

import uuid
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import urlsplit

from starlette.responses import Response

from sandbox.storage.errors import BadRequest
from sandbox.storage.uploads import split

MOST_CALLS = 100
Answer = Callable[[str, str, str, dict[str, str], bytes], Response]


def answered(content_type: str, body: bytes, answer: Answer) -> Response:
    """answer(method, path, query, headers, body) answers one call as if it had come alone."""
    parts = split(content_type, body)
    if len(parts) > MOST_CALLS:
        raise BadRequest(f"A batch has at most {MOST_CALLS} calls; this one has {len(parts)}.")
    boundary = f"batch_{uuid.uuid4().hex}"
    answers = b"".join(
        written(boundary, number, one(content, answer)) for number, (_, content) in enumerate(parts)
    )
    kind = f"multipart/mixed; boundary={boundary}"
    return Response(answers + f"--{boundary}--\r\n".encode(), headers={"Content-Type": kind})


def one(content: bytes, answer: Answer) -> Response:
    request, _, rest = content.lstrip().replace(b"\r\n", b"\n").partition(b"\n")
    head, _, body = rest.partition(b"\n\n")
    try:
        method, target, _ = request.decode().split(" ")
    except ValueError as error:
        raise BadRequest(f"Invalid request line {request!r} in a batch.") from error
    address = urlsplit(target)
    headers = {name.lower(): value for name, value in BytesParser(policy=HTTP).parsebytes(head).items()}
    return answer(method, address.path, address.query, headers, body)


def written(boundary: str, number: int, response: Response) -> bytes:
    head = [
        f"--{boundary}",
        "Content-Type: application/http",
        f"Content-ID: <response-{number}>",
        "",
        f"HTTP/1.1 {response.status_code} {'OK' if response.status_code < 300 else 'Error'}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
        "",
        "",
    ]
    return "\r\n".join(head).encode() + bytes(response.body) + b"\r\n"
