"""The routes of a kind: create, get, list, patch, delete, its actions and its policy, as strict as Google."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from starlette.routing import BaseRoute

from sandbox.resources import etags, ids, operations, policies
from sandbox.resources.clock import now
from sandbox.resources.errors import AlreadyExists, InvalidArgument
from sandbox.resources.kind import Kind
from sandbox.resources.paging import page as page
from sandbox.resources.policies import only
from sandbox.resources.service import Call, Handler, Service, quoted
from sandbox.resources.store import Json


def routes(service: Service, kind: Kind) -> list[BaseRoute]:
    collection = Collection(service, kind)
    one = f"{kind.collection}/{{id*}}" if kind.slashes else f"{kind.collection}/{{id}}"
    create = ("PUT", one) if kind.create.place == "path" else ("POST", kind.collection)
    rest = {
        "create": (*create, collection.create, kind.create.parameters),
        "list": ("GET", kind.collection, collection.list, "pageSize pageToken"),
        "get": ("GET", one, collection.get, ""),
        "patch": ("PATCH", one, collection.patch, kind.update.parameters),
        "replace": ("PUT", one, collection.replace, ""),
        "delete": ("DELETE", one, collection.delete, "etag" if kind.etag else ""),
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
        accepted = self.kind.schema.accept(body)
        with self.service.store.change():
            if self.kind.create.place == "server":
                identity = ids.picked(self.service, collection, self.kind.create.name, accepted)
            made = self.make(call, identity, accepted)
        return self.answer(call, "create", made)

    def make(self, call: Call, identity: str, accepted: Json) -> Json:
        """A new resource of that id, from the fields that count."""
        collection = self.kind.collection.format(**call.path)
        if self.kind.create.place != "server" and not re.fullmatch(self.kind.id_pattern, identity):
            raise InvalidArgument(
                f"Invalid id {identity!r} in {collection!r}: it must match {self.kind.id_pattern!r}."
            )
        name = f"{collection}/{self.kind.segment.format(**call.path | {'id': quoted(identity)})}"
        times = dict.fromkeys(self.kind.created.split(), now())
        resource = {**accepted, "name": name, **times, **self.kind.made(self.service, name)}
        self.kind.check(self.service, resource)
        with self.service.store.change():
            if self.service.store.get(self.service.key(name)):
                raise AlreadyExists(f"Resource {name!r} already exists.")
            resource = self.keep(name, resource)
            self.kind.told(self.service, "create", {}, resource)
        return resource

    def keep(self, name: str, resource: Json) -> Json:
        times = dict.fromkeys(self.kind.updated.split(), now())
        kept = self.kind.complete(self.service, resource | times)
        kept = etags.given(kept) if self.kind.etag else kept
        self.service.store.put(self.service.key(name), kept)
        return kept

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

        def merged(old: Json) -> Json:
            self.check_etag(old, body.get("etag", ""))
            return self.kind.schema.merge(old, accepted, mask)

        return self.answer(call, "patch", self.write(call, merged))

    def replace(self, call: Call) -> Json:
        accepted = self.kind.schema.accept(call.body)
        if not self.service.store.get(self.service.key(self.name(call))):
            return self.make(call, call.path["id"], accepted)
        return self.write(call, lambda old: self.kind.schema.merge(old, accepted, ""))

    def action(self, verb: str) -> Handler:
        def act(call: Call) -> Json:
            only(call.body, {"etag"} if self.kind.etag else set())

            def changed(old: Json) -> Json:
                self.check_etag(old, call.body.get("etag", ""))
                return old | self.kind.actions[verb]

            return self.answer(call, verb, self.write(call, changed))

        return act

    def delete(self, call: Call) -> Json:
        name = self.name(call)
        with self.service.store.change():
            resource = self.service.find(name)
            self.check_etag(resource, call.query.get("etag", ""))
            if call.query.get("force") != "true":
                self.kind.releases(self.service, resource)
            if self.kind.tombstone:
                return self.answer(call, "delete", self.write(call, lambda old: old | self.kind.tombstone))
            self.service.store.delete(self.service.key(name))
            self.kind.told(self.service, "delete", resource, {})
        return self.answer(call, "delete", resource) if self.kind.operation else {}

    def check_etag(self, old: Json, sent: str) -> None:
        if self.kind.etag:
            etags.check(old, sent)

    def name(self, call: Call) -> str:
        return f"{self.kind.collection}/{{id}}".format(**call.path)

    def write(self, call: Call, change: Callable[[Json], Json]) -> Json:
        with self.service.store.change():
            before = self.service.find(self.name(call))
            resource = change(before)
            self.kind.check(self.service, resource)
            resource = self.keep(self.name(call), resource)
            self.kind.told(self.service, "update", before, resource)
        return resource

    def answer(self, call: Call, verb: str, resource: Json) -> Json:
        if not self.kind.operation or verb not in [*self.kind.long.split(), *self.kind.actions]:
            return resource
        parent = self.kind.collection.format(**call.path).rsplit("/", 1)[0]
        if verb == "delete" and self.kind.deleted:
            return operations.done(self.service, parent, self.kind.deleted, {})
        return operations.done(self.service, parent, self.kind.operation, resource)


def buried(resource: Json, tombstone: Json) -> bool:
    return bool(tombstone) and tombstone.items() <= resource.items()
