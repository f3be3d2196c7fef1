"""The keys of a source: its API issues, lists and revokes them, as declared in connector/sources."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from connector.errors import InvalidResponse, KeyRejected
from connector.key_rotation.key_api import KeyApiClient
from connector.sources.rest.config import RestEndpoint, RestSource, Revocation, Rotation

# A new key may be unknown to some servers of an API for a few seconds: delays between attempts, in seconds.
PROPAGATION_DELAYS = (1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class NewKey:
    """The value of a key that was just issued; `id` if the API revokes by id."""

    value: str
    id: str | None


@dataclass(frozen=True)
class KeyInfo:
    """A key in the API's list, without its value. `name` is the secret that it was issued for."""

    id: str
    name: str
    created: datetime


class SourceKeys:
    """The keys of `source` that are issued for the secret `name`."""

    def __init__(self, api: KeyApiClient, source: RestSource, rotation: Rotation, name: str) -> None:
        self.api, self.source, self.rotation, self.name = api, source, rotation, name
        self.url = api.url

    def issue(self, current: str) -> NewKey:
        """Sent once: after a lost response a second request could issue a second key."""
        revoke = self.rotation.revoke
        # The name makes an unused key of a killed run recognisable (docs/concepts/key-rotation.md).
        body = {revoke.name: self.name} if revoke else None
        response = self.api.send("POST", self.rotation.path, current, json=body)
        where = f"POST {self.rotation.path}"
        value = read_text(response, self.rotation.key, where)
        return NewKey(value, read_text(response, revoke.id, where) if revoke else None)

    def verify(self, value: str, delays: tuple[float, ...] = ()) -> None:
        """Send one small request to each endpoint, as a run sends it. KeyRejected if one rejects the key after all
        `delays`, which are in seconds."""
        for name, endpoint in self.source.endpoints.items():
            paging = self.source.paging_of(name)
            # One item is enough: only the status counts.
            size = {paging.size: "1"} if paging.size and paging.within == "query" else {}
            options: dict[str, Any] = {"params": endpoint.params | size}
            options["headers"] = self.source.headers | endpoint.headers
            if endpoint.method == "POST":
                options["json"] = endpoint.body
            self._verify_endpoint(endpoint, options, value, delays)

    def _verify_endpoint(
        self, endpoint: RestEndpoint, options: dict[str, Any], value: str, delays: tuple[float, ...]
    ) -> None:
        method, path = endpoint.method, endpoint.path
        for delay in (*delays, None):
            try:
                # A POST of an endpoint only reads, so it may be repeated.
                body = self.api.retry_idempotent(lambda: self.api.send(method, path, value, **options))
                # A proxy may answer 200 without reaching the API.
                if body is None:
                    raise InvalidResponse(f"{method} {self.url}{path} returned an empty body.")
                return
            except KeyRejected:
                if delay is None:
                    raise
                self.api.retry.sleep(delay)

    def describe(self, value: str, revoke: Revocation) -> KeyInfo | None:
        """The API's record of a key; None if it rejects the key."""
        try:
            body = self.api.retry_idempotent(lambda: self.api.send("GET", revoke.current, value))
        except KeyRejected:
            return None
        return parse_key(body, revoke)

    def list_issued(self, current: str, revoke: Revocation) -> list[KeyInfo]:
        """The keys that were issued for this secret; keys of other names belong to other users of the API."""
        path = self.rotation.path
        body = self.api.retry_idempotent(lambda: self.api.send("GET", path, current))
        items = body.get(revoke.items) if isinstance(body, dict) else None
        # An empty list by mistake would leave old keys valid without a sign.
        if not isinstance(items, list):
            raise InvalidResponse(f"GET {path} returned no list '{revoke.items}'.")
        return [key for key in (parse_key(item, revoke) for item in items) if key.name == self.name]

    def revoke(self, key_id: str, current: str) -> None:
        """Idempotent: a key that is already revoked is not an error."""
        path = f"{self.rotation.path}/{quote(key_id, safe='')}"
        self.api.retry_idempotent(lambda: self.api.send("DELETE", path, current, absent_statuses={404, 410}))


def parse_key(body: Any, revoke: Revocation) -> KeyInfo:
    """InvalidResponse without an id or a time."""
    where = f"GET {revoke.current}"
    created = read_text(body, revoke.created, where)
    try:
        time = datetime.fromisoformat(created)
    except ValueError as error:
        raise InvalidResponse(f"{where}: '{revoke.created}' is not a timestamp: {created!r}.") from error
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)  # timestamps without an offset are UTC
    return KeyInfo(read_text(body, revoke.id, where), str(body.get(revoke.name) or ""), time)


def read_text(body: Any, field: str, where: str) -> str:
    """A field of a response as text: the ids of some APIs are numbers."""
    value = body.get(field) if isinstance(body, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise InvalidResponse(f"{where} returned no '{field}'.")
    return str(value)
