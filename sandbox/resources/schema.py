"""The fields of a type of resource, as the discovery document of its API declares them."""

import re
from dataclasses import dataclass
from functools import cached_property

from sandbox.discovery.documents import load_document
from sandbox.discovery.fields import camel_case, snake_case
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.store import Json

IMMUTABLE = re.compile(r"(?:(?:Required|Optional|Input only|Identifier)\. )*Immutable\.")
# The server sets them in every API, although some documents do not mark them as output-only.
SERVER_FIELDS = {"name", "etag"}
LABEL = re.compile(r"[\w-]{1,63}")
MAX_LABELS = 64


@dataclass(frozen=True)
class Schema:
    """One schema of a document: Schema("pubsub.v1", "Topic").

    `output` and `immutable` add fields that the server sets, or that only a create can set, where the
    document states it in prose only; separated by blanks. With `labelled` the field `labels` follows the
    rules of a project's labels. Names, types and enums have been checked by `sandbox.discovery` before.
    """

    document: str
    name: str
    output: str = ""
    immutable: str = ""
    labelled: bool = True

    @cached_property
    def declared(self) -> dict[str, Json]:
        properties: dict[str, Json] = load_document(self.document).schemas[self.name]["properties"]
        return properties

    @cached_property
    def fields(self) -> set[str]:
        """Those that a request can set."""
        read_only = {name for name, field in self.declared.items() if field.get("readOnly")}
        return self.declared.keys() - read_only - SERVER_FIELDS - set(self.output.split())

    @cached_property
    def immutable_fields(self) -> set[str]:
        declared = {n for n, field in self.declared.items() if IMMUTABLE.match(field.get("description", ""))}
        return declared | set(self.immutable.split())

    @cached_property
    def required_fields(self) -> list[str]:
        """Of the resource itself: in deeper messages the services are less strict than their documents."""
        return sorted(
            n for n in self.fields if self.declared[n].get("description", "").startswith("Required")
        )

    def accept(self, body: Json) -> Json:
        """The fields of a request that count. Google ignores output-only ones."""
        if self.labelled:
            check_labels(body.get("labels", {}))
        return {name: value for name, value in body.items() if name in self.fields}

    def check_required(self, resource: Json) -> None:
        for name in self.required_fields:
            if name not in resource:
                raise InvalidArgument(f"Required field '{snake_case(name)}' is missing.")

    def merge(self, old: Json, new: Json, mask: str) -> Json:
        """`old` with the fields of `mask` taken from `new`; an empty mask is every field that can change."""
        mutable = self.fields - self.immutable_fields
        # Clients spell the paths of a mask in either way.
        paths = [camel_case(path) for path in mask.split(",")] if mask else sorted(mutable)
        merged = old
        for path in paths:
            field = path.split(".")[0]
            if field not in self.fields:
                raise InvalidArgument(f"Invalid update mask: {path!r} is not a field that can be updated.")
            if field not in mutable:
                raise InvalidArgument(f"Invalid update mask: {path!r} is immutable.")
            merged = replaced(merged, new, path.split("."))
        return merged


def check_labels(labels: Json) -> None:
    """https://cloud.google.com/resource-manager/docs/labels-overview#requirements"""
    for key, value in labels.items():
        valid = LABEL.fullmatch(key) and LABEL.fullmatch(value or "-") and key[0].isalpha()
        # International letters are valid too, so A to Z would not be enough.
        if not valid or (key + value) != (key + value).lower():
            raise InvalidArgument(
                f"Invalid label {key!r}: {value!r}. Keys and values have at most 63 lower-case letters, "
                "digits, _ and -, and a key begins with a letter."
            )
    if len(labels) > MAX_LABELS:
        raise InvalidArgument(f"At most {MAX_LABELS} labels, not {len(labels)}.")


def replaced(old: Json, new: Json, path: list[str]) -> Json:
    """A copy of `old` whose field at `path` is that of `new`, absent if it is absent there."""
    field, *rest = path
    if rest:
        value = replaced(old.get(field, {}), new.get(field, {}), rest)
        return old | {field: value}
    others = {key: value for key, value in old.items() if key != field}
    return others | {field: new[field]} if field in new else others
