"""The keys of a source: its API issues, knows and revokes them, as connector/sources declares."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from connector.errors import InvalidResponse, KeyRejected
from connector.key_rotation.key_api import Calls
from connector.sources.rest.config import RestSource, Revocation, Rotation

# A key that was issued a moment ago is unknown to some servers of an API for as long: seconds between tries.
PATIENCE = (1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Issued:
    """A key's value, and its id where the API revokes by it."""

    value: str
    id: str | None


@dataclass(frozen=True)
class Known:
    id: str
    name: str
    created: datetime


class Keys:
    """Those of `source` that are issued for `name`, a secret."""

    def __init__(self, calls: Calls, source: RestSource, rotation: Rotation, name: str) -> None:
        self.calls, self.source, self.rotation, self.name = calls, source, rotation, name
        self.url = calls.url

    def issue(self, asking: str) -> Issued:
        """Asked once: after a lost answer nobody knows whether there is a key more."""
        body = {self.rotation.revoke.name: self.name} if self.rotation.revoke else None
        told = self.calls.send("POST", self.rotation.path, asking, json=body)
        where, revoke = f"POST {self.rotation.path}", self.rotation.revoke
        value = text(told, self.rotation.key, where)
        return Issued(value, text(told, revoke.id, where) if revoke else None)

    def prove(self, value: str, patience: tuple[float, ...] = ()) -> None:
        """One small request to each endpoint. KeyRejected if the key is not let in, after `patience`."""
        for name, endpoint in self.source.endpoints.items():
            size = self.source.paging_of(name).size
            self.open(endpoint.path, endpoint.params | ({size: "1"} if size else {}), value, patience)

    def open(self, path: str, params: dict[str, str], value: str, patience: tuple[float, ...]) -> None:
        for pause in (*patience, None):
            try:
                told = self.calls.again(lambda: self.calls.send("GET", path, value, params=params))
                if told is None:
                    raise InvalidResponse(f"GET {self.url}{path} was answered with nothing.")
                return
            except KeyRejected:
                if pause is None:
                    raise
                self.calls.retry.sleep(pause)

    def own(self, value: str, revoke: Revocation) -> Known | None:
        """What the API knows of a key; None if it knows it no longer."""
        try:
            return known(self.calls.again(lambda: self.calls.send("GET", revoke.own, value)), revoke)
        except KeyRejected:
            return None

    def ours(self, asking: str, revoke: Revocation) -> list[Known]:
        told = self.calls.again(lambda: self.calls.send("GET", self.rotation.path, asking))
        items = told.get(revoke.items) if isinstance(told, dict) else None
        if not isinstance(items, list):
            raise InvalidResponse(f"GET {self.rotation.path} answered without a list '{revoke.items}'.")
        return [key for key in (known(item, revoke) for item in items) if key.name == self.name]

    def revoke(self, identity: str, asking: str) -> None:
        """A key that is gone already is as good."""
        path = f"{self.rotation.path}/{quote(identity, safe='')}"
        self.calls.again(lambda: self.calls.send("DELETE", path, asking, gone={404, 410}))


def known(told: Any, revoke: Revocation) -> Known:
    where = f"GET {revoke.own}"
    created = text(told, revoke.created, where)
    try:
        moment = datetime.fromisoformat(created)
    except ValueError as error:
        raise InvalidResponse(f"{where}: '{revoke.created}' is no time: {created!r}.") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)  # which zone else, where none is said
    return Known(text(told, revoke.id, where), str(told.get(revoke.name) or ""), moment)


def text(told: Any, field: str, where: str) -> str:
    """A field of an answer; ids are numbers at some APIs."""
    value = told.get(field) if isinstance(told, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise InvalidResponse(f"{where} was answered without '{field}'.")
    return str(value)
