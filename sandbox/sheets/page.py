"""A spreadsheet as a page: what a person sees who opens it in a browser."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox.sheets.store import Store


def route(store: Store) -> Route:
    async def view(request: Request) -> Response:
        book = store.books.get(request.path_params["id"])
        if book is None:
            return HTMLResponse("<p>There is no such spreadsheet.", 404)
        return HTMLResponse("")

    return Route("/sheets/view/{id}", view)
