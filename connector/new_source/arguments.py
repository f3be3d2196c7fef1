"""The command line of `new`."""

import argparse
from collections.abc import Sequence
from typing import Any

import msgspec
import yaml

from connector.declaration_check import FILE_NAME
from connector.new_source.request import PLACES, Request, endpoint_type, source_type
from connector.new_source.tables import RESERVED
from connector.sources import registry
from runtime.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    new = parser.add_argument_group("new")
    new.add_argument("--kind", choices=list(registry.KINDS), help="of the new source")
    new.add_argument(
        "--url", help="of the new source, without the password; of kind sheet: of the spreadsheet"
    )
    new.add_argument("--secret", help="name of the secret with the password or the key")
    new.add_argument(
        "--relation",
        action="append",
        default=[],
        metavar="PLACE",
        help="table, collection, glob, path or tab; one per --endpoint; default: the endpoint's name",
    )
    new.add_argument(
        "--key", action="append", default=[], metavar="COLUMN[,COLUMN]", help="one per --endpoint"
    )
    new.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=YAML",
        help="a further key of the declaration, for example 'paging={page: page, items: items}'; repeatable",
    )


def parse_request(arguments: argparse.Namespace) -> Request:
    """UsageError for a name that no source or table can have, and for arguments that are missing."""
    name, kind, endpoints, places = (
        arguments.name,
        arguments.kind,
        arguments.endpoint or [],
        arguments.relation,
    )
    if not (name and kind and arguments.url and endpoints):
        raise UsageError("new needs NAME, --kind, --url and --endpoint; --relation if it has another name.")
    for each in (name, *endpoints):
        if not FILE_NAME.fullmatch(each) or each in RESERVED:
            raise UsageError(f"invalid name {each!r}: use snake_case, and no reserved word of SQL.")
    if len(set(endpoints)) < len(endpoints):
        raise UsageError(f"an endpoint is given twice: {', '.join(endpoints)}; name each once.")
    if kind == "files" and not places:
        raise UsageError("new --kind files needs --relation, a pattern of files such as 'orders/*.csv'.")
    default = [f"/{endpoint}" for endpoint in endpoints] if kind == "rest" else endpoints
    for flag, values in (("relation", places), ("key", arguments.key)):
        if values and len(values) != len(endpoints):
            raise UsageError(
                f"{len(endpoints)} --endpoint and {len(values)} --{flag}; give one {flag} per endpoint."
            )
    # Otherwise the rejects of one would be the table of the other.
    if taken := sorted({f"{each}_rejects" for each in endpoints} & set(endpoints)):
        raise UsageError(
            f"{', '.join(taken)} is the table of the rejects of another endpoint; choose another name."
        )
    keys = [[column.strip() for column in key.split(",")] for key in arguments.key]
    if not all(column for key in keys for column in key):
        raise UsageError("a --key has an empty name; write COLUMN or COLUMN,COLUMN.")
    return Request(
        name,
        kind,
        arguments.url,
        arguments.secret,
        dict(zip(endpoints, places or default, strict=True)),
        dict(zip(endpoints, keys, strict=False)),
        parse_options(arguments.option, kind),
    )


def parse_options(texts: Sequence[str], kind: str) -> dict[str, Any]:
    """UsageError for a text that is not KEY=YAML, and for a key that the kind does not have or that has a flag."""
    flags = {"kind", "url", "secret", "endpoints", "table", "key", "rename", "changes", PLACES[kind]}
    allowed = {
        each.encode_name
        for part in (source_type(kind), endpoint_type(kind))
        for each in msgspec.structs.fields(part)
        if each.encode_name not in flags
    }
    options: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in allowed:
            raise UsageError(
                f"invalid --option {text!r}: expected KEY=YAML with a key of {', '.join(sorted(allowed))}."
            )
        try:
            options[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise UsageError(f"invalid --option {text!r}: not YAML: {error}.") from error
    return options
