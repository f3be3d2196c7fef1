"""The discovery documents in google-api-python-client, and the methods that they declare."""

import importlib.util
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

Json = dict[str, Any]

PACKAGE = "googleapiclient"
# The path of each API in the sandbox; "pubsub/v1" has the document "pubsub.v1".
SERVED = (
    "artifactregistry/v1",
    "bigquery/v2",
    "bigquerydatatransfer/v1",
    "billingbudgets/v1",
    "cloudbilling/v1",
    "cloudresourcemanager/v1",
    "compute/v1",
    "dataform/v1",
    "dataproc/v1",
    "drive/v3",
    "iam/v1",
    "logging/v2",
    "monitoring/v1",
    "monitoring/v3",
    "pubsub/v1",
    "run/v2",
    "scheduler/v1",
    "secretmanager/v1",
    "serviceusage/v1",
    "serviceusage/v1beta1",
    "sheets/v4",
    "storage/v1",
)
OTHER_NAMES = {"scheduler/v1": "cloudscheduler/v1"}
PLACEHOLDER = re.compile(r"\{\+?(\w+)\}")


@dataclass(frozen=True)
class Method:
    """One method of an API: `id` as "pubsub.projects.topics.create"; `request`, `response` name schemas.

    `segments` are the parts of its path after the host, a placeholder as None, of which the first `prefix`
    are the API's and its version; `verb` is what follows the colon of a custom method, as "publish".
    """

    id: str
    http: str
    segments: tuple[str | None, ...]
    prefix: int
    verb: str
    parameters: dict[str, Json]
    request: str
    response: str

    @property
    def name(self) -> str:
        """The last part of the id: create, get, list, patch, delete, or a custom one."""
        return self.id.rsplit(".", 1)[-1]

    @property
    def long_running(self) -> bool:
        """Whether its response is an operation, which contains the resource when it is done."""
        return self.name != "get" and self.response in ("Operation", "GoogleLongrunningOperation")

    def fits(self, path: list[str]) -> bool:
        return all(declared in (None, sent) for declared, sent in zip(self.segments, path, strict=True))

    def resource(self, path: list[str]) -> str:
        """The resource that a request addresses, for create and list its parent: "projects/p/topics/t"."""
        last = max((n for n, part in enumerate(self.segments) if part is None), default=-1)
        return "/".join(path[self.prefix : last + 1])


class Document:
    """One API at one version: `name` as "pubsub.v1".

    Parsing takes 1 to 8 ms, so a document is loaded when its API gets its first request.
    """

    def __init__(self, name: str, content: Json) -> None:
        self.name = name
        self.content = content
        path = name.replace(".", "/")
        # The path of the API in the sandbox: "pubsub/v1".
        self.path = next((at for at, other in OTHER_NAMES.items() if other == path), path)
        self.schemas: dict[str, Json] = content["schemas"]

    @cached_property
    def methods(self) -> dict[tuple[str, int, str], list[Method]]:
        """By HTTP method, number of segments and verb; the one with the most literal segments comes first.

        Logging declares "v2/{v2Id}/{v2Id1}/sinks" beside "v2/projects/{projectsId}/sinks", for example.
        """
        index = defaultdict(list)
        for method in declared_methods(self.content, self.content["servicePath"]):
            index[method.http, len(method.segments), method.verb].append(method)
        for methods in index.values():
            methods.sort(key=lambda method: method.segments.count(None))
        return dict(index)

    def match(self, http: str, path: str) -> tuple[Method, str] | None:
        """The method that a request calls and the resource it addresses; `path` is still percent-encoded."""
        # Clients encode the colon of a name; a literal one begins the verb of a custom method.
        resource, _, verb = path.partition(":")
        segments = resource.split("/")
        for method in self.methods.get((http, len(segments), verb), []):
            # An empty segment is not an id: `a//b` matches no method.
            if method.fits(segments) and all(segments):
                return method, method.resource(segments)
        return None

    def list_field(self, method: Method) -> str:
        """The field of a list's response that holds the resources: "accounts" of service accounts."""
        fields: dict[str, Json] = self.schemas[method.response]["properties"]
        return next(name for name, it in fields.items() if "$ref" in it.get("items", {}))


def declared_methods(resource: Json, base: str) -> Iterator[Method]:
    """All methods of a resource of the document, and of the resources in it."""
    for declared in resource.get("methods", {}).values():
        # `flatPath` has a placeholder for each segment; `path` has one, as {+name}, for several segments.
        path, _, verb = f"{base}{declared.get('flatPath') or declared['path']}".partition(":")
        yield Method(
            id=declared["id"],
            http=declared["httpMethod"],
            segments=tuple(None if PLACEHOLDER.fullmatch(part) else part for part in path.split("/")),
            # Without a servicePath the version is the first segment of the path of the method.
            prefix=base.count("/") or 1,
            verb=verb,
            parameters=declared.get("parameters", {}),
            request=declared.get("request", {}).get("$ref", ""),
            response=declared.get("response", {}).get("$ref", ""),
        )
    for child in resource.get("resources", {}).values():
        yield from declared_methods(child, base)


@cache
def load_document(name: str) -> Document:
    """Raises FileNotFoundError for an API that the package does not know."""
    spec = importlib.util.find_spec(PACKAGE)  # the package itself is not imported: that takes 0.3 s
    assert spec and spec.submodule_search_locations
    (folder,) = spec.submodule_search_locations
    path = Path(folder, "discovery_cache", "documents", f"{name}.json")
    return Document(name, json.loads(path.read_bytes()))


def find_api(path: str) -> tuple[Document, str] | None:
    """The document of a request's path, and that path as the document spells it, also for an upload."""
    path = path.removeprefix("/upload")
    prefix = "/".join(path.split("/", 3)[1:3])
    if prefix not in SERVED:
        return None
    document = load_document(OTHER_NAMES.get(prefix, prefix).replace("/", "."))
    # Older APIs have their name in the path; newer ones have it in the host name, which is a prefix here.
    inside = path[1:] if document.content["servicePath"] else path.split("/", 2)[2]
    return document, inside
