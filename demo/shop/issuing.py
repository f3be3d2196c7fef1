"""/retail/v1/keys: a caller issues keys, lists them and revokes all but the one it asks with.

POST keys {"name": "whose"} → 201 {"id", "name", "created_at", "key"}; GET keys → {"items": [{"id", "name",
"created_at"}]}; GET keys/self → the one that asks; DELETE keys/<id> → 204.
"""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from demo.shop.errors import Refused
from demo.shop.faults import Faults
from demo.shop.keys import Key, Keys

LONGEST_NAME = 200


async def answer(request: Request, asking: Key, identity: str, keys: Keys, faults: Faults) -> Response:
    """`identity` is what the path says after keys/, "" for the keys as a whole."""
    if request.query_params:
        raise Refused(400, f"unknown parameters {sorted(request.query_params)}; keys know none")
    match request.method, identity:
        case "POST", "":
            return await issued(request, keys, faults)
        case "GET", "":
            return JSONResponse({"items": [key.shown() for key in keys.known.values()]})
        case "GET", "self":
            return JSONResponse(asking.shown())
        case "DELETE", _ if identity:
            return revoked(identity, asking, keys)
    raise Refused(405, f"{request.method} is not served; POST and GET of keys and DELETE of keys/<id> are")


async def issued(request: Request, keys: Keys, faults: Faults) -> Response:
    name = named(await request.body())
    if faults.plan.no_keys:
        raise Refused(503, "no key can be issued now; try again later")
    key, value = keys.issue(name, good=not faults.plan.dead_keys)
    return JSONResponse(key.shown() | {"key": value}, 201)


def named(content: bytes) -> str:
    """The name that a request's body gives to a key; none is ""."""
    try:
        body = json.loads(content or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refused(400, "the body is not JSON") from error
    name = body.get("name", "") if isinstance(body, dict) and body.keys() <= {"name"} else None
    if isinstance(name, str) and len(name) <= LONGEST_NAME and name.isprintable():
        return name
    said = repr(body)[:LONGEST_NAME]
    raise Refused(400, f"a key takes a name of at most {LONGEST_NAME} printable characters, not {said}")


def revoked(identity: str, asking: Key, keys: Keys) -> Response:
    if identity not in keys.known:
        raise Refused(404, f"no key {identity!r}")
    if identity == asking.id:
        raise Refused(409, "the key that asks cannot be revoked; ask with another")
    keys.revoke(identity)
    return Response(status_code=204)
