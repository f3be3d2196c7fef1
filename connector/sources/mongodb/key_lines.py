"""Lines of the list of keys that is compared with raw once a day."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from bson.datetime_ms import DatetimeMS

from connector.sources.comparison import DUE, POSITION
from connector.sources.mongodb.documents import format_text
from connector.sources.mongodb.values import encode_value, to_microseconds

DAY_MICROSECONDS = 24 * 3600 * 10**6


class KeyEncoder:
    """`field`: of the window. `until`: the inclusive end of the windows so far, microseconds since 1970 UTC."""

    def __init__(self, field: str, until: int | None) -> None:
        self.field = field
        self.until = until

    def encode_line(self, document: dict[str, Any]) -> bytes:
        version = document.get(self.field)
        row = {"_id": format_text(document["_id"]), self.field: format_text(version)}
        row |= {POSITION: encode_value(document["_id"]), DUE: "true" if self.is_due(version) else "false"}
        return msgspec.json.encode(row) + b"\n"

    def is_due(self, version: Any) -> bool:
        """A document without a date is in no window, nor is one with a date far in the future: both are due now."""
        if self.until is None or not isinstance(version, datetime | DatetimeMS):
            return True
        if isinstance(version, DatetimeMS):
            moment = int(version) * 1000
        else:
            moment = to_microseconds(version.replace(tzinfo=UTC))
        return not self.until < moment <= self.until + DAY_MICROSECONDS
