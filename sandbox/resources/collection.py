"""The routes of a kind: create, get, list, patch, delete, its actions and its policy, as strict as Google."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from starlette.routing import BaseRoute

from sandbox.resources import operations, policies
from sandbox.resources.errors import AlreadyExists, InvalidArgument
from sandbox.resources.kind import Kind
from sandbox.resources.service import Call, Handler, Service
from sandbox.resources.store import Json

PAGE = 100  # items of a list's answer unless pageSize says otherwise


def routes(service: Service, kind: Kind) -> list[BaseRoute]:
    collection = Collection(service, kind)
    one = f"{kind.collection}/{{id}}"
    rest = {
        "create": ("POST", kind.collection, collection.create, kind.create.parameters),
        "list": ("GET", kind.collection, collection.list, "pageSize pageToken"),
        "get": ("GET", one, collection.get, ""),
        "patch": ("PATCH", one, collection.patch, kind.update.parameters),
        "delete": ("DELETE", one, collection.delete, "etag"),
    }
    found: list[BaseRoute] = policies.routes(service, one, kind.iam) if kind.iam else []
    found += [service.route("POST", f"{one}:{verb}", collection.action(verb)) for verb in kind.actions]
    for verb in kind.verbs.split():
        method, path, handler, query = rest[verb]
        found.append(service.route(method, path, handler, f"{query} {kind.query.get(verb, '')}"))
    return found


@dataclass(frozen=True)
class Collection:
    service: Service
    kind: Kind

    def create(self, call: Call) -> Json:
        collection = self.kind.collection.format(**call.path)
        identity, body = self.kind.create.read(call, collection)
        if not re.fullmatch(self.kind.id_pattern, identity):
            raise InvalidArgument(
                f"Invalid id {identity!r} in {collection!r}: it must match {self.kind.id_pattern!r}."
            )
        name = f"{collection}/{self.kind.segment.format(id=identity, **call.path)}"
        resource = {**self.kind.schema.accept(body), "name": name, **self.kind.made(self.service, name)}
        self.kind.check(self.service, resource)
        with self.service.store.change():
            if self.service.store.get(self.service.key(name)):
                raise AlreadyExists(f"Resource {name!r} already exists.")
            self.service.store.put(self.service.key(name), resource)
        return self.answer(call, resource)

    def get(self, call: Call) -> Json:
        return self.service.find(self.name(call))

    def list(self, call: Call) -> Json:
        every = self.service.store.children(self.service.key(self.kind.collection.format(**call.path)))
        kept = [resource for resource in every if not buried(resource, self.kind.tombstone)]
        return page(kept, self.kind.items, call.query)

    def patch(self, call: Call) -> Json:
        mask, body = self.kind.update.read(call, "")
        if self.kind.update_needs_mask and not mask:
            raise InvalidArgument("An update needs an update mask.")
        accepted = self.kind.schema.accept(body)
        return self.answer(call, self.write(call, lambda old: self.kind.schema.merge(old, accepted, mask)))

    def action(self, verb: str) -> Handler:
        def act(call: Call) -> Json:
            return self.write(call, lambda old: old | self.kind.actions[verb])

        return act

    def delete(self, call: Call) -> Json:
        if self.kind.tombstone:
            return self.write(call, lambda old: old | self.kind.tombstone)
        with self.service.store.change():
            resource = self.service.find(self.name(call))
            self.service.store.delete(self.service.key(self.name(call)))
        return self.answer(call, resource) if self.kind.operation else {}

    def name(self, call: Call) -> str:
        return f"{self.kind.collection}/{{id}}".format(**call.path)

    def write(self, call: Call, change: Callable[[Json], Json]) -> Json:
        with self.service.store.change():
            resource = change(self.service.find(self.name(call)))
            self.kind.check(self.service, resource)
            self.service.store.put(self.service.key(self.name(call)), resource)
        return resource

    def answer(self, call: Call, resource: Json) -> Json:
        if not self.kind.operation:
            return resource
        parent = self.kind.collection.format(**call.path).rsplit("/", 1)[0]
        return operations.done(self.service, parent, self.kind.operation, resource)


def buried(resource: Json, tombstone: Json) -> bool:
    return bool(tombstone) and tombstone.items() <= resource.items()


def page(every: list[Json], items: str, query: dict[str, str]) -> Json:
    """One page of a list. A token is the number of items before it; an empty list has no field."""
    start, size = number(query, "pageToken", 0), number(query, "pageSize", PAGE) or PAGE
    answer: Json = {items: every[start : start + size]} if every[start:] else {}
    return answer | ({"nextPageToken": str(start + size)} if every[start + size :] else {})


def number(query: dict[str, str], name: str, default: int) -> int:
    value = query.get(name) or str(default)
    if not value.isdigit():
        raise InvalidArgument(f"Invalid {name} {value!r}.")
    return int(value)
