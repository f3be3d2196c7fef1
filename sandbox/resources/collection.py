"""The methods of a resource type: create, get, list, update, delete, its actions and its IAM policy."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from starlette.routing import BaseRoute

from sandbox.resources import ids, operations, policies
from sandbox.resources.clock import now
from sandbox.resources.errors import AlreadyExists, InvalidArgument
from sandbox.resources.etags import check_etag, with_etag
from sandbox.resources.paging import page
from sandbox.resources.resource_type import ResourceType
from sandbox.resources.service import Call, Handler, Service, quoted
from sandbox.resources.store import Json


def routes(service: Service, resource_type: ResourceType) -> list[BaseRoute]:
    collection, path = Collection(service, resource_type), resource_type.collection
    pattern = f"{path}/{{id*}}" if resource_type.slashes else f"{path}/{{id}}"
    actions = [
        service.route("POST", f"{pattern}:{verb}", collection.action(verb)) for verb in resource_type.actions
    ]
    by_path = resource_type.create.place == "path"
    create = collection.create if by_path else collection.replace
    return [
        # First: with slashes in ids the pattern of a resource also matches `name:verb`.
        *policies.routes(service, pattern),
        *actions,
        service.route("POST", path, collection.create, resource_type.create.parameter),
        service.route("PUT", pattern, create),
        service.route("GET", path, collection.list, "pageSize pageToken"),
        service.route("GET", pattern, collection.get),
        service.route("PATCH", pattern, collection.patch, resource_type.update.parameter),
        service.route("DELETE", pattern, collection.delete, "etag force"),
    ]


@dataclass(frozen=True)
class Collection:
    service: Service
    type: ResourceType

    def create(self, call: Call) -> Json:
        identity, body = self.type.create.read(call, self.path(call))
        accepted = self.type.schema.accept(body)
        with self.service.store.change():
            if self.type.create.place == "server":
                identity = ids.generate_id(self.service, self.path(call), self.type.create.name, accepted)
            created = self.add(call, identity, accepted)
        return self.response(call, created)

    def add(self, call: Call, identity: str, accepted: Json) -> Json:
        """Stores a new resource with that id and returns it."""
        collection = self.path(call)
        if self.type.create.place != "server" and not re.fullmatch(self.type.id_pattern, identity):
            raise InvalidArgument(
                f"Invalid id {identity!r} in {collection!r}: it must match {self.type.id_pattern!r}."
            )
        name = f"{collection}/{self.type.segment.format(**call.path | {'id': quoted(identity)})}"
        times = dict.fromkeys(self.type.created.split(), now())
        resource = {**accepted, "name": name, **times, **self.type.initial(self.service, name)}
        self.type.check(self.service, resource)
        # After `initial`: what the server sets need not be sent.
        self.type.schema.check_required(resource)
        with self.service.store.change():
            # In the transaction that stores it: of two creates at the same time one must fail.
            if self.service.store.get(self.service.key(name)):
                raise AlreadyExists(f"Resource {name!r} already exists.")
            resource = self.save(name, resource)
            self.type.on_change(self.service, "create", {}, resource)
        return resource

    def save(self, name: str, resource: Json) -> Json:
        """`name` is the key: some APIs show the resource under another name, as with the project's number."""
        times = dict.fromkeys(self.type.updated.split(), now())
        saved = self.type.complete(self.service, resource | times)
        saved = with_etag(saved) if self.type.etag else saved
        self.service.store.put(self.service.key(name), saved)
        return saved

    def get(self, call: Call) -> Json:
        return self.service.find(self.name(call))

    def list(self, call: Call) -> Json:
        resources = self.service.store.children(self.service.key(self.path(call)))
        listed = [resource for resource in resources if not is_deleted(resource, self.type.soft_delete)]
        return page(listed, call.api.document.list_field(call.api.method), call.query)

    def patch(self, call: Call) -> Json:
        mask, body = self.type.update.read(call, "")
        if self.type.update_needs_mask and not mask:
            raise InvalidArgument("An update needs an update mask.")
        accepted = self.type.schema.accept(body)

        def merge(old: Json) -> Json:
            self.check_etag(old, body.get("etag", ""))
            return self.type.schema.merge(old, accepted, mask)

        return self.response(call, self.write(call, merge))

    def replace(self, call: Call) -> Json:
        """PUT, which creates the resource if it is absent: a log metric's update."""
        accepted = self.type.schema.accept(call.body)
        if not self.service.store.get(self.service.key(self.name(call))):
            return self.add(call, call.path["id"], accepted)
        return self.write(call, lambda old: self.type.schema.merge(old, accepted, ""))

    def action(self, verb: str) -> Handler:
        def act(call: Call) -> Json:
            def change(old: Json) -> Json:
                self.check_etag(old, call.body.get("etag", ""))
                return old | self.type.actions[verb]

            return self.response(call, self.write(call, change))

        return act

    def delete(self, call: Call) -> Json:
        name = self.name(call)
        with self.service.store.change():
            resource = self.service.find(name)
            self.check_etag(resource, call.query.get("etag", ""))
            if call.query.get("force") != "true":
                self.type.check_delete(self.service, resource)
            if self.type.soft_delete:
                return self.response(call, self.write(call, lambda old: old | self.type.soft_delete))
            self.service.store.delete(self.service.key(name))
            self.type.on_change(self.service, "delete", resource, {})
        return self.response(call, {} if self.type.deleted else resource) if self.type.operation else {}

    def check_etag(self, old: Json, sent: str) -> None:
        if self.type.etag:
            check_etag(old, sent)

    def path(self, call: Call) -> str:
        return self.type.collection.format(**call.path)

    def name(self, call: Call) -> str:
        return f"{self.path(call)}/{call.path['id']}"

    def write(self, call: Call, change: Callable[[Json], Json]) -> Json:
        """Reads, changes, checks and stores a resource in one step."""
        with self.service.store.change():
            before = self.service.find(self.name(call))
            resource = change(before)
            self.type.check(self.service, resource)
            resource = self.save(self.name(call), resource)
            self.type.on_change(self.service, "update", before, resource)
        return resource

    def response(self, call: Call, resource: Json) -> Json:
        """The resource, in a finished operation where the method is long-running."""
        method = call.api.method
        if not method.long_running:
            return resource
        message = self.type.deleted if method.name == "delete" else ""
        parent = self.path(call).rsplit("/", 1)[0]
        return operations.done(self.service, parent, message or self.type.operation, resource)


def is_deleted(resource: Json, soft_delete: Json) -> bool:
    return bool(soft_delete) and soft_delete.items() <= resource.items()
