"""Not built yet."""

from starlette.routing import BaseRoute

from sandbox.state import State


def routes(state: State) -> list[BaseRoute]:
    return []
