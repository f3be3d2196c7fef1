"""Declaration of the pages of an HTTP API: its kinds, each with one key that only it has."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from connector.errors import DeclarationError
from connector.sources.base import Declared, Text, allowed_keys, convert, matching

# Keys joined by dots, from the body inwards; $ is the body itself.
JsonPath = Annotated[
    str,
    matching(r"^(\$|[^.$]+(\.[^.$]+)*)$", "a path in the body such as data.orders, or $ for the body itself"),
]
# A path in the body, or a response header.
Place = Annotated[
    str,
    matching(
        r"^(?!header: *$)(header: *[A-Za-z0-9_-]+|\$|[^.$]+(\.[^.$]+)*)$",
        "a path in the body such as meta.total, or a header such as header:X-Total-Count",
    ),
]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]


class Paging(Declared, frozen=True, kw_only=True):
    """All items in one response, if no key of the kinds below is given.

    form: of the items: a list, an object whose values are the items, or the lines of the body. key_field: with
    `object`, the field of an item that receives its key; another value than an object becomes the field `value`. more:
    a boolean in the body or in a header that states whether more items exist. end: the status of a page past the end,
    if it is not an empty list. within: whether the parameters of the paging go into the query or into the body of a
    POST.
    """

    items: JsonPath
    form: Literal["list", "object", "lines"] = "list"
    key_field: Text | None = None
    size: Text | None = None
    limit: AtLeastOne | None = None
    total_pages: Place | None = None
    total_items: Place | None = None
    more: Place | None = None
    within: Literal["query", "body"] = "query"
    end: Literal[400, 404, 410, 416, 422] | None = None


class ByPage(Paging, frozen=True, kw_only=True):
    page: Text
    first: int = 1


class ByOffset(Paging, frozen=True, kw_only=True):
    offset: Text
    limit: AtLeastOne


class ByCursor(Paging, frozen=True, kw_only=True):
    """The parameter `cursor` is the value at `next` of the previous page: a path in the body, `header:<name>`, or
    `last_item.<path>` for the value of its last item (Stripe, Shopify, search_after). end_cursor: the value of the last
    page, where that is not empty, such as 0 or -1."""

    cursor: Text
    next: Place
    end_cursor: int | str | None = None


class ByNext(Paging, frozen=True, kw_only=True):
    """The previous page contains the URL of the next one at `next`: a path in the body, or `header:<name>`."""

    next: Place


class ByLink(Paging, frozen=True, kw_only=True):
    """The previous page has the URL of the next one in its Link header, with relation `link` (RFC 8288)."""

    link: Text


PAGING: dict[str, type[Paging]] = {"page": ByPage, "offset": ByOffset, "cursor": ByCursor, "link": ByLink}


def parse_paging(merged: dict[str, Any], where: str) -> Paging:
    """The paging of its kind; DeclarationError names the unknown or conflicting key."""
    # `null` in an endpoint removes a key of the source.
    declared = {key: value for key, value in merged.items() if value is not None}
    # `next` belongs to two kinds, so it only decides where no other key does.
    kind = select_kind(PAGING, declared, where) or (ByNext if "next" in declared else Paging)
    unknown = sorted(declared.keys() - set(kind.__struct_encode_fields__))
    if kind is Paging and unknown:
        kinds = ", ".join([*PAGING, "next"])
        raise DeclarationError(
            f"{where}: unknown key `{unknown[0]}`. Kinds of paging: {kinds}. Other keys: {allowed_keys(Paging)}."
        )
    paging = convert(declared, kind, where)
    check_paths(paging, where)
    check_form(paging, where)
    return paging


def select_kind[Kind](kinds: Mapping[str, Kind], declared: Mapping[str, Any], where: str) -> Kind | None:
    """The kind whose own key is declared; DeclarationError if there are two."""
    keys = [key for key in kinds if key in declared]
    if len(keys) > 1:
        raise DeclarationError(f"{where}: {' and '.join(keys)} exclude each other; use one of them.")
    return kinds[keys[0]] if keys else None


def check_paths(paging: Paging, where: str) -> None:
    """A path cannot lead through the list of items or through a number."""
    names = ("items", "total_pages", "total_items", "more", "next")
    paths = {name: path for name in names if (path := getattr(paging, name, None))}
    paths = {name: path for name, path in paths.items() if not path.startswith(("header:", "last_item."))}
    for name, path in paths.items():
        for other, longer in paths.items():
            if name != other and (path == "$" or f"{longer}.".startswith(f"{path}.")):
                raise DeclarationError(
                    f"{where}: `{other}` cannot be at {longer}, inside `{name}` at {path}."
                )


def check_form(paging: Paging, where: str) -> None:
    """DeclarationError for a place that a body of this form does not have."""
    if paging.key_field and paging.form != "object":
        raise DeclarationError(f"{where}: `key_field` needs `form: object`, whose keys it receives.")
    if isinstance(paging, ByNext) and paging.next.startswith("last_item."):
        raise DeclarationError(
            f"{where}: `next: {paging.next}` needs `cursor`, the parameter that receives the value of the last item."
        )
    if paging.form == "lines" and paging.items != "$":
        raise DeclarationError(f"{where}: `form: lines` needs `items: $`: each line of the body is an item.")
