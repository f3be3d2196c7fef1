"""A type of resource in a few lines, from which `collection.py` makes its methods.

    TOPICS = ResourceType("projects/{project}/topics", Schema("pubsub.v1", "Topic"), IdLocation("path"))
    collection.routes(Service(state, store, "/pubsub/v1"), TOPICS)

serves create, get, list, update and delete, and :getIamPolicy and :setIamPolicy, as far as the API's
discovery document has these methods: others are refused before a service sees them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json


@dataclass(frozen=True)
class IdLocation:
    """Where a request carries the id or the update mask, and where it carries the resource.

    place: "query" or "body", in the field `name`, or "either"; "path": PUT to the resource's own address;
    "name": the body's full `name` ends with the id; "short name": that field is the id; "server": the server
    generates one, in the format `name` (see ids.py).
    wrapper: the field of the body that holds the resource; "": the body is the resource.
    """

    place: str
    name: str = ""
    wrapper: str = ""

    @property
    def parameter(self) -> str:
        """Its name in the query, if it can be there."""
        return self.name if self.place in ("query", "either") else ""

    def read(self, call: Call, collection: str) -> tuple[str, Json]:
        """The id or the mask, "" if the request has none, and the resource."""
        body = call.body.get(self.wrapper, {}) if self.wrapper else call.body
        match self.place:
            case "server":
                return "", body
            case "path":
                return call.path["id"], body
            case "short name":
                return body.get("name", ""), body
            case "name":
                return last_segment(body.get("name", ""), collection), body
            case "query":
                return call.query.get(self.name, ""), body
        return call.body.get(self.name, "") or call.query.get(self.name, ""), body


def last_segment(name: str, collection: str) -> str:
    start = f"{collection}/"
    if name and not name.startswith(start):
        raise InvalidArgument(f"Name {name!r} must begin with {start!r}.")
    return name.removeprefix(start)


@dataclass(frozen=True)
class ResourceType:
    """collection: its path, with placeholders.
    schema: its fields.
    create, update: where a request carries the id and the update mask; `update_needs_mask` makes it required.
    segment: the last segment of the name, made from the id.
    id_pattern: the format of an id; with `slashes` it may contain some.
    created, updated: the fields with the times of the create and of the last change.
    initial(service, name): further fields that the server sets at create.
    complete(service, resource): the resource as Google stores it, after create and after every change.
    check(service, resource): raises InvalidArgument for what the document does not state.
    check_delete(service, resource): raises FailedPrecondition while other resources use this one.
    on_change(service, event, before, after): called at "create", "update" and "delete"; absent is {}.
    etag: the server sets one; a request with an old one is a conflict.
    actions: custom methods that only set fields, `POST name:verb`.
    soft_delete: fields that DELETE sets instead of deleting.
    operation: the protobuf type of the resource in a long-running operation.
    deleted: the type in the operation of a DELETE, if that does not contain the resource.
    """

    collection: str
    schema: Schema
    create: IdLocation
    # As most APIs: https://google.aip.dev/134
    update: IdLocation = IdLocation("query", "updateMask")
    update_needs_mask: bool = False
    segment: str = "{id}"
    id_pattern: str = "[a-zA-Z][a-zA-Z0-9_-]*"
    slashes: bool = False
    created: str = ""
    updated: str = ""
    initial: Callable[[Service, str], Json] = lambda service, name: {}
    complete: Callable[[Service, Json], Json] = lambda service, resource: resource
    check: Callable[[Service, Json], None] = lambda service, resource: None
    check_delete: Callable[[Service, Json], None] = lambda service, resource: None
    on_change: Callable[[Service, str, Json, Json], None] = lambda service, event, before, after: None
    etag: bool = False
    actions: Mapping[str, Json] = field(default_factory=dict)
    soft_delete: Json = field(default_factory=dict)
    operation: str = ""
    deleted: str = ""
