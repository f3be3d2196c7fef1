"""Several calls in one request; responses are in the same order.

https://cloud.google.com/storage/docs/batch
"""

import uuid
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import urlsplit

from starlette.responses import Response

from sandbox.storage.errors import BadRequest

MOST_CALLS = 100
Answer = Callable[[str, str, str, dict[str, str], bytes], Response]


def answered(content_type: str, body: bytes, answer: Answer) -> Response:
    """answer(method, path, query, headers, body) responds to one call as if it had been sent by itself."""
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\n\n".encode() + body)
    if not message.is_multipart():
        raise BadRequest("Failed to parse batch request: it must be multipart/mixed.")
    parts = [bytes(part.get_content()) for part in message.iter_parts()]
    if len(parts) > MOST_CALLS:
        raise BadRequest(f"The batch request contains too many calls: {len(parts)} > {MOST_CALLS}.")
    boundary = f"batch_{uuid.uuid4().hex}"
    answers = b"".join(
        written(boundary, number, respond_to_part(part, answer)) for number, part in enumerate(parts)
    )
    kind = f"multipart/mixed; boundary={boundary}"
    return Response(answers + f"--{boundary}--\r\n".encode(), headers={"Content-Type": kind})


def respond_to_part(call: bytes, answer: Answer) -> Response:
    request, _, rest = call.lstrip().replace(b"\r\n", b"\n").partition(b"\n")
    head, _, body = rest.partition(b"\n\n")
    try:
        method, target, _ = request.decode().split(" ")
    except ValueError as error:
        raise BadRequest(f"Failed to parse batch request: {request!r} is not a request line.") from error
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
