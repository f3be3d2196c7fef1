"""The page after one that names no next page, at a position that is guessed: where positions are numbers."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from connector.errors import RequestRejected, SourceError
from connector.sources.reader import Page
from connector.sources.rest.chain_end import guess_addresses, guess_next
from connector.sources.rest.checks.probe import PagePlace, Probe
from connector.sources.rest.client import Request
from connector.sources.rest.paging import ByCursor, ByLink, ByNext


@dataclass(frozen=True)
class Following:
    """`longest`: items of the longest page of the chain. `first_items`: those with which its pages begin."""

    probe: Probe
    page: Page
    place: PagePlace
    longest: int
    first_items: Collection[bytes]

    def find_guessed(self) -> str | None:
        """A fault if a position that was guessed has items; None if it has none, "" if none can be guessed."""
        fault: str | None = ""
        items = len(self.page.items) or self.longest
        for request, name in iter_guesses(self.probe, self.place, items):
            try:
                following = self.probe.read_once(request)
                # A server may answer an unknown position with a page that was received before.
                is_new = self.probe.first_item(following).isdisjoint(self.first_items)
                if self.probe.is_other(following, self.page) and is_new:
                    return f"it names no next page, but {name} has items"
            except RequestRejected:
                pass  # the usual answer after the end
            except SourceError:
                continue
            fault = None
        return fault


def iter_guesses(probe: Probe, place: PagePlace, items: int) -> Iterator[tuple[Request, str]]:
    """Requests for what may be the page after `place`, and the changed parameter for a message."""

    def create_request(cursor: str) -> Request:
        return probe.create_request(place.number + 1, cursor, place.span)

    match probe.paging:
        case ByCursor(cursor=name) if place.cursor is not None:
            text = place.cursor.strip('"')
            if (following := guess_next(text, place.number, items)) is not None:
                # In the body of a POST a number remains a number.
                yield create_request(place.cursor.replace(text, following)), f"{name}={following}"
        case ByNext() | ByLink() if place.cursor is not None:
            for url, name in guess_addresses(place.cursor, place.number, items, probe.params):
                yield create_request(url), name
