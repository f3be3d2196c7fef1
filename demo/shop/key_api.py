"""/retail/v1/keys: issues, lists and revokes API keys. A client cannot revoke the key of its own request.

POST keys {"name": "owner"} → 201 {"id", "name", "created_at", "key"}; GET keys → {"items": [{"id", "name",
"created_at"}]}; GET keys/self → the key of the request; DELETE keys/<id> → 204.
"""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from demo.shop.errors import RequestRejected
from demo.shop.faults import Faults
from demo.shop.keys import Key, Keys

MAX_NAME_LENGTH = 200


async def handle_request(
    request: Request, request_key: Key, identity: str, keys: Keys, faults: Faults
) -> Response:
    """`identity` is the path after keys/, "" for the collection."""
    if request.query_params:
        raise RequestRejected(400, f"unknown parameters {sorted(request.query_params)}; keys take none")
    match request.method, identity:
        case "POST", "":
            return await issue_key(request, keys, faults)
        case "GET", "":
            return JSONResponse({"items": [key.as_json() for key in keys.by_id.values()]})
        case "GET", "self":
            return JSONResponse(request_key.as_json())
        case "DELETE", _ if identity:
            return revoke_key(identity, request_key, keys)
    raise RequestRejected(
        405, f"{request.method} is not served; POST and GET of keys and DELETE of keys/<id> are"
    )


async def issue_key(request: Request, keys: Keys, faults: Faults) -> Response:
    # Before the fault: an invalid request is a 400 whatever the fault plan is.
    name = parse_name(await request.body())
    if faults.plan.no_keys:
        raise RequestRejected(503, "no key can be issued now; try again later")
    key, value = keys.issue(name, valid=not faults.plan.dead_keys)
    return JSONResponse(key.as_json() | {"key": value}, 201)


def parse_name(content: bytes) -> str:
    """The name in a request body; "" without one."""
    try:
        body = json.loads(content or b"{}")
    # Python's JSON parser raises RecursionError, not ValueError, for deeply nested lists.
    except (ValueError, RecursionError) as error:
        raise RequestRejected(400, "the body is not JSON") from error
    name = body.get("name", "") if isinstance(body, dict) and body.keys() <= {"name"} else None
    if isinstance(name, str) and len(name) <= MAX_NAME_LENGTH and name.isprintable():
        return name
    excerpt = repr(body)[:MAX_NAME_LENGTH]
    raise RequestRejected(
        400, f"a key takes a name of at most {MAX_NAME_LENGTH} printable characters, not {excerpt}"
    )


def revoke_key(identity: str, request_key: Key, keys: Keys) -> Response:
    if identity not in keys.by_id:
        raise RequestRejected(404, f"no key {identity!r}")
    if identity == request_key.id:
        raise RequestRejected(409, "a key cannot revoke itself; send the request with another key")
    keys.revoke(identity)
    return Response(status_code=204)
