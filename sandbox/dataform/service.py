"""What every method works with: the kept messages, and the rules that hold for all of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from google.protobuf import json_format
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.interval_pb2 import Interval  # type: ignore[import-untyped]

from sandbox.dataform.errors import AlreadyExists, InvalidArgument, NotFound
from sandbox.dataform.store import Store
from sandbox.state import State


class Going(Protocol):
    """An invocation that runs."""

    def cancel(self) -> None: ...


class Service:
    def __init__(self, state: State) -> None:
        self.state = state
        self.folder: Path = state.root / "dataform"
        self.store = Store(self.folder / "dataform.sqlite")
        self.running: dict[str, Going] = {}

    def find[M](self, kind: type[M], name: str) -> M:
        """The kept message `name`; NotFound when there is none."""
        body = self.store.get(name)
        if body is None:
            raise NotFound(f"Resource '{name}' was not found")
        return self._message(kind, body)

    def all[M](self, kind: type[M], collection: str) -> list[M]:
        return [self._message(kind, body) for body in self.store.children(collection)]

    def keep(self, message: Any) -> None:
        self.store.put(message.name, json_format.MessageToDict(type(message).pb(message)))

    def add(self, message: Any) -> None:
        """Keep a new one; AlreadyExists when its name is taken, NotFound without its repository."""
        with self.store.transaction():
            if self.store.get(message.name) is not None:
                raise AlreadyExists(f"Resource '{message.name}' already exists")
            self.keep(message)

    def _message[M](self, kind: type[M], body: Any) -> M:
        made: Any = kind
        message: M = made.wrap(json_format.ParseDict(body, made.pb(made())))
        return message


def named(collection: str, identifier: str, parameter: str) -> str:
    if not identifier:
        raise InvalidArgument(f"{parameter} is missing")
    return f"{collection}/{identifier}"


def updated[M](kept: M, wanted: M, mask: FieldMask, output_only: Sequence[str]) -> M:
    """`kept` with the fields of `wanted` that `mask` names; without a mask, all that are not output-only."""
    kind: Any = type(kept)
    source, target = kind.pb(wanted), kind.pb(kept)
    paths = list(mask.paths)
    if not paths or paths == ["*"]:
        paths = [field.name for field in source.DESCRIPTOR.fields if field.name not in output_only]
    for path in paths:
        field = source.DESCRIPTOR.fields_by_name.get(path.partition(".")[0])
        if field is None or field.name in output_only:
            raise InvalidArgument(f"updateMask names '{path}', which cannot be updated")
    FieldMask(paths=paths).MergeMessage(source, target, True, True)
    return kept


def page[M](items: Sequence[M], request: Any) -> tuple[Sequence[M], str]:
    """The page that the request asks for, and the token of the next one, empty on the last."""
    if getattr(request, "filter", "") or getattr(request, "order_by", ""):
        raise InvalidArgument("the sandbox lists without filter and orderBy")
    if request.page_token and not request.page_token.isdecimal():
        raise InvalidArgument(f"pageToken '{request.page_token}' is none that this method gave")
    start = int(request.page_token or 0)
    end = start + (request.page_size or 1000)
    return items[start:end], str(end) if end < len(items) else ""


def now() -> datetime:
    return datetime.now(UTC)


def interval(start: Any, end: datetime | None) -> Any:
    """google.type.Interval; either side may be unknown."""
    return Interval(start_time=start, end_time=end)
