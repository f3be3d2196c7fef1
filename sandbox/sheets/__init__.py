"""Google Sheets v4 and Drive v3: spreadsheets that are stored, shared, and displayed as a page."""

from itertools import chain

from starlette.routing import BaseRoute

from sandbox.sheets import controls, methods, page
from sandbox.sheets.gate import Gate
from sandbox.sheets.store import Store
from sandbox.sheets.traffic import Traffic
from sandbox.state import State


def routes(state: State) -> list[BaseRoute]:
    store, traffic = Store(state), Traffic()
    gate = Gate(store, traffic)
    methods_of_both = [*methods.sheets(store, state.address), *methods.drive(store)]
    return [
        *chain.from_iterable(map(gate.routes, methods_of_both)),
        *controls.routes(traffic),
        page.route(store),
    ]
