"""What a kind of resource is, in a few lines; `collection.py` makes its routes from it.

    TOPICS = Kind("projects/{project}/topics", Schema("labels", "state"), By("query", "topicId"), iam="GET")
    routes(Service(state, store, "/pubsub/v1"), TOPICS)

gives POST, GET, GET one, PATCH, DELETE, and :getIamPolicy, :setIamPolicy, :testIamPermissions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json


@dataclass(frozen=True)
class By:
    """Where a request says its id or mask, and where the resource is.

    place: "query" or "body", in the field `name`, or "either"; "path": PUT to the resource's own address;
    "name": the resource's own full name says its id; "short name": that field is the id; "server": Google
    picks one, in the style that `name` says (see ids.py).
    wrapper: the field of the body that holds the resource; "": the body is the resource.
    """

    place: str
    name: str = ""
    wrapper: str = ""

    @property
    def parameters(self) -> str:
        return self.name if self.place in ("query", "either") else ""

    def read(self, call: Call, collection: str) -> tuple[str, Json]:
        if self.place in ("query", "path"):
            found = call.query.get(self.name, "") if self.place == "query" else call.path["id"]
            return found, call.body
        if self.place == "server":
            return "", call.body
        if self.place == "short name":
            return text(call.body, "name"), call.body
        if self.place == "name":
            return last_segment(text(call.body, "name"), collection), call.body
        for unknown in call.body.keys() - {self.name, self.wrapper}:
            raise InvalidArgument(
                f'Invalid JSON payload received. Unknown name "{unknown}": Cannot find field.'
            )
        found = text(call.body, self.name) or (
            call.query.get(self.name, "") if self.place == "either" else ""
        )
        return found, call.body.get(self.wrapper, {})


def text(body: Json, field: str) -> str:
    found = body.get(field, "")
    if not isinstance(found, str):
        raise InvalidArgument(f"Invalid value at {field!r} (TYPE_STRING), {found!r}")
    return found


def last_segment(name: str, collection: str) -> str:
    start = f"{collection}/"
    if name and not name.startswith(start):
        raise InvalidArgument(f"Name {name!r} must begin with {start!r}.")
    return name.removeprefix(start)


@dataclass(frozen=True)
class Kind:
    """collection: its path, with placeholders; the last segment also names the field of a list's answer.
    schema: its fields.
    create, update: where a request says the id and the update mask; `update_needs_mask` refuses one without.
    segment: the last segment of the name, made from the id.
    id_pattern: what an id looks like; with `slashes` it may hold some.
    created, updated: the fields that keep when it was made, and when it was last changed.
    made(service, name): further fields that the server makes at create.
    complete(service, resource): the resource as Google keeps it, after create and after every change.
    check(service, resource): raises InvalidArgument for what a schema cannot say.
    releases(service, resource): raises FailedPrecondition if others still need what is to be deleted.
    told(service, event, before, after): hears of "create", "update" and "delete"; {} is what is not there.
    etag: the server gives one; a request that carries an old one is a conflict.
    actions: verbs that only set fields, `POST name:verb`.
    tombstone: fields that DELETE sets instead of deleting.
    operation: the protobuf type that the verbs in `long` wrap in an operation; "": they answer at once.
    deleted: the type that a DELETE answers with in its operation; "": the resource itself.
    iam: the method of :getIamPolicy; "": it has no policy.
    verbs: what clients may do (`replace` is a PUT that makes what is absent).
    query: further parameters of theirs: {"delete": "force"}.
    """

    collection: str
    schema: Schema
    create: By
    update: By = By("query", "updateMask")
    update_needs_mask: bool = False
    segment: str = "{id}"
    id_pattern: str = "[a-zA-Z][a-zA-Z0-9_-]*"
    slashes: bool = False
    created: str = ""
    updated: str = ""
    made: Callable[[Service, str], Json] = lambda service, name: {}
    complete: Callable[[Service, Json], Json] = lambda service, resource: resource
    check: Callable[[Service, Json], None] = lambda service, resource: None
    releases: Callable[[Service, Json], None] = lambda service, resource: None
    told: Callable[[Service, str, Json, Json], None] = lambda service, event, before, after: None
    etag: bool = False
    actions: Mapping[str, Json] = field(default_factory=dict)
    tombstone: Json = field(default_factory=dict)
    operation: str = ""
    long: str = "create patch delete"
    deleted: str = ""
    iam: str = ""
    verbs: str = "create get list patch delete"
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def items(self) -> str:
        return self.collection.rsplit("/", 1)[-1]
