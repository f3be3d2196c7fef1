"""/sandbox/sheets, for tests: the recorded calls, the quotas, and the faults of later calls."""

from dataclasses import fields
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.sheets.traffic import ANSWERS, QUOTA, Fault, Traffic

PREFIX = "/sandbox/sheets"


def routes(traffic: Traffic) -> list[BaseRoute]:
    """GET and DELETE calls; PUT and DELETE quota; POST and DELETE faults."""

    async def calls(request: Request) -> Response:
        if request.method == "DELETE":
            traffic.calls.clear()
        return JSONResponse(traffic.counted())

    async def quota(request: Request) -> Response:
        """{"read": 60, "write": 60}; null lifts one. What was spent is forgotten."""
        requested = await request.json() if request.method == "PUT" else QUOTA
        if not set(requested) <= set(QUOTA):
            return JSONResponse({"error": f"quota of {sorted(requested)}: only read and write have one"}, 400)
        traffic.quota |= requested
        traffic.spent.clear()
        return JSONResponse(traffic.quota)

    async def faults(request: Request) -> Response:
        """A Fault; it stays until it has struck."""
        if request.method == "DELETE":
            traffic.faults.clear()
        else:
            problem = wrong(requested := await request.json())
            if problem:
                return JSONResponse({"error": problem}, 400)
            traffic.faults.append(Fault(**requested))
        return JSONResponse({"faults": len(traffic.faults)})

    return [
        Route(f"{PREFIX}/calls", calls, methods=["GET", "DELETE"]),
        Route(f"{PREFIX}/quota", quota, methods=["PUT", "DELETE"]),
        Route(f"{PREFIX}/faults", faults, methods=["POST", "DELETE"]),
    ]


def wrong(fault: dict[str, Any]) -> str | None:
    allowed = {field.name for field in fields(Fault)}
    if set(fault) - allowed or not {"kind", "answer"} <= set(fault):
        return f"a fault has kind and answer, and may have {sorted(allowed - {'kind', 'answer'})}"
    if fault["answer"] not in ANSWERS:
        return f"answer {fault['answer']!r}: one of {sorted(ANSWERS)}"
    return None
